package ginjwt

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// LogoutHandler returns a handler that logs out. Register it for POST, without
// JWTRequired, so that a user with an expired access token can log out too:
//
//	router.POST("/logout", mgr.LogoutHandler())
//
// The handler reads all access and refresh tokens of the request: in the header, in
// cookies, in a form or in a JSON body. They may have expired. It ends the session of
// each token, or revokes a token without a session. Then it removes the cookies and
// responds with 204. It also responds with 204 to a request without a token.
//
// The handler accepts a cookie if the request has the CSRF value of its token, or comes
// from a page of the same origin (Sec-Fetch-Site). Otherwise it responds with
// [ErrCSRF], and the cookies stay. A request from another origin removes cookies only
// if it has the CSRF value of one of them. Without this value and without an explicit
// token, the response is 403. If Config.CSRFProtection is "fetch_metadata" or "both", a
// cookie needs what it needs on every other route. Without that proof, a request removes
// no cookies.
//
// A token that is bound to a key ends its session only with a DPoP proof.
//
// If a store does not reply, the handler responds with [ErrUnavailable]. The cookies stay,
// so the user can try again. GET and HEAD get 405, because a link must not log anybody
// out. JWTRequired may come before the handler. LogoutHandler panics if called before
// InitApp.
func (m *JWTManager) LogoutHandler() gin.HandlerFunc {
	m.mustBeReady("LogoutHandler")
	return describe(routeFacts{handler: "LogoutHandler", open: true}, func(c *gin.Context) {
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
	})
}

// unsetOwnCookies is unsetPairCookies, except for a request from another origin without a
// cookie that contributed. An attacker's page may send such a request, with a token of the
// attacker in a form. The browser of the victim sends no cookies with it, but obeys the
// Set-Cookie of the response.
func (m *JWTManager) unsetOwnCookies(c *gin.Context, byCookie bool, ended ...Session) {
	if byCookie || m.reader.csrf.mayRemove(c.Request) {
		m.unsetPairCookies(c, ended...)
	}
}

// refuseMethod responds to a request with a safe method: 405, or 204 to OPTIONS. CORS
// middleware responds to preflights.
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

	proven   bool // the user wants the logout: there is an explicit token, or a CSRF value
	byCookie bool // the user of the cookies wants the logout
	ended    []store.Session

	// Why tokens end nothing.
	unproven   error // a cookie without a CSRF value
	unreadable error // another token
	tooMany    error // cookies beyond maxCookies
	failed     error // a store did not reply
}

// maxCookies is how many cookies of one name the logout reads. A neighbouring host can
// add more, and the user's own cookie may be among the rest. The response is then not 204,
// because nobody knows whether the session of the user has ended.
const maxCookies = 8

// run ends the sessions of all tokens of the request.
func (l *logout) run() error {
	if v, _ := verifiedIn(l.c.Request.Context()); v.token != nil && l.verifier.hasVerified(v.token) && l.isWanted(v.token) {
		l.byCookie = v.token.Location == InCookies
		l.end(v.token)
	}
	for _, at := range l.explicit() {
		l.takeExplicit(at)
	}
	for _, encoded := range l.cookies() {
		l.takeCookie(encoded)
	}
	switch {
	case l.failed != nil:
		return l.failed
	case !l.proven && l.reader.csrf.isUntrusted(l.c.Request):
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

// isWanted reports whether the user wants the logout of a token that JWTRequired has
// verified. For a method that is not in CSRFMethods, JWTRequired has asked for no proof.
func (l *logout) isWanted(token *Token) bool {
	rules := l.reader.csrf
	return token.Location != InCookies || rules.demand(l.c.Request.Method) || !rules.isUntrusted(l.c.Request)
}

// explicit returns the tokens outside of cookies: no browser sends them by itself.
func (l *logout) explicit() (found []carried) {
	switch at, err := l.reader.findInHeaders(l.c.Request); {
	case err == nil:
		found = append(found, at)
	case !isAbsent(err):
		l.unreadable = err
	case l.reader.header.ignoresDPoP(l.c.Request): // the user must not believe that the session has ended
		l.unreadable = errNoProof
	}
	form, _ := postForm(l.c)
	for _, need := range []*requirement{{}, {refresh: true}} {
		if at, err := l.reader.findInJSON(l.c, need); err == nil {
			found = append(found, at)
		}
		if values := form[string(need.tokenType())+"_token"]; len(values) == 1 {
			found = append(found, carried{encoded: values[0]})
		}
	}
	return found
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

func (l *logout) takeExplicit(at carried) {
	token, err := l.decode(at.encoded)
	if err == nil {
		err = l.prove(token, at.scheme)
	}
	if err != nil {
		l.unreadable = err
		return
	}
	l.end(token)
}

// takeCookie ends the session of a cookie if the user wants that. An unreadable cookie
// ends nothing, and is removed with the others.
func (l *logout) takeCookie(encoded string) {
	token, err := l.decode(encoded)
	if err != nil || token.isForeign() {
		return
	}
	err = l.proofOf(token)
	if err == nil {
		err = l.prove(token, noScheme)
	}
	if err != nil {
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

// proofOf returns nil if the request proves that the user wants this session to end.
func (l *logout) proofOf(token *Token) error {
	r, rules := l.c.Request, l.reader.csrf
	switch {
	case !rules.demand(r.Method) && !rules.isUntrusted(r):
		return nil
	case rules.readsMetadata():
		if err := rules.origins.check(r); err != nil || !rules.readsValues() {
			return err
		}
	case isSameOrigin(r):
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

// prove checks the DPoP proof of a bound token. Without it, a copy of a token could log its user
// out.
func (l *logout) prove(token *Token, scheme scheme) error {
	if !token.isBound() && scheme != dpopScheme { // also with DPoP demanded: users may end what began before
		return nil
	}
	with := l.answeredIn(l.c)
	with.asBearer, with.asDPoP = scheme == bearerScheme, scheme == dpopScheme
	err := l.possession.prove(l.c.Request.Context(), token, with)
	if err != nil && asError(err).Status >= http.StatusInternalServerError {
		l.failed = err
	}
	return err
}

// end ends the session of a token that the user presents.
func (l *logout) end(token *Token) {
	l.proven = true
	if token.session() == "" && !canBecomeSession(token) && l.hasExpired(token) {
		return // nothing is left to end
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
