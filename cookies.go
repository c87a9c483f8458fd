package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// A CookieOption overrides a cookie setting for one call.
type CookieOption func(*cookieSpec)

// WithMaxAge makes browsers keep the cookies for d. It takes precedence over
// [Persistent]. Zero means that the option has no effect. d must be whole seconds and
// not negative, otherwise the call that sets the cookies returns an error.
func WithMaxAge(d time.Duration) CookieOption {
	return func(s *cookieSpec) {
		s.MaxAge = int64(d / time.Second)
		if d%time.Second != 0 {
			s.MaxAge = -1
		}
	}
}

// Persistent decides whether browsers keep the cookies after they are closed, instead
// of Config.DisableSessionCookie. If on is true, a cookie lasts as long as its token,
// otherwise until the browser is closed. Use it for a checkbox "remember me".
func Persistent(on bool) CookieOption {
	return func(s *cookieSpec) {
		s.Persistence = untilClosed
		if on {
			s.Persistence = persistent
		}
	}
}

// WithDomain sets the domain of all cookies, instead of Config.CookieDomain and
// Config.CSRFCookieDomain. Empty means the domains of the settings.
func WithDomain(domain string) CookieOption {
	return func(s *cookieSpec) { s.Domain = domain }
}

func cookieSpecOf(opts []CookieOption) cookieSpec { return cookieSpec{}.with(opts) }

func (s cookieSpec) with(opts []CookieOption) cookieSpec {
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

// cookieToken is a token for the cookies of its kind.
type cookieToken struct {
	kind      cookieKind
	encoded   string
	csrfUntil time.Time // expiry of the CSRF cookie, if later than the expiry of the token
}

func (m *JWTManager) accessCookie(encoded string) cookieToken {
	return cookieToken{kind: m.config.accessCookies(), encoded: encoded}
}

// accessCookieOf is accessCookie for a session. If both CSRF cookies have one name, pages
// see only this one, and still need it to refresh after the access token has expired.
func (m *JWTManager) accessCookieOf(pair TokenPair) cookieToken {
	t := m.accessCookie(pair.AccessToken)
	if m.config.AccessCSRFCookieName == m.config.RefreshCSRFCookieName {
		t.csrfUntil = pair.RefreshExpiresAt
	}
	return t
}

func (m *JWTManager) refreshCookie(encoded string) cookieToken {
	return cookieToken{kind: m.config.refreshCookies(), encoded: encoded}
}

// SetAccessCookies verifies a token, but not its type, and puts it in the cookies of access
// tokens, with its CSRF value.
// The response gets "Cache-Control: no-store". After an error the response is unchanged.
//
// The cookies replace those of the same name, domain and path in this response. The
// response also removes cookies that earlier settings left in other places: see
// Config.CookieFormerDomains.
func (m *JWTManager) SetAccessCookies(c *gin.Context, encoded string, opts ...CookieOption) error {
	return m.setCookies(c, cookieSpecOf(opts), m.accessCookie(encoded))
}

// SetRefreshCookies is [JWTManager.SetAccessCookies] for a refresh token.
func (m *JWTManager) SetRefreshCookies(c *gin.Context, encoded string, opts ...CookieOption) error {
	return m.setCookies(c, cookieSpecOf(opts), m.refreshCookie(encoded))
}

// SetPairCookies puts both tokens of a session in cookies, as
// [JWTManager.SetAccessCookies] and [JWTManager.SetRefreshCookies] do. If it cannot set
// one token, it sets neither. SetPairCookies stores the options in the session: they
// also apply to the cookies of every rotation, of ImplicitRefresh and of the logout. If
// a store does not reply, the error is an [ErrUnavailable].
//
// SetPairCookies does not set a refresh token that the client already has: see
// [TokenPair.KeepsRefreshToken].
func (m *JWTManager) SetPairCookies(c *gin.Context, pair TokenPair, opts ...CookieOption) error {
	spec := pair.cookies.with(opts)
	cookies, err := m.pairCookies(c, pair, spec)
	if err == nil && spec != pair.cookies && m.sessions != nil && pair.SessionID != "" {
		err = m.sessions.keepCookies(plain(c), pair.SessionID, spec)
	}
	if err == nil {
		m.putTokenCookies(c, cookies)
	}
	return err
}

// keepCookies stores the cookie options of a session.
func (p *sessionPolicy) keepCookies(ctx context.Context, id string, spec cookieSpec) error {
	for range replaceAttempts {
		s, ok, err := p.store.Get(ctx, id)
		switch {
		case err != nil:
			return unavailable(err)
		case !ok:
			return refusal(ErrSessionEnded, nil)
		}
		data, err := dataOf(s)
		if err != nil {
			return failure(err)
		}
		data.Cookies = spec
		next := s
		next.RotatedAt = later(p.now(), s.RotatedAt.Add(time.Millisecond)) // makes a rotation that is under way read them
		if next.Data, err = data.text(); err != nil {
			return err
		}
		switch kept, err := p.store.Replace(ctx, s, next); {
		case err != nil:
			return unavailable(err)
		case kept:
			return nil
		}
	}
	return errBusy
}

// pairCookies returns the cookies for the tokens of a session.
func (m *JWTManager) pairCookies(c *gin.Context, pair TokenPair, spec cookieSpec) ([]*http.Cookie, error) {
	if pair.KeepsRefreshToken {
		return m.tokenCookies(c, spec, m.accessCookieOf(pair))
	}
	return m.tokenCookies(c, spec, m.accessCookieOf(pair), m.refreshCookie(pair.RefreshToken))
}

// UnsetAccessCookies removes the cookies of access tokens from the browser, also from the
// places of earlier settings. Pass the options that the cookies were set with.
// UnsetAccessCookies does not revoke the token.
func (m *JWTManager) UnsetAccessCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, cookieSpecOf(opts), m.config.accessCookies())
}

// UnsetRefreshCookies removes the cookies of refresh tokens from the browser, as
// [JWTManager.UnsetAccessCookies] does.
func (m *JWTManager) UnsetRefreshCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, cookieSpecOf(opts), m.config.refreshCookies())
}

// UnsetJWTCookies removes the cookies of access and refresh tokens from the browser.
// Pass the options that the cookies were set with. UnsetJWTCookies does not revoke the
// tokens; see [JWTManager.RevokeToken].
func (m *JWTManager) UnsetJWTCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, cookieSpecOf(opts), m.config.accessCookies(), m.config.refreshCookies())
}

// unsetPairCookies removes the cookies of access and refresh tokens, also from domains
// that the logins of these sessions chose.
func (m *JWTManager) unsetPairCookies(c *gin.Context, ended ...Session) {
	m.UnsetJWTCookies(c)
	for _, s := range ended {
		if data, err := dataOf(s); err == nil && data.Cookies.Domain != "" {
			m.UnsetJWTCookies(c, WithDomain(data.Cookies.Domain))
		}
	}
}

// setCookies sets the cookies of a token.
func (m *JWTManager) setCookies(c *gin.Context, spec cookieSpec, token cookieToken) error {
	cookies, err := m.tokenCookies(c, spec, token)
	if err == nil {
		m.putTokenCookies(c, cookies)
	}
	return err
}

// tokenCookies returns the cookies of tokens, and cookies that remove old ones elsewhere.
func (m *JWTManager) tokenCookies(c *gin.Context, spec cookieSpec, tokens ...cookieToken) ([]*http.Cookie, error) {
	if spec.MaxAge < 0 {
		return nil, errors.New("ginjwt: WithMaxAge: must be whole seconds and not negative")
	}
	var kinds []cookieKind
	var set []*http.Cookie
	for _, t := range tokens {
		cookies, err := m.cookiesFor(c, t, spec)
		if err != nil {
			return nil, err
		}
		kinds, set = append(kinds, t.kind), append(set, cookies...)
	}
	// Removals come first: some clients confuse the cookie of a domain with the cookie of
	// the host alone.
	cookies := slices.Concat(m.config.formerCookies(spec, kinds...), set)
	for _, cookie := range cookies {
		if err := validCookie(cookie); err != nil {
			return nil, err
		}
	}
	return cookies, nil
}

func (m *JWTManager) putTokenCookies(c *gin.Context, cookies []*http.Cookie) {
	putCookies(c.Writer.Header(), cookies)
	c.Header("Cache-Control", "no-store")
}

// cookiesFor returns the cookies with a token and its CSRF value.
func (m *JWTManager) cookiesFor(c *gin.Context, t cookieToken, spec cookieSpec) ([]*http.Cookie, error) {
	token, err := m.DecodeToken(c, t.encoded)
	if err != nil {
		return nil, err
	}
	cookies := m.config.cookiesOf(t.kind, spec)
	until := []time.Time{token.ExpiresAt, later(token.ExpiresAt, t.csrfUntil)}
	for i, value := range []string{t.encoded, token.CSRF}[:len(cookies)] {
		if value == "" {
			return nil, asError(errNoCSRFClaim)
		}
		cookies[i].Value = value
		if maxAge := m.maxAge(spec, until[i]); maxAge > 0 {
			cookies[i].MaxAge = int(maxAge / time.Second)
			cookies[i].Expires = m.config.Now().Add(maxAge)
		}
	}
	return cookies, nil
}

// maxAge returns how long to keep a cookie that is useless after expires; zero: until the
// browser is closed.
func (m *JWTManager) maxAge(spec cookieSpec, expires time.Time) time.Duration {
	switch {
	case spec.MaxAge > 0:
		return time.Duration(spec.MaxAge) * time.Second
	case m.outliveBrowser(spec):
		return m.remaining(expires)
	}
	return 0
}

// outliveBrowser reports whether cookies stay when the browser is closed.
func (m *JWTManager) outliveBrowser(spec cookieSpec) bool {
	return spec.Persistence == persistent || spec.Persistence == bySettings && m.config.DisableSessionCookie
}

// aYear is how long Flask-JWT-Extended keeps cookies. In ginjwt, it is for tokens that
// never expire.
const aYear = 31540000 * time.Second

// remaining returns the time until expires; a zero time means never.
func (m *JWTManager) remaining(expires time.Time) time.Duration {
	if expires.IsZero() {
		return aYear
	}
	return max(time.Second, expires.Sub(m.config.Now()).Truncate(time.Second))
}

func (m *JWTManager) unsetCookies(c *gin.Context, spec cookieSpec, kinds ...cookieKind) {
	m.mustBeReady("UnsetJWTCookies and its kin")
	removals := m.config.formerCookies(spec, kinds...)
	for _, kind := range kinds {
		for _, cookie := range m.config.cookiesOf(kind, spec) {
			removals = append(removals, removal(cookie))
		}
	}
	removals = slices.DeleteFunc(removals, func(cookie *http.Cookie) bool { return validCookie(cookie) != nil }) // no browser has such a cookie
	putCookies(c.Writer.Header(), removals)
}
