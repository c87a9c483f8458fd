package ginjwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// sessionPolicy decides how sessions begin, what tokens they give out, and how
// they end. What a refresh token gets is in rotation.go.
type sessionPolicy struct {
	store       store.SessionStore
	config      *Config
	minter      *minter
	revocations *revocations
	callbacks   *callbacks
}

// create starts a session, and returns its first tokens.
func (p *sessionPolicy) create(ctx context.Context, identity any, spec *tokenSpec) (TokenPair, error) {
	subject, err := p.minter.subject(ctx, identity)
	if err != nil {
		return TokenPair{}, err
	}
	if !isSessionIdentity(subject) {
		return TokenPair{}, fmt.Errorf("%w: that of a session has 1 to %d bytes, and no NUL", ErrIdentity, maxSessionText)
	}
	now := p.now()
	s := store.Session{
		ID:         string(appendUUID(nil)),
		Identity:   subject,
		Device:     deviceText(spec.device),
		Generation: 1,
		CreatedAt:  now,
		RotatedAt:  now,
		GraceUntil: now,
		ExpiresAt:  p.expiry(now, now),
	}
	pair, err := p.newPair(ctx, s, identity, spec, now)
	if err != nil {
		return TokenPair{}, err
	}
	if err := p.start(ctx, s); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// start stores a new session, and ends those beyond MaxSessions. One that could
// not do so has not started.
func (p *sessionPolicy) start(ctx context.Context, s store.Session) error {
	created, err := p.store.Create(ctx, s)
	switch {
	case err != nil:
		return unavailable(err)
	case !created:
		return unavailable(errors.New("the store has a session with the new random ID"))
	}
	if err := p.endOldest(ctx, s.Identity); err != nil {
		_ = p.store.Delete(context.WithoutCancel(ctx), s.ID) // nobody has its tokens
		return err
	}
	return nil
}

// endOldest ends the sessions of identity beyond MaxSessions. They are counted
// after the new one was stored, and in one order for everybody, so that of
// logins at the same time none is missed.
func (p *sessionPolicy) endOldest(ctx context.Context, identity string) error {
	if p.config.MaxSessions == 0 {
		return nil
	}
	sessions, err := p.list(ctx, identity)
	if err != nil {
		return err
	}
	for _, s := range sessions[min(len(sessions), p.config.MaxSessions):] {
		if err := p.end(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// list returns the sessions of identity that have not ended, the newest first.
func (p *sessionPolicy) list(ctx context.Context, identity string) ([]store.Session, error) {
	stored, err := p.store.List(ctx, identity)
	if err != nil {
		return nil, unavailable(err)
	}
	now := p.now()
	sessions := slices.DeleteFunc(slices.Clone(stored), func(s store.Session) bool {
		return s.Identity != identity || !s.ExpiresAt.After(now)
	})
	slices.SortFunc(sessions, func(a, b store.Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return sessions, nil
}

func (p *sessionPolicy) endByID(ctx context.Context, id string) error {
	s, ok, err := p.store.Get(ctx, id)
	if err != nil {
		return unavailable(err)
	}
	if !ok { // a token without a session could still become this one
		s = store.Session{ID: id, ExpiresAt: p.now().Add(p.config.RefreshTokenExpires)}
	}
	return p.end(ctx, s)
}

func (p *sessionPolicy) endAll(ctx context.Context, identity string, except []string) error {
	sessions, err := p.list(ctx, identity)
	if err != nil {
		return err
	}
	var failures []error
	for _, s := range sessions {
		if !slices.Contains(except, s.ID) {
			failures = append(failures, p.end(ctx, s))
		}
	}
	return errors.Join(failures...)
}

// end blocks the tokens of s, then removes it. In this order a session whose
// tokens could not be blocked can be ended again.
func (p *sessionPolicy) end(ctx context.Context, s store.Session) error {
	if err := p.revocations.blockSession(ctx, s, false); err != nil {
		return unavailable(err)
	}
	if err := p.store.Delete(ctx, s.ID); err != nil {
		return unavailable(err)
	}
	return nil
}

// newPair signs the tokens of s as of now.
func (p *sessionPolicy) newPair(ctx context.Context, s store.Session, identity any, access *tokenSpec, now time.Time) (TokenPair, error) {
	var err error
	pair := TokenPair{TokenType: "Bearer", SessionID: s.ID}
	spec := *access
	if pair.AccessToken, err = p.issueAccess(ctx, s, identity, &spec, now); err != nil {
		return TokenPair{}, err
	}
	pair.ExpiresIn = int64(spec.expires / time.Second)
	refresh := p.minter.specOf(nil)
	refresh.session, refresh.now = &s, now
	refresh.id = derivedUUID("refresh token", s.ID, fmt.Sprint(s.Generation))
	refresh.expires = s.ExpiresAt.Sub(now)
	if pair.RefreshToken, err = p.minter.issue(ctx, RefreshToken, identity, refresh); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// issueAccess signs an access token of s. It lives no longer than the session
// at its oldest, and no longer than an ended session is remembered.
func (p *sessionPolicy) issueAccess(ctx context.Context, s store.Session, identity any, spec *tokenSpec, now time.Time) (string, error) {
	longest := p.config.AccessTokenExpires
	spec.session, spec.now = &s, now
	spec.expires = or(spec.expires, longest)
	if spec.expires == NeverExpires || spec.expires > longest {
		return "", fmt.Errorf("%w, of a session at most Config.AccessTokenExpires: ended sessions are remembered that long", ErrLifetime)
	}
	spec.expires = min(spec.expires, s.ExpiresAt.Sub(now))
	return p.minter.issue(ctx, AccessToken, identity, spec)
}

// expiry returns when a session that is used now ends. It is a whole second, as
// the "exp" of its refresh token is.
func (p *sessionPolicy) expiry(created, now time.Time) time.Time {
	expires := now.Add(p.config.RefreshTokenExpires)
	if p.config.SessionLifetime > 0 {
		expires = earlier(expires, created.Add(p.config.SessionLifetime))
	}
	return expires.Truncate(time.Second)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// adopted returns the session that a token without one starts. It is not stored
// yet, which its generation tells. It began with the token, and lives at least
// as long, so that it cannot start another.
func (p *sessionPolicy) adopted(token *Token, now time.Time) store.Session {
	created := token.IssuedAt
	if created.IsZero() { // never later, however often it is asked
		created = token.ExpiresAt.Add(-p.config.RefreshTokenExpires)
	}
	expires := later(p.expiry(created, now), token.ExpiresAt)
	if p.config.SessionLifetime > 0 {
		expires = earlier(expires, created.Add(p.config.SessionLifetime))
	}
	return store.Session{
		ID:        ownSessionID(token),
		Identity:  token.Identity,
		CreatedAt: created.UTC(),
		RotatedAt: created.UTC(),
		ExpiresAt: expires.UTC(),
	}
}

// now returns the time as stores keep it.
func (p *sessionPolicy) now() time.Time {
	return p.config.Now().UTC().Truncate(time.Millisecond)
}

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
