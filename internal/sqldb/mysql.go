package sqldb

import (
	"context"
	"database/sql"
)

// MySQL is the dialect of MySQL and MariaDB.
var MySQL = &Dialect{
	Name: "MySQL",
	// Texts are VARBINARY, as collations ignore blanks at the end.
	schema: []string{
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
	migrate: func(ctx context.Context, db *sql.DB, statements []string) error {
		return execAll(ctx, db.ExecContext, statements)
	},
	parameter: questionMark,
	// A row that is changed counts as two. A row that is set to what it was counts
	// as none or as one, as the client wishes, and INSERT IGNORE ignores much more.
	unlessThere: `ON DUPLICATE KEY UPDATE changes = changes + 1`,
	// Without FORCE INDEX, MySQL may delete by time: it then locks the other index
	// first, and is in a deadlock with clients that prolong a session.
	purgeSessions: `DELETE s FROM {sessions} AS s FORCE INDEX (PRIMARY) WHERE s.id IN ({keys}) AND s.expires < ?`,
	insert:        (*List).insertInTransaction,
	undone:        hasSQLState("40001"), // a deadlock; errors of go-sql-driver/mysql have no such method
}
