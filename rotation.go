package ginjwt

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// rotation is one call of RotateTokens.
type rotation struct {
	*sessionPolicy
	token *Token
	spec  *tokenSpec
	at    time.Time
	user  any // what the claims loaders are given
}

// rotationAttempts is how often a rotation may find that another was faster.
// The second attempt already finds that token was traded; more are for a
// session that is renewed at the same time.
const rotationAttempts = 10

// run signs the tokens of the next generation, or those of the same again.
func (r *rotation) run(ctx context.Context, s store.Session) (TokenPair, error) {
	for range rotationAttempts {
		pair, done, err := r.attempt(ctx, s)
		if done || err != nil {
			return pair, err
		}
		if s, err = r.use(ctx, r.token); err != nil {
			return TokenPair{}, asError(err)
		}
	}
	return TokenPair{}, unavailable(errors.New("the session is used by too many at once"))
}

// attempt signs first and asks the store then, so that no tokens exist of a
// generation that nobody could be given. It reports false if s was changed
// meanwhile.
func (r *rotation) attempt(ctx context.Context, s store.Session) (pair TokenPair, done bool, err error) {
	next := r.successor(s)
	pair, err = r.newPair(ctx, next, r.user, r.spec, r.at)
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
func (r *rotation) successor(s store.Session) store.Session {
	_, generation, _ := sessionAndGeneration(r.token) // find has looked at it
	if generation < s.Generation {
		return s
	}
	next := s
	next.Generation = generation + 1
	next.RotatedAt = r.at
	next.GraceUntil = time.Time{}
	if r.config.SessionGrace < 0 {
		next.GraceUntil = r.at
	}
	next.ExpiresAt = later(s.ExpiresAt, r.expiry(s.CreatedAt, r.at))
	return next
}

// advance is the one step that decides who made the next generation.
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
func (r *rotation) startGrace(ctx context.Context, s store.Session) error {
	for s.GraceUntil.IsZero() {
		started := s
		started.GraceUntil = r.now().Add(r.config.SessionGrace)
		done, err := r.store.Replace(ctx, s, started)
		if done || err != nil {
			return nil
		}
		current, ok, err := r.store.Get(ctx, s.ID)
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

// use is find for a token that is used: the use of one that was used before is a
// theft, and ends the session.
func (p *sessionPolicy) use(ctx context.Context, token *Token) (store.Session, error) {
	s, err := p.find(p.revocations.uncancelled(ctx, token), token)
	if errors.Is(err, ErrSessionReused) {
		return store.Session{}, p.reused(ctx, s, token)
	}
	return s, err
}

// find returns the session of a refresh token, and ErrSessionReused with it
// if the token may not be used any more.
func (p *sessionPolicy) find(ctx context.Context, token *Token) (store.Session, error) {
	id, generation, err := sessionAndGeneration(token)
	if err != nil {
		return store.Session{}, err
	}
	s, ok, err := p.store.Get(ctx, id)
	if err != nil {
		return store.Session{}, refusal(ErrUnavailable, err).about(token)
	}
	now := p.now()
	if !ok && canBecomeSession(token) {
		s, ok = p.adopted(token, now), true
	}
	switch {
	case !ok || s.ExpiresAt.Sub(now) < time.Second: // no token could live in what is left
		return store.Session{}, refusal(ErrSessionEnded, nil).about(token)
	case s.Identity != token.Identity:
		return store.Session{}, errOtherSession.about(token)
	case generation >= s.Generation:
		return s, nil
	case generation == s.Generation-1 && (s.GraceUntil.IsZero() || now.Before(s.GraceUntil)):
		return s, nil
	}
	return s, refusal(ErrSessionReused, nil).about(token)
}

// reused ends a session whose refresh token was used again. The thief cannot
// prevent that by closing the connection.
func (p *sessionPolicy) reused(ctx context.Context, s store.Session, token *Token) error {
	ctx = context.WithoutCancel(ctx)
	if err := p.revocations.blockSession(ctx, s, true); err != nil {
		return refusal(ErrUnavailable, err).about(token)
	}
	_ = p.store.Delete(ctx, s.ID)
	if tell := p.callbacks.onReuse; tell != nil {
		tell(ctx, s, token)
	}
	return refusal(ErrSessionReused, nil).about(token)
}

// maxGeneration is what JSON numbers can hold everywhere (RFC 8259 §6), and more
// than any session can reach.
const maxGeneration = 1<<53 - 1

// sessionAndGeneration returns the session of a refresh token, and its generation there.
// A token without a session has one of its own, of which it is generation zero.
func sessionAndGeneration(token *Token) (id string, generation int64, err error) {
	if token.SessionID == "" {
		return ownSessionID(token), 0, nil
	}
	generation, err = strconv.ParseInt(string(token.read().payload.generationJSON), 10, 64)
	if err != nil || generation < 1 || generation > maxGeneration {
		return "", 0, errGeneration.about(token)
	}
	return token.SessionID, generation, nil
}
