package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// SQLite is the dialect of SQLite.
var SQLite = &Dialect{
	Name:     "SQLite",
	embedded: true,
	types: map[kind]string{
		uuidText: `TEXT`,
		keyText:  `TEXT`,
		text:     `TEXT`,
		dataText: `TEXT`,
		markText: `TEXT`,
		hash:     `BLOB`,
		number:   `INTEGER`,
	},
	catalog: `SELECT 'column', t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c ` +
		`WHERE t.type = 'table' AND t.name IN ({tables}) ` +
		`UNION ALL SELECT 'index', tbl_name, name FROM sqlite_master WHERE type = 'index' AND tbl_name IN ({tables})`,
	createTable: createTableThenIndexes,
	addColumns: func(table string, definitions []string) (statements []string) {
		for _, definition := range definitions {
			statements = append(statements, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", table, definition))
		}
		return statements
	},
	addIndex: func(i missingIndex) change {
		return change{text: fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (%s)", i.name, i.table, i.columns)}
	},
	raiseVersion: raiseVersion,
	apply: func(ctx context.Context, pool *sql.DB, c change) error {
		_, err := pool.ExecContext(ctx, c.text)
		return err
	},
	// busy_timeout does not apply while the first connection to a new file changes the
	// journal mode.
	locked:      isBusy,
	parameter:   questionMark,
	now:         `CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)`, // unixepoch() came later
	refusal:     `''`,
	checkOnce:   checkSQLite,
	file:        fileOfSQLite,
	unlessThere: `ON CONFLICT (id) DO NOTHING`,
	orNothing:   `ON CONFLICT (id) DO NOTHING`,
	orUpdate:    `ON CONFLICT (id) DO UPDATE SET `,
	purge:       `DELETE FROM {table} WHERE id IN ({keys}) AND expires < ?`,
	insert:      (*List).insertInTransaction,
	undone:      func(error) bool { return false }, // writers wait for each other
	advice: []advice{
		{about: hasSQLiteCode(readOnly), text: adviceFile},
		{about: hasSQLiteCode(constraint), text: adviceInUse},
		{about: isBusySnapshot, text: adviceOpen, unfit: true},
		{about: isBusy, text: adviceBusy},
		{about: hasSQLiteCode(cannotOpen), text: advicePath},
	},
}

// adviceFile is for mode=ro, query_only, and missing rights to the file.
const adviceFile = "the file is read-only: remove mode=ro and query_only from the DSN, or give this user the right to write to the file"

const (
	adviceBusy = "another connection was writing: set a busy_timeout in the DSN, and keep transactions that write short"
	advicePath = "check the path of the file, and whether this user may write to its directory"
)

func fileOfSQLite(ctx context.Context, pool *sql.DB) (path string, err error) {
	paths, err := readRows(ctx, pool, scanText, `SELECT file FROM pragma_database_list WHERE name = 'main'`)
	if err != nil || len(paths) == 0 {
		return "", err
	}
	return paths[0], nil
}

// checkSQLite tries a write that changes nothing, because only that shows whether SQLite
// allows writes. Like any write, it waits for other writers.
func checkSQLite(ctx context.Context, db *DB) (known bool, err error) {
	if err := checkMemory(ctx, db); err != nil {
		return false, err
	}
	_, err = db.pool.ExecContext(ctx, db.name(`DELETE FROM {schema} WHERE id = 0`))
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case hasSQLiteCode(readOnly)(err):
		return false, replica.Unfit(adviceFile)
	}
	return err == nil, nil
}

// checkMemory refuses a database in memory that connections do not share. To find out, it
// creates a table on one connection and looks for it on another.
func checkMemory(ctx context.Context, db *DB) error {
	path, err := fileOfSQLite(ctx, db.pool)
	if err != nil || path != "" || db.pool.Stats().MaxOpenConnections == 1 {
		return err
	}
	one, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer one.Close()
	other, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer other.Close()
	table := db.prefix + "probe_" + rand.Text()
	if _, err := one.ExecContext(ctx, `CREATE TABLE `+table+` (id INTEGER)`); err != nil {
		return nil // the answer is not known
	}
	var seen int
	err = other.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE name = ?`, table).Scan(&seen)
	_, dropped := one.ExecContext(ctx, `DROP TABLE `+table)
	if err == nil && dropped == nil && seen == 0 {
		return replica.Unfit("the database is in memory, and each connection of the pool has one of its own: call SetMaxOpenConns(1), or use a file")
	}
	return nil
}

// Result codes of SQLite.
const (
	busy         = 5
	busySnapshot = busy | 2<<8
	readOnly     = 8
	cannotOpen   = 14
	constraint   = 19
)

var isBusy = hasSQLiteCode(busy)

// isBusySnapshot reports that a transaction read before others wrote, and now wants to
// write. The statements of this package never do that, so somebody else began it.
func isBusySnapshot(err error) bool {
	return anyError(err, func(err error) bool { code, ok := codeOfSQLite(err); return ok && code == busySnapshot })
}

// hasSQLiteCode returns a function that reports whether an error has a result code, which is
// the low byte of an extended code.
func hasSQLiteCode(code int64) func(error) bool {
	return func(err error) bool {
		return anyError(err, func(err error) bool {
			const primary = 0xff
			extended, ok := codeOfSQLite(err)
			return ok && extended&primary == code
		})
	}
}

// codeOfSQLite returns the code of an error. The errors of modernc.org/sqlite have a method
// Code. The errors of mattn/go-sqlite3 are structs with the fields Code and ExtendedCode.
func codeOfSQLite(err error) (code int64, ok bool) {
	if coded, ok := err.(interface{ Code() int }); ok {
		return int64(coded.Code()), true
	}
	for _, name := range []string{"ExtendedCode", "Code"} {
		if value, ok := errorField(err, reflect.Int, name); ok && value.Int() != 0 {
			return value.Int(), true
		}
	}
	return 0, false
}
