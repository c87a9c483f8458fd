package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// TestReconnectStorm is not parallel, as it counts goroutines.
func TestReconnectStorm(t *testing.T) {
	for name, c := range map[string]struct {
		start func(*testing.T) *database
		asked string
	}{
		// Servers count these themselves; a process adds what it has counted once in a second.
		"PostgreSQL": {newPostgres, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"},
		"MariaDB":    {newMariaDB, "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'QUESTIONS'"},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.start(t)
			const prefix = "storm_"
			d.newStore(t, sqlstore.Options{Timeout: patient.Timeout, Prefix: prefix})
			proxy := testserver.NewProxy(t, d.server.Addr())
			proxied := strings.Replace(d.dsn, d.server.Addr(), proxy.Addr(), 1)
			faults.RunStorm(t, faults.Storm{
				Proxy: proxy,
				Open: func() (replica.Log, func()) {
					pool, err := sql.Open(d.driver, proxied)
					require.NoError(t, err)
					pool.SetMaxOpenConns(fewConnections)
					return sqldb.New(pool, spoken[d.dialect], prefix, faults.Timeout).List(), func() { _ = pool.Close() }
				},
				Asked: func() (n int) {
					require.NoError(t, d.pool.QueryRowContext(t.Context(), c.asked).Scan(&n))
					return n
				},
			})
		})
	}
}
