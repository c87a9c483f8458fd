package wellknown

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestContains(t *testing.T) {
	t.Parallel()
	for _, secret := range append([]string{"secret\n", `"secret"`, "\ufeffsecret", "' changeme '"}, Secrets...) {
		assert.True(t, Contains(secret), secret)
	}
	for _, secret := range []string{"secrets", "x secret", "q7Rz!w2KpV9tLj4H"} {
		assert.False(t, Contains(secret), secret)
	}
	assert.Subset(t, Secrets, Refused)
}
