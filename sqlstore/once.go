package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var _ store.Once = (*Once)(nil)

// Once is a [store.Once] in one table. An ID that was claimed stays there until
// [Store.Purge], and cannot be claimed again before that. It is never full.
type Once struct {
	db  *sqldb.DB
	now func() time.Time
}

// Once returns the used IDs of the store.
func (s *Store) Once() *Once { return &Once{s.db, s.options.Now} }

// Claim reports whether id is claimed for the first time. A time that has passed by
// Options.Now, or by the clock of the database, is an error.
func (o *Once) Claim(ctx context.Context, id string, until time.Time) (first bool, err error) {
	if err := store.CheckClaim(id, until, o.now()); err != nil {
		return false, fmt.Errorf("sqlstore: %w", err)
	}
	return o.db.Claim(ctx, id, until)
}
