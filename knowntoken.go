package ginjwt

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// This file is the short way for the request that most services have most of the time: a
// token in the header, whose signature is known, on a route without further requirements
// and a manager without loaders. It makes the checks of verify that can refuse such a
// request, with the same functions. It never refuses: whatever does not pass takes the long
// way, which words the refusal. And it makes no Token before somebody asks for one.

// takesShortWay reports whether requests of a route may take the short way.
func (m *JWTManager) takesShortWay(need *requirement) bool {
	switch {
	case need.refresh, need.freshWithin != 0, len(need.guards) > 0, need.locations[0] != InHeaders:
		return false
	case len(m.resources) > 0, m.events != nil, m.revocations.memory == nil:
		return false
	}
	return m.tokenInBlocklist == nil && m.tokenVerification == nil && m.userLookup == nil
}

// passesKnown reports whether the request passes by the short way, and stores its token.
func (m *JWTManager) passesKnown(c *gin.Context, need *requirement) bool {
	if c.Request.Method == http.MethodOptions { // a preflight has no token
		return false
	}
	encoded, ok := m.reader.soleToken(c.Request.Header[m.reader.headerKey])
	if !ok {
		return false
	}
	now := m.verifier.now()
	good := m.verifier.ownKnown(encoded, now)
	if good == nil {
		return false
	}
	known := knownToken{encoded, &good.contents, good.payload.fresh.at(now)}
	if good.payload.typ != AccessToken || need.fresh && !known.fresh {
		return false
	}
	if !need.skipRevocation && !m.revocations.knowsNothing(&good.payload) {
		return false
	}
	remember(c, m, verified{need: need, known: known})
	return true
}
