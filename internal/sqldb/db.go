// Package sqldb is what package sqlstore says to databases: the statements, what
// is special about each kind of database, and the list of revoked IDs. Its errors
// bear the name of sqlstore, which is the package that users know.
package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// DB asks a database for the rows of a store. Its methods may be called by any
// number of goroutines.
type DB struct {
	pool    *sql.DB
	dialect *Dialect
	prefix  string
	timeout time.Duration
	commits atomic.Bool                    // whether there was no reason to refuse the server before the first write
	checked atomic.Pointer[schema.Version] // at the last Check that found nothing

	checkedOnce atomic.Bool
	file        atomic.Pointer[file]

	// Queries are what it may be asked with Rows and Affected.
	Queries Queries
}

// New returns a DB that asks pool, in which the names of tables begin with
// prefix. Each question is bounded by timeout.
func New(pool *sql.DB, dialect *Dialect, prefix string, timeout time.Duration) *DB {
	return &DB{pool: pool, dialect: dialect, prefix: prefix, timeout: timeout, Queries: newQueries(dialect, prefix)}
}

// answer asks the database and returns within the timeout.
func answer[T any](ctx context.Context, db *DB, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	return promptly(ctx, func() (T, error) {
		return onFile(ctx, db, func(ctx context.Context) (T, error) { return retry(ctx, db.dialect.undone, ask) })
	})
}

// promptly returns when ctx ends, also if the driver does not: committing knows
// no context, and SQLite waits for locks without looking at it.
func promptly[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	answered := make(chan result, 1)
	go func() {
		value, err := ask()
		answered <- result{value, err}
	}()
	var r result
	select {
	case r = <-answered:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	switch {
	case r.err == nil:
		return r.value, nil
	case ctx.Err() != nil: // whatever a driver makes of it
		return r.value, fmt.Errorf("sqlstore: no answer from the database: %w", ctx.Err())
	}
	return r.value, fmt.Errorf("sqlstore: %w", r.err)
}

const maxAttempts = 10

// retry repeats what the database has undone for the sake of another: that is
// no failure, and nothing of it has remained.
func retry[T any](ctx context.Context, undone func(error) bool, ask func(context.Context) (T, error)) (value T, err error) {
	for range maxAttempts {
		value, err = ask(ctx)
		if !undone(err) || ctx.Err() != nil {
			break
		}
	}
	return value, err
}

// Rows reads all rows of an answer.
func Rows[T any](ctx context.Context, db *DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	return answer(ctx, db, func(ctx context.Context) ([]T, error) {
		return readRows(ctx, db.pool, scan, query, args...)
	})
}

func readRows[T any](ctx context.Context, pool *sql.DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, rows.Err()
}

// Affected changes rows, and returns how many.
func (db *DB) Affected(ctx context.Context, query string, args ...any) (int64, error) {
	return answer(ctx, db, func(ctx context.Context) (int64, error) {
		if err := db.mustCommit(ctx); err != nil {
			return 0, err
		}
		result, err := db.pool.ExecContext(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
}
