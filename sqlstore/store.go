package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Options are the settings of a [Store]. The zero value is complete.
type Options struct {
	// Prefix begins the names of the tables: "ginjwt_" if it is empty. It
	// consists of a-z, 0-9 and _, begins with no digit, and has at most 40
	// characters.
	Prefix string

	// Timeout bounds each question to the database, and by that each call of
	// Sessions and Blocklist: 1 second if it is zero.
	Timeout time.Duration

	// MaxStaleness is how old the local copy of a Blocklist may be before
	// lookups ask the database: 5 seconds if it is zero. The copy is brought up
	// to date four times as often.
	MaxStaleness time.Duration

	// Now tells the time by which Purge finds what has expired. Nil means
	// [time.Now].
	Now func() time.Time
}

const maxPrefix = 40 // names of indexes have at most 63 characters in PostgreSQL

var prefixes = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "ginjwt_"
	}
	if o.Timeout == 0 {
		o.Timeout = time.Second
	}
	if o.MaxStaleness == 0 {
		o.MaxStaleness = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) validate() error {
	var problems []error
	if !prefixes.MatchString(o.Prefix) {
		problems = append(problems, fmt.Errorf("sqlstore: Prefix: %q is not of a-z, 0-9 and _, or begins with a digit", o.Prefix))
	}
	if len(o.Prefix) > maxPrefix {
		problems = append(problems, fmt.Errorf("sqlstore: Prefix: longer than %d characters", maxPrefix))
	}
	if o.Timeout < 0 {
		problems = append(problems, errors.New("sqlstore: Timeout: is negative"))
	}
	if o.MaxStaleness < 0 {
		problems = append(problems, errors.New("sqlstore: MaxStaleness: is negative"))
	}
	return errors.Join(problems...)
}

// Store keeps sessions and revoked IDs in the tables of a database. Any number
// of processes may use the same tables, and any number of goroutines a Store.
type Store struct {
	db      *sql.DB
	dialect *dialect
	options Options
	queries queries
}

// New returns a store in db. It asks the database nothing: the tables are made
// by [Store.Migrate], or by hand from [Store.Schema].
func New(db *sql.DB, dialect Dialect, options Options) (*Store, error) {
	var problems []error
	if db == nil {
		problems = append(problems, errors.New("sqlstore: db: is nil"))
	}
	known, ok := dialects[dialect]
	if !ok {
		problems = append(problems, fmt.Errorf("sqlstore: dialect: %v is none that this package knows", dialect))
	}
	options = options.withDefaults()
	problems = append(problems, options.validate())
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Store{db, known, options, newQueries(known, options.Prefix)}, nil
}

// answer asks the database and returns within Options.Timeout.
func answer[T any](ctx context.Context, s *Store, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return promptly(ctx, func() (T, error) { return retry(ctx, s.dialect.undone, ask) })
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

// rows reads all rows of an answer.
func rows[T any](ctx context.Context, s *Store, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	return answer(ctx, s, func(ctx context.Context) ([]T, error) {
		rows, err := s.db.QueryContext(ctx, query, args...)
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
	})
}

// affected changes rows, and returns how many.
func affected(ctx context.Context, s *Store, query string, args ...any) (int64, error) {
	return answer(ctx, s, func(ctx context.Context) (int64, error) {
		result, err := s.db.ExecContext(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
}
