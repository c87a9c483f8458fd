package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// PostgreSQL is the dialect of PostgreSQL.
var PostgreSQL = &Dialect{
	Name: "PostgreSQL",
	types: map[kind]string{
		uuidText: `TEXT COLLATE "C"`,
		keyText:  `TEXT COLLATE "C"`,
		text:     `TEXT`,
		dataText: `TEXT`,
		markText: `TEXT`,
		hash:     `BYTEA`,
		number:   `BIGINT`,
	},
	// An index is invalid if its creation was interrupted.
	catalog: `WITH wanted AS (SELECT name, to_regclass(name) AS id FROM unnest(ARRAY[{tables}]::text[]) AS name) ` +
		`SELECT 'column', wanted.name, a.attname::text FROM wanted JOIN pg_attribute AS a ON a.attrelid = wanted.id ` +
		`WHERE a.attnum > 0 AND NOT a.attisdropped ` +
		`UNION ALL SELECT CASE WHEN x.indisvalid THEN 'index' ELSE 'broken' END, wanted.name, i.relname::text ` +
		`FROM wanted JOIN pg_index AS x ON x.indrelid = wanted.id JOIN pg_class AS i ON i.oid = x.indexrelid`,
	createTable: createTableThenIndexes,
	addColumns: func(table string, definitions []string) []string {
		return []string{fmt.Sprintf("ALTER TABLE %s\n\tADD COLUMN IF NOT EXISTS %s", table, strings.Join(definitions, ",\n\tADD COLUMN IF NOT EXISTS "))}
	},
	// With CONCURRENTLY no writer waits, however large the table is.
	addIndex: func(i missingIndex) change {
		if i.broken {
			return change{fmt.Sprintf("REINDEX INDEX CONCURRENTLY %s", i.name), i.table, true}
		}
		return change{fmt.Sprintf("CREATE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s (%s)", i.name, i.table, i.columns), i.table, true}
	},
	raiseVersion: raiseVersion,
	apply:        applyPostgreSQL,
	locked:       isLocked,
	parameter:    func(i int) string { return "$" + strconv.Itoa(i) },
	now:          `floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint`,
	// On a standby transactions are read-only too, so pg_is_in_recovery comes first.
	// A transaction that began long before the statement was not begun by this package. It
	// may show data of the time when it began.
	refusal: `CASE WHEN pg_is_in_recovery() THEN 'the server is a standby, which takes no writes and learns of revocations late: ` +
		`connect to the primary, for example with target_session_attrs=read-write' ` +
		`WHEN current_setting('transaction_read_only') = 'on' THEN 'transactions are read-only: set default_transaction_read_only to off ` +
		`for the role, the database or the connection' ` +
		`WHEN statement_timestamp() > transaction_timestamp() + interval '5 seconds' THEN '` + adviceOpen + `' ELSE '' END`,
	checkOnce:   nothingOnce,
	file:        noFile,
	unlessThere: `ON CONFLICT (id) DO NOTHING`,
	orNothing:   `ON CONFLICT (id) DO NOTHING`,
	orUpdate:    `ON CONFLICT (id) DO UPDATE SET `,
	purge:       `DELETE FROM {table} WHERE id IN ({keys}) AND expires < ?`,
	insert:      (*List).insertAtOnce,
	undone:      hasSQLState("40P01", "40001", "55P03"), // a deadlock, a stricter isolation than the default, a lock_timeout
	advice: []advice{
		{about: anyOf(isPanic, hasSQLState("42P05", "26000"), isForeignStatement), text: advicePooler},
		{about: hasSQLState("25006"), text: adviceReadOnly},
		{about: hasSQLState("23505"), text: adviceInUse},
		{about: hasSQLState("42P01", "42703", "3F000"), text: adviceTables}, // no such table, column or schema
		{about: hasSQLState("42501"), text: adviceRights},
		{about: hasSQLState("53300"), text: adviceTooMany},
	},
}

// advicePooler is for prepared statements that are missing, or that belong to another
// client.
const advicePooler = "a pooler that lends connections for a transaction, such as PgBouncer, needs a driver that sends a statement with its parameters:" +
	" set default_query_exec_mode=exec for pgx, binary_parameters=yes for lib/pq"

// isForeignStatement reports that the parameters do not fit the statement. Poolers use the
// state of this error for all of their own errors. So it also checks the server's function,
// which both pgx and lib/pq report.
func isForeignStatement(err error) bool {
	return hasSQLState("08P01")(err) && anyError(err, func(err error) bool {
		routine, ok := errorField(err, reflect.String, "Routine")
		return ok && routine.String() == "exec_bind_message"
	})
}

// applyPostgreSQL makes a change in a transaction. An advisory lock lets one process after
// the other create tables: PostgreSQL fails if two create the same table at once, even with
// IF NOT EXISTS. Others wait behind a statement that waits to change a table, so it gives up
// soon. Lock and timeout end with the transaction, so that no other client of PgBouncer gets
// them.
func applyPostgreSQL(ctx context.Context, pool *sql.DB, c change) error {
	if c.alone {
		return applyAlone(ctx, pool, c)
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{
		`SET LOCAL lock_timeout = '250ms'`,
		`SELECT pg_advisory_xact_lock(7451037802321897332)`,
		c.text,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// applyAlone creates an index outside a transaction. No client waits for it, so it may take
// as long as it needs. It returns errLocked while another process creates an index of the
// table: two would deadlock, and an unfinished index looks like a broken one.
func applyAlone(ctx context.Context, pool *sql.DB, c change) error {
	making, err := readRows(ctx, pool, scanKey, `SELECT pid FROM pg_stat_progress_create_index WHERE relid = to_regclass($1)`, c.table)
	if err != nil {
		return err
	}
	if len(making) > 0 {
		return errLocked
	}
	_, err = pool.ExecContext(ctx, c.text)
	return err
}

func isLocked(err error) bool {
	const lockNotAvailable, deadlock, serializationFailure = "55P03", "40P01", "40001"
	return errors.Is(err, errLocked) || hasSQLState(lockNotAvailable, deadlock, serializationFailure)(err)
}

// insertAtOnce inserts with one statement.
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

// advanceAndInsert returns a statement that takes numbers and uses them, so that no client
// can lock the head for longer than the server needs to commit.
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
