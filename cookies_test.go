package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func cookieContext() (*gin.Context, *httptest.ResponseRecorder) {
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequest(http.MethodPost, "/", nil)
	return c, w
}

func TestCookiesAreSafeByDefault(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	encoded := jwttest.RefreshToken(t, mgr, "alice")
	csrf, err := mgr.GetCSRFToken(t.Context(), encoded)
	require.NoError(t, err)

	c, w := cookieContext()
	require.NoError(t, mgr.SetRefreshCookies(c, encoded))
	assert.Equal(t, []string{
		"refresh_token_cookie=" + encoded + "; Path=/; HttpOnly; Secure; SameSite=Lax",
		"csrf_refresh_token=" + csrf + "; Path=/; Secure; SameSite=Lax",
	}, w.Header().Values("Set-Cookie"))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))

	c, w = cookieContext()
	mgr.UnsetJWTCookies(c)
	epoch := "Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
	assert.Equal(t, []string{
		"access_token_cookie=; Path=/; " + epoch + "HttpOnly; Secure; SameSite=Lax",
		"csrf_access_token=; Path=/; " + epoch + "Secure; SameSite=Lax",
		"refresh_token_cookie=; Path=/; " + epoch + "HttpOnly; Secure; SameSite=Lax",
		"csrf_refresh_token=; Path=/; " + epoch + "Secure; SameSite=Lax",
	}, w.Header().Values("Set-Cookie"))
}

func TestLastingCookiesLiveAsLongAsTheirToken(t *testing.T) {
	t.Parallel()
	config := fixedConfig()
	config.DisableSessionCookie = true
	mgr, _ := newManager(t, config)
	for _, test := range []struct {
		expires time.Duration
		opts    []ginjwt.CookieOption
		maxAge  int
	}{
		{15 * time.Minute, nil, 899}, // "exp" has no fraction, the clock has
		{ginjwt.NeverExpires, nil, 31540000},
		{15 * time.Minute, []ginjwt.CookieOption{ginjwt.WithMaxAge(time.Minute)}, 60},
	} {
		c, w := cookieContext()
		require.NoError(t, mgr.SetAccessCookies(c, jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(test.expires)), test.opts...))
		for _, cookie := range w.Result().Cookies() {
			assert.Equal(t, test.maxAge, cookie.MaxAge)
			assert.Equal(t, fixed.Add(time.Duration(test.maxAge)*time.Second).Unix(), cookie.Expires.Unix())
		}
	}
}

func TestCookiesThatCannotBeSetAreErrors(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.AccessCookieName = "__Host-access"
	mgr, _ := newManager(t, config)
	encoded := jwttest.AccessToken(t, mgr, "alice")
	large := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"x": strings.Repeat("x", 3000)}))
	for name, test := range map[string]struct {
		encoded string
		opts    []ginjwt.CookieOption
		says    string
	}{
		"bad token":        {encoded + "x", nil, "token is not valid"},
		"too large":        {large, nil, "ginjwt: token is too large: the cookie \"__Host-access\" would have"},
		"negative max age": {encoded, []ginjwt.CookieOption{ginjwt.WithMaxAge(-time.Second)}, "ginjwt: WithMaxAge: must be whole seconds, and not negative"},
		"part of a second": {encoded, []ginjwt.CookieOption{ginjwt.WithMaxAge(time.Millisecond)}, "ginjwt: WithMaxAge: must be whole seconds, and not negative"},
		"__Host-, domain":  {encoded, []ginjwt.CookieOption{ginjwt.WithDomain("example.com")}, `ginjwt: cookie "__Host-access" may not have a domain`},
		"no domain":        {encoded, []ginjwt.CookieOption{ginjwt.WithDomain("a b")}, `ginjwt: cookie "__Host-access": http: invalid Cookie.Domain`},
	} {
		c, w := cookieContext()
		assert.ErrorContains(t, mgr.SetAccessCookies(c, test.encoded, test.opts...), test.says, name)
		assert.Empty(t, w.Header(), name)
	}
}

func TestSameSiteDoesNotLeak(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	c, w := cookieContext()
	c.SetSameSite(http.SameSiteStrictMode)
	require.NoError(t, mgr.SetAccessCookies(c, jwttest.AccessToken(t, mgr, "alice")))
	c.SetCookie("own", "1", 0, "/", "", false, false)
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 3)
	assert.Equal(t, http.SameSiteLaxMode, cookies[0].SameSite)
	assert.Equal(t, http.SameSiteStrictMode, cookies[2].SameSite)
}

func TestLogoutWinsOverCookiesSetBefore(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	mgr, engine := newManager(t, config)
	engine.POST("/", func(c *gin.Context) {
		require.NoError(t, mgr.SetAccessCookies(c, jwttest.AccessToken(t, mgr, "alice")))
		mgr.UnsetAccessCookies(c)
	})
	engine.GET("/me", mgr.JWTRequired(), identify)
	w := jwttest.Do(engine, "POST", "/")
	assert.Equal(t, 401, jwttest.Do(engine, "GET", "/me", jwttest.Cookies(w)).Code)
}
