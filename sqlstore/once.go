package sqlstore

import (
	"context"
	"errors"
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

const maxOnceID = 255 // bytes

// Claim reports true to the first caller with an id. A time that has passed by
// Options.Now, or by the clock of the database, is an error. The database keeps half
// of the SHA-256 of id.
func (o *Once) Claim(ctx context.Context, id string, until time.Time) (first bool, err error) {
	switch {
	case id == "":
		return false, errors.New("sqlstore: Claim: the ID is empty")
	case len(id) > maxOnceID:
		return false, errors.New("sqlstore: Claim: the ID has more than 255 bytes")
	case !until.After(o.now()):
		return false, errors.New("sqlstore: Claim: the time until which the ID would be claimed has passed")
	}
	return o.db.Claim(ctx, id, until)
}
