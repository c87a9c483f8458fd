package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var _ store.Once = (*Once)(nil)

// Once is a [store.Once] in one table. Make one with [Store.Once]. A used ID stays in
// the table until [Store.Purge] deletes it, and cannot be used again before that. A
// Once never returns [store.ErrOnceFull].
type Once struct {
	db  *sqldb.DB
	now func() time.Time
}

// Once returns the used IDs of the store.
func (s *Store) Once() *Once { return &Once{s.db, s.options.Now} }

// Claim reports whether id is used for the first time. It returns an error if until
// has passed by Options.Now or by the clock of the database. After any other error it is
// not known whether the use is recorded.
func (o *Once) Claim(ctx context.Context, id string, until time.Time) (first bool, err error) {
	if err := store.CheckClaim(id, until, o.now()); err != nil {
		return false, fmt.Errorf("sqlstore: %w", err)
	}
	return o.db.Claim(ctx, id, until)
}
