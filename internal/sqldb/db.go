// Package sqldb talks to databases for package sqlstore: the statements, the dialect of each
// kind of database, and the list of revoked IDs. Its errors begin with "sqlstore", because
// that is the package that users know.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// DB reads and writes the rows of a store. Its methods may be called by any number of
// goroutines.
type DB struct {
	pool    *sql.DB
	dialect *Dialect
	prefix  string
	timeout time.Duration
	commits atomic.Bool                    // the server was found fit before the first write
	checked atomic.Pointer[schema.Version] // the version at the last Check without an error

	checkedOnce atomic.Bool
	fit         fitConnections
	left        atomic.Bool // a write found a transaction of somebody else; until a write succeeds
	file        atomic.Pointer[file]

	// Queries are the statements for Rows and Affected.
	Queries Queries
}

// New returns a DB that uses pool. The names of tables begin with prefix. timeout bounds
// each call.
func New(pool *sql.DB, dialect *Dialect, prefix string, timeout time.Duration) *DB {
	return &DB{pool: pool, dialect: dialect, prefix: prefix, timeout: timeout, Queries: newQueries(dialect, prefix)}
}

// answer calls ask, and returns within the timeout.
func answer[T any](ctx context.Context, db *DB, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	value, err := promptly(ctx, func() (T, error) {
		return onFile(ctx, db, func(ctx context.Context) (T, error) { return retry(ctx, db.dialect.undone, ask) })
	})
	if errors.As(err, new(replica.Unfit)) {
		db.forgetFitness()
	}
	return value, err
}

// promptly returns when ctx ends, even if the driver does not: a commit takes no context,
// and SQLite ignores it while it waits for a lock.
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
	case ctx.Err() != nil: // a driver may return another error
		return r.value, fmt.Errorf("sqlstore: no answer from the database: %w", ctx.Err())
	}
	return r.value, fmt.Errorf("sqlstore: %w", withoutDSN(r.err))
}

const (
	maxAttempts = 10
	longRest    = 64 * time.Millisecond
)

// retry repeats a call that the database has rolled back in favour of another client.
// Nothing of such a call remains. Most calls succeed at the second attempt, so there is no
// pause before it. Later pauses are random and grow: otherwise the same clients meet again.
func retry[T any](ctx context.Context, undone func(error) bool, ask func(context.Context) (T, error)) (value T, err error) {
	rest := time.Millisecond
	for attempt := range maxAttempts {
		if attempt > 1 {
			rest = min(2*rest, longRest)
			if pause(ctx, rest/2+rand.N(rest/2)) != nil { //nolint:gosec // it guards nothing
				break
			}
		}
		value, err = ask(ctx)
		if !undone(err) || ctx.Err() != nil {
			break
		}
	}
	return value, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Rows reads all rows of an answer.
func Rows[T any](ctx context.Context, db *DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	return answer(ctx, db, func(ctx context.Context) ([]T, error) {
		return readRows(ctx, db.pool, scan, query, args...)
	})
}

// querier is a pool or one of its connections.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readRows[T any](ctx context.Context, on querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := on.QueryContext(ctx, query, args...)
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
		result, err := db.write(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		db.left.Store(false)
		return result.RowsAffected()
	})
}
