package ginjwt

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
)

// The handlers below read requests and write responses. Exported methods of the JWTManager
// do the work, so applications can write their own handlers.

// unlessNoID turns ErrNoID into a refusal of the token, because the token is at fault.
func unlessNoID(err error, token *Token) error {
	if errors.Is(err, ErrNoID) {
		return errNotRevocable.about(token)
	}
	return err
}

// LogoutAllHandler returns a handler that ends all sessions of the identity in the
// verified token, removes the cookies, and responds with 204. Put it behind
// JWTRequired. To require a recent password, require a fresh token:
//
//	router.POST("/logout/all", mgr.JWTRequired(ginjwt.Fresh()), mgr.LogoutAllHandler())
//
// LogoutAllHandler panics if called before InitApp or without Config.Sessions. The
// handler panics if its route has no JWTRequired of the same manager before it.
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

// EndSessionHandler returns a handler that ends one session of the identity in the
// verified token and responds with 204. The path parameter "id" is the ID of the session:
//
//	router.DELETE("/sessions/:id", mgr.JWTRequired(), mgr.EndSessionHandler())
//
// The handler responds with 404 if the session belongs to somebody else or does not
// exist. If the session is that of the request, it also removes the cookies.
//
// EndSessionHandler panics if called before InitApp or without Config.Sessions. The
// handler panics if its route has no parameter "id", or has no JWTRequired of the same
// manager before it.
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

// refusePlainly refuses a request for another reason than its token, in the format of
// Config.ErrorProfile. It asks no loader: loaders respond to problems with tokens.
func (m *JWTManager) refusePlainly(c *gin.Context, status int, message string) {
	c.Abort()
	switch m.config.ErrorProfile {
	case "bearer":
		answerJSON(c, status, gin.H{"error": "invalid_request", "error_description": message}) // RFC 6750 §3.1
	case "problem":
		answerProblem(c, status, message, nil)
	default:
		FlaskError(c, &Error{Status: status, Message: message, messageKey: m.config.ErrorMessageKey})
	}
}

// verifiedToken returns the token that JWTRequired has verified; none for a preflight or
// on an Optional route. It panics without JWTRequired of this manager.
func (m *JWTManager) verifiedToken(c *gin.Context, handler string) (*Token, bool) {
	token := mustVerify(c, handler).token
	if token != nil && !m.verifier.hasVerified(token) {
		panic("ginjwt: " + handler + ": another manager has verified the token; put JWTRequired of the same manager on the route")
	}
	return token, token != nil
}
