package sqlstore

import (
	"context"
	"strings"
)

// Schema returns the statements that make all tables, each with a semicolon and
// an empty line behind it, for those who make them by hand in a new database. They
// may be run again. Tables of the version before need [Store.SchemaUpgrade].
//
// Times are Unix milliseconds in the table of sessions, where -62135596800000 is
// none, and Unix seconds in the blocklist, where 4294967295 means for ever, and in
// the table once.
func (s *Store) Schema() string { return script(s.db.Schema()) }

// SchemaUpgrade returns the statements that make the tables of this version of
// those of the version before, in the form of [Store.Schema]. Run them once, one
// by one, and not in a transaction: in PostgreSQL CREATE INDEX CONCURRENTLY is
// refused there. In the session that runs them set a lock timeout (lock_timeout,
// in MySQL lock_wait_timeout), as [Store.Migrate] does, and repeat a statement that
// met a lock. Processes of both versions may be at work.
func (s *Store) SchemaUpgrade() string { return script(s.db.Upgrade()) }

func script(statements []string) string { return strings.Join(statements, ";\n\n") + ";\n" }

// Migrate makes the tables, columns, indexes and rows that are missing, those of a
// new database and those that the version before has not, and then notes the
// version. It drops and overwrites nothing. A version that is too new for this
// code is an error.
//
// It asks the catalog first. If nothing is missing it returns at once, takes no
// lock on the tables, and needs no right but to read them. What is missing it makes
// statement by statement: whoever calls it after it was interrupted, or at the same
// time, goes on from there. Processes of the version before may be at work
// meanwhile and afterwards.
//
// A statement that changes a table has to wait for transactions that use it, and
// all others then wait behind it. So it gives up after 250 milliseconds (PostgreSQL)
// or a second (MySQL, MariaDB), and is tried again after a pause, until ctx ends;
// SQLite waits by its busy_timeout. Indexes of tables with rows are made beside the
// work of others: by CREATE INDEX CONCURRENTLY in PostgreSQL, which takes no lock
// that others wait for, waits itself for older transactions, and runs outside a
// transaction; online in MySQL and MariaDB. In SQLite writers wait until an index
// is made. New columns cost the same for any number of rows, but in MySQL before
// 8.0.12 and MariaDB before 10.3, which copy the table.
//
// Any number of processes may call it at once. It takes until it is done or ctx
// ends; Options.Timeout does not bound it. Behind PgBouncer in transaction mode it
// works and leaves no setting behind.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// Check asks whether the server can keep a store, and what there is. An error says
// what to do about a server that takes no writes or commits none: a standby, a
// read-only server, role or file, autocommit=0, and a database in memory of which
// each connection has its own. What a role may not ask is no error. Otherwise it
// asks the catalog, and returns an error that names all that is missing, a line
// each, as in "sqlstore: table ginjwt_sessions: column realm is missing; call Migrate". So is a version that is too old or too new. Tables of the next version
// are accepted if that says that this code may use them. Columns and indexes are
// known by their names. A row that numbers of revocations are taken from, and that
// is gone or behind the numbers in use, is named, too; Migrate sets it. It needs
// no right but to read the tables.
func (s *Store) Check(ctx context.Context) error { return s.db.Check(ctx) }

// Ready is for a readiness probe: it returns nil if the database answers, and this
// code may use the tables, as [Store.Check] says. It asks for the version, where
// the list stands and whether the server takes writes, in one statement that reads
// a few rows by their keys, and for the rest only until nothing is missing, and when
// the version has changed. Options.Timeout bounds it.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }
