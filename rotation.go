package ginjwt

import (
	"context"
	"errors"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// rotation is one call of RotateTokens.
type rotation struct {
	*sessionPolicy
	token *Token
	key   string // the Idempotency-Key; empty: none
	spec  *tokenSpec
	at    time.Time
	user  any // the argument of the claims loaders
	start time.Time
}

// run signs the tokens of the next generation, or of the same generation again.
func (r *rotation) run(ctx context.Context, s store.Session) (TokenPair, error) {
	for range replaceAttempts {
		pair, done, err := r.attempt(ctx, s)
		if done || err != nil {
			return pair, err
		}
		if s, err = r.use(ctx, r.token, r.key); err != nil {
			return TokenPair{}, asError(err)
		}
	}
	return TokenPair{}, errBusy
}

// attempt signs first and then changes the store, so that a failure to sign leaves no
// generation without tokens. It reports false if s was changed meanwhile.
func (r *rotation) attempt(ctx context.Context, s store.Session) (pair TokenPair, done bool, err error) {
	_, generation, _ := r.sessionAndGeneration(r.token) // find has checked the error
	next, kind := s, EventRepeated
	switch r.stepOf(s, generation, r.key, r.at) {
	case reuse:
		return TokenPair{}, false, nil // since a moment ago; run handles it
	case trade:
		if next, err = r.successor(s, generation); err != nil {
			return TokenPair{}, false, err
		}
		kind = EventRotated
	}
	if pair, err = r.pairOf(ctx, next, generation); err != nil {
		return TokenPair{}, false, err
	}
	if kind == EventRotated {
		if done, err = r.advance(ctx, s, next); !done || err != nil {
			return TokenPair{}, false, err
		}
	}
	if err := r.handOut(ctx, next); err != nil {
		return TokenPair{}, false, err
	}
	r.events.refreshed(ctx, kind, r.token, next, r.start)
	return pair, true, nil
}

// pairOf signs the tokens of s. A client that sent the newest refresh token keeps it.
func (r *rotation) pairOf(ctx context.Context, s store.Session, sent int64) (TokenPair, error) {
	spec := *r.spec
	spec.csrf = r.token.CSRF // open forms contain it
	if sent < s.Generation {
		return r.newPair(ctx, s, r.user, &spec, r.at)
	}
	pair, err := r.accessPair(ctx, s, r.user, &spec, r.at)
	pair.RefreshToken, pair.RefreshExpiresAt, pair.KeepsRefreshToken = r.token.Raw(), r.token.ExpiresAt, true
	return pair, err
}

// successor returns s after the token of a generation is exchanged. A token ahead of its
// session was issued before the store went back to older data.
func (r *rotation) successor(s store.Session, generation int64) (store.Session, error) {
	data, err := dataOf(s)
	if err != nil {
		return s, failure(err)
	}
	next := s
	next.Generation = generation + 1
	next.RotatedAt = r.at
	next.HandedOutAt = time.Time{}
	next.ExpiresAt = later(s.ExpiresAt, data.expiry(s, r.config, r.at))
	if r.config.SessionGrace < 0 {
		next.HandedOutAt = r.at
		return next, nil
	}
	next.KeyHash = nextKeyHash(s, next.Generation, r.key)
	return next, nil
}

// advance is the atomic step that decides which request made the next generation.
func (r *rotation) advance(ctx context.Context, s, next store.Session) (won bool, err error) {
	if s.Generation == 0 {
		won, err = r.store.Create(ctx, next)
	} else {
		won, err = r.store.Replace(ctx, s, next)
	}
	if err != nil {
		return false, unavailable(err)
	}
	if won && s.Generation == 0 {
		r.events.session(ctx, EventSessionStarted, next.ID, CauseRefresh)
	}
	return won, nil
}

// handOut records the time when the newest tokens of s are first handed out, right before
// the response. Until then the previous token may be repeated without limit. If a store
// fails or a process ends in the middle of a rotation, no client got a response, and no
// client must be taken for a thief.
//
// If the client has gone away by now, it gets no response, because it must be able to
// repeat. If it goes away later, the response is sent all the same: nobody could tell
// whether the store had recorded the time. If the store fails then, the response is sent
// too, and the previous token stays valid until the new token is exchanged.
func (r *rotation) handOut(ctx context.Context, s store.Session) error {
	if err := r.limitAdopted(ctx, s); err != nil {
		return err
	}
	for isPending(s, r.at) && r.config.SessionGrace >= 0 {
		if ctx.Err() != nil {
			return unavailable(context.Cause(ctx))
		}
		started, noting := s, context.WithoutCancel(ctx)
		started.HandedOutAt = r.now()
		done, err := r.store.Replace(noting, s, started)
		if err == nil && !done {
			var ok bool
			started, ok, err = r.store.Get(noting, s.ID)
			if err == nil && !ok {
				return refusalOf(ErrSessionEnded, nil, r.token)
			}
		}
		switch {
		case done, err != nil, started.Generation != s.Generation: // the last: the successor was exchanged
			return nil
		}
		s = started // the session was renewed, or another repetition handed it out
	}
	return nil
}

// limitAdopted enforces MaxSessions if s has just begun with a token without a session,
// perhaps in an earlier request that failed. A logout at the time when s was stored found
// no session to remove, so the blocklist is asked again.
func (r *rotation) limitAdopted(ctx context.Context, s store.Session) error {
	if s.Generation != 1 || !wasAdopted(s) || !s.HandedOutAt.IsZero() && !s.HandedOutAt.Equal(r.at) {
		return nil
	}
	err := r.revocations.check(ctx, r.token)
	if errors.Is(err, ErrRevokedToken) {
		r.remove(context.WithoutCancel(ctx), s.ID, CauseLogout)
	}
	if err != nil {
		return err
	}
	err = r.endOldest(ctx, s)
	if err == errItselfOldest {
		return refusalOf(ErrSessionEnded, nil, r.token)
	}
	return err
}

// use is find for a token that is used now. If the token was used before, that is a
// theft, and use ends the session.
func (p *sessionPolicy) use(ctx context.Context, token *Token, key string) (store.Session, error) {
	s, err := p.find(p.revocations.uncancelled(ctx, token), token, key)
	if errors.Is(err, ErrSessionReused) {
		return store.Session{}, p.reused(ctx, s, token)
	}
	return s, err
}

// find returns the session of a refresh token. If the token may no longer be used, the
// error is ErrSessionReused.
func (p *sessionPolicy) find(ctx context.Context, token *Token, key string) (store.Session, error) {
	id, generation, err := p.sessionAndGeneration(token)
	if err != nil {
		return store.Session{}, err
	}
	s, ok, err := p.store.Get(ctx, id)
	if err != nil {
		return store.Session{}, refusalOf(ErrUnavailable, err, token)
	}
	now := p.now()
	if !ok && canBecomeSession(token) && token.ExpiresAt.Sub(now) >= lastAdoption {
		s, ok = p.adopted(token, now), true
	}
	s = p.bounded(s)
	switch {
	case !ok || s.ExpiresAt.Sub(now) < time.Second: // too short for any token
		return store.Session{}, refusalOf(ErrSessionEnded, nil, token)
	case s.Realm != p.config.Realm || s.Identity != token.Identity || s.JKT != token.KeyThumbprint():
		return store.Session{}, errOtherSession.about(token)
	case p.stepOf(s, generation, key, now) == reuse:
		return s, refusalOf(ErrSessionReused, nil, token)
	}
	return s, nil
}

// reused ends a session whose refresh token was used again. A thief cannot prevent it by
// closing the connection. Of many simultaneous requests, the one that deletes the session
// calls OnReuse. If a request cannot know which one that was, it calls OnReuse too.
func (p *sessionPolicy) reused(ctx context.Context, s store.Session, token *Token) error {
	ctx = context.WithoutCancel(ctx)
	if err := p.revocations.blockStolen(ctx, p.longest(s)); err != nil {
		return refusalOf(ErrUnavailable, err, token)
	}
	deleted, err := p.store.Delete(ctx, s.ID)
	if tell := p.callbacks.onReuse; tell != nil && (deleted || err != nil) {
		tell(ctx, s, token)
	}
	if deleted || err != nil {
		p.events.refreshed(ctx, EventReused, token, s, time.Time{})
	}
	if deleted {
		p.events.session(ctx, EventSessionEnded, s.ID, CauseReuse)
	}
	return refusalOf(ErrSessionReused, nil, token)
}

// longest returns s with the expiry that a rotation at this moment would give it.
func (p *sessionPolicy) longest(s store.Session) store.Session {
	data, _ := dataOf(s) // unreadable data counts as no choices
	s.ExpiresAt = later(s.ExpiresAt, data.expiry(s, p.config, p.now()))
	return s
}
