package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// panicking is a driver that panics, as some drivers do when they read the answer to another
// query.
type panicking struct{}

func (panicking) Connect(context.Context) (driver.Conn, error) { panic("index out of range") }
func (panicking) Driver() driver.Driver                        { return nil }

// Calls run in goroutines of the store, where no middleware recovers a panic.
func TestPanickingDriver(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(panicking{})
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	for _, dialect := range sqlstore.Dialects() {
		store, err := sqlstore.New(db, dialect, sqlstore.Options{})
		require.NoError(t, err)
		for name, call := range callsOf(t, store) {
			assert.ErrorContains(t, call(), "sqlstore: the driver panicked: index out of range", name)
		}
		assert.ErrorContains(t, store.Migrate(t.Context()), "sqlstore: the driver panicked: index out of range")
	}
}
