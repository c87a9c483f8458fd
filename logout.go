package ginjwt

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// LogoutHandler returns a handler that logs out. It stands alone, so that a user
// whose access token has expired can log out too:
//
//	router.POST("/logout", mgr.LogoutHandler())
//
// It takes all tokens that the request carries, access and refresh tokens, in the
// header, in cookies, in a form or in a JSON body; they may have expired. It ends
// the session of each, or revokes the token if it has none, removes the cookies, and
// answers 204. A request without a token is answered 204 too.
//
// A cookie counts if the request has the CSRF value of that very token, or comes
// from a page of this origin (Sec-Fetch-Site). Without either the answer is
// [ErrCSRF], and the cookies stay. A request of another origin removes cookies only
// if it has the CSRF value of one; if it proves nothing, it is answered 403. When a
// store does not answer, that is an [ErrUnavailable]: the cookies stay, and the user
// can try again.
//
// JWTRequired may stand before it, and asks what it asks. GET and HEAD are answered
// 405: a link must not log anybody out. It panics if called before InitApp.
func (m *JWTManager) LogoutHandler() gin.HandlerFunc {
	m.mustBeReady("LogoutHandler")
	return func(c *gin.Context) {
		noStore(c)
		if isSafe(c.Request.Method) {
			m.refuseMethod(c)
			return
		}
		l := logout{JWTManager: m, c: c, sent: m.reader.sentCSRF(c)}
		if err := l.run(); err != nil {
			m.Refuse(c, err)
			return
		}
		m.unsetOwnCookies(c, l.byCookie, l.ended...)
		c.Status(http.StatusNoContent)
	}
}

// unsetOwnCookies is unsetPairCookies, but for a request of another origin that no
// cookie was part of: that may be of an attacker who logs out himself, by a form
// with a token of his own. A browser sends no cookies with it, and yet obeys the
// Set-Cookie of its answer.
func (m *JWTManager) unsetOwnCookies(c *gin.Context, byCookie bool, ended ...Session) {
	if byCookie || !isUntrusted(c.Request) {
		m.unsetPairCookies(c, ended...)
	}
}

// refuseMethod answers a request that only looks. A preflight is answered by who
// allows other origins.
func (m *JWTManager) refuseMethod(c *gin.Context) {
	c.Header("Allow", http.MethodPost)
	status := http.StatusMethodNotAllowed
	if c.Request.Method == http.MethodOptions {
		status = http.StatusNoContent
	}
	c.AbortWithStatus(status)
}

// logout is one request to log out.
type logout struct {
	*JWTManager
	c    *gin.Context
	sent []string // CSRF values

	proven   bool // somebody wants it: a token that no browser sends by itself, or a CSRF value
	byCookie bool // it is the user of the cookies who wants it
	ended    []store.Session

	// What is wrong with tokens that end nothing.
	unproven   error // a cookie
	unreadable error // another
	tooMany    error // cookies that were not looked at
	failed     error // nobody knows
}

// maxCookies is how many cookies of one name are looked at. A neighbouring host can
// add more, and the user's own may be among those that are left: then the answer is
// no 204, as nobody knows whether the session has ended.
const maxCookies = 8

// run ends the sessions of all tokens of the request.
func (l *logout) run() error {
	if v := verifiedIn(l.c.Request.Context()); v != nil && v.token != nil && l.verifier.hasVerified(v.token) {
		l.byCookie = v.token.Location == InCookies
		l.end(v.token)
	}
	for _, encoded := range l.explicit() {
		l.takeExplicit(encoded)
	}
	for _, encoded := range l.cookies() {
		l.takeCookie(encoded)
	}
	switch {
	case l.failed != nil:
		return l.failed
	case !l.proven && isUntrusted(l.c.Request):
		return errOtherOrigin
	case l.tooMany != nil:
		return l.tooMany
	case l.proven || l.unproven == nil && l.unreadable == nil:
		return nil
	case l.unproven != nil:
		return l.unproven
	}
	return l.unreadable
}

// explicit returns the tokens that no browser sends by itself.
func (l *logout) explicit() (encoded []string) {
	switch at, err := l.reader.findInHeaders(l.c.Request); {
	case err == nil:
		encoded = append(encoded, at.encoded)
	case !isAbsent(err):
		l.unreadable = err
	}
	form, _ := postForm(l.c)
	for _, need := range []*requirement{{}, {refresh: true}} {
		if at, err := l.reader.findInJSON(l.c, need); err == nil {
			encoded = append(encoded, at.encoded)
		}
		if values := form[string(need.tokenType())+"_token"]; len(values) == 1 {
			encoded = append(encoded, values[0])
		}
	}
	return encoded
}

// cookies returns the tokens in cookies.
func (l *logout) cookies() (encoded []string) {
	for _, kind := range []cookieKind{l.reader.accessCookies, l.reader.refreshCookies} {
		values := cookieValues(l.c.Request, kind.name)
		if len(values) > maxCookies {
			l.tooMany = refusalf(ErrMultipleTokens, "More than %d cookies %q", maxCookies, kind.name)
			values = values[:maxCookies]
		}
		encoded = append(encoded, values...)
	}
	return encoded
}

func (l *logout) takeExplicit(encoded string) {
	token, err := l.decode(encoded)
	if err != nil {
		l.unreadable = err
		return
	}
	l.end(token)
}

// takeCookie ends the session of a cookie if the user wants that. What is in a
// cookie and cannot be read ends nothing, and is removed with the others.
func (l *logout) takeCookie(encoded string) {
	token, err := l.decode(encoded)
	if err != nil || token.isForeign() {
		return
	}
	if err := l.proofOf(token); err != nil {
		l.unproven = err
		return
	}
	l.byCookie = true
	l.end(token)
}

// decode verifies a token, which may have expired.
func (l *logout) decode(encoded string) (*Token, error) {
	if encoded == "" {
		return nil, errSegments
	}
	token, err := l.DecodeToken(l.c, encoded, toEnd())
	if err != nil && asError(err).Status >= http.StatusInternalServerError {
		l.failed = err
	}
	return token, err
}

// proofOf returns nil if the user wants the session of a cookie to end.
func (l *logout) proofOf(token *Token) error {
	r := l.c.Request
	if isSameOrigin(r) || !l.reader.csrf.demand(r.Method) && !isUntrusted(r) {
		return nil
	}
	for _, value := range l.sent {
		if checkCSRF(token.read().payload.csrfJSON, value) == nil {
			return nil
		}
	}
	if len(l.sent) > 0 {
		return errCSRFMismatch
	}
	return errCSRFMissing
}

// end ends the session of a token that the user presents.
func (l *logout) end(token *Token) {
	l.proven = true
	if token.session() == "" && !canBecomeSession(token) && l.hasExpired(token) {
		return // there is nothing left to end
	}
	s, err := l.endSessionOf(l.c.Request.Context(), token, CauseLogout)
	if err != nil {
		l.failed = unlessNoID(err, token)
		return
	}
	l.ended = append(l.ended, s)
}

func (m *JWTManager) hasExpired(token *Token) bool {
	return !token.ExpiresAt.IsZero() && token.ExpiresAt.Add(token.names().leeway).Before(m.config.Now())
}
