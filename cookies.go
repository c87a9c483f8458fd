package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// A CookieOption overrides a setting for one call.
type CookieOption func(*cookieSpec)

// WithMaxAge keeps the cookies for d, in whole seconds, whatever [Persistent]
// says. Zero means no time of its own.
func WithMaxAge(d time.Duration) CookieOption {
	return func(s *cookieSpec) {
		s.MaxAge = int64(d / time.Second)
		if d%time.Second != 0 {
			s.MaxAge = -1
		}
	}
}

// Persistent says whether the cookies outlive the browser, in place of
// Config.DisableSessionCookie: if on, for as long as their token lives, otherwise
// until the browser is closed. A login with a box "remember me" passes what was
// ticked.
func Persistent(on bool) CookieOption {
	return func(s *cookieSpec) {
		s.Persistence = untilClosed
		if on {
			s.Persistence = persistent
		}
	}
}

// WithDomain sets the domain of all cookies, in place of Config.CookieDomain and
// Config.CSRFCookieDomain; empty means those of the settings.
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

// cookieToken is a token to be put in the cookies of its kind.
type cookieToken struct {
	kind      cookieKind
	encoded   string
	csrfUntil time.Time // if that is after the token expires
}

func (m *JWTManager) accessCookie(encoded string) cookieToken {
	return cookieToken{kind: m.config.accessCookies(), encoded: encoded}
}

// accessCookieOf is accessCookie for a session. Where both CSRF cookies have one name,
// pages see only this one, and need it to refresh after the access token has expired.
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

// SetAccessCookies puts an access token, and its CSRF value, in cookies. The
// token is verified first. Cookies of these names that the response would set or
// remove at the same domain and path are replaced, and those that earlier settings
// left elsewhere are removed: see Config.CookieFormerDomains. The response gets
// "Cache-Control: no-store". After an error it is as it was before.
func (m *JWTManager) SetAccessCookies(c *gin.Context, encoded string, opts ...CookieOption) error {
	return m.setCookies(c, cookieSpecOf(opts), m.accessCookie(encoded))
}

// SetRefreshCookies is SetAccessCookies for a refresh token.
func (m *JWTManager) SetRefreshCookies(c *gin.Context, encoded string, opts ...CookieOption) error {
	return m.setCookies(c, cookieSpecOf(opts), m.refreshCookie(encoded))
}

// SetPairCookies is SetAccessCookies and SetRefreshCookies for the tokens of a
// session. If one of them cannot be set, neither is. The options are kept in the
// session: they hold for the cookies of every rotation, of ImplicitRefresh and of the
// logout. A store that does not answer is an [ErrUnavailable].
//
// A refresh token that the client has already is not set again: see
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

// keepCookies notes how the cookies of a session are set.
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
		next.RotatedAt = later(p.now(), s.RotatedAt.Add(time.Millisecond)) // a rotation that is under way has to read them
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

// UnsetAccessCookies removes the cookies of access tokens from the browser, also
// those that earlier settings left. The options must be those that the cookies
// were set with.
func (m *JWTManager) UnsetAccessCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, cookieSpecOf(opts), m.config.accessCookies())
}

// UnsetRefreshCookies removes the cookies of refresh tokens.
func (m *JWTManager) UnsetRefreshCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, cookieSpecOf(opts), m.config.refreshCookies())
}

// UnsetJWTCookies removes the cookies of access and refresh tokens. It does
// not revoke the tokens; see [JWTManager.RevokeToken].
func (m *JWTManager) UnsetJWTCookies(c *gin.Context, opts ...CookieOption) {
	m.unsetCookies(c, cookieSpecOf(opts), m.config.accessCookies(), m.config.refreshCookies())
}

// unsetPairCookies removes the cookies of access and refresh tokens, also where the
// logins of these sessions chose another domain.
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

// tokenCookies returns the cookies of tokens, and those that remove what is elsewhere.
func (m *JWTManager) tokenCookies(c *gin.Context, spec cookieSpec, tokens ...cookieToken) ([]*http.Cookie, error) {
	if spec.MaxAge < 0 {
		return nil, errors.New("ginjwt: WithMaxAge: must be whole seconds, and not negative")
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
	// First what is removed: some clients take the cookie of a domain for that of
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

// maxAge returns how long a cookie is kept of which there is no use after expires; zero:
// until the browser is closed.
func (m *JWTManager) maxAge(spec cookieSpec, expires time.Time) time.Duration {
	switch {
	case spec.MaxAge > 0:
		return time.Duration(spec.MaxAge) * time.Second
	case m.outliveBrowser(spec):
		return m.remaining(expires)
	}
	return 0
}

// outliveBrowser reports whether cookies are kept when the browser is closed.
func (m *JWTManager) outliveBrowser(spec cookieSpec) bool {
	return spec.Persistence == persistent || spec.Persistence == bySettings && m.config.DisableSessionCookie
}

// aYear is what the original keeps cookies for.
const aYear = 31540000 * time.Second

// remaining returns how long it is until expires; zero is never.
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
	removals = slices.DeleteFunc(removals, func(cookie *http.Cookie) bool { return validCookie(cookie) != nil }) // no browser has it
	putCookies(c.Writer.Header(), removals)
}
