package recipes_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// library makes a store on a database, and a function that counts the rows of the
// table users by the library.
type library func(t *testing.T, dsn string) (store *sqlstore.Store, users func() int)

var libraries = map[string]library{
	"database/sql": func(t *testing.T, dsn string) (*sqlstore.Store, func() int) {
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		store, err := storeOnSQL(db)
		require.NoError(t, err)
		return store, func() int { return countRows(t, db) }
	},
	"sqlc": func(t *testing.T, dsn string) (*sqlstore.Store, func() int) {
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		store, queries, err := storeBesideQueries(db)
		require.NoError(t, err)
		return store, func() int {
			n, err := queries.CountUsers(t.Context())
			require.NoError(t, err)
			return int(n)
		}
	},
	"GORM": func(t *testing.T, dsn string) (*sqlstore.Store, func() int) {
		gormDB, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		store, err := storeOnGORM(gormDB)
		require.NoError(t, err)
		t.Cleanup(func() {
			db, err := gormDB.DB()
			require.NoError(t, err)
			_ = db.Close()
		})
		return store, func() int {
			require.NoError(t, gormDB.AutoMigrate(&user{})) // leaves the tables of others alone
			var n int64
			require.NoError(t, gormDB.Model(&user{}).Count(&n).Error)
			return int(n)
		}
	},
	"pgxpool": func(t *testing.T, dsn string) (*sqlstore.Store, func() int) {
		pool, err := pgxpool.New(t.Context(), dsn)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		store, err := storeOnPool(pool)
		require.NoError(t, err)
		return store, func() (n int) {
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&n))
			return n
		}
	},
	"ent": func(t *testing.T, dsn string) (*sqlstore.Store, func() int) {
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		store, driver, err := storeOnEnt(db)
		require.NoError(t, err)
		t.Cleanup(func() { _ = driver.Close() })
		return store, func() (n int) {
			rows := new(entsql.Rows)
			require.NoError(t, driver.Query(t.Context(), `SELECT count(*) FROM users`, []any{}, rows))
			defer rows.Close()
			n, err := entsql.ScanInt(rows)
			require.NoError(t, err)
			return n
		}
	},
}

type user struct{ ID string }

// storeOnSQL is for database/sql, and what works with it, such as sqlx and bun.
func storeOnSQL(db *sql.DB) (*sqlstore.Store, error) {
	return sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
}

// storeBesideQueries is for the package that sqlc generates, with sql_package:
// "database/sql" or without one.
func storeBesideQueries(db *sql.DB) (*sqlstore.Store, *Queries, error) {
	queries := New(db) // the package of sqlc
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
	return store, queries, err
}

func storeOnGORM(gormDB *gorm.DB) (*sqlstore.Store, error) {
	db, err := gormDB.DB()
	if err != nil {
		return nil, err
	}
	return sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
}

func storeOnPool(pool *pgxpool.Pool) (*sqlstore.Store, error) {
	db := stdlib.OpenDBFromPool(pool) // takes connections from pool, and keeps none
	return sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
}

func storeOnEnt(db *sql.DB) (*sqlstore.Store, *entsql.Driver, error) {
	driver := entsql.OpenDB(dialect.Postgres, db) // for ent.NewClient(ent.Driver(driver))
	store, err := sqlstore.New(driver.DB(), sqlstore.PostgreSQL, sqlstore.Options{})
	return store, driver, err
}

// Queries is as sqlc writes it.
type Queries struct{ db DBTX }

type DBTX interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func New(db DBTX) *Queries { return &Queries{db} }

func (q *Queries) CountUsers(ctx context.Context) (int64, error) {
	var n int64
	err := q.db.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n)
	return n, err
}

var databases atomic.Int64

// emptyDatabase makes a database on a server of PostgreSQL, and returns its address.
func emptyDatabase(t *testing.T, server *testserver.Server) string {
	t.Helper()
	db, err := sql.Open("pgx", server.DSN())
	require.NoError(t, err)
	defer db.Close()
	name := fmt.Sprint("recipe", databases.Add(1))
	_, err = db.ExecContext(t.Context(), `CREATE DATABASE `+name)
	require.NoError(t, err)
	address, err := url.Parse(server.DSN())
	require.NoError(t, err)
	address.Path = name
	return address.String()
}

func countRows(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM users`).Scan(&n))
	return n
}

// What a library makes of connections is good for a store, and the other way round.
func TestLibraries(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	for name, open := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := emptyDatabase(t, server)
			db, err := sql.Open("pgx", dsn)
			require.NoError(t, err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), `CREATE TABLE users (id TEXT PRIMARY KEY)`)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), `INSERT INTO users VALUES ('alice'), ('bob')`)
			require.NoError(t, err)

			store, users := open(t, dsn)
			require.NoError(t, store.Migrate(t.Context()))
			require.Equal(t, 2, users())
			a := newApplication(t, "alone", store.Sessions(), store.Blocklist(t.Context()), nil)
			pair, others := a.logIn(t, "alice"), []string{a.logIn(t, "alice").SessionID, a.logIn(t, "alice").SessionID}
			require.True(t, a.accepts(t, pair.AccessToken))
			require.NoError(t, a.EndSessions(t.Context(), "alice", others[0]))
			require.False(t, a.accepts(t, pair.AccessToken))
			require.Equal(t, others[:1], a.sessions(t, "alice"))
			require.NoError(t, store.Ready(t.Context()))
			require.Equal(t, 2, users())
		})
	}
}
