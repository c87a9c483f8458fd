package ginjwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Session is one login on one device. Its refresh tokens are numbered: each
// rotation makes a new generation, and only the newest may be used.
//
// A Session is no credential: nothing in it can be used as a token.
type Session struct {
	ID         string    // the "sid" of its tokens
	Identity   string    // whose it is
	Device     string    // free text from WithDevice, for people to read
	Generation int64     // of the refresh token that may be used
	CreatedAt  time.Time // when the user logged in
	RotatedAt  time.Time // when tokens were last issued: the last use
	GraceUntil time.Time // the generation before may be repeated until then; zero: until this one is used
	ExpiresAt  time.Time // when it ends if it is not used
}

// SessionStore keeps sessions. Its methods must be safe for concurrent use, by
// any number of processes. An error means that the answer is not known, and
// that a change may or may not have been made: the request is refused with
// [ErrUnavailable], status 503.
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

// TokenPair is a token response of RFC 6749 §5.1, as JSON. Printing it shows no
// token.
type TokenPair struct {
	AccessToken  string `json:"access_token,omitempty"`
	TokenType    string `json:"token_type"`           // "Bearer"
	ExpiresIn    int64  `json:"expires_in,omitempty"` // seconds that the access token lives
	RefreshToken string `json:"refresh_token,omitempty"`

	// SessionID is the "sid" of both tokens.
	SessionID string `json:"-"`
}

// String names the pair without giving away its tokens.
func (p TokenPair) String() string { return "ginjwt.TokenPair{session " + p.SessionID + "}" }

// Format prints String whatever the verb, so that none shows a token.
func (p TokenPair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// maxSessionText is the length in bytes that identities and devices may have.
const maxSessionText = 255

// CreateTokenPair starts a session and returns its first tokens. The options
// apply to this access token, and not to those that come after it: what is to
// hold for the whole session belongs into an AdditionalClaimsLoader. WithExpires
// may only shorten its life. The identity has at most 255 bytes. If Config.MaxSessions is exceeded, the oldest
// sessions of the identity end.
//
// A store that does not answer is an [ErrUnavailable]; [JWTManager.Refuse]
// answers 503.
func (m *JWTManager) CreateTokenPair(ctx context.Context, identity any, opts ...TokenOption) (TokenPair, error) {
	if err := m.needsSessions(); err != nil {
		return TokenPair{}, err
	}
	ctx = plain(ctx)
	spec := m.tokenSpecOf(opts)
	subject, err := m.subject(ctx, identity)
	if err != nil {
		return TokenPair{}, err
	}
	if !isSessionIdentity(subject) {
		return TokenPair{}, fmt.Errorf("%w: that of a session has 1 to %d bytes, and no NUL", ErrIdentity, maxSessionText)
	}
	now := m.sessionNow()
	s := Session{
		ID:         string(appendUUID(nil)),
		Identity:   subject,
		Device:     deviceText(spec.device),
		Generation: 1,
		CreatedAt:  now,
		RotatedAt:  now,
		GraceUntil: now,
		ExpiresAt:  m.sessionExpiry(now, now),
	}
	pair, err := m.newPair(ctx, s, identity, spec, now)
	if err != nil {
		return TokenPair{}, err
	}
	if err := m.startSession(ctx, s); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// isSessionIdentity reports whether every store can keep an identity.
func isSessionIdentity(s string) bool {
	return s != "" && len(s) <= maxSessionText && !strings.ContainsRune(s, 0)
}

// startSession stores a new session, and ends those beyond MaxSessions. One
// that could not do so has not started.
func (m *JWTManager) startSession(ctx context.Context, s Session) error {
	created, err := m.config.Sessions.Create(ctx, s)
	switch {
	case err != nil:
		return unavailable(err)
	case !created:
		return unavailable(errors.New("the store has a session with the new random ID"))
	}
	if err := m.endOldest(ctx, s.Identity); err != nil {
		_ = m.config.Sessions.Delete(context.WithoutCancel(ctx), s.ID) // nobody has its tokens
		return err
	}
	return nil
}

// endOldest ends the sessions of identity beyond MaxSessions. They are counted
// after the new one was stored, and in one order for everybody, so that of
// logins at the same time none is missed.
func (m *JWTManager) endOldest(ctx context.Context, identity string) error {
	if m.config.MaxSessions == 0 {
		return nil
	}
	sessions, err := m.Sessions(ctx, identity)
	if err != nil {
		return err
	}
	for _, s := range sessions[min(len(sessions), m.config.MaxSessions):] {
		if err := m.end(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Sessions returns the sessions of identity that have not ended, the newest
// first. The identity is that in the tokens, as [Token.Identity].
func (m *JWTManager) Sessions(ctx context.Context, identity string) ([]Session, error) {
	if err := m.needsSessions(); err != nil {
		return nil, err
	}
	stored, err := m.config.Sessions.List(plain(ctx), identity)
	if err != nil {
		return nil, unavailable(err)
	}
	now := m.sessionNow()
	sessions := slices.DeleteFunc(slices.Clone(stored), func(s Session) bool {
		return s.Identity != identity || !s.ExpiresAt.After(now)
	})
	slices.SortFunc(sessions, func(a, b Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return sessions, nil
}

// EndSession ends a session: from then on all its tokens are refused, on every
// process that shares Config.Blocklist. It is no error if it has ended before.
// After an error the session may still be alive; call EndSession again.
//
// Whether the session belongs to who asks is for the caller to see to.
func (m *JWTManager) EndSession(ctx context.Context, id string) error {
	if err := m.needsSessions(); err != nil {
		return err
	}
	ctx = plain(ctx)
	s, ok, err := m.config.Sessions.Get(ctx, id)
	if err != nil {
		return unavailable(err)
	}
	if !ok { // a token without a session could still become this one
		s = Session{ID: id, ExpiresAt: m.sessionNow().Add(m.config.RefreshTokenExpires)}
	}
	return m.end(ctx, s)
}

// EndSessionOf ends the session of token, or revokes the token if it has none:
// what a logout does.
func (m *JWTManager) EndSessionOf(ctx context.Context, token *Token) error {
	switch {
	case token == nil || m.config.Sessions == nil:
		return m.RevokeToken(ctx, token)
	case m.hasOwnSession(token): // it may become one at this very moment
		s := m.ownSession(token, m.sessionNow())
		return errors.Join(m.end(plain(ctx), s), m.RevokeToken(ctx, token))
	case token.SessionID == "":
		return m.RevokeToken(ctx, token)
	}
	return m.EndSession(ctx, token.SessionID)
}

// EndSessions ends all sessions of identity but those with an ID in except:
// after a change of the password, or to log out everywhere. Change first what a
// login needs, or a thief logs in again. After an error some sessions may still
// be alive; call EndSessions again.
//
// Tokens that were made without a session are not ended.
func (m *JWTManager) EndSessions(ctx context.Context, identity string, except ...string) error {
	sessions, err := m.Sessions(ctx, identity)
	if err != nil {
		return err
	}
	var failures []error
	for _, s := range sessions {
		if !slices.Contains(except, s.ID) {
			failures = append(failures, m.end(plain(ctx), s))
		}
	}
	return errors.Join(failures...)
}

// end blocks the tokens of s, then removes it. In this order a session whose
// tokens could not be blocked can be ended again.
func (m *JWTManager) end(ctx context.Context, s Session) error {
	if err := m.config.Blocklist.Add(ctx, s.ID, m.blockedUntil(s)); err != nil {
		return unavailable(err)
	}
	if err := m.config.Sessions.Delete(ctx, s.ID); err != nil {
		return unavailable(err)
	}
	return nil
}

// clockMargin is how much the clocks of processes that share sessions may
// differ.
const clockMargin = time.Minute

// blockedUntil returns when the last access token of s has expired. A session
// that a token without one became stays blocked for as long as that token may
// live, so that it does not become a session again.
func (m *JWTManager) blockedUntil(s Session) time.Time {
	until := m.sessionNow().Add(m.config.AccessTokenExpires)
	if isDerivedUUID(s.ID) && s.ExpiresAt.After(until) {
		until = s.ExpiresAt
	}
	return until.Add(m.config.DecodeLeeway + clockMargin)
}

// newPair signs the tokens of s as of now.
func (m *JWTManager) newPair(ctx context.Context, s Session, identity any, access *tokenSpec, now time.Time) (TokenPair, error) {
	var err error
	pair := TokenPair{TokenType: "Bearer", SessionID: s.ID}
	spec := *access
	if pair.AccessToken, err = m.issueAccess(ctx, s, identity, &spec, now); err != nil {
		return TokenPair{}, err
	}
	pair.ExpiresIn = int64(spec.expires / time.Second)
	refresh := m.tokenSpecOf(nil)
	refresh.session, refresh.now = &s, now
	refresh.id = derivedUUID("refresh token", s.ID, fmt.Sprint(s.Generation))
	refresh.expires = s.ExpiresAt.Sub(now)
	if pair.RefreshToken, err = m.issue(ctx, RefreshToken, identity, refresh); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// issueAccess signs an access token of s. It lives no longer than the session
// at its oldest, and no longer than an ended session is remembered.
func (m *JWTManager) issueAccess(ctx context.Context, s Session, identity any, spec *tokenSpec, now time.Time) (string, error) {
	spec.session, spec.now = &s, now
	spec.expires = or(spec.expires, m.config.AccessTokenExpires)
	if spec.expires == NeverExpires || spec.expires > m.config.AccessTokenExpires {
		return "", fmt.Errorf("%w, of a session at most Config.AccessTokenExpires: ended sessions are remembered that long", ErrLifetime)
	}
	spec.expires = min(spec.expires, s.ExpiresAt.Sub(now))
	return m.issue(ctx, AccessToken, identity, spec)
}

// sessionExpiry returns when a session that is used now ends. It is a whole
// second, as the "exp" of its refresh token is.
func (m *JWTManager) sessionExpiry(created, now time.Time) time.Time {
	expires := now.Add(m.config.RefreshTokenExpires)
	if m.config.SessionLifetime > 0 {
		expires = earlier(expires, created.Add(m.config.SessionLifetime))
	}
	return expires.Truncate(time.Second)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// sessionNow returns the time as stores keep it.
func (m *JWTManager) sessionNow() time.Time {
	return m.config.Now().UTC().Truncate(time.Millisecond)
}

func (m *JWTManager) needsSessions() error {
	switch {
	case !m.ready:
		return ErrNotInitialized
	case m.config.Sessions == nil:
		return ErrNoSessions
	}
	return nil
}

// unavailable wraps the error of a store.
func unavailable(err error) error { return refusal(ErrUnavailable, err) }

// deviceText makes of any text one that every store can keep and every page can
// show.
func deviceText(s string) string {
	s = s[:min(len(s), 4*maxSessionText)]
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if len(s) <= maxSessionText {
		return s
	}
	end := maxSessionText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
