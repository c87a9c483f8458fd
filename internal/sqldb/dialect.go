package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
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
// Statements are templates: {sessions}, {blocklist} and {head} stand for the
// names of the tables, {keys} for a list of parameters, and ? for a parameter;
// they have no other question marks.
type Dialect struct {
	// Name is what users read.
	Name string

	// schema creates the tables and indexes that are missing, and the one row of
	// {head}. It may run again. The columns that are compared, id and identity,
	// are compared byte by byte. Names of indexes begin with those of their tables.
	schema []string

	// migrate runs the statements of the schema, and succeeds also if other
	// processes do so at the same time.
	migrate func(ctx context.Context, db *sql.DB, statements []string) error

	// parameter returns the placeholder of a parameter; the first is number 1.
	parameter func(i int) string

	// unlessThere ends an INSERT into {sessions}. The INSERT does nothing if
	// there is a row with that id, and counts as one row only if there is none.
	unlessThere string

	// purgeSessions deletes the sessions with one of {keys} that expired before a
	// time, in that order of parameters. It locks rows by primary key first, as
	// all other statements do.
	purgeSessions string

	// insert takes numbers from the row of {head}, and adds entries with them to
	// {blocklist}: all or none, and visible in the order of their numbers. Without
	// that row it returns errNoHead.
	insert func(l *List, ctx context.Context, entries []idset.Entry) error

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
