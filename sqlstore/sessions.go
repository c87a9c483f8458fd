package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var _ store.SessionStore = (*Sessions)(nil)

// Sessions is a [store.SessionStore] in one table. Sessions that have expired
// stay there until [Store.Purge].
type Sessions struct {
	db *sqldb.DB
}

// Sessions returns the sessions of the store.
func (s *Store) Sessions() *Sessions { return &Sessions{s.db} }

// Create stores a new session. It reports false, and changes nothing, if there
// is one with its ID.
func (s *Sessions) Create(ctx context.Context, session store.Session) (created bool, err error) {
	n, err := s.db.Affected(ctx, s.db.Queries.Create,
		session.ID, session.Identity, session.Device, session.Generation,
		session.CreatedAt.UnixMilli(), session.RotatedAt.UnixMilli(),
		session.HandedOutAt.UnixMilli(), session.ExpiresAt.UnixMilli())
	return n == 1, err
}

// Get returns a session, and whether there is one.
func (s *Sessions) Get(ctx context.Context, id string) (session store.Session, ok bool, err error) {
	found, err := sqldb.Rows(ctx, s.db, scanSession, s.db.Queries.Get, id)
	if err != nil || len(found) == 0 {
		return session, false, err
	}
	return found[0], true, nil
}

// Replace puts next in the place of old, and reports true, if the stored
// session has the Generation, RotatedAt and HandedOutAt of old.
func (s *Sessions) Replace(ctx context.Context, old, next store.Session) (replaced bool, err error) {
	n, err := s.db.Affected(ctx, s.db.Queries.Replace,
		next.Generation, next.RotatedAt.UnixMilli(), next.HandedOutAt.UnixMilli(), next.ExpiresAt.UnixMilli(),
		old.ID, old.Generation, old.RotatedAt.UnixMilli(), old.HandedOutAt.UnixMilli())
	return n == 1, err
}

// Delete removes a session. It is no error if there is none.
func (s *Sessions) Delete(ctx context.Context, id string) (bool, error) {
	n, err := s.db.Affected(ctx, s.db.Queries.Remove, id)
	return n == 1, err
}

// List returns the sessions of identity in any order.
func (s *Sessions) List(ctx context.Context, realm, identity string) ([]store.Session, error) {
	return sqldb.Rows(ctx, s.db, scanSession, s.db.Queries.List, identity)
}

func scanSession(rows *sql.Rows) (store.Session, error) {
	var s store.Session
	var created, rotated, grace, expires int64
	err := rows.Scan(&s.ID, &s.Identity, &s.Device, &s.Generation, &created, &rotated, &grace, &expires)
	s.CreatedAt, s.RotatedAt = timeOf(created), timeOf(rotated)
	s.HandedOutAt, s.ExpiresAt = timeOf(grace), timeOf(expires)
	return s, err
}

// timeOf is the inverse of [time.Time.UnixMilli], also for the zero time.
func timeOf(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }
