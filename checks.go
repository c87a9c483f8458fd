package ginjwt

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// tokenChecks are the checks after a valid signature. Routes, rotations and
// VerifyToken make them in the same order.
type tokenChecks struct {
	callbacks   *callbacks
	possession  *possession
	revocations *revocations
	sessions    *sessionPolicy // nil: no sessions
	now         func() time.Time
}

// check is checkAt without a reading of the clock.
func (k *tokenChecks) check(ctx context.Context, token *Token, need *requirement, key string) (user any, s *store.Session, err error) {
	return k.checkAt(ctx, token, need, key, time.Time{})
}

// checkAt makes all checks that need requires. It returns the user if there is a
// loader, and for a refresh token its session if there are sessions. key is the
// Idempotency-Key of a request with a refresh token. reading is for the blocklist: see
// found.
func (k *tokenChecks) checkAt(ctx context.Context, token *Token, need *requirement, key string, reading time.Time) (user any, s *store.Session, err error) {
	if err := need.check(token); err != nil {
		return nil, nil, err
	}
	if err := k.possession.check(token, need); err != nil {
		return nil, nil, err
	}
	if err := k.checkAge(token, need); err != nil {
		return nil, nil, err
	}
	if !need.skipRevocation {
		if err := k.revocations.checkAt(ctx, token, reading); err != nil {
			return nil, nil, err
		}
		if s, err = k.checkSession(ctx, token, need, key); err != nil {
			return nil, nil, err
		}
	}
	if err := need.checkGuards(token); err != nil { // after revocation: a revoked token must learn nothing about scopes
		return nil, nil, err
	}
	if need.asked {
		return nil, s, nil
	}
	if err := k.callbacks.checkVerification(ctx, token); err != nil {
		return nil, nil, err
	}
	user, err = k.callbacks.loadUser(ctx, token)
	return user, s, err
}

// checkAge checks how long ago the user logged in.
func (k *tokenChecks) checkAge(token *Token, need *requirement) error {
	if need.freshWithin == 0 {
		return nil
	}
	now, leeway := k.now(), token.names().leeway
	if !token.isForeign() {
		leeway = ownLeeway(leeway)
	}
	at, ok := token.authenticatedAt(now.Add(leeway))
	if !ok || at.Before(now.Add(-need.freshWithin)) {
		return need.stale(token)
	}
	return nil
}

// authenticatedAt returns when the user logged in; ok is false if that is
// unknown or after latest. If there is an "auth_time", nothing else counts,
// even if it is not a date.
func (t *Token) authenticatedAt(latest time.Time) (at time.Time, ok bool) {
	authTime := t.claim("auth_time")
	if authTime == "" {
		return t.IssuedAt, t.Fresh // decode has compared it with latest; without "iat" it is the zero time
	}
	seconds, ok := strictjson.NumericDate(authTime)
	at = time.Unix(min(seconds, strictjson.MaxDate), 0)
	return at, ok && authTime.Kind() == '0' && !at.After(latest)
}

// checkSession checks the session of a refresh token. Access tokens need no
// query: when a session ends, its ID is on the blocklist.
func (k *tokenChecks) checkSession(ctx context.Context, token *Token, need *requirement, key string) (*store.Session, error) {
	if k.sessions == nil || token.Type != RefreshToken {
		return nil, nil
	}
	return k.useSession(ctx, token, need, key)
}

// useSession is on its own because a session in the stack frame of a function that every
// request calls would make the stacks of all requests larger.
func (k *tokenChecks) useSession(ctx context.Context, token *Token, need *requirement, key string) (*store.Session, error) {
	find := k.sessions.use
	if need.looksOnly {
		find = k.sessions.find
	}
	s, err := find(ctx, token, key)
	return &s, err
}
