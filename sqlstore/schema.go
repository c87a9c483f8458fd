package sqlstore

import (
	"context"
	"strings"
)

// Schema returns the statements that create all tables, for a new database whose tables
// you create by hand. Each statement ends with a semicolon, and an empty line separates
// two. They may be run again. To upgrade tables of the previous version, use
// [Store.SchemaUpgrade].
//
// Times in the table sessions are Unix milliseconds; -62135596800000 means none. Times in
// the tables blocklist and once are Unix seconds; 4294967295 in the blocklist means for
// ever.
func (s *Store) Schema() string { return script(s.db.Schema()) }

// SchemaUpgrade returns the statements that upgrade the tables of the previous version,
// in the form of [Store.Schema]. Processes of both versions may run meanwhile.
//
// Run each statement once, one by one, and not in a transaction: PostgreSQL refuses CREATE
// INDEX CONCURRENTLY there. Set a lock timeout in the session (lock_timeout, in MySQL
// lock_wait_timeout), as [Store.Migrate] does. If a statement fails because of a lock,
// repeat it.
func (s *Store) SchemaUpgrade() string { return script(s.db.Upgrade()) }

func script(statements []string) string { return strings.Join(statements, ";\n\n") + ";\n" }

// Migrate creates or upgrades the tables: it adds the tables, columns, indexes and rows
// that are missing, and then records the version. It drops and overwrites nothing. If the
// version is too new for this code, it returns an error.
//
// It reads the catalog first. If nothing is missing it returns at once, takes no lock on
// the tables, and needs only the right to read them. Otherwise it works statement by
// statement. A call after an interruption, or at the same time, continues from there.
// Processes of the previous version may run meanwhile and afterwards. Any number of
// processes may call Migrate at once.
//
// A statement that changes a table waits for transactions that use the table, and all
// later statements wait behind it. So it gives up after 250 milliseconds (PostgreSQL) or
// a second (MySQL, MariaDB), and Migrate tries it again after a pause, until ctx ends.
// SQLite waits for its busy_timeout.
//
// Indexes of tables with rows are built while others write. PostgreSQL uses CREATE INDEX
// CONCURRENTLY: it blocks no one, waits for older transactions, and runs outside a
// transaction. MySQL and MariaDB build them online. In SQLite writers wait. New columns
// cost the same for any number of rows, except in MySQL before 8.0.12 and MariaDB before
// 10.3, which copy the table.
//
// ctx bounds Migrate; Options.Timeout does not. It works behind PgBouncer in transaction
// mode, and leaves no setting behind.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// Check reports whether the server can keep a store, and whether this code may use the
// tables. It needs only the right to read the tables. It returns an error in these cases:
//
//   - The server takes or commits no writes: a standby, a read-only server, role or file,
//     autocommit=0, or a database in memory that each connection has for itself. The error
//     says what to do. If the role may not ask for one of these, Check skips it.
//   - Tables, columns, indexes or rows are missing. The error has a line for each, such as
//     "sqlstore: table ginjwt_sessions: column realm is missing; call Migrate". Columns
//     and indexes are recognised by their names.
//   - The row from which revocations get their numbers is gone or behind the numbers in
//     use. Migrate repairs it.
//   - The version of the tables is too old or too new. The next version is accepted if it
//     says that this code may use it.
func (s *Store) Check(ctx context.Context) error { return s.db.Check(ctx) }

// Ready is for a readiness probe. It returns an error if [Store.Check] does, or if the
// clocks of the database and this process differ by more than 30 seconds. Usually it is
// one statement that reads a few rows by their keys; it runs the whole Check only until
// that has succeeded once, and when the version has changed. Options.Timeout bounds it.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }
