package sqlstore_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// A password with special characters makes a DSN that no driver can read. The errors of
// drivers repeat it. Those of a store get into logs.
func TestErrorsDoNotContainThePassword(t *testing.T) {
	t.Parallel()
	for _, special := range []string{"%zz", "/", "#", "?", "[", " ", "@", ":", "'", "\\"} {
		password := "hunter" + special + "hunter"
		for _, dsn := range []string{
			"postgres://alice:" + password + "@127.0.0.1:1/app",
			"host=127.0.0.1 port=1 user=alice password=" + password + " dbname=app",
			"host=127.0.0.1 port=no user=alice password='" + password + "' dbname=app",
		} {
			for _, driver := range []string{"pgx", "postgres"} {
				t.Run(driver+" "+dsn, func(t *testing.T) {
					t.Parallel()
					store := newTested(t, open(t, driver, dsn), sqlstore.PostgreSQL, sqlstore.Options{})
					_, _, got := store.Sessions().Get(t.Context(), "id")
					for _, err := range []error{got, store.Ready(t.Context()), store.Migrate(t.Context())} {
						require.Error(t, err)
						assert.NotContains(t, err.Error(), "hunter")
						assert.NotContains(t, err.Error(), url.QueryEscape(password))
					}
				})
			}
		}
	}
}
