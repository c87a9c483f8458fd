package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// SQLite is the dialect of SQLite.
var SQLite = &Dialect{
	Name: "SQLite",
	schema: []string{
		`CREATE TABLE IF NOT EXISTS {sessions} (
	id         TEXT NOT NULL PRIMARY KEY,
	identity   TEXT NOT NULL,
	device     TEXT NOT NULL,
	generation INTEGER NOT NULL,
	created    INTEGER NOT NULL,
	rotated    INTEGER NOT NULL,
	grace      INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	changes    INTEGER NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {sessions}_identity ON {sessions} (identity)`,
		`CREATE INDEX IF NOT EXISTS {sessions}_expires ON {sessions} (expires)`,
		`CREATE TABLE IF NOT EXISTS {blocklist} (
	seq     INTEGER NOT NULL PRIMARY KEY,
	mark    TEXT NOT NULL,
	id      BLOB NOT NULL,
	expires INTEGER NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {blocklist}_id ON {blocklist} (id)`,
		`CREATE INDEX IF NOT EXISTS {blocklist}_expires ON {blocklist} (expires)`,
		`CREATE TABLE IF NOT EXISTS {head} (
	id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	seq  INTEGER NOT NULL,
	mark TEXT NOT NULL
)`,
		`INSERT INTO {head} (id, seq, mark) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING`,
	},
	migrate: func(ctx context.Context, db *sql.DB, statements []string) error {
		return execAll(ctx, patiently(db.ExecContext), statements)
	},
	parameter:     questionMark,
	unlessThere:   `ON CONFLICT (id) DO NOTHING`,
	purgeSessions: `DELETE FROM {sessions} WHERE id IN ({keys}) AND expires < ?`,
	insert:        (*List).insertInTransaction,
	undone:        func(error) bool { return false }, // writers wait for each other
}

// patiently repeats what a new file is too busy for: the first connection
// changes its journal mode, and busy_timeout does not help the others.
func patiently(exec execFunc) execFunc {
	return func(ctx context.Context, statement string, args ...any) (sql.Result, error) {
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			result, err := exec(ctx, statement, args...)
			if !isBusy(err) {
				return result, err
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return nil, err
			}
		}
	}
}

func isBusy(err error) bool {
	const busy, primary = 5, 0xff // SQLITE_BUSY is the low byte of its extended codes
	var coded interface{ Code() int }
	return errors.As(err, &coded) && coded.Code()&primary == busy
}
