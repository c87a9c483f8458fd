package fromginjwt_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	jwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/after"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/before"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func cookieService(t *testing.T, change func(*ginjwt.Config)) *gin.Engine {
	t.Helper()
	config := after.WithCookies(newConfig())
	change(&config)
	router, err := after.NewRollingCookieRouter(after.NewRollingManager(config))
	require.NoError(t, err)
	return router
}

func asIs(*ginjwt.Config) {}

// cookiesOf returns the names of the cookies that an answer sets; true: it removes them.
func cookiesOf(w *httptest.ResponseRecorder) map[string]bool {
	response := w.Result()
	defer response.Body.Close()
	names := map[string]bool{}
	for _, cookie := range response.Cookies() {
		names[cookie.Name] = cookie.Value == ""
	}
	return names
}

// One service takes tokens from headers, from URLs and from cookies, as gin-jwt does.
func TestHeaderQueryAndCookie(t *testing.T) {
	t.Parallel()
	is := cookieService(t, asIs)
	login := jwttest.Do(is, "POST", "/login", jwttest.JSON(alice))
	in := read(t, is, "POST", "/login", jwttest.JSON(alice))
	assert.Equal(t, map[string]bool{"jwt": false, "csrf_access_token": false, "refresh_token_cookie": false, "csrf_refresh_token": false}, cookiesOf(login))
	response := login.Result()
	defer response.Body.Close()
	for _, cookie := range response.Cookies() {
		if cookie.Name == "jwt" {
			assert.True(t, cookie.HttpOnly && cookie.Secure && cookie.SameSite == http.SameSiteLaxMode)
			assert.Positive(t, cookie.MaxAge)
		}
	}
	noCSRF := jwttest.Header("X-CSRF-TOKEN", "")
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello", jwttest.Bearer(in.Token)).Code)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello?token="+in.Token).Code)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello", jwttest.Cookies(login)).Code)
	assert.Equal(t, 401, jwttest.Do(is, "POST", "/hello", jwttest.Cookies(login), noCSRF).Code)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello", jwttest.Cookies(login), noCSRF, jwttest.Bearer(in.Token)).Code, "the header is asked first")

	second := jwttest.Do(is, "POST", "/refresh_token", jwttest.RefreshCookies(login))
	assert.Contains(t, second.Body.String(), `"token":`)
	assert.Contains(t, cookiesOf(second), "jwt")
	assert.Equal(t, 401, jwttest.Do(is, "POST", "/refresh_token", jwttest.RefreshCookies(login), noCSRF).Code)
	assert.NotEmpty(t, post(t, is, "/refresh_token", `{"refresh_token":"`+in.RefreshToken+`"}`).Token)

	out := jwttest.Do(is, "POST", "/logout", jwttest.RefreshCookies(login))
	assert.JSONEq(t, `{"code":200}`, out.Body.String())
	for name, removed := range cookiesOf(out) {
		assert.True(t, removed, name)
	}
	assert.Equal(t, 401, jwttest.Do(is, "GET", "/hello", jwttest.Cookies(login)).Code)
}

// With InCookies alone a header is no token; and RefreshCookiePath must cover the routes.
func TestCookieSettings(t *testing.T) {
	t.Parallel()
	alone := cookieService(t, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InCookies} })
	login := jwttest.Do(alone, "POST", "/login", jwttest.JSON(alice))
	assert.Equal(t, 401, hello(alone, post(t, alone, "/login", alice).Token), "not read in the header")
	assert.Equal(t, 200, jwttest.Do(alone, "GET", "/hello", jwttest.Cookies(login)).Code)

	below := cookieService(t, func(c *ginjwt.Config) { c.RefreshCookiePath = "/token" })
	login = jwttest.Do(below, "POST", "/login", jwttest.JSON(alice))
	w := jwttest.Do(below, "POST", "/refresh_token", jwttest.RefreshCookies(login))
	assert.JSONEq(t, `{"code":401,"message":"refresh token is missing"}`, w.Body.String())

	mgr, bare := after.NewManager(after.WithCookies(newConfig())), gin.New()
	require.NoError(t, mgr.InitApp(bare))
	bare.POST("/refresh", mgr.RefreshHandler())
	login = jwttest.Do(cookieService(t, asIs), "POST", "/login", jwttest.JSON(alice))
	assert.NotContains(t, jwttest.Do(bare, "POST", "/refresh", jwttest.RefreshCookies(login)).Body.String(), `"token":`)
}

// Processes with gin-jwt and SendCookie run beside new ones. No CSRF value is checked.
func TestRollingChangeWithCookies(t *testing.T) {
	t.Parallel()
	mw, err := before.NewAhead(oldKey)
	require.NoError(t, err)
	mw.SendCookie = true
	ahead := before.NewRouter(mw, before.RefreshAhead(mw))
	ahead.POST("/refresh_token", before.RefreshAhead(mw))
	ahead.POST("/logout_ahead", before.LogoutAhead(mw))
	sessions, blocklist := &ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}
	stores := func(c *ginjwt.Config) { c.Sessions, c.Blocklist = sessions, blocklist }
	is := cookieService(t, func(c *ginjwt.Config) {
		*c = after.WithOldCookies(*c)
		stores(c)
	})
	later := cookieService(t, stores) // WithCookies again
	assert.Contains(t, fmt.Sprint(doctor.Diagnose(after.WithOldCookies(newConfig()))), "CSRFMethods")
	assert.NotContains(t, fmt.Sprint(doctor.Diagnose(after.WithCookies(newConfig()))), "CSRFMethods")
	noCSRF := jwttest.Header("X-CSRF-TOKEN", "")

	old := jwttest.Do(ahead, "POST", "/login", jwttest.JSON(alice))
	for _, method := range []string{"GET", "POST"} {
		assert.Equal(t, 200, jwttest.Do(is, method, "/hello", jwttest.Cookies(old)).Code)
	}
	w := jwttest.Do(later, "POST", "/hello", jwttest.Cookies(old))
	assert.Equal(t, 401, w.Code)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="csrf_missing"`, "a cookie of gin-jwt has no CSRF value")
	first := jwttest.Do(is, "GET", "/refresh_token", jwttest.Cookies(old))
	require.Equal(t, 200, first.Code, first.Body)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello", jwttest.Cookies(old, first)).Code)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello", jwttest.Cookies(old, first), noCSRF).Code, "not checked")

	// An old process refreshes: its cookie has no CSRF value.
	second := jwttest.Do(ahead, "POST", "/refresh_token", jwttest.Cookies(first))
	require.Equal(t, 200, second.Code, second.Body)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/hello", jwttest.Cookies(first, second)).Code)
	third := jwttest.Do(is, "POST", "/refresh_token", jwttest.RefreshCookies(first, second))
	require.Equal(t, 200, third.Code, third.Body)

	// The clean-up: the cookies that ginjwt has set carry the CSRF value.
	assert.Equal(t, 200, jwttest.Do(later, "POST", "/hello", jwttest.Cookies(first, second, third)).Code)
	assert.Equal(t, 401, jwttest.Do(later, "POST", "/hello", jwttest.Cookies(first, second, third), noCSRF).Code)
	assert.Equal(t, 200, jwttest.Do(later, "POST", "/refresh_token", jwttest.RefreshCookies(first, second, third)).Code)

	// The logout of an old process: the cookie that it leaves is good at a new process.
	for path, status := range map[string]int{"/logout": 200, "/logout_ahead": 401} {
		out := jwttest.Do(ahead, "POST", path, jwttest.Cookies(first, second, third))
		assert.Equal(t, 200, out.Code)
		assert.Equal(t, status, jwttest.Do(is, "POST", "/refresh_token", jwttest.RefreshCookies(first, second, third, out)).Code, path)
	}
}

// Tokens of DisableCookieCSRFProtect have no CSRF value: they fail when the check comes.
func TestCookiesWithoutCSRFValue(t *testing.T) {
	t.Parallel()
	sessions := &ginjwt.MemorySessions{}
	off := cookieService(t, func(c *ginjwt.Config) { c.Sessions, c.DisableCookieCSRFProtect = sessions, true })
	on := cookieService(t, func(c *ginjwt.Config) { c.Sessions = sessions })
	login := jwttest.Do(off, "POST", "/login", jwttest.JSON(alice))
	assert.Equal(t, 200, jwttest.Do(off, "POST", "/hello", jwttest.Cookies(login)).Code)
	assert.Equal(t, 401, jwttest.Do(on, "POST", "/hello", jwttest.Cookies(login)).Code)
}

// Bob logs in where alice has not logged out. Nothing of alice may stay in the browser.
func TestLoginOverTheSessionOfAnotherUser(t *testing.T) {
	t.Parallel()
	const ofAlice, ofBob = `{"id":7,"name":"alice"}`, `{"id":8,"name":"bob"}`
	is := cookieService(t, func(c *ginjwt.Config) { *c = after.WithOldCookies(*c) })
	aheadWith := func(change func(*jwt.GinJWTMiddleware)) *gin.Engine {
		mw, err := before.NewAhead(oldKey)
		require.NoError(t, err)
		mw.SendCookie = true
		change(mw)
		r := before.NewRouter(mw, before.RefreshAhead(mw))
		r.POST("/refresh_token", before.RefreshAhead(mw))
		return r
	}
	ahead, careless := aheadWith(before.LoginAhead), aheadWith(func(*jwt.GinJWTMiddleware) {})
	first := jwttest.Do(is, "POST", "/login", jwttest.JSON(alice))
	for name, a := range map[string]struct {
		at   http.Handler
		then string
	}{
		"ginjwt":             {is, ofBob},
		"LoginAhead":         {ahead, ofBob},
		"without LoginAhead": {careless, ofAlice}, // bob becomes alice
	} {
		browser := []*httptest.ResponseRecorder{first, jwttest.Do(a.at, "POST", "/login", jwttest.JSON(bob))}
		for _, at := range []http.Handler{is, ahead} {
			assert.JSONEq(t, ofBob, jwttest.Do(at, "GET", "/hello", jwttest.Cookies(browser...)).Body.String(), name)
		}
		refreshed := jwttest.Do(is, "POST", "/refresh_token", jwttest.RefreshCookies(browser...))
		if refreshed.Code == 401 { // there is no refresh token: the front end sends GET
			refreshed = jwttest.Do(is, "GET", "/refresh_token", jwttest.Cookies(browser...))
		}
		require.Equal(t, 200, refreshed.Code, name)
		browser = append(browser, refreshed)
		assert.JSONEq(t, a.then, jwttest.Do(is, "GET", "/hello", jwttest.Cookies(browser...)).Body.String(), name)
	}
	wrong := jwttest.Do(ahead, "POST", "/login", jwttest.JSON(`{"username":"bob","password":"x"}`))
	assert.Empty(t, cookiesOf(wrong), "a login that fails ends nothing")
	kept := jwttest.Do(ahead, "POST", "/refresh_token", jwttest.Cookies(first))
	assert.Equal(t, map[string]bool{"jwt": false}, cookiesOf(kept), "a refresh keeps the refresh token")

	// With another name than that of gin-jwt, the cookie of alice stays for old processes.
	other := cookieService(t, func(c *ginjwt.Config) { c.AccessCookieName = "access_token_cookie" })
	second := jwttest.Do(other, "POST", "/login", jwttest.JSON(bob))
	assert.JSONEq(t, ofAlice, jwttest.Do(ahead, "GET", "/hello", jwttest.Cookies(first, second)).Body.String())
}
