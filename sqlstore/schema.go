package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Texts are compared byte by byte: in MySQL they are VARBINARY, as its
// collations know no blanks at the end.
var schemas = map[Dialect][]string{
	PostgreSQL: {
		`CREATE TABLE IF NOT EXISTS {sessions} (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	identity   TEXT COLLATE "C" NOT NULL,
	device     TEXT NOT NULL,
	generation BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	rotated    BIGINT NOT NULL,
	grace      BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	changes    BIGINT NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {sessions}_identity ON {sessions} (identity)`,
		`CREATE INDEX IF NOT EXISTS {sessions}_expires ON {sessions} (expires)`,
		`CREATE TABLE IF NOT EXISTS {blocklist} (
	seq     BIGINT NOT NULL PRIMARY KEY,
	mark    TEXT NOT NULL,
	id      BYTEA NOT NULL,
	expires BIGINT NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {blocklist}_id ON {blocklist} (id)`,
		`CREATE INDEX IF NOT EXISTS {blocklist}_expires ON {blocklist} (expires)`,
		`CREATE TABLE IF NOT EXISTS {head} (
	id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	seq  BIGINT NOT NULL,
	mark TEXT NOT NULL
)`,
		`INSERT INTO {head} (id, seq, mark) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING`,
	},
	MySQL: {
		`CREATE TABLE IF NOT EXISTS {sessions} (
	id         VARBINARY(36) NOT NULL PRIMARY KEY,
	identity   VARBINARY(255) NOT NULL,
	device     VARBINARY(255) NOT NULL,
	generation BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	rotated    BIGINT NOT NULL,
	grace      BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	changes    BIGINT NOT NULL,
	INDEX {sessions}_identity (identity),
	INDEX {sessions}_expires (expires)
) ENGINE = InnoDB`,
		`CREATE TABLE IF NOT EXISTS {blocklist} (
	seq     BIGINT NOT NULL PRIMARY KEY,
	mark    VARBINARY(32) NOT NULL,
	id      BINARY(16) NOT NULL,
	expires BIGINT NOT NULL,
	INDEX {blocklist}_id (id),
	INDEX {blocklist}_expires (expires)
) ENGINE = InnoDB`,
		`CREATE TABLE IF NOT EXISTS {head} (
	id   BIGINT NOT NULL PRIMARY KEY,
	seq  BIGINT NOT NULL,
	mark VARBINARY(32) NOT NULL
) ENGINE = InnoDB`,
		`INSERT INTO {head} (id, seq, mark) VALUES (1, 0, '') ON DUPLICATE KEY UPDATE id = 1`,
	},
	SQLite: {
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
}

func (s *Store) statements() []string {
	var all []string
	for _, template := range schemas[s.dialect] {
		all = append(all, s.dialect.statement(s.options.Prefix, template))
	}
	return all
}

// Schema returns the statements of [Store.Migrate], each with a semicolon and
// an empty line behind it, for those who make tables by hand. They create what
// is missing, and may be run again.
//
// Times are Unix milliseconds in the table of sessions, and Unix seconds in the
// blocklist, where 4294967295 means for ever.
func (s *Store) Schema() string {
	return strings.Join(s.statements(), ";\n\n") + ";\n"
}

// Migrate creates the tables and indexes that are missing. Any number of
// processes may call it at once. It takes until it is done or ctx ends;
// Options.Timeout does not bound it.
func (s *Store) Migrate(ctx context.Context) error {
	_, err := promptly(ctx, func() (struct{}, error) { return struct{}{}, s.migrate(ctx) })
	return err
}

func (s *Store) migrate(ctx context.Context) error {
	if s.dialect == PostgreSQL {
		return s.migrateAlone(ctx)
	}
	for _, statement := range s.statements() {
		if err := s.execPatiently(ctx, statement); err != nil {
			return fmt.Errorf("migrating: %w", err)
		}
	}
	return nil
}

// execPatiently repeats what a new SQLite file is too busy for: whoever opens it
// first changes its journal mode, and busy_timeout does not help the others.
func (s *Store) execPatiently(ctx context.Context, statement string) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := s.db.ExecContext(ctx, statement)
		if !isBusy(err) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

func isBusy(err error) bool {
	const busy, primary = 5, 0xff // SQLITE_BUSY is the low byte of its extended codes
	var coded interface{ Code() int }
	return errors.As(err, &coded) && coded.Code()&primary == busy
}

// migrateAlone lets one process after the other create tables: PostgreSQL fails
// if two create one at once, though both say IF NOT EXISTS.
func (s *Store) migrateAlone(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	const lock = `SELECT pg_advisory_xact_lock(7451037802321897332)`
	for _, statement := range append([]string{lock}, s.statements()...) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("migrating: %w", err)
		}
	}
	return tx.Commit()
}
