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

// Options are the settings of a [Store]. The zero value is complete.
type Options struct {
	// Prefix begins the names of the tables: "ginjwt_" if it is empty. It
	// consists of a-z, 0-9 and _, begins with no digit, and has at most 40
	// characters.
	Prefix string

	// Timeout bounds each question to the database, and by that each call of
	// Sessions, Blocklist and Once: 1 second if it is zero.
	Timeout time.Duration

	// MaxStaleness is how old the local copy of a Blocklist may be before
	// lookups ask the database: 5 seconds if it is zero. The copy is brought up
	// to date four times as often.
	MaxStaleness time.Duration

	// Now tells the time by which Purge finds what has expired, and by which a Once
	// refuses what has passed, together with the clock of the database. Nil means
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

// Store keeps sessions, revoked IDs and used IDs in the tables of a database. Any
// number of processes may use the same tables, and any number of goroutines a Store.
type Store struct {
	db      *sqldb.DB
	options Options
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
	return &Store{sqldb.New(db, known, options.Prefix, options.Timeout), options}, nil
}

// Purge deletes the sessions, the revoked IDs and the claimed ones that expired more
// than a minute ago, both by Options.Now and by the clock of the database, but for
// some of the IDs that were revoked last. It deletes a hundred rows a
// statement until none is left or ctx ends, and returns how many it deleted.
// Call it now and then, from as many processes as you like.
func (s *Store) Purge(ctx context.Context) (removed int64, err error) {
	return s.db.Purge(ctx, s.options.Now())
}
