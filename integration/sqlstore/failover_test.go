package sqlstore_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// A standby takes over that has not got what was revoked last.
func TestStandbyThatLags(t *testing.T) {
	t.Parallel()
	const prefix = "failover_"
	d := newPostgres(t)
	d.newStore(t, sqlstore.Options{Timeout: patient.Timeout, Prefix: prefix})
	lagging := testserver.PostgresStandby(t, d.server, manyConnections)
	standby := &database{d.dialect, d.driver, lagging.DSN(), lagging, open(t, d.driver, lagging.DSN())}
	var server faults.Moving
	server.Move(d.server.Addr())
	config, err := pgx.ParseConfig(d.dsn)
	require.NoError(t, err)
	config.DialFunc = server.Dial
	faults.RunLostList(t, faults.LostList{
		Entries: 2000, Followers: 3, Slow: true,
		Open: func() replica.Log {
			pool := stdlib.OpenDB(*config)
			t.Cleanup(func() { _ = pool.Close() })
			pool.SetMaxOpenConns(fewConnections)
			return sqldb.New(pool, sqldb.PostgreSQL, prefix, faults.Timeout).List()
		},
		Keep: func() {
			position := text(t, d.pool, "SELECT pg_current_wal_lsn()::text")
			require.Eventually(t, func() bool {
				return text(t, standby.pool, "SELECT (pg_last_wal_replay_lsn() >= '"+position+"'::pg_lsn)::text") == "true"
			}, time.Minute, 10*time.Millisecond)
			standby.leavePrimary(t)
		},
		Lose: func() {
			d.server.Kill()
			standby.exec(t, "SELECT pg_promote()")
			list := standby.listOn(t, prefix)
			for i := range 2 * faults.Recent { // it counts on, beyond where processes stand
				e := idset.EntryOf(fmt.Sprint("new ", i), time.Now().Add(time.Hour))
				require.NoError(t, list.Append(t.Context(), []idset.Entry{e}))
			}
			server.Move(lagging.Addr())
		},
	})
}

// leavePrimary lets a standby receive nothing any more.
func (d *database) leavePrimary(t *testing.T) {
	t.Helper()
	d.exec(t, "ALTER SYSTEM SET primary_conninfo = ''")
	d.exec(t, "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool {
		return text(t, d.pool, "SELECT count(*)::text FROM pg_stat_wal_receiver") == "0"
	}, time.Minute, 10*time.Millisecond)
}

// A synchronous standby has each claim that was answered, and none is answered without it.
func TestClaimsOutliveAFailover(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	d.newStore(t, sqlstore.Options{Timeout: patient.Timeout, Prefix: "once_"})
	following := testserver.PostgresStandby(t, d.server, manyConnections)
	standby := &database{d.dialect, d.driver, following.DSN(), following, open(t, d.driver, following.DSN())}
	d.exec(t, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	d.exec(t, "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool {
		return text(t, d.pool, "SELECT count(*)::text FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
	}, time.Minute, 10*time.Millisecond)
	require.True(t, claim(t, d.openAt(t, "once_"), "answered"))

	standby.leavePrimary(t)
	options := hurried
	options.Prefix = "once_"
	first, err := newTested(t, d.pool, d.dialect, options).Once().Claim(t.Context(), "not answered", time.Now().Add(time.Hour))
	require.Error(t, err)
	require.False(t, first)
	d.server.Kill()
	standby.exec(t, "SELECT pg_promote()")
	promoted := standby.openAt(t, "once_")
	assert.False(t, claim(t, promoted, "answered"))
	requireFirst(t, promoted, "not answered")
}

func text(t *testing.T, pool *sql.DB, query string) (answer string) {
	t.Helper()
	require.NoError(t, pool.QueryRowContext(t.Context(), query).Scan(&answer))
	return answer
}
