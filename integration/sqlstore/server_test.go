package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

const (
	isStandby     = "sqlstore: the server is a standby, which takes no writes and learns of revocations late: connect to the primary, for example with target_session_attrs=read-write"
	isReadOnly    = "sqlstore: transactions are read-only: set default_transaction_read_only to off for the role, the database or the connection"
	noAutocommit  = "sqlstore: autocommit is 0, so that nothing is ever committed: remove it from the DSN, or set it to 1 on the server"
	isReplica     = "sqlstore: the server is read-only, as replicas are: connect to the primary"
	txReadOnly    = "sqlstore: transactions are read-only: set tx_read_only to 0"
	fileReadOnly  = "sqlstore: the file is read-only: remove mode=ro and query_only from the DSN, or give this user the right to write to the file"
	privateMemory = "sqlstore: the database is in memory, and each connection of the pool has one of its own: call SetMaxOpenConns(1), or use a file"
)

// requireRefused says that a store whose tables are there must not be used, and what
// its first Migrate says.
func requireRefused(t *testing.T, d *database, prefix, want string) {
	t.Helper()
	options := patient
	options.Prefix = prefix
	store := newTested(t, d.pool, d.dialect, options)
	for range 2 {
		assert.EqualError(t, store.Ready(t.Context()), want)
		assert.EqualError(t, store.Check(t.Context()), want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := store.Blocklist(ctx)
	assert.EqualError(t, b.Ready(ctx), want)
}

// requireNotMigrated says why tables cannot be made.
func requireNotMigrated(t *testing.T, d *database, want string) {
	t.Helper()
	options := patient
	options.Prefix = "none_"
	assert.EqualError(t, newTested(t, d.pool, d.dialect, options).Migrate(t.Context()), want)
}

// with returns the same database, by a DSN with settings.
func (d *database) with(t *testing.T, settings string) *database {
	t.Helper()
	dsn := d.dsn + settings
	return &database{d.dialect, d.driver, dsn, d.server, open(t, d.driver, dsn)}
}

// requireChange says that a store that was ready notices what changes on the server,
// and that it was changed back.
func requireChange(t *testing.T, d *database, prefix, want string, change, back func()) {
	t.Helper()
	options := patient
	options.Prefix = prefix
	store := newTested(t, d.pool, d.dialect, options)
	require.NoError(t, store.Ready(t.Context()))
	require.NoError(t, store.Ready(t.Context()))
	change()
	assert.EqualError(t, store.Ready(t.Context()), want)
	back()
	assert.NoError(t, store.Ready(t.Context()))
}

func TestReadOnlyPostgreSQL(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	options := patient
	options.Prefix = "r_"
	store := d.newStore(t, options)
	for name, by := range map[string]*database{
		"pgx":             d.with(t, "&default_transaction_read_only=on"),
		"simple protocol": d.with(t, "&default_transaction_read_only=on&default_query_exec_mode=simple_protocol"),
		"lib/pq": {d.dialect, "postgres", d.dsn, d.server,
			open(t, "postgres", d.dsn+"&default_transaction_read_only=on")},
	} {
		t.Run(name, func(t *testing.T) {
			requireRefused(t, by, "r_", isReadOnly)
			requireNotMigrated(t, by, isReadOnly)
			err := newTested(t, by.pool, by.dialect, options).log.Append(t.Context(), entriesOf(1))
			assert.EqualError(t, err, isReadOnly)
		})
	}
	single := d.with(t, "")
	single.pool.SetMaxOpenConns(1) // which has the setting
	requireChange(t, single, "r_", isReadOnly,
		func() { single.exec(t, "SET default_transaction_read_only = on") },
		func() { single.exec(t, "SET default_transaction_read_only = off") })
	require.NoError(t, store.Ready(t.Context()))
}

func TestStandby(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	options := patient
	options.Prefix = "s_"
	d.newStore(t, options)
	standby := testserver.PostgresStandby(t, d.server, manyConnections)
	by := &database{d.dialect, d.driver, standby.DSN(), standby, open(t, d.driver, standby.DSN())}
	requireRefused(t, by, "s_", isStandby)
	requireNotMigrated(t, by, isStandby)
	store := newTested(t, by.pool, by.dialect, options)
	assert.EqualError(t, store.Migrate(t.Context()), isStandby)
	by.exec(t, "SELECT pg_promote()")
	assert.NoError(t, store.Ready(t.Context()))
}

func TestReadOnlyMariaDB(t *testing.T) {
	t.Parallel()
	d := newMariaDB(t)
	options := patient
	options.Prefix = "r_"
	d.newStore(t, options)
	for settings, want := range map[string]string{
		"?autocommit=0":                        noAutocommit,
		"?autocommit=0&interpolateParams=true": noAutocommit,
		"?tx_read_only=1":                      txReadOnly,
	} {
		t.Run(settings, func(t *testing.T) {
			by := d.with(t, settings)
			requireRefused(t, by, "r_", want)
			requireNotMigrated(t, by, want)
		})
	}
	requireChange(t, d, "r_", isReplica,
		func() { d.exec(t, "SET GLOBAL read_only = 1") },
		func() { d.exec(t, "SET GLOBAL read_only = 0") })
	d.exec(t, "SET GLOBAL autocommit = 0")
	by := d.with(t, "") // connections of before keep what they have
	requireRefused(t, by, "r_", noAutocommit)
}

// A server that was started to read only refuses also those who may do everything.
func TestReadOnlyServer(t *testing.T) {
	t.Parallel()
	server := testserver.MariaDB(t, "--read-only")
	d := &database{sqlstore.MySQL, "mysql", server.DSN(), server, open(t, "mysql", server.DSN())}
	requireNotMigrated(t, d, isReplica)
	d.exec(t, "SET GLOBAL read_only = 0")
	options := patient
	options.Prefix = "r_"
	d.newStore(t, options)
	for _, statement := range []string{
		"DELETE FROM mysql.db WHERE Db LIKE 'test%'", "FLUSH PRIVILEGES",
		"CREATE USER 'app'@'127.0.0.1'", "GRANT SELECT, INSERT, UPDATE, DELETE ON test.* TO 'app'@'127.0.0.1'", "SET GLOBAL read_only = 1",
	} {
		d.exec(t, statement)
	}
	dsn := strings.Replace(d.dsn, "test@", "app@", 1)
	app := &database{d.dialect, d.driver, dsn, server, open(t, d.driver, dsn)}
	requireRefused(t, app, "r_", isReplica)
	err := newTested(t, app.pool, d.dialect, options).log.Append(t.Context(), entriesOf(1))
	assert.EqualError(t, err, isReplica)
}

func TestReadOnlySQLite(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	options := patient
	options.Prefix = "r_"
	d.newStore(t, options)
	for _, settings := range []string{"&mode=ro", "&_pragma=query_only(1)"} {
		t.Run(settings, func(t *testing.T) {
			by := d.with(t, settings)
			requireRefused(t, by, "r_", fileReadOnly)
			options := options
			options.Prefix = "none_"
			err := newTested(t, by.pool, by.dialect, options).Migrate(t.Context())
			assert.ErrorContains(t, err, "the file is read-only")
		})
	}
}

func TestSQLiteInMemory(t *testing.T) {
	t.Parallel()
	for dsn, shared := range map[string]bool{
		":memory:": false, "file::memory:": false, "": false, "file:a?mode=memory": false,
		"file:sqlstore_b?mode=memory&cache=shared": true, "file:/sqlstore_c?vfs=memdb": true,
	} {
		t.Run(dsn, func(t *testing.T) {
			t.Parallel()
			pool := open(t, "sqlite", dsn)
			store := newTested(t, pool, sqlstore.SQLite, patient)
			if shared {
				require.NoError(t, store.Migrate(t.Context()))
				require.NoError(t, store.Ready(t.Context()))
				var tables int
				require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE '%probe%'").Scan(&tables))
				assert.Zero(t, tables)
				return
			}
			for _, ask := range []func(context.Context) error{store.Migrate, store.Ready, store.Check} {
				assert.EqualError(t, ask(t.Context()), privateMemory)
			}
			pool.SetMaxOpenConns(1)
			require.NoError(t, store.Migrate(t.Context()))
			require.NoError(t, store.Ready(t.Context()))
			create(t, store.Sessions(), newSession(sessionID(1), "alice"))
		})
	}
}

// What a connection writes to a file that was deleted is lost.
func TestFileIsGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(t *testing.T, path, aside string){
		"deleted": func(t *testing.T, path, _ string) { require.NoError(t, os.Remove(path)) },
		"replaced": func(t *testing.T, path, aside string) {
			require.NoError(t, os.WriteFile(aside, nil, 0o600))
			require.NoError(t, os.Rename(aside, path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			pool, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)", path))
			require.NoError(t, err)
			t.Cleanup(func() { _ = pool.Close() })
			d := &database{dialect: sqlstore.SQLite, pool: pool}
			store := d.newStore(t, patient)
			b := d.newBlocklist(t, store)
			s := newSession(sessionID(1), "alice")
			create(t, store.Sessions(), s)
			require.NoError(t, os.Link(path, path+".kept"))

			remove(t, path, path+".aside")
			gone := fmt.Sprintf("sqlstore: the file %s was deleted or replaced while it was open, and what is written now is lost: restart the process", path)
			for name, call := range map[string]func() error{
				"Create": func() error {
					_, err := store.Sessions().Create(t.Context(), newSession(sessionID(2), "bob"))
					return err
				},
				"Get": func() error { _, _, err := store.Sessions().Get(t.Context(), s.ID); return err },
				"Claim": func() error {
					first, err := store.Once().Claim(t.Context(), "id", time.Now().Add(time.Hour))
					assert.False(t, first)
					return err
				},
				"Add":     func() error { return b.Add(t.Context(), "id", time.Time{}) },
				"Purge":   func() error { _, err := store.Purge(t.Context()); return err },
				"Migrate": func() error { return store.Migrate(t.Context()) },
				"Check":   func() error { return store.Check(t.Context()) },
				"Ready":   func() error { return store.Ready(t.Context()) },
			} {
				assert.EqualError(t, call(), gone, name)
			}
			assert.Eventually(t, func() bool {
				_, err := b.Contains(t.Context(), "another")
				return err != nil && strings.Contains(err.Error(), gone)
			}, time.Minute, 10*time.Millisecond, "a copy of what is lost is not believed")

			require.NoError(t, os.Rename(path+".kept", path))
			assert.EqualError(t, store.Ready(t.Context()), gone, "connections may have opened another file meanwhile")
		})
	}
}
