package ginjwt

import (
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// What a refresh token gets is decided here, by two distances: how far its
// generation is from that of the session, and how long ago the newest tokens of
// the session were handed out.

// step is what a refresh token gets.
type step int

const (
	repeat step = iota // tokens of the newest generation, whose successors are not made yet
	trade              // those of the next
	reuse              // nothing: it is a copy, and the session ends
)

// stepOf decides what the token of a generation gets. A session of generation zero
// is not stored yet.
func (p *sessionPolicy) stepOf(s store.Session, generation int64, key string, now time.Time) step {
	behind := s.Generation - generation
	pending, age := isPending(s, now), max(0, now.Sub(s.HandedOutAt))
	grace := p.config.SessionGrace
	switch {
	case behind < 0 || s.Generation == 0: // the store went back to older data, or has none yet
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

// isPending reports whether the newest tokens of s were not handed out yet, as far
// as is known. A time that is further ahead than clocks differ is none.
func isPending(s store.Session, now time.Time) bool {
	return s.HandedOutAt.IsZero() || s.HandedOutAt.Sub(now) > clockMargin
}

// tradeAge is how old tokens are before they are traded. Until then the same refresh
// token is good, so that tabs that refresh one after the other all hold the newest.
func (p *sessionPolicy) tradeAge(s store.Session) time.Duration {
	data, _ := dataOf(s)
	return min(2*p.config.SessionGrace, data.idleLifetime(p.config)/4)
}

// lastAdoption is how long before its end a token can still start a session. Stores
// drop sessions by clocks of their own, and a token that is good for longer than its
// session was kept could start another.
const lastAdoption = clockMargin

// adopted returns the session that a token without one starts. It is not stored
// yet, which its generation tells. It began with the token, and lives at least
// as long, so that it cannot start another.
func (p *sessionPolicy) adopted(token *Token, now time.Time) store.Session {
	created := token.IssuedAt
	if created.IsZero() { // never later, however often it is asked
		created = token.ExpiresAt.Add(-p.config.RefreshTokenExpires)
	}
	s := store.Session{
		ID:        adoptedID(p.config.Realm, token),
		Realm:     p.config.Realm,
		Identity:  token.Identity,
		CreatedAt: created.UTC(),
		RotatedAt: created.UTC(),
	}
	if p.config.SessionLifetime > 0 {
		s.EndsAt = s.CreatedAt.Add(p.config.SessionLifetime)
	}
	data := sessionData{Claims: p.requiredClaimsIn(token)}
	s.Data, _ = data.text() // claims that are too many for a store are missed when the tokens are made
	s.ExpiresAt = later(data.expiry(s, p.config, now), token.ExpiresAt).UTC()
	if !s.EndsAt.IsZero() {
		s.ExpiresAt = earlier(s.ExpiresAt, s.EndsAt)
	}
	return s
}

// requiredClaimsIn returns the claims that every token must have, and that only the
// caller of CreateRefreshToken can have given: nobody else gives them to the tokens
// of the session.
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

// sessionAndGeneration returns the session of a refresh token, and its generation there.
// A token without a session has one of its own, of which it is generation zero.
func (p *sessionPolicy) sessionAndGeneration(token *Token) (id string, generation int64, err error) {
	if token.session() == "" {
		return adoptedID(p.config.Realm, token), 0, nil
	}
	if generation = token.generation(); generation == 0 {
		return "", 0, errGeneration.about(token)
	}
	return token.session(), generation, nil
}
