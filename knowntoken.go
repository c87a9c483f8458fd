package ginjwt

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// This file is the short way for the request that most services have most of the time: a
// token in the header, whose signature is known, on a route without further requirements
// and a manager without loaders. It makes the checks of verify that can refuse such a
// request, with the same functions. Whatever does not pass takes the long way, which words
// the refusal. And it makes no Token before somebody asks for one.

// takesShortWay reports whether requests of a route may take the short way.
func (m *JWTManager) takesShortWay(need *requirement) bool {
	switch {
	case need.refresh, need.freshWithin != 0, len(need.guards) > 0, need.locations[0] != InHeaders:
		return false
	case !m.verifier.hasCache(), len(m.resources) > 0, m.events != nil, !m.revocations.isAtHand():
		return false
	}
	return m.tokenInBlocklist == nil && m.tokenVerification == nil && m.userLookup == nil
}

// passesKnown reports whether the request passes by the short way, and stores its token. An
// error is the refusal by a list that cannot be asked: the long way would ask it again.
func (m *JWTManager) passesKnown(c *gin.Context, need *requirement) (bool, error) {
	if c.Request.Method == http.MethodOptions { // a preflight has no token
		return false, nil
	}
	encoded, ok := m.reader.soleToken(c.Request.Header[m.reader.headerKey])
	if !ok {
		return false, nil
	}
	now := m.verifier.now()
	good := m.verifier.ownKnown(encoded, now)
	if good == nil {
		return false, nil
	}
	known := knownToken{encoded, &good.contents, good.payload.fresh.at(now)}
	if good.payload.typ != AccessToken || need.fresh && !known.fresh {
		return false, nil
	}
	if !need.skipRevocation {
		reading := time.Time{}
		if m.verifier.waitsForNothing {
			reading = now
		}
		blocked, ok, err := m.revocations.containsAccess(c.Request.Context(), &good.payload, reading)
		if err != nil {
			return false, refusalOf(ErrUnavailable, err, known.token())
		}
		if blocked || !ok {
			return false, nil
		}
	}
	remember(c, m, verified{need: need, known: known})
	return true, nil
}
