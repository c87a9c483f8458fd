package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A session keeps one CSRF value through every kind of refresh, so that forms on open pages
// continue to work.
func TestOneCSRFValueForASession(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	csrf := claimsIn(t, a.pair.AccessToken)["csrf"]
	require.NotEmpty(t, csrf)
	check := func(pair ginjwt.TokenPair, what string) ginjwt.TokenPair {
		t.Helper()
		assert.Equal(t, csrf, claimsIn(t, pair.AccessToken)["csrf"], what)
		assert.Equal(t, csrf, claimsIn(t, pair.RefreshToken)["csrf"], what)
		assert.Equal(t, csrf, pair.CSRF, what)
		return pair
	}
	check(a.pair, "login")
	check(a.rotate(t, a.pair.RefreshToken), "newest token")
	a.clock.Advance(12 * time.Minute)
	assert.Equal(t, csrf, claimsIn(t, renewedIn(t, a.get("/page")))["csrf"], "implicit refresh")
	second := check(a.rotate(t, a.pair.RefreshToken), "trade")
	check(a.rotate(t, a.pair.RefreshToken), "repetition")
	a.clock.Advance(24 * time.Hour)
	check(a.rotate(t, second.RefreshToken), "another trade")
	assert.NotEqual(t, csrf, a.login(t, "alice").CSRF, "another session has another")
}

// A token from the time before sessions gives its CSRF value to its session.
func TestCSRFValueOfATokenWithoutASession(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	old := jwttest.RefreshToken(t, mgr, "alice")
	csrf := claimsIn(t, old)["csrf"]
	pair := mustRotate(t, mgr, old)
	clock.Advance(tradable)
	for _, pair := range []ginjwt.TokenPair{pair, mustRotate(t, mgr, pair.RefreshToken)} {
		assert.Equal(t, csrf, claimsIn(t, pair.AccessToken)["csrf"])
		assert.Equal(t, csrf, claimsIn(t, pair.RefreshToken)["csrf"])
		assert.Equal(t, csrf, pair.CSRF)
	}
}

// A session that began without CSRF protection gets a value at its next rotation.
func TestCSRFValueAfterTheProtectionWasOff(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.DisableCookieCSRFProtect = true
	off, _ := newManager(t, config)
	first := newPair(t, off)
	assert.Empty(t, first.CSRF)
	assert.NotContains(t, claimsIn(t, first.AccessToken), "csrf")
	assert.NotContains(t, claimsIn(t, first.RefreshToken), "csrf")

	config.DisableCookieCSRFProtect = false
	on, _ := newManager(t, config)
	kept := mustRotate(t, on, first.RefreshToken)
	assert.NotEmpty(t, kept.CSRF)
	assert.Equal(t, kept.CSRF, claimsIn(t, kept.AccessToken)["csrf"])
	clock.Advance(tradable)
	second := mustRotate(t, on, first.RefreshToken)
	require.NotEmpty(t, second.CSRF)
	clock.Advance(tradable)
	third := mustRotate(t, on, second.RefreshToken)
	for _, pair := range []ginjwt.TokenPair{second, third} {
		assert.Equal(t, second.CSRF, pair.CSRF)
		assert.Equal(t, second.CSRF, claimsIn(t, pair.AccessToken)["csrf"])
		assert.Equal(t, second.CSRF, claimsIn(t, pair.RefreshToken)["csrf"])
	}

	clock.Advance(tradable)
	without := mustRotate(t, off, third.RefreshToken)
	assert.Empty(t, without.CSRF)
	assert.NotContains(t, claimsIn(t, without.AccessToken), "csrf")
	assert.Contains(t, claimsIn(t, without.RefreshToken), "gen")
	assert.NotContains(t, claimsIn(t, without.RefreshToken), "csrf")
}

// A form that is open while another tab refreshes can still be sent.
func TestOpenFormsSurviveARefresh(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.TokenLocation, config.CSRFCheckForm = []ginjwt.Location{ginjwt.InCookies}, true
	mgr, engine := newManager(t, config)
	engine.POST("/login", func(c *gin.Context) { assert.NoError(t, mgr.SetPairCookies(c, newPair(t, mgr))) })
	engine.POST("/form", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, c.PostForm("text")) })
	engine.POST("/refresh", mgr.RefreshHandler())
	login := jwttest.Do(engine, "POST", "/login")
	hidden := ""
	for _, cookie := range login.Result().Cookies() {
		if cookie.Name == "csrf_access_token" {
			hidden = cookie.Value
		}
	}
	jar := []*httptest.ResponseRecorder{login}
	for range 3 {
		clock.Advance(14 * time.Minute)
		refreshed := jwttest.Do(engine, "POST", "/refresh", jwttest.RefreshCookies(jar...))
		require.Equal(t, 200, refreshed.Code)
		jar = append(jar, refreshed)
		w := jwttest.Do(engine, "POST", "/form", jwttest.Form("csrf_token", hidden, "text", "a long letter"), jwttest.Cookies(jar...),
			func(r *http.Request) { r.Header.Del("X-CSRF-TOKEN") })
		assert.Equal(t, "a long letter", w.Body.String())
	}
}
