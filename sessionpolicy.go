package ginjwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// sessionPolicy decides how sessions begin, which tokens they get, and how they end.
// rotation.go decides what a refresh token gets.
type sessionPolicy struct {
	store       store.SessionStore
	config      *Config
	minter      *minter
	revocations *revocations
	callbacks   *callbacks
	events      *events
}

// replaceAttempts is how often a change of a session is tried if other requests change
// it first. A rotation finds on its second attempt that the token was traded. More
// attempts are for a session that is renewed at the same time.
const replaceAttempts = 10

// create starts a session and returns its first tokens.
func (p *sessionPolicy) create(ctx context.Context, identity any, spec *tokenSpec) (TokenPair, error) {
	for range loginAttempts {
		now := p.now()
		s, err := p.beginning(ctx, identity, spec.begins, spec.jkt, now)
		if err != nil {
			return TokenPair{}, err
		}
		user, err := p.minter.userAtLogin(ctx, p.refreshSpec(s, now), identity)
		if err != nil {
			return TokenPair{}, err
		}
		pair, err := p.newPair(ctx, s, user, spec, now)
		if err != nil {
			return TokenPair{}, err
		}
		switch err := p.start(ctx, s); err {
		case nil:
			return pair, nil
		case errItselfOldest: // other logins began at the same moment
		default:
			return TokenPair{}, err
		}
	}
	return TokenPair{}, unavailable(errors.New("too many logins of the user at the same time"))
}

// loginAttempts is how often a login is tried if more than MaxSessions other logins
// of the user begin at the same moment.
const loginAttempts = 10

// errItselfOldest means that MaxSessions would end the new session itself.
var errItselfOldest = errors.New("ginjwt: the new session is the oldest")

// beginning returns a new session. It does not store it.
func (p *sessionPolicy) beginning(ctx context.Context, identity any, chosen sessionChoice, jkt string, now time.Time) (s store.Session, err error) {
	subject, err := p.minter.subject(ctx, identity)
	if err != nil {
		return s, err
	}
	if !isSessionIdentity(subject) {
		return s, fmt.Errorf("%w: a session needs an identity of 1 to %d bytes without NUL", ErrIdentity, store.MaxText)
	}
	if err := chosen.validate(); err != nil {
		return s, err
	}
	s = store.Session{
		ID:          newSessionID(),
		Realm:       p.config.Realm,
		Identity:    subject,
		Device:      chosen.device,
		Generation:  1,
		CreatedAt:   now,
		RotatedAt:   now,
		HandedOutAt: now,
		JKT:         jkt,
	}
	data := sessionData{Claims: chosen.claims, Idle: int64(chosen.idle / time.Second), Life: int64(chosen.lifetime / time.Second)}
	if err := p.addUpstream(ctx, &s, &data, chosen, now); err != nil {
		return s, err
	}
	if s.Data, err = data.text(); err != nil {
		return s, err
	}
	if lifetime := or(chosen.lifetime, p.config.SessionLifetime); lifetime > 0 {
		s.EndsAt = now.Add(lifetime)
	}
	s.ExpiresAt = data.expiry(s, p.config, now)
	return s, nil
}

// start stores a new session and ends sessions beyond MaxSessions. If it cannot end
// them, the session does not start. It does not start either if its user has logged out
// at the upstream issuer.
func (p *sessionPolicy) start(ctx context.Context, s store.Session) error {
	switch ended, err := p.endedUpstream(ctx, s); {
	case err != nil:
		return err
	case ended:
		return refusal(ErrSessionEnded, nil)
	}
	if err := p.putLast(ctx, &s); err != nil {
		return err
	}
	created, err := p.store.Create(ctx, s)
	switch {
	case err != nil:
		return unavailable(err)
	case !created:
		return unavailable(errors.New("the store already has a session with the new random ID"))
	}
	p.events.session(ctx, EventSessionStarted, s.ID, CauseLogin)
	if err := p.endOldest(ctx, s); err != nil {
		p.remove(context.WithoutCancel(ctx), s.ID, CauseFailure) // nobody has its tokens
		return err
	}
	return nil
}

// remove deletes a session whose tokens nobody has. If that fails, the session expires.
func (p *sessionPolicy) remove(ctx context.Context, id string, cause Cause) {
	if deleted, _ := p.store.Delete(ctx, id); deleted {
		p.events.session(ctx, EventSessionEnded, id, cause)
	}
}

// putLast makes a new session the newest of its identity, even if the clock of this
// process is behind other clocks: a login must not end itself.
func (p *sessionPolicy) putLast(ctx context.Context, s *store.Session) error {
	if p.config.MaxSessions == 0 {
		return nil
	}
	others, err := p.list(ctx, s.Identity)
	if err == nil && len(others) > 0 && !s.CreatedAt.After(others[0].CreatedAt) {
		s.CreatedAt = others[0].CreatedAt.Add(time.Millisecond)
	}
	return err
}

// endOldest ends the sessions of a user beyond MaxSessions. It counts them after the new
// session was stored, in the same order on every process, so that no login at the same
// time is missed. If the new session is one of those to end, the error is
// errItselfOldest.
func (p *sessionPolicy) endOldest(ctx context.Context, begun store.Session) error {
	if p.config.MaxSessions == 0 {
		return nil
	}
	sessions, err := p.list(ctx, begun.Identity)
	if err != nil {
		return err
	}
	oldest := sessions[min(len(sessions), p.config.MaxSessions):]
	if err := p.end(ctx, CauseMaxSessions, oldest...); err != nil {
		return err
	}
	if slices.ContainsFunc(oldest, func(s store.Session) bool { return s.ID == begun.ID }) {
		return errItselfOldest
	}
	return nil
}

// list returns the sessions of identity that have not ended, newest first.
func (p *sessionPolicy) list(ctx context.Context, identity string) ([]store.Session, error) {
	stored, err := p.store.List(ctx, p.config.Realm, identity)
	if err != nil {
		return nil, unavailable(err)
	}
	now := p.now()
	sessions := slices.Clone(stored)
	for i, s := range sessions {
		sessions[i] = p.bounded(s)
	}
	sessions = slices.DeleteFunc(sessions, func(s store.Session) bool {
		return s.Realm != p.config.Realm || s.Identity != identity || !s.ExpiresAt.After(now)
	})
	if sessions, err = p.withoutEndedUpstream(ctx, sessions); err != nil {
		return nil, err
	}
	slices.SortFunc(sessions, newestFirst)
	return sessions, nil
}

// bounded returns a stored session with the end that the current settings give it: no
// later than lastEnd, even if it was stored before SessionLifetime was shortened, or by
// code that ignored the choices of the login.
func (p *sessionPolicy) bounded(s store.Session) store.Session {
	data, _ := dataOf(s) // accessPair reports the error
	if last := data.lastEnd(s, p.config); !last.IsZero() {
		s.ExpiresAt = earlier(s.ExpiresAt, last.Truncate(time.Second))
	}
	if s.Upstream != (store.Upstream{}) {
		s.ExpiresAt = earlier(s.ExpiresAt, p.upstreamEnd(s))
	}
	return s
}

// newestFirst is the same order on every process, also for sessions that began at the
// same moment.
func newestFirst(a, b store.Session) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}

// owned returns the session with an ID from a request, which may be invented. It reports
// whether it is a session of identity that has not ended.
func (p *sessionPolicy) owned(ctx context.Context, identity, id string) (s store.Session, ok bool, err error) {
	if len(id) != 36 || strings.Trim(id, "0123456789abcdef-") != "" {
		return s, false, nil
	}
	if s, ok, err = p.store.Get(ctx, id); err != nil {
		return s, false, unavailable(err)
	}
	s = p.bounded(s)
	return s, ok && s.Realm == p.config.Realm && s.Identity == identity && s.ExpiresAt.After(p.now()), nil
}

// endByID ends a session of the manager's realm.
func (p *sessionPolicy) endByID(ctx context.Context, id string, cause Cause) error {
	s, stored, err := p.toEnd(ctx, id, cause)
	if err != nil || !stored || s.Realm != p.config.Realm {
		return err
	}
	return p.end(ctx, cause, s)
}

// endOf ends the session of a token and returns it.
func (p *sessionPolicy) endOf(ctx context.Context, token *Token, cause Cause) (store.Session, error) {
	s, stored, err := p.toEnd(ctx, token.session(), cause)
	switch {
	case err != nil || !stored:
		return s, err
	case s.Realm != p.config.Realm || s.Identity != token.Identity:
		return s, errOtherSession.about(token)
	}
	return s, p.end(ctx, cause, s)
}

// toEnd returns a session that is to end. It blocks a session that is not stored, because
// its tokens may still be alive, and a token without a session could still become it. Then
// it asks the store again, because another request may have stored the session meanwhile.
func (p *sessionPolicy) toEnd(ctx context.Context, id string, cause Cause) (s store.Session, stored bool, err error) {
	if s, stored, err = p.store.Get(ctx, id); err != nil {
		return s, false, unavailable(err)
	}
	if stored {
		return s, true, nil
	}
	unknown := store.Session{ID: id, Realm: p.config.Realm, ExpiresAt: p.now().Add(p.config.RefreshTokenExpires)}
	if err := p.revocations.blockUnknown(ctx, unknown, cause); err != nil {
		return unknown, false, unavailable(err)
	}
	switch s, stored, err = p.store.Get(ctx, id); {
	case err != nil:
		return unknown, false, unavailable(err)
	case !stored:
		return unknown, false, nil
	}
	return s, true, nil
}

func (p *sessionPolicy) endAll(ctx context.Context, identity string, except []string, cause Cause) error {
	sessions, err := p.list(ctx, identity)
	if err != nil {
		return err
	}
	return p.end(ctx, cause, slices.DeleteFunc(sessions, func(s store.Session) bool { return slices.Contains(except, s.ID) })...)
}

// end blocks the tokens of sessions, then removes the sessions. In this order a session
// whose tokens could not be blocked can be ended again. A failure for one session does
// not keep the others alive.
func (p *sessionPolicy) end(ctx context.Context, cause Cause, sessions ...store.Session) error {
	var failures []error
	for some := range slices.Chunk(sessions, store.MaxBatch) {
		blocked, err := p.revocations.blockSessions(ctx, some, cause)
		failures = append(failures, err, p.removeAll(ctx, cause, blocked))
	}
	if err := errors.Join(failures...); err != nil {
		return unavailable(err)
	}
	return nil
}

// removeAll deletes sessions and reports an event for each. If it deletes many together,
// it cannot tell which of them another call has deleted at the same moment.
func (p *sessionPolicy) removeAll(ctx context.Context, cause Cause, sessions []store.Session) error {
	if deleter, ok := store.DeleterOf(p.store); ok && len(sessions) > 1 {
		if err := deleter.DeleteMany(ctx, sessions); err != nil {
			return err
		}
		for _, s := range sessions {
			p.events.session(ctx, EventSessionEnded, s.ID, cause)
		}
		return nil
	}
	var failures []error
	for _, s := range sessions {
		deleted, err := p.store.Delete(ctx, s.ID)
		failures = append(failures, err)
		if deleted {
			p.events.session(ctx, EventSessionEnded, s.ID, cause)
		}
	}
	return errors.Join(failures...)
}

// newPair signs both tokens of s at the time now. They have the same CSRF value.
func (p *sessionPolicy) newPair(ctx context.Context, s store.Session, identity any, access *tokenSpec, now time.Time) (TokenPair, error) {
	pair, err := p.accessPair(ctx, s, identity, access, now)
	if err != nil {
		return TokenPair{}, err
	}
	refresh := p.refreshSpec(s, now)
	refresh.csrf = pair.CSRF
	if pair.RefreshToken, err = p.minter.issue(ctx, RefreshToken, identity, refresh); err != nil {
		return TokenPair{}, err
	}
	return pair, nil
}

// refreshSpec describes the refresh token of s at the time now.
func (p *sessionPolicy) refreshSpec(s store.Session, now time.Time) *tokenSpec {
	spec := p.minter.specOf(nil)
	spec.session, spec.upstream, spec.now, spec.expires = &s, upstreamClaim(s), now, s.ExpiresAt.Sub(now)
	spec.id = derivedID("refresh token", s.ID, fmt.Sprint(s.Generation))
	spec.claims = p.requiredClaims(s)
	return &spec
}

// accessPair signs an access token of s. The token outlives neither the session nor the
// time for which an ended session stays on the blocklist.
func (p *sessionPolicy) accessPair(ctx context.Context, s store.Session, identity any, spec *tokenSpec, now time.Time) (TokenPair, error) {
	data, err := dataOf(s)
	if err != nil {
		return TokenPair{}, failure(err)
	}
	own := *spec
	longest := p.config.AccessTokenExpires
	own.session, own.upstream, own.now = &s, upstreamClaim(s), now
	own.expires = or(own.expires, longest)
	if own.expires == NeverExpires || own.expires > longest {
		return TokenPair{}, fmt.Errorf("%w: in a session it is at most Config.AccessTokenExpires, because ended sessions are blocked for that long", ErrLifetime)
	}
	own.expires = min(own.expires, s.ExpiresAt.Sub(now))
	own.claims = merged(data.Claims, own.claims)
	switch {
	case p.config.DisableCookieCSRFProtect: // tokens from before the setting may have one
		own.csrf = ""
	case own.csrf == "":
		own.csrf = newID(tokenUUID)
	}
	encoded, err := p.minter.issue(ctx, AccessToken, identity, &own)
	if err != nil {
		return TokenPair{}, err
	}
	return TokenPair{
		AccessToken: encoded, TokenType: tokenTypeFor(s.JKT), ExpiresIn: int64(own.expires / time.Second),
		RefreshExpiresAt: s.ExpiresAt, SessionID: s.ID, CSRF: own.csrf, cookies: data.Cookies,
	}, nil
}

// requiredClaims returns the claims of the session that Config.RequiredClaims names.
func (p *sessionPolicy) requiredClaims(s store.Session) Claims {
	data, _ := dataOf(s) // accessPair reports the error
	claims := Claims{}
	for _, name := range p.config.RequiredClaims {
		if value, ok := data.Claims[name]; ok {
			claims[name] = value
		}
	}
	return claims
}

// now returns the time in the precision of stores.
func (p *sessionPolicy) now() time.Time {
	return p.config.Now().UTC().Truncate(time.Millisecond)
}
