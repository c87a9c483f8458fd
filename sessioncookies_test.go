package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// newCookieApp returns an application whose login sets its cookies by options.
func newCookieApp(t *testing.T, opts ...ginjwt.CookieOption) *logoutApp {
	t.Helper()
	a := newLogoutApp(t)
	a.engine.POST("/login/chosen", func(c *gin.Context) {
		pair, err := a.mgr.CreateTokenPair(c, "alice")
		if err == nil {
			err = a.mgr.SetPairCookies(c, pair, opts...)
		}
		if err != nil {
			a.mgr.Refuse(c, err)
		}
	})
	a.engine.POST("/refresh", a.mgr.RefreshHandler())
	a.engine.GET("/page", a.mgr.ImplicitRefresh(10*time.Minute), a.mgr.JWTRequired(), func(*gin.Context) {})
	return a
}

// cookiesNamed returns the cookies of a name that a response sets and does not remove.
func cookiesNamed(w *httptest.ResponseRecorder, name string) (found []*http.Cookie) {
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == name && cookie.Value != "" {
			found = append(found, cookie)
		}
	}
	return found
}

func oneCookie(t *testing.T, w *httptest.ResponseRecorder, name string) *http.Cookie {
	t.Helper()
	found := cookiesNamed(w, name)
	require.Len(t, found, 1, name)
	return found[0]
}

// The cookie options of a login apply to every later answer of the session.
func TestHowCookiesAreSetSurvivesEveryRefresh(t *testing.T) {
	t.Parallel()
	const month = 30 * 24 * 60 * 60
	for name, test := range map[string]struct {
		opts   []ginjwt.CookieOption
		access int // Max-Age
		month  bool
		domain string
	}{
		"by the settings":                 {nil, 0, false, ""},
		"persistent":                      {[]ginjwt.CookieOption{ginjwt.Persistent(true)}, 900, true, ""},
		"until the browser is closed":     {[]ginjwt.CookieOption{ginjwt.Persistent(false)}, 0, false, ""},
		"for an hour":                     {[]ginjwt.CookieOption{ginjwt.WithMaxAge(time.Hour)}, 3600, false, ""},
		"for a domain":                    {[]ginjwt.CookieOption{ginjwt.WithDomain("example.com")}, 0, false, "example.com"},
		"persistent and for a domain too": {[]ginjwt.CookieOption{ginjwt.WithDomain("example.com"), ginjwt.Persistent(true)}, 900, true, "example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newCookieApp(t, test.opts...)
			check := func(w *httptest.ResponseRecorder, name string, maxAge int) {
				cookie := oneCookie(t, w, name)
				assert.Equal(t, maxAge, cookie.MaxAge, name)
				assert.Equal(t, test.domain, cookie.Domain, name)
			}
			refresh := test.access
			if test.month {
				refresh = month
			}
			jar := jwttest.Do(a.engine, "POST", "/login/chosen")
			check(jar, "refresh_token_cookie", refresh)
			for range 3 {
				a.clock.Advance(2 * time.Minute)
				jar = jwttest.Do(a.engine, "POST", "/refresh", jwttest.RefreshCookies(jar))
				require.Equal(t, http.StatusOK, jar.Code)
				for _, name := range []string{"access_token_cookie", "csrf_access_token"} {
					check(jar, name, test.access)
				}
				for _, name := range []string{"refresh_token_cookie", "csrf_refresh_token"} {
					check(jar, name, refresh)
				}
			}
			a.clock.Advance(6 * time.Minute)
			page := jwttest.Do(a.engine, "GET", "/page", jwttest.Cookies(jar))
			check(page, "access_token_cookie", test.access)

			logout := jwttest.Do(a.engine, "POST", "/logout", jwttest.Cookies(jar))
			require.Equal(t, http.StatusNoContent, logout.Code)
			assert.True(t, slices.ContainsFunc(logout.Result().Cookies(), func(c *http.Cookie) bool {
				return c.Name == "refresh_token_cookie" && c.Domain == test.domain && c.Value == ""
			}), "they are removed from where they are")
		})
	}
}

// A late answer must not replace a newer refresh token by an older one.
func TestPairsThatKeepTheirRefreshTokenLeaveItsCookieAlone(t *testing.T) {
	t.Parallel()
	a := newCookieApp(t)
	login := jwttest.Do(a.engine, "POST", "/login/chosen")
	a.clock.Advance(2*time.Minute - time.Millisecond)
	w := jwttest.Do(a.engine, "POST", "/refresh", jwttest.RefreshCookies(login))
	require.Equal(t, http.StatusOK, w.Code)
	assert.Len(t, cookiesNamed(w, "access_token_cookie"), 1)
	assert.Len(t, cookiesNamed(w, "csrf_access_token"), 1)
	assert.Len(t, w.Result().Cookies(), 2)

	a.clock.Advance(time.Millisecond)
	w = jwttest.Do(a.engine, "POST", "/refresh", jwttest.RefreshCookies(login))
	assert.Len(t, w.Result().Cookies(), 4)
}

// Cookies are not set if the session cannot store their options.
func TestCookiesOfASessionWhoseStoreIsDown(t *testing.T) {
	t.Parallel()
	a := newCookieApp(t)
	a.engine.POST("/login/down", func(c *gin.Context) {
		pair, err := a.mgr.CreateTokenPair(c, "alice")
		require.NoError(t, err)
		a.sessions.down.Store(true)
		err = a.mgr.SetPairCookies(c, pair, ginjwt.Persistent(true))
		assert.ErrorIs(t, err, ginjwt.ErrUnavailable)
		assert.NoError(t, a.mgr.SetPairCookies(c, pair), "without options nothing is asked")
		c.Writer.Header().Del("Set-Cookie")
		a.sessions.down.Store(false)
		require.NoError(t, a.mgr.EndSession(c, pair.SessionID))
		assert.ErrorIs(t, a.mgr.SetPairCookies(c, pair, ginjwt.Persistent(true)), ginjwt.ErrSessionEnded)
	})
	w := jwttest.Do(a.engine, "POST", "/login/down")
	assert.Empty(t, w.Result().Cookies())
}

// A page that reads one CSRF cookie can refresh with its value, even after the browser has
// deleted the expired access token.
func TestOneCSRFCookieOutlivesTheAccessToken(t *testing.T) {
	t.Parallel()
	const month = 30 * 24 * 60 * 60
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions, config.TokenLocation = &ginjwt.MemorySessions{}, []ginjwt.Location{ginjwt.InCookies}
	config.AccessCSRFCookieName, config.RefreshCSRFCookieName = "XSRF-TOKEN", "XSRF-TOKEN"
	config.RefreshCSRFCookiePath = "/refresh"
	mgr, engine := newManager(t, config)
	engine.POST("/login", func(c *gin.Context) {
		assert.NoError(t, mgr.SetPairCookies(c, newPair(t, mgr), ginjwt.Persistent(true)))
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.GET("/page", mgr.ImplicitRefresh(10*time.Minute), mgr.JWTRequired(), func(*gin.Context) {})
	check := func(w *httptest.ResponseRecorder, csrf int) {
		t.Helper()
		require.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, 900, oneCookie(t, w, "access_token_cookie").MaxAge)
		for _, cookie := range cookiesNamed(w, "XSRF-TOKEN") {
			if cookie.Path == "/" {
				assert.Equal(t, csrf, cookie.MaxAge)
			}
		}
	}
	refresh := func(jar *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		return jwttest.Do(engine, "POST", "/refresh", jwttest.Header("Cookie", "refresh_token_cookie="+oneCookie(t, jar, "refresh_token_cookie").Value),
			jwttest.Header("X-CSRF-TOKEN", cookiesNamed(jar, "XSRF-TOKEN")[0].Value))
	}
	login := jwttest.Do(engine, "POST", "/login")
	check(login, month)
	clock.Advance(time.Minute)
	check(refresh(login), month-60)
	clock.Advance(14 * time.Minute)
	next := refresh(login)
	check(next, month)
	clock.Advance(6 * time.Minute)
	page := jwttest.Do(engine, "GET", "/page", jwttest.Header("Cookie", "access_token_cookie="+oneCookie(t, next, "access_token_cookie").Value))
	check(page, month)
}
