package sqlstore_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

// database is one that tests share: each has tables of its own.
type database struct {
	dialect sqlstore.Dialect
	driver  string
	dsn     string
	server  *testserver.Server // nil for SQLite
	pool    *sql.DB
}

// connections of a pool; a server allows maxConnections in all.
const (
	connections    = 16
	maxConnections = 400
)

// manyConnections is a setting of PostgreSQL. A standby must allow as many as its
// primary.
var manyConnections = fmt.Sprint("max_connections=", maxConnections)

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

func newPostgres(t *testing.T) *database {
	server := testserver.Postgres(t, manyConnections, "random_page_cost=1.1") // plans for a disk without moving parts
	return &database{sqlstore.PostgreSQL, "pgx", server.DSN(), server, open(t, "pgx", server.DSN())}
}

func newMariaDB(t *testing.T) *database {
	// Each table that is created would wait for the disk.
	server := testserver.MariaDB(t, fmt.Sprint("--max-connections=", maxConnections), "--innodb-flush-method=nosync", "--skip-sync-frm")
	return &database{sqlstore.MySQL, "mysql", server.DSN(), server, open(t, "mysql", server.DSN())}
}

func newSQLite(t *testing.T) *database { return openSQLite(t) }

// openSQLite does not wait for the disk, like the servers of tests.
func openSQLite(t testing.TB) *database {
	dsn := "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)&_pragma=synchronous(off)"
	return &database{sqlstore.SQLite, "sqlite", dsn, nil, open(t, "sqlite", dsn)}
}

// onAll runs test with each database.
func onAll(t *testing.T, test func(t *testing.T, d *database)) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *database{
		"PostgreSQL": newPostgres, "MariaDB": newMariaDB, "SQLite": newSQLite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

// patient allows for a busy machine.
var patient = sqlstore.Options{Timeout: 30 * time.Second, MaxStaleness: 200 * time.Millisecond}

// tested is a store, and what it says to the database.
type tested struct {
	*sqlstore.Store
	db  *sqldb.DB
	log *sqldb.List // without the copy of a process
}

func newTested(t testing.TB, pool *sql.DB, dialect sqlstore.Dialect, options sqlstore.Options) *tested {
	t.Helper()
	store, err := sqlstore.New(pool, dialect, options)
	require.NoError(t, err)
	db := sqldb.New(pool, spoken[dialect], options.Prefix, options.Timeout)
	return &tested{store, db, db.List()}
}

var spoken = map[sqlstore.Dialect]*sqldb.Dialect{
	sqlstore.PostgreSQL: sqldb.PostgreSQL, sqlstore.MySQL: sqldb.MySQL, sqlstore.SQLite: sqldb.SQLite,
}

// newStore returns a store with empty tables of its own.
func (d *database) newStore(t testing.TB, options sqlstore.Options) *tested {
	t.Helper()
	if options.Prefix == "" {
		options.Prefix = "t" + strings.ToLower(rand.Text()) + "_"
	}
	store := newTested(t, d.pool, d.dialect, options)
	require.NoError(t, store.Migrate(t.Context()))
	return store
}

func (d *database) newBlocklist(t testing.TB, store *tested) *sqlstore.Blocklist {
	t.Helper()
	b := store.Blocklist(t.Context())
	require.NoError(t, b.Ready(t.Context()))
	return b
}

func TestContract(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		storetest.Sessions(t, func(t *testing.T) ginjwt.SessionStore {
			return d.newStore(t, patient).Sessions()
		})
		storetest.Blocklist(t, func(t *testing.T) ginjwt.Blocklist {
			return d.newBlocklist(t, d.newStore(t, patient))
		})
		storetest.Plays(t, func(t *testing.T) (ginjwt.SessionStore, ginjwt.Blocklist) {
			store := d.newStore(t, patient)
			return store.Sessions(), d.newBlocklist(t, store)
		}, storetest.PlayCount(3))
		storetest.Once(t, d.newHandles)
		storetest.Replicas(t, 30*time.Second, func(t *testing.T) (lists []ginjwt.Blocklist) {
			store := d.newStore(t, patient)
			for range 3 {
				lists = append(lists, d.newBlocklist(t, store))
			}
			return lists
		})
	})
}
