package store

import (
	"context"
	"time"
)

// Session is one login on one device. Its refresh tokens are numbered: each
// rotation makes a new generation.
//
// A Session is no credential: nothing in it can be used as a token.
type Session struct {
	ID          string    // the "sid" of its tokens
	Realm       string    // of the manager that made it; users of other realms are other users
	Identity    string    // the user, as in the tokens
	Device      string    // free text, for people to read
	Generation  int64     // of the newest refresh token
	CreatedAt   time.Time // when the user logged in
	RotatedAt   time.Time // when tokens were last issued: the last use
	HandedOutAt time.Time // when the newest refresh token was first handed out; zero: not yet
	ExpiresAt   time.Time // when it ends if it is not used
	EndsAt      time.Time // when it ends however much it is used; zero: never
	KeyHash     string    // of the Idempotency-Key that made a generation, and which
	Data        string    // JSON: what was chosen at the login
	Upstream    Upstream  // the session at another issuer that it began with
	JKT         string    // the thumbprint of the key that its tokens are bound to (RFC 9449 §6)
}

// Upstream is a session at another issuer, as OpenID Connect names it. It is zero
// where there is none.
type Upstream struct {
	Issuer  string // "iss"
	SID     string // "sid"
	Subject string // "sub"
}

// The length in bytes that texts of a [Session] may have.
const (
	MaxText = 255  // Realm, Identity, Device, KeyHash, JKT, and each of Upstream
	MaxData = 1024 // Data
)

// SessionStore keeps sessions. Its methods must be safe for concurrent use, by
// any number of processes. An error means that the answer is not known, and
// that a change may or may not have been made: the request is refused with
// status 503 (ginjwt.ErrUnavailable).
//
// Stores are dumb: they compare and keep, and decide nothing. IDs are UUIDs, an
// Identity is not empty, and texts are valid UTF-8 without NUL and no longer than
// MaxText and MaxData. Times are whole milliseconds from 1970 to 9999; HandedOutAt
// and EndsAt may be zero too. Package storetest tests a store.
type SessionStore interface {
	// Create stores a new session. It reports false, and changes nothing, if
	// there is one with its ID.
	Create(ctx context.Context, s Session) (created bool, err error)

	// Get returns a session, and whether there is one. One that has expired
	// may still be there.
	Get(ctx context.Context, id string) (s Session, ok bool, err error)

	// Replace puts next in the place of old, and reports true, if the stored
	// session has the Generation, RotatedAt and HandedOutAt of old; otherwise it
	// changes nothing. It is one atomic step: of several callers with the same
	// old, whose next differs from it in one of the three, exactly one is told
	// true. ID, Realm, Identity, Device and CreatedAt of next are those of old.
	Replace(ctx context.Context, old, next Session) (replaced bool, err error)

	// Delete removes a session. Of several callers exactly one is told true; it is
	// no error if there is none.
	Delete(ctx context.Context, id string) (deleted bool, err error)

	// List returns the sessions of an identity of a realm in any order. It
	// compares bytes: neither case nor blanks at the end are the same. One that
	// has expired may still be there; one that was created or replaced before
	// List was called, and is neither expired nor deleted, is never missing.
	List(ctx context.Context, realm, identity string) ([]Session, error)
}
