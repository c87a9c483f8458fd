package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
)

// Options are the settings of a [Store]. The zero value is ready to use.
type Options struct {
	// Prefix begins the names of the tables. It consists of a-z, 0-9 and _, does not
	// begin with a digit, and has at most 40 characters. Empty means "ginjwt_".
	Prefix string

	// Timeout bounds each call of Sessions, Blocklist and Once. Zero means 1 second.
	Timeout time.Duration

	// MaxStaleness is how old the local copy of a Blocklist may be before lookups ask
	// the database. The copy is updated four times in this time. Zero means 5 seconds.
	MaxStaleness time.Duration

	// Now returns the current time. Purge and Once compare times with it and with the
	// clock of the database. Nil means [time.Now].
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
		problems = append(problems, fmt.Errorf("sqlstore: Prefix: %q: use only a-z, 0-9 and _, and no digit at the beginning", o.Prefix))
	}
	if len(o.Prefix) > maxPrefix {
		problems = append(problems, fmt.Errorf("sqlstore: Prefix: %d characters, may have at most %d", len(o.Prefix), maxPrefix))
	}
	if o.Timeout < 0 {
		problems = append(problems, errors.New("sqlstore: Timeout: is negative: use a positive duration, or 0 for 1 second"))
	}
	if o.MaxStaleness < 0 {
		problems = append(problems, errors.New("sqlstore: MaxStaleness: is negative: use a positive duration, or 0 for 5 seconds"))
	}
	return errors.Join(problems...)
}

// Store keeps sessions, revoked IDs and used IDs in the tables of a database. Any number
// of processes may use the same tables, and any number of goroutines may use a Store.
type Store struct {
	db      *sqldb.DB
	options Options
}

// New returns a store in db. It does not contact the database. Create the tables with
// [Store.Migrate], or by hand from [Store.Schema].
func New(db *sql.DB, dialect Dialect, options Options) (*Store, error) {
	var problems []error
	if db == nil {
		problems = append(problems, errors.New("sqlstore: db: is nil: pass what sql.Open returns"))
	}
	known, ok := dialects[dialect]
	if !ok {
		problems = append(problems, fmt.Errorf("sqlstore: dialect: %v is unknown: use PostgreSQL, MySQL (also for MariaDB) or SQLite", dialect))
	}
	options = options.withDefaults()
	problems = append(problems, options.validate())
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Store{sqldb.New(db, known, options.Prefix, options.Timeout), options}, nil
}

// Purge deletes sessions, revoked IDs and used IDs that expired more than a minute ago,
// both by Options.Now and by the clock of the database. Purge keeps some of the IDs that
// were revoked last. Each statement deletes a hundred rows. Purge stops when no such
// row is left or ctx ends, and returns how many rows it deleted. Call it regularly. Any
// number of processes may call it.
func (s *Store) Purge(ctx context.Context) (removed int64, err error) {
	return s.db.Purge(ctx, s.options.Now())
}
