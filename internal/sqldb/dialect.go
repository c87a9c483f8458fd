package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// Dialect is everything that differs between kinds of databases. The statements in
// queries.go are the same for all of them.
//
// To add a dialect:
//
//  1. Copy mysql.go, which is the shortest, and change every field.
//  2. Add a constant and a row of dialects in sqlstore.
//  3. Add its server to onAll in integration/sqlstore, and run the tests. Some tests need
//     more about the database, such as how EXPLAIN names a full scan.
//
// Statements are templates. {sessions}, {blocklist}, {head}, {roll}, {schema} and {once}
// stand for the names of the tables, {keys} for a list of parameters, and ? for a parameter.
// Templates contain no other question marks.
type Dialect struct {
	// Name is the name in texts for users.
	Name string

	// types are the types of columns, by kind. The columns id, identity and realm must be
	// compared byte by byte.
	types map[kind]string

	// catalog selects the columns and indexes of {tables}, a list of parameters. Its rows
	// are three texts: the kind ("column", "index", or "broken" for an index that is not
	// used), the table and the name. A table that does not exist has no rows.
	catalog string

	// createTable creates a table with all its indexes, if it does not exist.
	createTable func(name string, definitions []string, indexes []missingIndex) []string

	// addColumns and addIndex change a table that may have many rows. They block others
	// as briefly as possible.
	addColumns func(table string, definitions []string) []string
	addIndex   func(i missingIndex) change

	// raiseVersion writes the one row of {schema}, if it does not exist or has a lower
	// version.
	raiseVersion func(v schema.Version) string

	// apply makes a change. Others wait behind it while it waits for a lock, so it gives up
	// soon. For that error locked returns true.
	apply  func(ctx context.Context, pool *sql.DB, c change) error
	locked func(error) bool

	// parameter returns the placeholder of a parameter; the first is number 1.
	parameter func(i int) string

	// now is an expression for the clock of the database, in Unix milliseconds. It is a
	// whole number that does not depend on the time zone of the connection.
	now string

	// embedded says that the database runs in this process, and so has its clock.
	embedded bool

	// refusal is an expression that says why the server cannot keep a store, and what to
	// do. It is an empty text if the server can. It needs no rights.
	refusal string

	// connectionDecides says that a setting of the connection decides whether the server
	// commits a statement.
	connectionDecides bool

	// checkOnce returns an error for the same reason, and whether the answer is known. It
	// is called until the answer is known.
	checkOnce func(ctx context.Context, db *DB) (known bool, err error)

	// file returns the path of the file that contains the database, if there is one.
	file func(ctx context.Context, pool *sql.DB) (path string, err error)

	// unlessThere ends an INSERT into {sessions}. If there is a row with that id, the
	// INSERT must do nothing, and must not count as one row.
	unlessThere string

	// orNothing ends an INSERT that does nothing if there is a row with that id. It may
	// then count any number of rows.
	orNothing string

	// orUpdate ends an INSERT that changes the row with that id, if there is one.
	// Assignments follow.
	orUpdate string

	// purge deletes the rows of {table} whose id is one of {keys} and that expired before a
	// time, in this order of parameters. It locks rows by primary key first, as all other
	// statements do.
	purge string

	// insert takes numbers from the row of {head}, and adds entries with these numbers to
	// {blocklist}. It adds all or none. They become visible in the order of their numbers.
	// Without the row it returns errNoHead.
	insert func(l *List, ctx context.Context, entries []idset.Entry) error

	// advice says what to do about errors. The first that fits is added to an error.
	advice []advice

	// undone reports whether the database has rolled back in favour of another client. The
	// call is then repeated.
	undone func(error) bool
}

// statement fills in the names of the tables, and writes parameters as the
// database reads them.
func (d *Dialect) statement(prefix, template string) string {
	text := strings.NewReplacer(
		"{sessions}", prefix+"sessions",
		"{blocklist}", prefix+"blocklist",
		"{head}", prefix+"blocklist_head",
		"{roll}", prefix+"blocklist_roll",
		"{schema}", prefix+"schema",
		"{once}", prefix+"once",
	).Replace(template)
	var written strings.Builder
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			written.WriteString(d.parameter(i))
		}
		written.WriteString(part)
	}
	return written.String()
}

// questionMark is the placeholder of databases whose parameters have no numbers.
func questionMark(int) string { return "?" }

// hasSQLState returns a function that reports whether an error has one of the states. It
// needs errors with a method SQLState from the driver.
func hasSQLState(states ...string) func(error) bool {
	return func(err error) bool {
		var coded interface{ SQLState() string }
		return errors.As(err, &coded) && slices.Contains(states, coded.SQLState())
	}
}
