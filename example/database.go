package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite", in Go
)

// An id of AUTOINCREMENT is never used again: the tokens of a deleted user
// must not become those of the next one.
const schema = `
CREATE TABLE IF NOT EXISTS users (
	id               INTEGER PRIMARY KEY AUTOINCREMENT,
	name             TEXT    NOT NULL UNIQUE COLLATE NOCASE,
	password_hash    BLOB    NOT NULL,
	password_version INTEGER NOT NULL DEFAULT 1,
	admin            INTEGER NOT NULL DEFAULT 0,
	note             TEXT    NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS revoked_tokens (
	id      TEXT    PRIMARY KEY,
	expires INTEGER NOT NULL -- Unix seconds
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revoked_tokens_by_expires ON revoked_tokens (expires);
`

// maxConnections bounds the memory that many requests at once can take.
const maxConnections = 8

// openDatabase opens the database at path, and makes it on the first start.
// With a write-ahead log, readers do not wait for writers; writers wait for
// each other for up to busy_timeout milliseconds.
func openDatabase(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	dsn.RawQuery = url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(wal)"}}.Encode()
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
}
