package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// PostgreSQL is the dialect of PostgreSQL.
var PostgreSQL = &Dialect{
	Name: "PostgreSQL",
	schema: []string{
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
	migrate:       migrateAlone,
	parameter:     func(i int) string { return "$" + strconv.Itoa(i) },
	unlessThere:   `ON CONFLICT (id) DO NOTHING`,
	purgeSessions: `DELETE FROM {sessions} WHERE id IN ({keys}) AND expires < ?`,
	insert:        (*List).insertAtOnce,
	undone:        hasSQLState("40P01", "40001"), // a deadlock, or a stricter isolation than the default
}

// migrateAlone lets one process after the other create tables: PostgreSQL fails
// if two create one at once, though both say IF NOT EXISTS.
func migrateAlone(ctx context.Context, db *sql.DB, statements []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	const lock = `SELECT pg_advisory_xact_lock(7451037802321897332)`
	if err := execAll(ctx, tx.ExecContext, append([]string{lock}, statements...)); err != nil {
		return err
	}
	return tx.Commit()
}

// insertAtOnce is one statement.
func (l *List) insertAtOnce(ctx context.Context, entries []idset.Entry) error {
	args := []any{rand.Text()}
	for _, e := range entries {
		args = append(args, e.Key[:], int64(e.Until))
	}
	statement := l.db.dialect.statement(l.db.prefix, advanceAndInsert(len(entries)))
	result, err := l.db.pool.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	return requireRows(result, len(entries))
}

// advanceAndInsert takes numbers and uses them in one statement, so that no
// client can hold the head longer than it takes the server to commit.
func advanceAndInsert(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("(%d, ?::bytea, ?::bigint)", i+1)
	}
	return fmt.Sprintf(`WITH head AS (UPDATE {head} SET seq = seq + %d, mark = ? WHERE id = 1 RETURNING seq, mark), `+
		`added (n, id, expires) AS (VALUES %s) `+
		`INSERT INTO {blocklist} (seq, mark, id, expires) `+
		`SELECT head.seq - %d + added.n, head.mark, added.id, added.expires FROM head, added`,
		n, strings.Join(values, ", "), n)
}
