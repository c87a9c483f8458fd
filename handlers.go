package ginjwt

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// The handlers below are ready to be put on routes. They read requests and write
// answers; what they do is done by the methods of the JWTManager. If one does not
// fit, write your own.

// unlessNoID words that a token cannot be revoked as what it is, a fault of the
// token.
func unlessNoID(err error, token *Token) error {
	if errors.Is(err, ErrNoID) {
		return errNoJTI.about(token)
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

// sessionView is a session as its user may see it.
type sessionView struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"` // that of the request
}

// viewPrecision is how exact a view tells when a session was used.
const viewPrecision = 10 * time.Minute

func viewOf(s Session, current bool) sessionView {
	used := later(s.CreatedAt, s.RotatedAt.Truncate(viewPrecision))
	expires := s.ExpiresAt.Add(viewPrecision - 1).Truncate(viewPrecision)
	return sessionView{s.ID, s.Device, s.CreatedAt, used, expires, current}
}

// SessionsHandler returns a handler that lists the sessions of the identity in
// the verified token, the newest first:
//
//	router.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())
//
// The answer is {"sessions": [{"id", "device", "created_at", "last_used_at",
// "expires_at", "current"}]}. The last two times are rounded to ten minutes: the
// list must not tell a thief when the user refreshes. It panics if called before
// InitApp or without Config.Sessions.
func (m *JWTManager) SessionsHandler() gin.HandlerFunc {
	m.mustHaveSessions("SessionsHandler")
	return func(c *gin.Context) {
		views := []sessionView{}
		token, ok := m.verifiedToken(c, "SessionsHandler")
		if ok {
			sessions, err := m.Sessions(c, token.Identity)
			if err != nil {
				m.Refuse(c, err)
				return
			}
			for _, s := range sessions {
				views = append(views, viewOf(s, s.ID == token.SessionID))
			}
		}
		noStore(c)
		answerJSON(c, http.StatusOK, gin.H{"sessions": views})
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
		s, owned, err := m.ownSession(c, token.Identity, id)
		if err == nil && owned {
			err = m.sessions.endByID(c.Request.Context(), id, CauseUser)
		}
		switch {
		case err != nil:
			m.Refuse(c, err)
			return
		case !owned:
			c.Abort()
			FlaskError(c, &Error{Status: http.StatusNotFound, Message: "There is no such session", messageKey: m.config.ErrorMessageKey})
			return
		case id == token.SessionID:
			m.unsetOwnCookies(c, token.Location == InCookies, s)
		}
		noStore(c)
		c.Status(http.StatusNoContent)
	}
}

// ownSession returns the session of identity with that ID, and whether there is one.
func (m *JWTManager) ownSession(c *gin.Context, identity, id string) (s Session, ok bool, err error) {
	sessions, err := m.Sessions(c, identity)
	i := slices.IndexFunc(sessions, func(s Session) bool { return s.ID == id })
	if err != nil || i < 0 {
		return s, false, err
	}
	return sessions[i], true, nil
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
