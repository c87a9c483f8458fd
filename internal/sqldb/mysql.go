package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// MySQL is the dialect of MySQL and MariaDB.
var MySQL = &Dialect{
	Name: "MySQL",
	// Texts are VARBINARY, as collations ignore blanks at the end.
	types: map[kind]string{
		uuidText: "VARBINARY(36)",
		keyText:  "VARBINARY(255)",
		text:     "VARBINARY(255)",
		dataText: "VARBINARY(1024)",
		markText: "VARBINARY(32)",
		hash:     "BINARY(16)",
		number:   "BIGINT",
	},
	// Names of columns and of indexes may have different collations, which UNION refuses.
	catalog: `SELECT 'column', CAST(table_name AS BINARY), CAST(column_name AS BINARY) FROM information_schema.columns ` +
		`WHERE table_schema = DATABASE() AND table_name IN ({tables}) ` +
		`UNION ALL SELECT DISTINCT 'index', CAST(table_name AS BINARY), CAST(index_name AS BINARY) FROM information_schema.statistics ` +
		`WHERE table_schema = DATABASE() AND table_name IN ({tables})`,
	createTable: func(name string, definitions []string, indexes []missingIndex) []string {
		for _, i := range indexes {
			definitions = append(definitions, fmt.Sprintf("INDEX %s (%s)", i.name, i.columns))
		}
		return []string{createTable(name, definitions, " ENGINE = InnoDB")}
	},
	addColumns: func(table string, definitions []string) []string {
		return []string{fmt.Sprintf("ALTER TABLE %s\n\tADD COLUMN %s", table, strings.Join(definitions, ",\n\tADD COLUMN "))}
	},
	addIndex: func(i missingIndex) change {
		return change{text: fmt.Sprintf("CREATE INDEX %s ON %s (%s)", i.name, i.table, i.columns)}
	},
	raiseVersion: func(v schema.Version) string {
		return insertVersion(v) + fmt.Sprintf(`ON DUPLICATE KEY UPDATE oldest = IF(version < %d, %d, oldest), version = GREATEST(version, %d)`,
			v.Number, v.Oldest, v.Number)
	},
	apply:     applyMySQL,
	locked:    func(err error) bool { return errors.Is(err, errLocked) },
	parameter: questionMark,
	// UNIX_TIMESTAMP(NOW(6)) is an hour off in the night when clocks are set back.
	now: `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000`,
	// MariaDB has texts for read_only from version 12 on. The last two are for MySQL
	// from version 8 on, and for MariaDB.
	refusal: `CASE WHEN @@SESSION.autocommit = 0 THEN 'autocommit is 0, so that nothing is ever committed: ` +
		`remove it from the DSN, or set it to 1 on the server' ` +
		`WHEN CAST(@@GLOBAL.read_only AS CHAR) NOT IN ('0', 'OFF') OR @@GLOBAL.innodb_read_only = 1 ` +
		`THEN 'the server is read-only, as replicas are: connect to the primary' ` +
		`/*!80000 WHEN @@SESSION.transaction_read_only = 1 THEN 'transactions are read-only: set transaction_read_only to 0' ` +
		`WHEN @@SESSION.transaction_isolation = 'READ-UNCOMMITTED' THEN '` + uncommitted + `' */ ` +
		`/*M!100000 WHEN @@SESSION.tx_read_only = 1 THEN 'transactions are read-only: set tx_read_only to 0' ` +
		`WHEN @@SESSION.tx_isolation = 'READ-UNCOMMITTED' THEN '` + uncommitted + `' */ ELSE '' END`,
	checkOnce: nothingOnce,
	file:      noFile,
	// A row that is changed counts as two. A row that is set to what it was counts
	// as none or as one, as the client wishes, and INSERT IGNORE ignores much more.
	unlessThere: `ON DUPLICATE KEY UPDATE changes = changes + 1`,
	orNothing:   `ON DUPLICATE KEY UPDATE id = id`,
	orUpdate:    `ON DUPLICATE KEY UPDATE `,
	// Without FORCE INDEX, MySQL may delete by time: it then locks the other index
	// first, and is in a deadlock with clients that prolong a session.
	purge:  `DELETE t FROM {table} AS t FORCE INDEX (PRIMARY) WHERE t.id IN ({keys}) AND t.expires < ?`,
	insert: (*List).insertInTransaction,
	undone: isUndone,
	advice: []advice{
		{hasErrorNumber(1290, 1836, 1792), adviceReadOnly}, // --read-only, innodb_read_only, a transaction that only reads
		{hasErrorNumber(1062), adviceInUse},
	},
}

const uncommitted = `transactions see what others have not committed: set the isolation level to READ-COMMITTED or REPEATABLE-READ`

// applyMySQL runs a statement on a connection that waits for locks for a second,
// the least there is: all others wait behind a statement that waits to change a
// table. The connection goes back as it was, or not at all.
func applyMySQL(ctx context.Context, pool *sql.DB, c change) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var before int64
	if err := conn.QueryRowContext(ctx, `SELECT @@SESSION.lock_wait_timeout`).Scan(&before); err != nil {
		return err
	}
	defer restoreLockWait(ctx, conn, before)
	if _, err := conn.ExecContext(ctx, `SET SESSION lock_wait_timeout = 1`); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, c.text)
	if err != nil && metLock(ctx, conn) {
		return fmt.Errorf("%w: %w", errLocked, err)
	}
	return err
}

func restoreLockWait(ctx context.Context, conn *sql.Conn, before int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`SET SESSION lock_wait_timeout = %d`, before)); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // closes it
	}
}

const lockWaitTimeout, deadlock = 1205, 1213

// metLock asks the server why the last statement failed: drivers do not agree on
// how to tell.
func metLock(ctx context.Context, conn *sql.Conn) bool {
	var level, message string
	var code int
	err := conn.QueryRowContext(ctx, `SHOW ERRORS LIMIT 1`).Scan(&level, &code, &message)
	return err == nil && (code == lockWaitTimeout || code == deadlock)
}

// isUndone is true of a deadlock, and of a lock that was not free in time. InnoDB
// then rolls back the transaction, or only the statement; transactions of ours roll
// back after any error, so nothing remains in either case.
func isUndone(err error) bool {
	return hasErrorNumber(lockWaitTimeout, deadlock)(err) || hasSQLState("40001")(err)
}
