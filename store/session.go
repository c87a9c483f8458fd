package store

import (
	"context"
	"time"
)

// Session is one login on one device. Its refresh tokens are numbered: each
// rotation makes a new generation.
//
// A Session is not a credential: nothing in it can be used as a token.
type Session struct {
	ID          string    // the "sid" of its tokens
	Realm       string    // Config.Realm of its manager; equal identities of two realms are two users
	Identity    string    // the user, as in the tokens
	Device      string    // free text, for people to read
	Generation  int64     // the generation of the newest refresh token
	CreatedAt   time.Time // when the user logged in
	RotatedAt   time.Time // when tokens were last issued: the last use
	HandedOutAt time.Time // when the newest refresh token was first handed out; zero: not yet
	ExpiresAt   time.Time // when it ends if nobody uses it
	EndsAt      time.Time // when it ends even if it is used; zero: never
	KeyHash     string    // the hash of the Idempotency-Key that made a generation, and which generation
	Data        string    // JSON: what was chosen at the login
	Upstream    Upstream  // the session at another issuer that began it
	JKT         string    // the thumbprint of the key that its tokens are bound to (RFC 9449 §6)
}

// Upstream is a session at another issuer, with the claims of OpenID Connect. The zero
// value means that there is no such session.
type Upstream struct {
	Issuer  string // "iss"
	SID     string // "sid"
	Subject string // "sub"
}

// The largest lengths of the strings of a [Session], in bytes.
const (
	MaxText = 255  // Realm, Identity, Device, KeyHash, JKT, and each of Upstream
	MaxData = 1024 // Data
)

// SessionStore keeps sessions. Its methods must be safe for concurrent use, by any
// number of processes. An error means that the result is unknown: a change may or may
// not have been made. Package ginjwt then refuses the request with status 503
// (ginjwt.ErrUnavailable).
//
// A store compares and keeps; package ginjwt decides. IDs are UUIDs, and an Identity is
// not empty. Strings are valid UTF-8 without NUL, and no longer than MaxText and MaxData.
// Times are whole milliseconds from 1970 to 9999; HandedOutAt and EndsAt may also be
// zero. Package storetest tests a store.
type SessionStore interface {
	// Create stores a new session. If its ID is taken, it reports false and changes
	// nothing.
	Create(ctx context.Context, s Session) (created bool, err error)

	// Get returns a session, and whether there is one. It may return an expired session.
	Get(ctx context.Context, id string) (s Session, ok bool, err error)

	// Replace stores next in the place of old if the stored session has the Generation,
	// RotatedAt and HandedOutAt of old. Otherwise it reports false and changes nothing.
	// It is one atomic step. If several callers have the same old, and each next differs
	// from it in one of the three fields, exactly one caller gets true. ID, Realm,
	// Identity, Device and CreatedAt of next are the same as in old.
	Replace(ctx context.Context, old, next Session) (replaced bool, err error)

	// Delete removes a session. If several callers delete it at the same time, exactly
	// one gets true. If there is no such session, Delete reports false, which is not an
	// error.
	Delete(ctx context.Context, id string) (deleted bool, err error)

	// List returns the sessions of an identity in a realm, in any order. It compares
	// realm and identity byte by byte: case and trailing blanks count. It may return
	// expired sessions. It must return every session that was created or replaced
	// before the call, unless the session has expired or was deleted.
	List(ctx context.Context, realm, identity string) ([]Session, error)
}
