package ginjwt

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The handlers below are ready to be put on routes. They only read requests and
// write answers; all else is done by public methods. If one does not fit, write
// your own.

// A RefreshOption changes what RefreshHandler asks for.
type RefreshOption func(*refreshSpec)

type refreshSpec struct {
	accessToken bool
	locations   []Location // none: those of the settings, and forms
}

// RefreshFrom looks for the refresh token in these places only, in this order,
// and not in forms: where programs use headers and browsers use cookies, a route
// for browsers takes cookies alone.
func RefreshFrom(in ...Location) RefreshOption {
	return func(s *refreshSpec) { s.locations = in }
}

// WithAccessToken demands the access token of the session beside the refresh
// token. It may have expired, but not be forged, nor of another session. It is
// read from the Authorization header where the refresh token is elsewhere, from
// its cookie, or from the field "access_token" of a form.
//
// A thief then needs both: one that got hold of a refresh token alone cannot
// use it. With Config.DisableSessionCookie the login has to keep the access
// cookie for longer than its token lives, by [WithMaxAge], or browsers drop it
// when it is needed.
func WithAccessToken() RefreshOption {
	return func(s *refreshSpec) { s.accessToken = true }
}

// RefreshHandler returns a handler that trades a refresh token for a new pair
// by [JWTManager.RotateTokens]. The route is a POST without JWTRequired:
//
//	router.POST("/refresh", mgr.RefreshHandler())
//
// A request of RFC 6749 §6, a form with grant_type=refresh_token, is answered
// as that RFC says, also when refused: clients such as golang.org/x/oauth2 can
// use it as their token URL. Authentication of the client is up to you.
//
// Otherwise the token is where Config.TokenLocation says, but never in the
// query string (RFC 9700 §4.3.2). The answer is a [TokenPair]. If the token was
// in a cookie, new cookies are set and the answer has no tokens in it, so that
// scripts never see them. Refusals are answered by the loaders.
//
// RefreshHandler panics if called before InitApp, without Config.Sessions, or if
// there is no other location than the query string.
func (m *JWTManager) RefreshHandler(opts ...RefreshOption) gin.HandlerFunc {
	m.mustHaveSessions("RefreshHandler")
	var spec refreshSpec
	for _, opt := range opts {
		opt(&spec)
	}
	forms := len(spec.locations) == 0
	locations := m.refreshLocations(spec)
	m.requirementOf("RefreshHandler", []RequiredOption{Locations(locations...)}) // panics if there is an unknown one
	return func(c *gin.Context) {
		noStore(c)
		if forms {
			if form, ok := oauthForm(c); ok {
				m.refreshByForm(c, form, spec)
				return
			}
		}
		m.refreshByLocation(c, locations, spec)
	}
}

// refreshLocations returns where the refresh token may be. The header comes last
// where it may hold the access token.
func (m *JWTManager) refreshLocations(spec refreshSpec) []Location {
	locations := slices.Clone(spec.locations)
	if len(locations) == 0 {
		locations = m.Config().TokenLocation
	}
	locations = slices.DeleteFunc(locations, func(l Location) bool { return l == InQueryString })
	if len(locations) == 0 {
		panic("ginjwt: RefreshHandler: refresh tokens are not read from query strings; add another location")
	}
	if i := slices.Index(locations, InHeaders); spec.accessToken && i >= 0 {
		locations = append(slices.Delete(locations, i, i+1), InHeaders)
	}
	return locations
}

func (m *JWTManager) refreshByLocation(c *gin.Context, locations []Location, spec refreshSpec) {
	token, err := m.VerifyJWTInRequest(c, Refresh(), Locations(locations...))
	if err == nil {
		err = m.checkAccessBeside(c, token, spec)
	}
	var pair TokenPair
	if err == nil {
		pair, err = m.RotateTokens(c, token)
	}
	if err == nil && token.Location == InCookies {
		err = m.moveToCookies(c, &pair, spec)
	}
	if err != nil {
		m.Refuse(c, err)
		return
	}
	answerJSON(c, http.StatusOK, pair)
}

// moveToCookies moves the tokens of pair into cookies. An access token that is
// asked for when it has expired is kept for as long as the refresh token.
func (m *JWTManager) moveToCookies(c *gin.Context, pair *TokenPair, spec refreshSpec) error {
	var opts []CookieOption
	if spec.accessToken && m.config.DisableSessionCookie {
		refresh, err := m.DecodeToken(c, pair.RefreshToken)
		if err != nil {
			return err
		}
		opts = append(opts, WithMaxAge(m.remaining(refresh)))
	}
	if err := m.SetPairCookies(c, *pair, opts...); err != nil {
		return err
	}
	pair.AccessToken, pair.RefreshToken = "", ""
	return nil
}

// checkAccessBeside looks for the access token of the session of refresh.
func (m *JWTManager) checkAccessBeside(c *gin.Context, refresh *Token, spec refreshSpec) error {
	if !spec.accessToken || refresh == nil {
		return nil
	}
	encoded := m.accessBeside(c, refresh)
	if encoded == "" {
		return refusalf(ErrNoAuthorization, "Missing access token beside the refresh token")
	}
	access, err := m.DecodeToken(c, encoded, AllowExpired())
	switch {
	case err != nil:
		return err
	case access.Type != AccessToken:
		return wrongToken("Only non-refresh tokens are allowed", access)
	case access.SessionID != refresh.SessionID || access.Identity != refresh.Identity || access.origin().foreign:
		return errOtherSession.about(access)
	}
	return nil
}

// accessBeside returns the access token that accompanies a refresh token. The
// cookie needs no CSRF value of its own: without the refresh token, which was
// checked, it is of no use here.
func (m *JWTManager) accessBeside(c *gin.Context, refresh *Token) string {
	if refresh.Location != InHeaders {
		if at, err := m.findInHeaders(c.Request); err == nil {
			return at.encoded
		}
	}
	if values := cookieValues(c.Request, m.accessCookies.name); len(values) == 1 {
		return values[0]
	}
	if form, _ := postForm(c); len(form["access_token"]) == 1 {
		return form.Get("access_token")
	}
	return ""
}

// LogoutHandler returns a handler that logs out: it ends the session of the
// token that JWTRequired has verified before it, or revokes the token if it has
// no session, and removes the cookies. It answers 204.
//
//	router.POST("/logout", mgr.JWTRequired(ginjwt.AnyType()), mgr.LogoutHandler())
func (m *JWTManager) LogoutHandler() gin.HandlerFunc {
	m.mustBeReady("LogoutHandler")
	return func(c *gin.Context) {
		token, ok := verifiedToken(c, "LogoutHandler")
		if ok {
			if err := m.EndSessionOf(c, token); err != nil {
				m.Refuse(c, unlessNoID(err, token))
				return
			}
		}
		m.UnsetJWTCookies(c)
		noStore(c)
		c.Status(http.StatusNoContent)
	}
}

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
		token, ok := verifiedToken(c, "LogoutAllHandler")
		if ok {
			if err := errors.Join(m.EndSessions(c, token.Identity), m.EndSessionOf(c, token)); err != nil {
				m.Refuse(c, unlessNoID(err, token))
				return
			}
		}
		m.UnsetJWTCookies(c)
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

// SessionsHandler returns a handler that lists the sessions of the identity in
// the verified token, the newest first:
//
//	router.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())
//
// The answer is {"sessions": [{"id", "device", "created_at", "last_used_at",
// "expires_at", "current"}]}. It panics if called before InitApp or without
// Config.Sessions.
func (m *JWTManager) SessionsHandler() gin.HandlerFunc {
	m.mustHaveSessions("SessionsHandler")
	return func(c *gin.Context) {
		views := []sessionView{}
		token, ok := verifiedToken(c, "SessionsHandler")
		if ok {
			sessions, err := m.Sessions(c, token.Identity)
			if err != nil {
				m.Refuse(c, err)
				return
			}
			for _, s := range sessions {
				views = append(views, sessionView{s.ID, s.Device, s.CreatedAt, s.RotatedAt, s.ExpiresAt, s.ID == token.SessionID})
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
// It panics if called before InitApp or without Config.Sessions.
func (m *JWTManager) EndSessionHandler() gin.HandlerFunc {
	m.mustHaveSessions("EndSessionHandler")
	return func(c *gin.Context) {
		token, ok := verifiedToken(c, "EndSessionHandler")
		if !ok {
			c.AbortWithStatus(http.StatusNotFound)
			return
		}
		id := c.Param("id")
		owned, err := m.owns(c, token.Identity, id)
		if err == nil && owned {
			err = m.EndSession(c, id)
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
			m.UnsetJWTCookies(c)
		}
		noStore(c)
		c.Status(http.StatusNoContent)
	}
}

// owns reports whether identity has a session with that ID.
func (m *JWTManager) owns(c *gin.Context, identity, id string) (bool, error) {
	sessions, err := m.Sessions(c, identity)
	return slices.ContainsFunc(sessions, func(s Session) bool { return s.ID == id }), err
}

// noStore keeps answers with tokens out of caches (RFC 6749 §5.1).
func noStore(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("Pragma", "no-cache")
}

// answerJSON answers as FlaskError does: as application/json, with a line break
// at the end.
func answerJSON(c *gin.Context, status int, body any) {
	b, err := json.Marshal(body, exact, jsontext.EscapeForHTML(true)) // devices are anybody's text
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Header("Content-Type", "application/json")
	c.Status(status)
	if _, err := c.Writer.Write(append(b, '\n')); err != nil {
		_ = c.Error(err) // the client is gone
	}
}

// verifiedToken returns what JWTRequired has verified; none for an OPTIONS
// request or on an Optional route. Without JWTRequired it panics.
func verifiedToken(c *gin.Context, handler string) (*Token, bool) {
	token := mustVerify(c, handler).token
	return token, token != nil
}

func (m *JWTManager) mustBeReady(caller string) {
	if !m.ready {
		panic("ginjwt: " + caller + " must be called after InitApp")
	}
}

func (m *JWTManager) mustHaveSessions(handler string) {
	m.mustBeReady(handler)
	if m.config.Sessions == nil {
		panic("ginjwt: " + handler + ": there are no sessions; set Config.Sessions")
	}
}
