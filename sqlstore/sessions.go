package sqlstore

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var (
	_ store.SessionStore    = (*Sessions)(nil)
	_ store.SessionsDeleter = (*Sessions)(nil)
)

// Sessions is a [store.SessionStore] in one table. Sessions that have expired
// stay there until [Store.Purge].
type Sessions struct {
	db *sqldb.DB
}

// Sessions returns the sessions of the store.
func (s *Store) Sessions() *Sessions { return &Sessions{s.db} }

// Create stores a new session. It reports false, and changes nothing, if its ID is
// taken.
func (s *Sessions) Create(ctx context.Context, session store.Session) (created bool, err error) {
	args := []any{session.ID, session.Realm, session.Identity, session.Device, session.CreatedAt.UnixMilli()}
	n, err := s.db.Affected(ctx, s.db.Queries.Create, append(args, changing(session)...)...)
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

// Replace stores next in the place of old, and reports true, if the stored session has
// the Generation, RotatedAt and HandedOutAt of old.
func (s *Sessions) Replace(ctx context.Context, old, next store.Session) (replaced bool, err error) {
	n, err := s.db.Affected(ctx, s.db.Queries.Replace, append(changing(next),
		old.ID, old.Generation, old.RotatedAt.UnixMilli(), graceOf(old.HandedOutAt))...)
	return n == 1, err
}

// Delete removes a session. If several callers delete it at the same time, exactly
// one gets true.
func (s *Sessions) Delete(ctx context.Context, id string) (deleted bool, err error) {
	n, err := s.db.Affected(ctx, s.db.Queries.Remove, id)
	return n == 1, err
}

// DeleteMany removes sessions. It uses the statement of [Store.Purge], because that
// locks rows in the same order as all other statements.
func (s *Sessions) DeleteMany(ctx context.Context, sessions []store.Session) error {
	if len(sessions) == 0 {
		return nil
	}
	args := make([]any, 0, len(sessions)+1)
	for _, session := range sessions {
		args = append(args, session.ID)
	}
	_, err := s.db.Affected(ctx, s.db.Queries.PurgeSessions(len(sessions)), append(args, int64(math.MaxInt64))...)
	return err
}

// Self returns s. With it, package ginjwt finds out whether a type of your own embeds the
// store: see [store.SessionsDeleter].
func (s *Sessions) Self() any { return s }

// List returns the sessions of an identity in a realm, in any order.
func (s *Sessions) List(ctx context.Context, realm, identity string) ([]store.Session, error) {
	return sqldb.Rows(ctx, s.db, scanSession, s.db.Queries.List, identity, realm)
}

// changing returns the columns that Replace writes.
func changing(s store.Session) []any {
	return []any{
		s.Generation, s.RotatedAt.UnixMilli(), graceOf(s.HandedOutAt), s.ExpiresAt.UnixMilli(), s.EndsAt.UnixMilli(),
		s.KeyHash, s.Data, s.Upstream.Issuer, s.Upstream.SID, s.Upstream.Subject, s.JKT,
	}
}

func scanSession(rows *sql.Rows) (store.Session, error) {
	var s store.Session
	var created, rotated, grace, expires, ends int64
	err := rows.Scan(&s.ID, &s.Realm, &s.Identity, &s.Device, &created, &s.Generation, &rotated, &grace, &expires, &ends,
		&s.KeyHash, &s.Data, &s.Upstream.Issuer, &s.Upstream.SID, &s.Upstream.Subject, &s.JKT)
	s.CreatedAt, s.RotatedAt = timeOf(created), timeOf(rotated)
	s.HandedOutAt, s.ExpiresAt, s.EndsAt = handedOutOf(grace), timeOf(expires), timeOf(ends)
	return s, err
}

// timeOf is the inverse of [time.Time.UnixMilli], also for the zero time.
func timeOf(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

// formerGrace is the difference between the column grace and HandedOutAt. In version 1
// of the schema the column is the end of the grace period of the previous generation.
// Processes of that version still read it so, and accept that generation for a minute
// after the tokens were handed out.
const formerGrace = time.Minute

// graceOf returns the column grace. The zero time stays zero.
func graceOf(handedOut time.Time) int64 {
	if handedOut.IsZero() {
		return handedOut.UnixMilli()
	}
	return handedOut.Add(formerGrace).UnixMilli()
}

// handedOutOf is the inverse of graceOf.
func handedOutOf(grace int64) time.Time {
	at := timeOf(grace)
	if at.IsZero() {
		return at
	}
	return at.Add(-formerGrace)
}
