package sqldb

import (
	"context"
	"database/sql"
	"fmt"
)

// Schema returns the statements that create what is missing. They may be run
// again.
func (db *DB) Schema() []string {
	var all []string
	for _, template := range db.dialect.schema {
		all = append(all, db.dialect.statement(db.prefix, template))
	}
	return all
}

// Migrate runs the statements of the schema. It takes until that is done or ctx
// ends; the timeout does not bound it.
func (db *DB) Migrate(ctx context.Context) error {
	_, err := promptly(ctx, func() (struct{}, error) {
		return struct{}{}, db.dialect.migrate(ctx, db.pool, db.Schema())
	})
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
