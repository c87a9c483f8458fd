package ginjwt

import (
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// This file decides what a refresh token gets. It compares the generation of the token
// with the generation of the session, and looks at the time since the newest tokens of
// the session were handed out.

// step is what a refresh token gets.
type step int

const (
	repeat step = iota // tokens of the newest generation again
	trade              // tokens of the next generation
	reuse              // nothing: the token is a copy, and the session ends
)

// stepOf decides what a token of a generation gets. A session of generation zero is not
// stored yet.
func (p *sessionPolicy) stepOf(s store.Session, generation int64, key string, now time.Time) step {
	behind := s.Generation - generation
	pending, age := isPending(s, now), max(0, now.Sub(s.HandedOutAt))
	grace := p.config.SessionGrace
	switch {
	case behind < 0 || s.Generation == 0: // the store went back to older data, or has no session yet
		return trade
	case behind > 1 || behind == 1 && grace < 0:
		return reuse
	case grace < 0:
		return trade
	case pending:
		return repeat
	case behind == 0 && age < p.tradeAge(s):
		return repeat
	case behind == 0:
		return trade
	case age < grace || wasMadeBy(s, key):
		return repeat
	}
	return reuse
}

// isPending reports whether, as far as is known, the newest tokens of s were not handed
// out yet. A time further ahead than clocks may differ counts as not set.
func isPending(s store.Session, now time.Time) bool {
	return s.HandedOutAt.IsZero() || s.HandedOutAt.Sub(now) > clockMargin
}

// tradeAge is the age at which a refresh token is exchanged. Younger tokens stay the
// newest, so that tabs that refresh one after the other all hold the newest token.
func (p *sessionPolicy) tradeAge(s store.Session) time.Duration {
	data, _ := dataOf(s)
	return min(2*p.config.SessionGrace, data.idleLifetime(p.config)/4)
}

// lastAdoption is the life that a token must have left to start a session. Stores drop
// sessions by their own clocks. A token that outlived its session could start another.
const lastAdoption = clockMargin

// adopted returns the session that a token without a session starts. Generation zero
// means that it is not stored yet. It began when the token was issued, and lives at
// least as long as the token, so that the token cannot start another session.
func (p *sessionPolicy) adopted(token *Token, now time.Time) store.Session {
	created := token.IssuedAt
	if created.IsZero() { // the same time at every call
		created = token.ExpiresAt.Add(-p.config.RefreshTokenExpires)
	}
	s := store.Session{
		ID:        adoptedID(p.config.Realm, token),
		Realm:     p.config.Realm,
		Identity:  token.Identity,
		CreatedAt: created.UTC(),
		RotatedAt: created.UTC(),
		JKT:       token.KeyThumbprint(),
	}
	if p.config.SessionLifetime > 0 {
		s.EndsAt = s.CreatedAt.Add(p.config.SessionLifetime)
	}
	data := sessionData{Claims: p.requiredClaimsIn(token)}
	s.Data, _ = data.text() // if the claims are too many for a store, making the tokens fails
	s.ExpiresAt = later(data.expiry(s, p.config, now), token.ExpiresAt).UTC()
	if !s.EndsAt.IsZero() {
		s.ExpiresAt = earlier(s.ExpiresAt, s.EndsAt)
	}
	return s
}

// requiredClaimsIn returns the required claims of a token that nobody but the caller of
// CreateRefreshToken can have set. Without this copy, the tokens of the session would
// lack them.
func (p *sessionPolicy) requiredClaimsIn(token *Token) (claims Claims) {
	if p.callbacks.additionalClaims != nil {
		return nil
	}
	for _, name := range p.config.RequiredClaims {
		if value, ok := token.Claims()[name]; ok && p.minter.checkReserved(Claims{name: value}) == nil {
			claims = merged(claims, Claims{name: value})
		}
	}
	return claims
}

// sessionAndGeneration returns the session ID and the generation of a refresh token. A
// token without a session is generation zero of a session of its own.
func (p *sessionPolicy) sessionAndGeneration(token *Token) (id string, generation int64, err error) {
	if token.session() == "" {
		return adoptedID(p.config.Realm, token), 0, nil
	}
	if generation = token.generation(); generation == 0 {
		return "", 0, errGeneration.about(token)
	}
	return token.session(), generation, nil
}
