package ginjwt

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// cookieSpec is what a caller asks of cookies.
type cookieSpec struct {
	maxAge time.Duration
	domain string
}

// A CookieOption overrides a setting for one call.
type CookieOption func(*cookieSpec)

// WithMaxAge keeps the cookies for d, in whole seconds. Zero means what the
// settings say.
func WithMaxAge(d time.Duration) CookieOption {
	return func(s *cookieSpec) { s.maxAge = d }
}

// WithDomain sets the domain of the cookies.
func WithDomain(domain string) CookieOption {
	return func(s *cookieSpec) { s.domain = domain }
}

// SetAccessCookies puts an access token, and its CSRF value, in cookies. The
// token is verified first. The response gets "Cache-Control: no-store".
func (m *JWTManager) SetAccessCookies(c *gin.Context, encoded string, opts ...CookieOption) error {
	return m.setCookies(c, m.reader.accessCookies, encoded, opts)
}

// SetRefreshCookies is SetAccessCookies for a refresh token.
func (m *JWTManager) SetRefreshCookies(c *gin.Context, encoded string, opts ...CookieOption) error {
	return m.setCookies(c, m.reader.refreshCookies, encoded, opts)
}

// SetPairCookies is SetAccessCookies and SetRefreshCookies for the tokens of a
// session.
func (m *JWTManager) SetPairCookies(c *gin.Context, pair TokenPair, opts ...CookieOption) error {
	if err := m.SetAccessCookies(c, pair.AccessToken, opts...); err != nil {
		return err
	}
	return m.SetRefreshCookies(c, pair.RefreshToken, opts...)
}

// UnsetAccessCookies removes the cookies of access tokens from the browser.
// The options must be those that the cookies were set with.
func (m *JWTManager) UnsetAccessCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, m.reader.accessCookies, opts)
}

// UnsetRefreshCookies removes the cookies of refresh tokens.
func (m *JWTManager) UnsetRefreshCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, m.reader.refreshCookies, opts)
}

// UnsetJWTCookies removes the cookies of access and refresh tokens. It does
// not revoke the tokens; see [JWTManager.RevokeToken].
func (m *JWTManager) UnsetJWTCookies(c *gin.Context, opts ...CookieOption) {
	m.UnsetAccessCookies(c, opts...)
	m.UnsetRefreshCookies(c, opts...)
}

// unsetPairCookies removes the cookies of access and refresh tokens, also where the
// logins of these sessions chose another domain.
func (m *JWTManager) unsetPairCookies(c *gin.Context, ended ...Session) {
	m.UnsetJWTCookies(c)
	for _, s := range ended {
		if data, err := dataOf(s); err == nil && data.Cookies.HasDomain && data.Cookies.Domain != m.config.CookieDomain {
			m.UnsetJWTCookies(c, WithDomain(data.Cookies.Domain))
		}
	}
}

func (m *JWTManager) setCookies(c *gin.Context, kind cookieKind, encoded string, opts []CookieOption) error {
	token, err := m.DecodeToken(c, encoded)
	if err != nil {
		return err
	}
	spec := m.cookieSpecOf(opts)
	if spec.maxAge < 0 || spec.maxAge%time.Second != 0 {
		return errors.New("ginjwt: WithMaxAge: must be whole seconds, and not negative")
	}
	if spec.maxAge == 0 && m.config.DisableSessionCookie {
		spec.maxAge = m.remaining(token)
	}
	cookies := []*http.Cookie{m.cookie(kind.name, kind.path, encoded, true, spec)}
	if m.setsCSRFCookies() {
		if token.CSRF == "" {
			return asError(errNoCSRFClaim)
		}
		cookies = append(cookies, m.cookie(kind.csrfName, kind.csrfPath, token.CSRF, false, spec))
	}
	for _, cookie := range cookies {
		if err := validCookie(cookie); err != nil {
			return err
		}
	}
	for _, cookie := range cookies {
		http.SetCookie(c.Writer, cookie)
	}
	c.Header("Cache-Control", "no-store")
	return nil
}

// aYear is what the original keeps cookies for.
const aYear = 31540000 * time.Second

// remaining returns how long token lives.
func (m *JWTManager) remaining(token *Token) time.Duration {
	if token.ExpiresAt.IsZero() {
		return aYear
	}
	return max(time.Second, token.ExpiresAt.Sub(m.config.Now()).Truncate(time.Second))
}

func (m *JWTManager) unsetCookies(c *gin.Context, kind cookieKind, opts []CookieOption) {
	spec := m.cookieSpecOf(opts)
	spec.maxAge = 0
	cookies := []*http.Cookie{m.cookie(kind.name, kind.path, "", true, spec)}
	if m.setsCSRFCookies() {
		cookies = append(cookies, m.cookie(kind.csrfName, kind.csrfPath, "", false, spec))
	}
	for _, cookie := range cookies {
		cookie.Expires = time.Unix(0, 0)
		http.SetCookie(c.Writer, cookie)
	}
}

func (m *JWTManager) cookieSpecOf(opts []CookieOption) cookieSpec {
	spec := cookieSpec{domain: m.config.CookieDomain}
	for _, opt := range opts {
		opt(&spec)
	}
	return spec
}

func (m *JWTManager) setsCSRFCookies() bool {
	return !m.config.DisableCookieCSRFProtect && !m.config.DisableCSRFInCookies
}

// cookie describes one cookie. It is set and unset by the same description, as
// browsers remove a cookie only by its own name, path and domain. A CSRF value
// is for scripts to read, a token is not.
func (m *JWTManager) cookie(name, path, value string, httpOnly bool, spec cookieSpec) *http.Cookie {
	cookie := &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     path,
		Domain:   spec.domain,
		Secure:   !m.config.DisableCookieSecure,
		HttpOnly: httpOnly,
		SameSite: m.config.CookieSameSite,
	}
	if spec.maxAge > 0 {
		cookie.MaxAge = int(spec.maxAge / time.Second)
		cookie.Expires = m.config.Now().Add(spec.maxAge)
	}
	return cookie
}

// maxCookie is the least that browsers must be able to keep (RFC 6265 §6.1),
// and the most that they do.
const maxCookie = 4096

// validCookie says why a browser would drop a cookie.
func validCookie(cookie *http.Cookie) error {
	if err := cookie.Valid(); err != nil {
		return fmt.Errorf("ginjwt: cookie %q: %w", cookie.Name, err)
	}
	if err := validPrefix(cookie.Name, cookie.Path, cookie.Domain, cookie.Secure); err != nil {
		return fmt.Errorf("ginjwt: cookie %w", err)
	}
	if size := len(cookie.String()); size > maxCookie {
		return fmt.Errorf("%w: the cookie %q would have %d bytes, browsers keep %d", ErrTokenTooLarge, cookie.Name, size, maxCookie)
	}
	return nil
}
