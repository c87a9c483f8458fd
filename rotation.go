package ginjwt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// RotateTokens trades a refresh token for a new pair of its session (RFC 9700
// §4.14.2). One atomic step of the store decides: whoever trades the token
// first makes the next generation.
//
// Within Config.SessionGrace the token may be traded again, for the same
// successor, until that one is used. Whoever uses it later has a copy: the
// session ends, its access tokens are refused, OnReuse is told, and the error is
// [ErrSessionReused].
//
// The new tokens are not fresh, and have no claims but those of the loaders and
// of WithClaims. The user is looked up again. A refresh token that was made
// without a session starts one, as its generation zero.
//
// RotateTokens makes all checks that RefreshRequired makes, so it can be given
// what [JWTManager.DecodeToken] returns. Its errors are [*Error]s, for
// [JWTManager.Refuse], but for those that creating a token has.
func (m *JWTManager) RotateTokens(ctx context.Context, refresh *Token, opts ...TokenOption) (TokenPair, error) {
	if err := m.needsSessions(); err != nil {
		return TokenPair{}, err
	}
	spec := m.tokenSpecOf(opts)
	if err := spec.validForRotation(); err != nil {
		return TokenPair{}, err
	}
	ctx = plain(ctx)
	// All times are as of now, before the session is read: if it ends from here
	// on, it is blocked for longer than the tokens below live.
	now := m.sessionNow()
	r := rotation{m, refresh, spec, now, nil}
	s, err := r.check(ctx)
	if err != nil {
		return TokenPair{}, asError(err)
	}
	return r.run(ctx, s)
}

func (spec *tokenSpec) validForRotation() error {
	if spec.fresh != "" || spec.freshFor != 0 {
		return errors.New("ginjwt: WithFresh: nobody has typed a password; a rotated token is never fresh")
	}
	if spec.device != "" {
		return errors.New("ginjwt: WithDevice is for CreateTokenPair: a session stays on its device")
	}
	return nil
}

// rotation is one call of RotateTokens.
type rotation struct {
	*JWTManager
	token *Token
	spec  *tokenSpec
	now   time.Time
	user  any // what the claims loaders are given
}

// check makes the checks of RefreshRequired, and returns the session.
func (r *rotation) check(ctx context.Context) (s Session, err error) {
	if r.token == nil {
		return s, refusalf(ErrNoAuthorization, "Missing refresh token")
	}
	if !r.token.ExpiresAt.IsZero() && !r.token.ExpiresAt.After(r.now.Add(-r.config.DecodeLeeway)) {
		return s, refusal(ErrExpiredToken, jwt.ErrTokenExpired).about(r.token)
	}
	need := requirement{refresh: true}
	if err := need.check(r.token); err != nil {
		return s, err
	}
	if err := r.checkRevoked(ctx, r.token); err != nil {
		return s, err
	}
	if s, err = r.useSession(ctx, r.token); err != nil {
		return s, err
	}
	return s, r.findUser(ctx)
}

// findUser looks the user up, unless that was done for this very token in this
// request. Without a loader the identity is what the claims loaders are given.
func (r *rotation) findUser(ctx context.Context) (err error) {
	if v := verifiedIn(ctx); v != nil && v.token == r.token {
		r.user = v.user
	} else if err = r.checkVerification(ctx, r.token); err == nil {
		r.user, err = r.loadUser(ctx, r.token)
	}
	if r.user == nil {
		r.user = r.token.Identity
	}
	return err
}

// rotationAttempts is how often a rotation may find that another was faster.
// The second attempt already finds that token was traded; more are for a
// session that is renewed at the same time.
const rotationAttempts = 10

func (r *rotation) run(ctx context.Context, s Session) (TokenPair, error) {
	for range rotationAttempts {
		pair, done, err := r.attempt(ctx, s)
		if done || err != nil {
			return pair, err
		}
		if s, err = r.useSession(ctx, r.token); err != nil {
			return TokenPair{}, asError(err)
		}
	}
	return TokenPair{}, unavailable(errors.New("the session is used by too many at once"))
}

// attempt signs first and asks the store then, so that no tokens exist of a
// generation that nobody could be given. It reports false if s was changed
// meanwhile.
func (r *rotation) attempt(ctx context.Context, s Session) (pair TokenPair, done bool, err error) {
	next := r.successor(s)
	pair, err = r.newPair(ctx, next, r.user, r.spec, r.now)
	if err != nil {
		return TokenPair{}, false, err
	}
	if next.Generation != s.Generation {
		if done, err = r.advance(ctx, s, next); !done || err != nil {
			return TokenPair{}, false, err
		}
	}
	if err := r.startGrace(ctx, next); err != nil {
		return TokenPair{}, false, err
	}
	return pair, true, nil
}

// successor returns the session whose tokens are to be issued: s itself if the
// token was traded already. A token ahead of its session was issued before the
// store went back to older data.
func (r *rotation) successor(s Session) Session {
	_, generation, _ := positionOf(r.token) // useSession has looked at it
	if generation < s.Generation {
		return s
	}
	next := s
	next.Generation = generation + 1
	next.RotatedAt = r.now
	next.GraceUntil = time.Time{}
	if r.config.SessionGrace < 0 {
		next.GraceUntil = r.now
	}
	next.ExpiresAt = later(s.ExpiresAt, r.sessionExpiry(s.CreatedAt, r.now))
	return next
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// advance is the one step that decides who made the next generation.
func (r *rotation) advance(ctx context.Context, s, next Session) (won bool, err error) {
	if s.Generation == 0 {
		won, err = r.config.Sessions.Create(ctx, next)
	} else {
		won, err = r.config.Sessions.Replace(ctx, s, next)
	}
	if err != nil {
		return false, unavailable(err)
	}
	if won && s.Generation == 0 {
		return true, r.endOldest(ctx, s.Identity)
	}
	return won, nil
}

// startGrace lets the time run out in which the generation before may be
// repeated. Until this is stored, right before the answer, it may be repeated
// without end: when a store fails, or a process ends, in the middle of a
// rotation, nobody was answered, and nobody must be taken for a thief.
//
// If it cannot be stored, or nobody knows whether it was, the answer goes out
// all the same: then the next use of the new tokens is what ends the grace.
func (r *rotation) startGrace(ctx context.Context, s Session) error {
	for s.GraceUntil.IsZero() {
		started := s
		started.GraceUntil = r.sessionNow().Add(r.config.SessionGrace)
		done, err := r.config.Sessions.Replace(ctx, s, started)
		if done || err != nil {
			return nil
		}
		current, ok, err := r.config.Sessions.Get(ctx, s.ID)
		switch {
		case err != nil:
			return nil
		case !ok:
			return refusal(ErrSessionEnded, nil).about(r.token)
		case current.Generation != s.Generation:
			return nil // the successor was used
		}
		s = current // it was renewed, or another repetition started the grace
	}
	return nil
}

// checkSession looks at the session of a refresh token. Access tokens cost no
// question: those of an ended session are on the blocklist.
func (m *JWTManager) checkSession(ctx context.Context, token *Token, need *requirement) error {
	if m.config.Sessions == nil || token.Type != RefreshToken {
		return nil
	}
	find := m.useSession
	if need.looksOnly {
		find = m.sessionOf
	}
	_, err := find(ctx, token)
	return err
}

// toTheEnd returns a context for questions about a token. A refresh token that
// was used before has to be noticed, also if who sent it goes away at once.
func (m *JWTManager) toTheEnd(ctx context.Context, token *Token) context.Context {
	if m.config.Sessions == nil || token.Type != RefreshToken {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// useSession is sessionOf for a token that is used: the use of one that was
// used before is a theft, and ends the session.
func (m *JWTManager) useSession(ctx context.Context, token *Token) (Session, error) {
	s, err := m.sessionOf(m.toTheEnd(ctx, token), token)
	if errors.Is(err, ErrSessionReused) {
		return Session{}, m.reused(ctx, s, token)
	}
	return s, err
}

// sessionOf returns the session of a refresh token, and ErrSessionReused with it
// if the token may not be used any more.
func (m *JWTManager) sessionOf(ctx context.Context, token *Token) (Session, error) {
	id, generation, err := positionOf(token)
	if err != nil {
		return Session{}, err
	}
	s, ok, err := m.config.Sessions.Get(ctx, id)
	if err != nil {
		return Session{}, refusal(ErrUnavailable, err).about(token)
	}
	now := m.sessionNow()
	if !ok && m.hasOwnSession(token) {
		s, ok = m.ownSession(token, now), true
	}
	switch {
	case !ok || s.ExpiresAt.Sub(now) < time.Second: // no token could live in what is left
		return Session{}, refusal(ErrSessionEnded, nil).about(token)
	case s.Identity != token.Identity:
		return Session{}, errOtherSession.about(token)
	case generation >= s.Generation:
		return s, nil
	case generation == s.Generation-1 && (s.GraceUntil.IsZero() || now.Before(s.GraceUntil)):
		return s, nil
	}
	return s, refusal(ErrSessionReused, nil).about(token)
}

var (
	errGeneration   = invalid(jwt.ErrTokenInvalidClaims, "Token has no valid \"gen\" claim")
	errOtherSession = invalid(jwt.ErrTokenInvalidClaims, "Token is not of its session")
)

// reused ends a session whose refresh token was used again. The thief cannot
// prevent that by closing the connection. The session is blocked for as long as
// it could live, so that it is over even if the store fails to remove it now.
func (m *JWTManager) reused(ctx context.Context, s Session, token *Token) error {
	ctx = context.WithoutCancel(ctx)
	until := later(m.blockedUntil(s), s.ExpiresAt.Add(m.config.DecodeLeeway+clockMargin))
	if err := m.config.Blocklist.Add(ctx, s.ID, until); err != nil {
		return refusal(ErrUnavailable, err).about(token)
	}
	_ = m.config.Sessions.Delete(ctx, s.ID)
	if m.onReuse != nil {
		m.onReuse(ctx, s, token)
	}
	return refusal(ErrSessionReused, nil).about(token)
}

// maxGeneration is what JSON numbers can hold everywhere (RFC 8259 §6), and more
// than any session can reach.
const maxGeneration = 1<<53 - 1

// positionOf returns the session of a refresh token, and its generation there.
// A token without a session has one of its own, of which it is generation zero.
func positionOf(token *Token) (id string, generation int64, err error) {
	if token.SessionID == "" {
		return ownSessionID(token), 0, nil
	}
	generation, err = strconv.ParseInt(string(token.read().payload.generationJSON), 10, 64)
	if err != nil || generation < 1 || generation > maxGeneration {
		return "", 0, errGeneration.about(token)
	}
	return token.SessionID, generation, nil
}

// hasOwnSession reports whether token is a refresh token that was made without
// a session: by CreateRefreshToken, or by another library. Only one that ends
// can start a session.
func (m *JWTManager) hasOwnSession(token *Token) bool {
	return m.config.Sessions != nil && token.Type == RefreshToken &&
		token.SessionID == "" && token.ID != "" && !token.ExpiresAt.IsZero() && isSessionIdentity(token.Identity)
}

// ownSession returns the session that a token without one starts. It is not
// stored yet, which its generation tells. It began with the token, and lives at
// least as long, so that it cannot start another.
func (m *JWTManager) ownSession(token *Token, now time.Time) Session {
	created := token.IssuedAt
	if created.IsZero() { // never later, however often it is asked
		created = token.ExpiresAt.Add(-m.config.RefreshTokenExpires)
	}
	expires := later(m.sessionExpiry(created, now), token.ExpiresAt)
	if m.config.SessionLifetime > 0 {
		expires = earlier(expires, created.Add(m.config.SessionLifetime))
	}
	return Session{
		ID:        ownSessionID(token),
		Identity:  token.Identity,
		CreatedAt: created.UTC(),
		RotatedAt: created.UTC(),
		ExpiresAt: expires.UTC(),
	}
}

func ownSessionID(token *Token) string {
	return derivedUUID("session", token.Identity, token.ID)
}

// derivedUUID makes a UUID of version 8 (RFC 9562 §5.8) from texts, the same
// from the same.
func derivedUUID(texts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "ginjwt %q", texts))
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	b := hex.AppendEncode(nil, id)
	return fmt.Sprintf("%s-%s-%s-%s-%s", b[:8], b[8:12], b[12:16], b[16:20], b[20:])
}

func isDerivedUUID(id string) bool { return len(id) == 36 && id[14] == '8' }
