package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
}

func isBusy(err error) bool {
	const busy, primary = 5, 0xff // SQLITE_BUSY is the low byte of its extended codes
	var coded interface{ Code() int }
	return errors.As(err, &coded) && coded.Code()&primary == busy
}
