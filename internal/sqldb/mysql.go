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
	// Texts are VARBINARY, because collations ignore trailing blanks.
	types: map[kind]string{
		uuidText: "VARBINARY(36)",
		keyText:  "VARBINARY(255)",
		text:     "VARBINARY(255)",
		dataText: "VARBINARY(1024)",
		markText: "VARBINARY(32)",
		hash:     "BINARY(16)",
		number:   "BIGINT",
	},
	// CAST: names of columns and indexes may have different collations, which UNION refuses.
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
	// UNIX_TIMESTAMP(NOW(6)) is an hour off in the hour that daylight saving time repeats.
	now: `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000`,
	// MariaDB has texts for read_only from version 12 on. The last two are for MySQL
	// from version 8 on, and for MariaDB.
	refusal: `CASE WHEN @@SESSION.autocommit = 0 THEN 'autocommit is 0, so that nothing is ever committed: ` +
		`remove it from the DSN, or set it to 1 on the server' ` +
		`WHEN @@SESSION.completion_type = 'CHAIN' THEN 'completion_type is CHAIN, so that what follows a commit is not committed: ` +
		`set it to NO_CHAIN' ` +
		`WHEN CAST(@@GLOBAL.read_only AS CHAR) NOT IN ('0', 'OFF') OR @@GLOBAL.innodb_read_only = 1 ` +
		`THEN 'the server is read-only, as replicas are: connect to the primary' ` +
		`/*!80000 WHEN @@SESSION.transaction_read_only = 1 THEN 'transactions are read-only: set transaction_read_only to 0' ` +
		`WHEN @@SESSION.transaction_isolation = 'READ-UNCOMMITTED' THEN '` + uncommitted + `' */ ` +
		`/*M!100000 WHEN @@SESSION.in_transaction = 1 THEN '` + adviceOpen + `' ` +
		`WHEN @@SESSION.tx_read_only = 1 THEN 'transactions are read-only: set tx_read_only to 0' ` +
		`WHEN @@SESSION.tx_isolation = 'READ-UNCOMMITTED' THEN '` + uncommitted + `' */ ELSE '' END`,
	connectionDecides: true,
	checkOnce:         nothingOnce,
	file:              noFile,
	// This must change the row: a changed row counts as two. A row that keeps its values
	// counts as none or one, depending on the client. INSERT IGNORE would also ignore other
	// errors.
	unlessThere: `ON DUPLICATE KEY UPDATE changes = changes + 1`,
	orNothing:   `ON DUPLICATE KEY UPDATE id = id`,
	orUpdate:    `ON DUPLICATE KEY UPDATE `,
	// Without FORCE INDEX, MySQL may delete by the index of expires. It then locks that index
	// first, and deadlocks with clients that prolong a session.
	purge:  `DELETE t FROM {table} AS t FORCE INDEX (PRIMARY) WHERE t.id IN ({keys}) AND t.expires < ?`,
	insert: (*List).insertInTransaction,
	undone: isUndone,
	advice: []advice{
		{about: hasErrorNumber(1290, 1836, 1792), text: adviceReadOnly}, // --read-only, innodb_read_only, a transaction that only reads
		{about: hasErrorNumber(1062), text: adviceInUse},
		{about: hasErrorNumber(1146, 1054, 1046, 1049), text: adviceTables}, // no such table or column, no database
		{about: hasErrorNumber(1142, 1143, 1044), text: adviceRights},       // to a table, a column, a database
		{about: hasErrorNumber(1040, 1203, 1226), text: adviceTooMany},      // on the server, of the user
	},
}

const uncommitted = `transactions see what others have not committed: set the isolation level to READ-COMMITTED or REPEATABLE-READ`

// applyMySQL runs a statement on a connection that waits at most a second for locks, the
// shortest timeout there is: others wait behind a statement that waits to change a table. It
// returns the connection unchanged to the pool, or closes it.
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

// metLock asks the server why the last statement failed, because drivers report it in
// different ways.
func metLock(ctx context.Context, conn *sql.Conn) bool {
	var level, message string
	var code int
	err := conn.QueryRowContext(ctx, `SHOW ERRORS LIMIT 1`).Scan(&level, &code, &message)
	return err == nil && (code == lockWaitTimeout || code == deadlock)
}

// isUndone reports a deadlock, or a lock that was not free in time. InnoDB then rolls back
// the transaction or only the statement. This package rolls its transactions back after any
// error, so nothing remains in either case.
func isUndone(err error) bool {
	return hasErrorNumber(lockWaitTimeout, deadlock)(err) || hasSQLState("40001")(err)
}
