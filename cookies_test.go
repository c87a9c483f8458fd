package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
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
		"negative max age": {encoded, []ginjwt.CookieOption{ginjwt.WithMaxAge(-time.Second)}, "ginjwt: WithMaxAge: must be whole seconds and not negative"},
		"part of a second": {encoded, []ginjwt.CookieOption{ginjwt.WithMaxAge(time.Millisecond)}, "ginjwt: WithMaxAge: must be whole seconds and not negative"},
		"__Host-, domain":  {encoded, []ginjwt.CookieOption{ginjwt.WithDomain("example.com")}, `ginjwt: cookie "__Host-access" must not have a domain`},
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

func TestPairCookiesAreSetTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Sessions = &ginjwt.MemorySessions{}
	mgr, _ := newManager(t, config)
	pair := jwttest.TokenPair(t, mgr, "alice")
	large := jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"x": strings.Repeat("x", 3000)}))
	for name, bad := range map[string]ginjwt.TokenPair{
		"no refresh token":        {AccessToken: pair.AccessToken},
		"a bad refresh token":     {AccessToken: pair.AccessToken, RefreshToken: pair.RefreshToken + "x"},
		"a refresh token too big": {AccessToken: pair.AccessToken, RefreshToken: large},
		"a bad access token":      {AccessToken: "x", RefreshToken: pair.RefreshToken},
	} {
		c, w := cookieContext()
		c.Header("Set-Cookie", "own=1")
		require.Error(t, mgr.SetPairCookies(c, bad), name)
		assert.Equal(t, http.Header{"Set-Cookie": {"own=1"}}, w.Header(), name)
	}
	c, w := cookieContext()
	require.NoError(t, mgr.SetPairCookies(c, pair))
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 4)
	assert.Equal(t, pair.AccessToken, cookies[0].Value)
	assert.Equal(t, pair.RefreshToken, cookies[2].Value)
}

func TestCookiesReplaceThoseOfTheSameResponse(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	first, second := jwttest.AccessToken(t, mgr, "alice"), jwttest.AccessToken(t, mgr, "bob")
	c, w := cookieContext()
	c.SetCookie("own", "1", 0, "/", "", true, true)
	c.SetCookie("access_token_cookie", "elsewhere", 0, "/else", "", true, true)
	require.NoError(t, mgr.SetAccessCookies(c, first))
	require.NoError(t, mgr.SetAccessCookies(c, second))
	values := func() (values []string) {
		for _, cookie := range (&http.Response{Header: w.Header()}).Cookies() {
			if cookie.HttpOnly {
				values = append(values, cookie.Name+"="+cookie.Value)
			}
		}
		return values
	}
	assert.Equal(t, []string{"own=1", "access_token_cookie=elsewhere", "access_token_cookie=" + second}, values())
	assert.Len(t, w.Header().Values("Set-Cookie"), 4, "and one CSRF value")

	mgr.UnsetJWTCookies(c)
	assert.Equal(t, []string{"own=1", "access_token_cookie=elsewhere", "access_token_cookie=", "refresh_token_cookie="}, values())
	require.NoError(t, mgr.SetAccessCookies(c, first))
	assert.Equal(t, []string{"own=1", "access_token_cookie=elsewhere", "refresh_token_cookie=", "access_token_cookie=" + first}, values())
	require.NoError(t, mgr.SetAccessCookies(c, second, ginjwt.WithDomain("example.com")))
	assert.Equal(t, []string{
		"own=1", "access_token_cookie=elsewhere", "refresh_token_cookie=", "access_token_cookie=", "access_token_cookie=" + second,
	}, values(), "what was set for the host alone is removed")
}

func TestPersistenceOfCookiesCanBeChosen(t *testing.T) {
	t.Parallel()
	for _, lasting := range []bool{false, true} {
		config := fixedConfig()
		config.DisableSessionCookie = lasting
		mgr, _ := newManager(t, config)
		encoded := jwttest.AccessToken(t, mgr, "alice")
		bySettings := 0
		if lasting {
			bySettings = 899 // "exp" has no fraction, the clock has
		}
		for _, test := range []struct {
			opts   []ginjwt.CookieOption
			maxAge int
		}{
			{nil, bySettings},
			{[]ginjwt.CookieOption{ginjwt.Persistent(true)}, 899},
			{[]ginjwt.CookieOption{ginjwt.Persistent(false)}, 0},
			{[]ginjwt.CookieOption{ginjwt.Persistent(false), ginjwt.WithMaxAge(time.Minute)}, 60},
			{[]ginjwt.CookieOption{ginjwt.WithMaxAge(time.Minute), ginjwt.Persistent(true)}, 60},
		} {
			c, w := cookieContext()
			require.NoError(t, mgr.SetAccessCookies(c, encoded, test.opts...))
			for _, cookie := range w.Result().Cookies() {
				assert.Equal(t, test.maxAge, cookie.MaxAge)
				assert.Equal(t, test.maxAge > 0, cookie.RawExpires != "")
			}
		}
	}
}

func TestADomainOfOneCallIsThatOfAllCookies(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.CookieDomain, config.CSRFCookieDomain = "api.example.com", "example.com"
	mgr, _ := newManager(t, config)
	for domain, want := range map[string][]string{
		"shop.test": {
			"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed",
			"access_token_cookie; Path=/; Domain=shop.test", "csrf_access_token; Path=/; Domain=shop.test",
		},
		"": { // that of the settings, as in the original
			"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed",
			"access_token_cookie; Path=/; Domain=api.example.com", "csrf_access_token; Path=/; Domain=example.com",
		},
	} {
		c, w := cookieContext()
		require.NoError(t, mgr.SetAccessCookies(c, jwttest.AccessToken(t, mgr, "alice"), ginjwt.WithDomain(domain)))
		assert.Equal(t, want, attributes(w.Header()))
	}
	c, w := cookieContext()
	mgr.UnsetAccessCookies(c, ginjwt.WithDomain("a b.test"))
	assert.Equal(t, []string{"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed"}, attributes(w.Header()), "there is no such place")
}

// The paths are written as Werkzeug 3.1.8 writes them.
func TestPathsOfCookiesAreEscaped(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/~x.y-z_0/a,b": "/~x.y-z_0/a,b", "/!$&'()*+,:=@": "/!$&'()*+,:=@",
		"/a b": "/a%20b", "/ä": "/%C3%A4", "/a%20b": "/a%20b", "/%zz": "/%zz", "/a;b": "/a%3Bb", "/a?b#c": "/a%3Fb%23c",
		`/a"b`: "/a%22b", `/a\b`: "/a%5Cb", "/a|b": "/a%7Cb", "/[{<^`>}]": "/%5B%7B%3C%5E%60%3E%7D%5D", "/\x01\r\n\x7f": "/%01%0D%0A%7F",
	} {
		config := jwttest.Config(nil)
		config.AccessCookiePath, config.RefreshCookiePath = path, path
		config.AccessCSRFCookiePath, config.RefreshCSRFCookiePath = path, path
		config.CookieFormerPaths = []string{"/old" + path}
		mgr, _ := newManager(t, config)
		c, w := cookieContext()
		mgr.UnsetJWTCookies(c)
		var paths []string
		for _, cookie := range w.Result().Cookies() {
			paths = append(paths, cookie.Path)
		}
		four := func(path string) []string { return slices.Repeat([]string{path}, 4) }
		assert.ElementsMatch(t, slices.Concat(four(want), four("/"), four("/old"+want)), paths, path)
		assert.Equal(t, []string{"/old" + path}, config.CookieFormerPaths, "the caller's")
	}
}
