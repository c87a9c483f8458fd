package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
)

// SQLite is the dialect of SQLite.
var SQLite = &Dialect{
	Name: "SQLite",
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
	insertHead:   insertHead + `ON CONFLICT (id) DO NOTHING`,
	raiseVersion: raiseVersion,
	apply: func(ctx context.Context, pool *sql.DB, c change) error {
		_, err := pool.ExecContext(ctx, c.text)
		return err
	},
	// busy_timeout does not help where the first connection to a new file changes
	// its journal mode.
	locked:        isBusy,
	parameter:     questionMark,
	now:           `CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)`, // unixepoch() came later
	unlessThere:   `ON CONFLICT (id) DO NOTHING`,
	orUpdate:      `ON CONFLICT (id) DO UPDATE SET `,
	purgeSessions: `DELETE FROM {sessions} WHERE id IN ({keys}) AND expires < ?`,
	insert:        (*List).insertInTransaction,
	undone:        func(error) bool { return false }, // writers wait for each other
	advice: []advice{
		{hasSQLiteCode(8), "the file is open for reading only, or this user may not write to it"},
		{hasSQLiteCode(19), adviceInUse},
	},
}

// isBusy is true of SQLITE_BUSY.
var isBusy = hasSQLiteCode(5)

// hasSQLiteCode returns a function that reports whether an error has a result code,
// which is the low byte of extended codes. The errors of modernc.org/sqlite have a
// method Code, those of mattn/go-sqlite3 are structs with a field of that name.
func hasSQLiteCode(code int64) func(error) bool {
	return func(err error) bool {
		return anyError(err, func(err error) bool {
			const primary = 0xff
			if coded, ok := err.(interface{ Code() int }); ok {
				return int64(coded.Code())&primary == code
			}
			value, ok := errorField(err, reflect.Int, "Code")
			return ok && value.Int()&primary == code
		})
	}
}
