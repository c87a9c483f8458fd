package sqlstore

import (
	"context"
	"strings"
)

// Schema returns the statements that create all tables. Use it if you create the tables
// of a new database by hand. Each statement ends with a semicolon, and an empty line
// separates two statements. You can run them again. To upgrade tables of the previous
// version, use [Store.SchemaUpgrade].
//
// Times in the table sessions are Unix milliseconds; -62135596800000 means "not set".
// Times in the tables blocklist and once are Unix seconds; in the blocklist, 4294967295
// means "never expires".
func (s *Store) Schema() string { return script(s.db.Schema()) }

// SchemaUpgrade returns the statements that upgrade the tables of the previous version,
// in the form of [Store.Schema]. Processes of both versions may run at the same time.
//
// Run each statement once, one by one, and not in a transaction, because PostgreSQL
// refuses CREATE INDEX CONCURRENTLY in a transaction. Set a lock timeout in the session
// (lock_timeout, in MySQL lock_wait_timeout), as [Store.Migrate] does. If a statement
// fails because of a lock, repeat it.
func (s *Store) SchemaUpgrade() string { return script(s.db.Upgrade()) }

func script(statements []string) string { return strings.Join(statements, ";\n\n") + ";\n" }

// Migrate creates or upgrades the tables. It adds missing tables, columns, indexes and
// rows, and then records the version. It drops and overwrites nothing. If the version
// is too new for this code, it returns an error.
//
// It reads the catalog first. If nothing is missing, it returns immediately, takes no
// lock on the tables, and needs only the right to read them. Otherwise it works
// statement by statement. If a call is interrupted, the next call continues from there.
// Any number of processes may call Migrate at the same time. Processes of the previous
// version may run during and after the upgrade.
//
// A statement that changes a table waits for transactions that use the table, and all
// later statements wait behind it. So it gives up after 250 milliseconds (PostgreSQL)
// or a second (MySQL, MariaDB). Migrate tries it again after a pause, until ctx ends.
// SQLite waits for its busy_timeout.
//
// Migrate builds indexes of tables with rows while other processes write. PostgreSQL
// uses CREATE INDEX CONCURRENTLY: it blocks no one, waits for older transactions, and
// runs outside a transaction. MySQL and MariaDB build indexes online. In SQLite other
// writers wait. A new column takes the same time for any number of rows. The exceptions
// are MySQL before 8.0.12 and MariaDB before 10.3, which copy the table.
//
// ctx bounds Migrate; Options.Timeout does not. Migrate works behind PgBouncer in
// transaction mode, and changes no setting of the connection.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// Check reports whether the server can keep a store, and whether this code may use the
// tables. It needs only the right to read the tables. It returns an error in these
// cases:
//
//   - The server accepts or commits no writes: it is a standby, or the server, role or
//     file is read-only, autocommit is 0, completion_type is CHAIN, or somebody has left
//     a transaction open on the connection (MariaDB, PostgreSQL). Or each connection has
//     its own database in memory. The error says what to do. If the server does not
//     answer a question, for example because the role may not ask, Check skips it.
//   - Tables, columns, indexes or rows are missing. The error has a line for each, such
//     as "sqlstore: table ginjwt_sessions: column realm is missing; call Migrate".
//     Check knows columns and indexes by their names.
//   - The row that gives revocations their numbers is missing, or its number is
//     lower than the numbers in use. Migrate repairs it.
//   - The version of the tables is too old or too new. The next version is accepted if
//     it says that this code may use it.
func (s *Store) Check(ctx context.Context) error { return s.db.Check(ctx) }

// Ready is for a readiness probe. It returns an error if [Store.Check] does, or if the
// clocks of the database and this process differ by more than 30 seconds. After one
// successful Check, Ready is one statement that reads a few rows by their keys. If this
// statement fails or shows a change, Ready runs the whole Check again. Options.Timeout
// bounds it.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }
