package sqlstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func TestDialectsAreComplete(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []sqlstore.Dialect{sqlstore.PostgreSQL, sqlstore.MySQL, sqlstore.SQLite}, sqlstore.Dialects())
	names := map[string]bool{}
	for _, d := range sqlstore.Dialects() {
		assert.Empty(t, d.Unset(), "%v", d)
		assert.False(t, names[d.String()], "%v is the name of two", d)
		names[d.String()] = true
	}
}
