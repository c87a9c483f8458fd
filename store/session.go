package store

import (
	"context"
	"time"
)

// Session is one login on one device. Its refresh tokens are numbered: each
// rotation makes a new generation, and only the newest may be used.
//
// A Session is no credential: nothing in it can be used as a token.
type Session struct {
	ID         string    // the "sid" of its tokens
	Identity   string    // whose it is
	Device     string    // free text, for people to read
	Generation int64     // of the refresh token that may be used
	CreatedAt  time.Time // when the user logged in
	RotatedAt  time.Time // when tokens were last issued: the last use
	GraceUntil time.Time // the generation before may be repeated until then; zero: until this one is used
	ExpiresAt  time.Time // when it ends if it is not used
}

// SessionStore keeps sessions. Its methods must be safe for concurrent use, by
// any number of processes. An error means that the answer is not known, and
// that a change may or may not have been made: the request is refused with
// status 503 (ginjwt.ErrUnavailable).
//
// Stores are dumb: they compare and keep, and decide nothing. IDs are UUIDs;
// an Identity has 1 to 255 bytes and a Device 0 to 255, both of valid UTF-8
// without NUL; times are whole milliseconds, from 1970 to 9999. Package
// storetest tests a store.
type SessionStore interface {
	// Create stores a new session. It reports false, and changes nothing, if
	// there is one with its ID.
	Create(ctx context.Context, s Session) (created bool, err error)

	// Get returns a session, and whether there is one. One that has expired
	// may still be there.
	Get(ctx context.Context, id string) (s Session, ok bool, err error)

	// Replace puts next in the place of old, and reports true, if the stored
	// session has the Generation, RotatedAt and GraceUntil of old; otherwise it
	// changes nothing. It is one atomic step: of several callers with the same
	// old, exactly one is told true. At least one of the three differs between
	// old and next; ExpiresAt may, and nothing else does.
	Replace(ctx context.Context, old, next Session) (replaced bool, err error)

	// Delete removes a session. It is no error if there is none.
	Delete(ctx context.Context, id string) error

	// List returns the sessions of identity in any order. It compares bytes:
	// neither case nor blanks at the end are the same. One that has expired may
	// still be there; one that was created or replaced before List was called,
	// and is neither expired nor deleted, is never missing.
	List(ctx context.Context, identity string) ([]Session, error)
}
