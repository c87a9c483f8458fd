package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite" // the driver "sqlite", in Go
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// database holds the users, and also the sessions if they are not in Redis.
type database struct {
	*sql.DB
	dialect sqlstore.Dialect
}

// The id of a deleted user is never used again: otherwise the tokens of the deleted user
// would belong to a new user.
var schemas = map[sqlstore.Dialect]string{
	sqlstore.SQLite: `
CREATE TABLE IF NOT EXISTS users (
	id               INTEGER PRIMARY KEY AUTOINCREMENT,
	name             TEXT    NOT NULL,
	password_hash    TEXT    NOT NULL,
	password_version INTEGER NOT NULL DEFAULT 1,
	admin            BOOLEAN NOT NULL DEFAULT FALSE,
	note             TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX IF NOT EXISTS users_by_name ON users (lower(name));
`,
	// The lock lasts for this statement. It makes processes that start at the same time
	// create the table one after the other.
	sqlstore.PostgreSQL: `
SELECT pg_advisory_xact_lock(5209643511480297);
CREATE TABLE IF NOT EXISTS users (
	id               BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name             TEXT    NOT NULL,
	password_hash    TEXT    NOT NULL,
	password_version BIGINT  NOT NULL DEFAULT 1,
	admin            BOOLEAN NOT NULL DEFAULT FALSE,
	note             TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX IF NOT EXISTS users_by_name ON users (lower(name));
`,
}

// maxConnections bounds the memory that many requests at once can use.
const maxConnections = 8

// openDatabase opens the PostgreSQL database of DATABASE_URL or, if that is not set, an
// SQLite file in dir. It creates missing tables.
func openDatabase(ctx context.Context, dir string, lookup lookupFunc) (db database, err error) {
	name := "DATABASE_URL"
	if address, ok := lookup(name); ok && address != "" {
		db, err = openPostgreSQL(address)
	} else {
		name = filepath.Join(dir, "example.db")
		db, err = openSQLite(name)
	}
	if err != nil {
		return db, fmt.Errorf("%s: %w", name, err)
	}
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	if err := db.makeTables(ctx); err != nil {
		_ = db.Close()
		return db, fmt.Errorf("%s: %w", name, err)
	}
	return db, nil
}

// makeTables creates missing tables. It repeats, because SQLite does not wait when two
// processes create a file at the same time, whatever its busy_timeout.
func (db database) makeTables(ctx context.Context) error {
	for {
		_, err := db.ExecContext(ctx, schemas[db.dialect])
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code() != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// openSQLite opens a file with a write-ahead log. Readers do not wait for writers. Writers
// wait for each other for up to busy_timeout milliseconds.
func openSQLite(path string) (database, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return database{}, err
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	dsn.RawQuery = url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(wal)"}}.Encode()
	db, err := sql.Open("sqlite", dsn.String())
	return database{db, sqlstore.SQLite}, err
}

// A detailed error could contain the password in the URL.
var errNotPostgreSQL = errors.New("must be like postgres://user:password@host:5432/name;" +
	" other databases are not supported, and without it the users are in an SQLite file")

func openPostgreSQL(address string) (database, error) {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return database{}, errNotPostgreSQL
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return database{}, errNotPostgreSQL
	}
	return database{stdlib.OpenDB(*config), sqlstore.PostgreSQL}, nil
}
