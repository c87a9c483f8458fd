package ginjwt

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
)

// The handlers below are ready to be put on routes. They read requests and write
// answers; what they do is done by the methods of the JWTManager. If one does not
// fit, write your own.

// unlessNoID words that a token cannot be revoked as what it is, a fault of the
// token.
func unlessNoID(err error, token *Token) error {
	if errors.Is(err, ErrNoID) {
		return errNotRevocable.about(token)
	}
	return err
}

// LogoutAllHandler is LogoutHandler for all sessions of the identity in the
// token. To ask for the password first, demand a fresh token:
//
//	router.POST("/logout/all", mgr.JWTRequired(ginjwt.Fresh()), mgr.LogoutAllHandler())
//
// It panics if called before InitApp or without Config.Sessions.
func (m *JWTManager) LogoutAllHandler() gin.HandlerFunc {
	m.mustHaveSessions("LogoutAllHandler")
	return func(c *gin.Context) {
		token, ok := m.verifiedToken(c, "LogoutAllHandler")
		if isPreflight(c.Request) {
			c.Status(http.StatusNoContent)
			return
		}
		var own Session
		if ok {
			var err error
			own, err = m.endSessionOf(c.Request.Context(), token, CauseLogout)
			if err = errors.Join(m.sessions.endAll(c.Request.Context(), token.Identity, nil, CauseLogout), err); err != nil {
				m.Refuse(c, unlessNoID(err, token))
				return
			}
		}
		m.unsetOwnCookies(c, ok && token.Location == InCookies, own)
		noStore(c)
		c.Status(http.StatusNoContent)
	}
}

// EndSessionHandler returns a handler that ends the session with the ID in the
// parameter "id" of the path, if it belongs to the identity in the verified
// token; otherwise it answers 404. It answers 204, and removes the cookies if
// the session was that of the request.
//
//	router.DELETE("/sessions/:id", mgr.JWTRequired(), mgr.EndSessionHandler())
//
// It panics if called before InitApp or without Config.Sessions, and at the first
// request if its route has no parameter "id".
func (m *JWTManager) EndSessionHandler() gin.HandlerFunc {
	m.mustHaveSessions("EndSessionHandler")
	return func(c *gin.Context) {
		token, ok := m.verifiedToken(c, "EndSessionHandler")
		id, named := c.Params.Get("id")
		if !named {
			panic(`ginjwt: EndSessionHandler: its route has no parameter "id"; register it as "/sessions/:id"`)
		}
		if !ok {
			c.AbortWithStatus(http.StatusNotFound)
			return
		}
		s, owned, err := m.sessions.owned(plain(c), token.Identity, id)
		if err == nil && owned {
			err = m.sessions.end(plain(c), CauseUser, s)
		}
		switch {
		case err != nil:
			m.Refuse(c, err)
			return
		case !owned:
			m.refusePlainly(c, http.StatusNotFound, "There is no such session")
			return
		case id == token.session():
			m.unsetOwnCookies(c, token.Location == InCookies, s)
		}
		noStore(c)
		c.Status(http.StatusNoContent)
	}
}

// refusePlainly answers a request that is wrong in another way than by its token.
func (m *JWTManager) refusePlainly(c *gin.Context, status int, message string) {
	c.Abort()
	FlaskError(c, &Error{Status: status, Message: message, messageKey: m.config.ErrorMessageKey})
}

// verifiedToken returns what JWTRequired has verified; none for a preflight or on an
// Optional route. Without JWTRequired of this manager it panics.
func (m *JWTManager) verifiedToken(c *gin.Context, handler string) (*Token, bool) {
	token := mustVerify(c, handler).token
	if token != nil && !m.verifier.hasVerified(token) {
		panic("ginjwt: " + handler + ": another manager has verified the token; put JWTRequired of the same manager on the route")
	}
	return token, token != nil
}
