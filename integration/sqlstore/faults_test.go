package sqlstore_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// processOn returns what a new process keeps its state in, with a pool of its
// own.
func processOn(ctx context.Context, t *testing.T, dialect sqlstore.Dialect, driver, dsn string) faults.Stores {
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	store, err := sqlstore.New(db, dialect, sqlstore.Options{Timeout: faults.Timeout, MaxStaleness: faults.MaxStaleness})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(t *assert.CollectT) { require.NoError(t, store.Migrate(ctx)) }, time.Minute, 100*time.Millisecond)
	blocklist := store.Blocklist(ctx)
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	require.EventuallyWithT(t, func(t *assert.CollectT) { require.NoError(t, blocklist.Ready(waiting)) }, time.Minute, 100*time.Millisecond)
	return faults.Stores{Sessions: store.Sessions(), Blocklist: blocklist}
}

func pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// outage is longer than a copy may be old.
const outage = 3 * faults.MaxStaleness

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			proxy := testserver.NewProxy(t, d.server.Addr())
			proxied := strings.Replace(d.dsn, d.server.Addr(), proxy.Addr(), 1)
			require.NotEqual(t, d.dsn, proxied)
			by := func(t *testing.T, dsn string) func(context.Context) faults.Stores {
				return func(ctx context.Context) faults.Stores { return processOn(ctx, t, d.dialect, d.driver, dsn) }
			}

			t.Run("killed and restarted", func(t *testing.T) {
				faults.Run(t, by(t, d.dsn), faults.Fault{Do: func() {
					d.server.Kill()
					pass(outage)
					d.server.Start()
				}})
			})
			t.Run("paused", func(t *testing.T) {
				faults.Run(t, by(t, d.dsn), faults.Fault{Do: func() {
					d.server.Pause()
					pass(outage)
					d.server.Resume()
				}})
			})
			t.Run("connections cut", func(t *testing.T) {
				faults.Run(t, by(t, proxied), faults.Fault{Do: func() {
					proxy.Cut()
					pass(outage)
					proxy.Restore()
				}})
			})
			t.Run("answers lost", func(t *testing.T) {
				faults.Run(t, by(t, proxied), faults.Fault{Do: func() {
					for n := range 300 { // in the middle of rotations, too
						proxy.LoseReply(n % 7)
						pass(5 * time.Millisecond)
					}
					proxy.DropReplies()
					pass(faults.MaxStaleness)
					proxy.Restore()
				}})
			})
			t.Run("slow answers", func(t *testing.T) {
				faults.Run(t, by(t, proxied), faults.Fault{Do: func() {
					for _, delay := range []time.Duration{faults.Timeout / 20, faults.Timeout} {
						proxy.Delay(delay)
						pass(outage / 2)
					}
					proxy.Delay(0)
					pass(2 * faults.Timeout) // what was held back arrives
				}})
			})
			t.Run("restarted empty", func(t *testing.T) {
				faults.Run(t, by(t, d.dsn), faults.Fault{LosesSessions: true, Do: func() {
					store, err := sqlstore.New(d.pool, d.dialect, sqlstore.Options{})
					require.NoError(t, err)
					d.server.Kill()
					d.server.Wipe()
					d.server.Start()
					require.Eventually(t, func() bool { return store.Migrate(t.Context()) == nil }, time.Minute, 100*time.Millisecond)
					pass(faults.MaxStaleness) // in which those who know put back what was revoked
				}})
			})
		})
	}
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]struct {
		dialect sqlstore.Dialect
		driver  string
		start   func(*testing.T) *database
	}{
		"PostgreSQL": {sqlstore.PostgreSQL, "pgx", newPostgres},
		"MariaDB":    {sqlstore.MySQL, "mysql", newMariaDB},
		"SQLite":     {sqlstore.SQLite, "sqlite", newSQLite},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := ""
			if !faults.IsChild() {
				dsn = d.start(t).dsn
			}
			faults.KilledProcess(t, dsn, func(ctx context.Context, dsn string) faults.Stores {
				return processOn(ctx, t, d.dialect, d.driver, dsn)
			})
		})
	}
}
