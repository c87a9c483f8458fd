package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

func (s *Store) statements() []string {
	var all []string
	for _, template := range s.dialect.schema {
		all = append(all, s.dialect.statement(s.options.Prefix, template))
	}
	return all
}

// Schema returns the statements of [Store.Migrate], each with a semicolon and
// an empty line behind it, for those who make tables by hand. They create what
// is missing, and may be run again.
//
// Times are Unix milliseconds in the table of sessions, and Unix seconds in the
// blocklist, where 4294967295 means for ever.
func (s *Store) Schema() string {
	return strings.Join(s.statements(), ";\n\n") + ";\n"
}

// Migrate creates the tables and indexes that are missing. Any number of
// processes may call it at once. It takes until it is done or ctx ends;
// Options.Timeout does not bound it.
func (s *Store) Migrate(ctx context.Context) error {
	_, err := promptly(ctx, func() (struct{}, error) { return struct{}{}, s.dialect.migrate(ctx, s.db, s.statements()) })
	return err
}

// execFunc is the ExecContext of a pool or of a transaction.
type execFunc func(ctx context.Context, statement string, args ...any) (sql.Result, error)

// execAll runs the statements of a schema in their order.
func execAll(ctx context.Context, exec execFunc, statements []string) error {
	for _, statement := range statements {
		if _, err := exec(ctx, statement); err != nil {
			return fmt.Errorf("migrating: %w", err)
		}
	}
	return nil
}
