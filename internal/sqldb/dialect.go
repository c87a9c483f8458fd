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

// Dialect is everything that is special about one kind of database. The
// statements in queries.go are the same for all of them.
//
// To add a dialect:
//
//  1. Copy mysql.go, which is the shortest, and change every field.
//  2. Add a constant and a row of dialects in sqlstore.
//  3. Add its server to onAll in integration/sqlstore, and run the tests. Some
//     have questions of their own, such as how EXPLAIN names a full scan.
//
// Statements are templates: {sessions}, {blocklist}, {head}, {roll}, {schema} and {once}
// stand for the names of the tables, {keys} for a list of parameters, and ? for a
// parameter; they have no other question marks.
type Dialect struct {
	// Name is what users read.
	Name string

	// types are those of the kinds of columns. Columns that are compared, id,
	// identity and realm, are compared byte by byte.
	types map[kind]string

	// catalog returns the columns and indexes of {tables}, a list of parameters, as
	// rows of three texts: what it is ("column", "index" or "broken", an index that
	// is not used), the table and the name. A table that is not there has none.
	catalog string

	// createTable makes a table with all its indexes, if there is none.
	createTable func(name string, definitions []string, indexes []missingIndex) []string

	// addColumns and addIndex change a table that may have many rows. They, too,
	// keep others waiting for as short as can be.
	addColumns func(table string, definitions []string) []string
	addIndex   func(i missingIndex) change

	// raiseVersion makes the one row of {schema}, if there is none or it has a lower
	// version.
	raiseVersion func(v schema.Version) string

	// apply makes a change. It waits for locks only so long that those who wait
	// behind it are answered in time; then locked reports true of its error.
	apply  func(ctx context.Context, pool *sql.DB, c change) error
	locked func(error) bool

	// parameter returns the placeholder of a parameter; the first is number 1.
	parameter func(i int) string

	// now is an expression for the database's own clock, in Unix milliseconds. It
	// is a whole number, whatever the time zone of the connection is.
	now string

	// embedded says that the database is a part of this process, and has its clock.
	embedded bool

	// refusal is an expression for why the server cannot keep a store, and what to
	// do; an empty text means that it can. It needs no rights.
	refusal string

	// checkOnce returns an error for the same reason, and reports whether it is known.
	// It is called until then.
	checkOnce func(ctx context.Context, db *DB) (known bool, err error)

	// file returns the path of the file that the database is in, if any.
	file func(ctx context.Context, pool *sql.DB) (path string, err error)

	// unlessThere ends an INSERT into {sessions}. The INSERT does nothing if
	// there is a row with that id, and counts as one row only if there is none.
	unlessThere string

	// orNothing ends an INSERT that does nothing if there is a row with that id. What
	// it counts then is not known.
	orNothing string

	// orUpdate ends an INSERT that changes the row with that id, if there is one.
	// Assignments follow.
	orUpdate string

	// purge deletes the rows of {table} with one of {keys} as id that expired before
	// a time, in that order of parameters. It locks rows by primary key first, as
	// all other statements do.
	purge string

	// insert takes numbers from the row of {head}, and adds entries with them to
	// {blocklist}: all or none, and visible in the order of their numbers. Without
	// that row it returns errNoHead.
	insert func(l *List, ctx context.Context, entries []idset.Entry) error

	// advice says what to do about errors; the first that fits is added to one.
	advice []advice

	// undone reports whether an error means that the database has rolled back for
	// the sake of another client. The call is then repeated.
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

// questionMark is the placeholder where parameters have no numbers.
func questionMark(int) string { return "?" }

// hasSQLState returns a function that reports whether an error has one of the
// states. The driver's errors need a method SQLState for it.
func hasSQLState(states ...string) func(error) bool {
	return func(err error) bool {
		var coded interface{ SQLState() string }
		return errors.As(err, &coded) && slices.Contains(states, coded.SQLState())
	}
}
