package sqldb

import (
	"context"
	"database/sql"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// checkServer returns an error if the server cannot keep a store. The error says why, and
// what to do. It skips a check if the role may not ask, or the server does not know the
// answer.
func (db *DB) checkServer(ctx context.Context) error {
	if err := db.checkOnce(ctx); err != nil {
		return err
	}
	return db.refusal(ctx)
}

// refusal asks the server whether it can keep a store.
func (db *DB) refusal(ctx context.Context) error {
	return db.refusalOf(ctx, db.pool)
}

// refusalOf is refusal on one connection, or on any connection of a pool.
func (db *DB) refusalOf(ctx context.Context, on querier) error {
	refusals, err := readRows(ctx, on, scanText, `SELECT `+db.dialect.refusal)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || refusals[0] == "":
		return nil
	}
	return replica.Unfit(refusals[0])
}

// mustCommit checks the server before the first write: if the server commits nothing, no
// write ever fails.
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

// checkOnce checks what does not change while the process runs, until it has an answer.
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

// nothingOnce is for databases without such checks.
func nothingOnce(context.Context, *DB) (known bool, err error) { return true, nil }

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}
