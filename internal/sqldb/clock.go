package sqldb

import (
	"context"
	"database/sql"
	"time"
)

// Now returns the time by the clock of the database, in milliseconds. The time is as old as
// the answer took.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	if db.dialect.embedded {
		return time.Now(), nil
	}
	read, err := Rows(ctx, db, scanNumber, db.Queries.Now)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(read[0]), nil
}

func scanNumber(rows *sql.Rows) (n int64, err error) {
	err = rows.Scan(&n)
	return n, err
}
