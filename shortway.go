package ginjwt

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// This file is the short way for the request that most services have most of the time: a
// token in the header, on a route without further requirements and a manager without
// loaders. It makes the checks of verify that can refuse such a request, with the same
// functions and errors. Whatever is unusual takes the long way. And it makes no Token before
// somebody asks for one.

// takesShortWay reports whether requests of a route may take the short way.
func (m *JWTManager) takesShortWay(need *requirement) bool {
	switch {
	case need.bound, m.possession.mode == dpopDemanded:
		return false
	case need.refresh, need.anyType, need.freshWithin != 0, len(need.guards) > 0, need.locations[0] != InHeaders:
		return false
	case m.decodeKey != nil, m.verifier.hasForeign(), len(m.resources) > 0, m.events != nil, !m.revocations.isAtHand():
		return false
	}
	return m.tokenInBlocklist == nil && m.tokenVerification == nil && m.userLookup == nil
}

// passesShort reports whether the request passes by the short way, and stores its token. An
// error is its refusal. Without an error, a request that does not pass has to take the long
// way.
func (m *JWTManager) passesShort(c *gin.Context, need *requirement) (bool, error) {
	if c.Request.Method == http.MethodOptions { // a preflight has no token
		return false, nil
	}
	encoded, ok := m.reader.header.soleToken(c.Request.Header[m.reader.header.key])
	if !ok {
		return false, nil
	}
	ctx, now := c.Request.Context(), m.verifier.now()
	known, err := m.verifier.decodeShort(ctx, encoded, now)
	if err != nil {
		return false, err
	}
	p := &known.contents.payload
	if p.typ != AccessToken || need.fresh && !known.fresh {
		return false, need.check(known.token())
	}
	if p.confirmation.there { // the sender must prove its key
		return false, nil
	}
	if !need.skipRevocation {
		reading := time.Time{}
		if m.verifier.waitsForNothing {
			reading = now
		}
		blocked, ok, err := m.revocations.containsAccess(ctx, p, reading)
		switch {
		case !ok:
			return false, nil
		case err != nil:
			return false, refusalOf(ErrUnavailable, err, known.token())
		case blocked:
			return false, refusalOf(ErrRevokedToken, nil, known.token())
		}
	}
	remember(c, m, verified{need: need, known: known})
	return true, nil
}
