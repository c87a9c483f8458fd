package sqlstore_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	contract "github.com/gin-jwt-extended/ginjwt/store"
)

// hurried is the setting of stores that are about to hang.
var hurried = sqlstore.Options{Timeout: 300 * time.Millisecond}

// slack is what a call may take beyond its timeout, by faults.OwnTime. Drivers and servers
// wait longer than that by themselves, or for ever.
const slack = 3 * time.Second

// requireTimeouts calls all methods of a store whose database does not answer.
func requireTimeouts(t *testing.T, store *tested) {
	t.Helper()
	ctx, s := context.Background(), newSession(sessionID(1), "alice")
	b := store.Blocklist(t.Context())
	for name, call := range map[string]func() error{
		"Create":     func() error { _, err := store.Sessions().Create(ctx, s); return err },
		"Replace":    func() error { _, err := store.Sessions().Replace(ctx, s, s); return err },
		"Delete":     func() error { _, err := store.Sessions().Delete(ctx, s.ID); return err },
		"DeleteMany": func() error { return store.Sessions().DeleteMany(ctx, []ginjwt.Session{s, s}) },
		"Claim":      func() error { _, err := store.Once().Claim(ctx, "id", time.Now().Add(time.Hour)); return err },
		"Add":        func() error { return b.Add(ctx, "id", time.Time{}) },
		"AddMany":    func() error { return b.AddMany(ctx, []contract.Revocation{{ID: "id"}, {ID: "other"}}) },
		"Append":     func() error { return store.log.Append(ctx, entriesOf(3)) },
		"Add, again": func() error { return b.Add(ctx, "id", time.Time{}) },
	} {
		requireTimeout(t, name, call)
	}
}

// requireReadTimeouts does so with those that only read.
func requireReadTimeouts(t *testing.T, store *tested) {
	t.Helper()
	ctx := context.Background()
	b := store.Blocklist(t.Context())
	for name, call := range map[string]func() error{
		"Get":      func() error { _, _, err := store.Sessions().Get(ctx, sessionID(1)); return err },
		"List":     func() error { _, err := store.Sessions().List(ctx, "", "alice"); return err },
		"Contains": func() error { _, err := b.Contains(ctx, "another"); return err },
		"Head":     func() error { _, err := store.log.Head(ctx); return err },
		"Load":     func() error { _, err := store.log.Load(ctx, func(idset.Entry) {}); return err },
		"Check":    func() error { return store.Check(ctx) },
		"Ready":    func() error { return store.Ready(ctx) },
		"Purge":    func() error { _, err := store.Purge(ctx); return err },
	} {
		requireTimeout(t, name, call)
	}
}

func requireTimeout(t *testing.T, name string, call func() error) {
	t.Helper()
	err := faults.Within(t, hurried.Timeout+slack, name, call)
	assert.ErrorIs(t, err, context.DeadlineExceeded, name)
	assert.ErrorContains(t, err, "sqlstore: ", name)
}

func requireWorking(t *testing.T, store *tested) {
	t.Helper()
	assert.Eventually(t, func() bool {
		_, _, err := store.Sessions().Get(t.Context(), sessionID(1))
		return err == nil && store.log.Append(t.Context(), []idset.Entry{entry(int(time.Now().UnixNano()))}) == nil
	}, time.Minute, 50*time.Millisecond)
}

func TestPausedServer(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			store := d.newStore(t, hurried)
			requireWorking(t, store)

			d.server.Pause()
			requireTimeouts(t, store)
			requireReadTimeouts(t, store)
			ctx, cancel := context.WithTimeout(t.Context(), hurried.Timeout)
			defer cancel()
			requireTimeout(t, "Migrate", func() error { return store.Migrate(ctx) })
			d.server.Resume()
			requireWorking(t, store)
		})
	}
}

func TestExhaustedPool(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		store := d.newStore(t, hurried)
		var taken []*sql.Conn
		for range connections {
			conn, err := d.pool.Conn(t.Context())
			require.NoError(t, err)
			taken = append(taken, conn)
		}
		requireTimeouts(t, store)
		requireReadTimeouts(t, store)
		for _, conn := range taken {
			require.NoError(t, conn.Close())
		}
		requireWorking(t, store)
	})
}

// A file that another process writes to is waited for by SQLite itself, for as
// long as busy_timeout says.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	store := d.newStore(t, hurried)
	writer, err := open(t, d.driver, d.dsn).Conn(t.Context())
	require.NoError(t, err)
	_, err = writer.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	requireTimeouts(t, store)
	_, _, err = store.Sessions().Get(t.Context(), sessionID(1))
	assert.NoError(t, err, "readers wait for nobody")
	_, err = writer.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	requireWorking(t, store)
}

// A head that somebody has locked, and does not let go of.
func TestLockedHead(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			store := d.newStore(t, hurried)
			tx, err := d.pool.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			_, err = tx.ExecContext(t.Context(), "UPDATE "+tablesOf(store).head+" SET mark = 'x'")
			require.NoError(t, err)
			requireTimeout(t, "Append", func() error { return store.log.Append(t.Context(), entriesOf(1)) })
			require.NoError(t, tx.Rollback())
			requireWorking(t, store)
		})
	}
}
