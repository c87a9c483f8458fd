package spelling_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/internal/spelling"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"secret", "secret", 0},
		{"secret", "secrets", 1},
		{"secrte", "secret", 1}, // two letters are swapped
		{"sacret", "secret", 1},
		{"ecret", "secret", 1},
		{"kitten", "sitting", 3},
	} {
		assert.Equal(t, test.want, spelling.Distance(test.a, test.b), "%s, %s", test.a, test.b)
		assert.Equal(t, test.want, spelling.Distance(test.b, test.a), "%s, %s", test.b, test.a)
	}
}
