package sqldb

import (
	"context"
	"database/sql"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// checkServer returns an error that says why the server cannot keep a store, and
// what to do. What cannot be known, as the role may not ask or the server does not
// know the question, is no error.
func (db *DB) checkServer(ctx context.Context) error {
	if err := db.checkOnce(ctx); err != nil {
		return err
	}
	return db.refusal(ctx)
}

// refusal asks the server alone.
func (db *DB) refusal(ctx context.Context) error {
	refusals, err := readRows(ctx, db.pool, scanText, `SELECT `+db.dialect.refusal)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || refusals[0] == "":
		return nil
	}
	return replica.Unfit(refusals[0])
}

// mustCommit asks for a refusal before the first write: where nothing is committed,
// no write ever fails.
func (db *DB) mustCommit(ctx context.Context) error {
	if db.commits.Load() {
		return nil
	}
	if err := db.refusal(ctx); err != nil {
		return err
	}
	db.commits.Store(true)
	return nil
}

// checkOnce asks what stays as it is while the process runs, until it has had an
// answer.
func (db *DB) checkOnce(ctx context.Context) error {
	if db.checkedOnce.Load() {
		return nil
	}
	known, err := db.dialect.checkOnce(ctx, db)
	if err == nil && known {
		db.checkedOnce.Store(true)
	}
	return err
}

// nothingOnce is for databases without such questions.
func nothingOnce(context.Context, *DB) (known bool, err error) { return true, nil }

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}
