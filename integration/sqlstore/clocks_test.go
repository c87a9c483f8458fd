package sqlstore_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
)

// wrongClock makes a function clock_timestamp that is found before that of the
// server.
const wrongClock = `
CREATE SCHEMA %[1]s;
CREATE TABLE %[1]s.clock (ahead interval);
INSERT INTO %[1]s.clock VALUES ('0');
CREATE FUNCTION %[1]s.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
	AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM %[1]s.clock'`

func TestClocksThatAreSet(t *testing.T) {
	t.Parallel()
	server := newPostgres(t)
	faults.RunClocks(t, func(t *testing.T) faults.Clocks {
		options := patient
		options.Prefix = "clock_"
		schema := "s" + strings.ToLower(rand.Text())
		server.exec(t, fmt.Sprintf(wrongClock, schema))
		dsn := server.dsn + "&search_path=" + schema + ",pg_catalog"
		d := &database{server.dialect, server.driver, dsn, server.server, open(t, server.driver, dsn)}
		store := d.newStore(t, options)
		return faults.Clocks{
			Open: func() replica.Log { return sqldb.New(d.pool, sqldb.PostgreSQL, options.Prefix, patient.Timeout).List() },
			Set: func(ahead time.Duration) {
				d.exec(t, fmt.Sprintf("UPDATE clock SET ahead = '%d seconds'", int64(ahead.Seconds())))
			},
			Tidy: func() {
				later := make([]idset.Entry, sqldb.KeptEntries) // what was revoked last is kept in any case
				for i := range later {
					later[i] = idset.EntryOf(rand.Text(), time.Now().Add(24*time.Hour))
				}
				add(t, store.log, later...)
				_, err := store.Purge(t.Context())
				require.NoError(t, err)
			},
			Lose: func() { d.lose(t, tablesOf(store)) },
		}
	})
}
