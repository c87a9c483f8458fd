package jwttest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func newEngine(t *testing.T, clock *jwttest.Clock) (*gin.Engine, *ginjwt.JWTManager) {
	t.Helper()
	config := jwttest.Config(clock)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.RefreshCookiePath = "/refresh"
	mgr := ginjwt.New(config)
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))

	engine.POST("/login", func(c *gin.Context) {
		require.NoError(t, mgr.SetAccessCookies(c, jwttest.AccessToken(t, mgr, "alice")))
		require.NoError(t, mgr.SetRefreshCookies(c, jwttest.RefreshToken(t, mgr, "alice")))
	})
	engine.POST("/logout", func(c *gin.Context) { mgr.UnsetJWTCookies(c) })
	engine.POST("/refresh", mgr.RefreshRequired(), func(c *gin.Context) { c.String(http.StatusOK, "refreshed") })
	engine.POST("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })
	engine.POST("/echo", func(c *gin.Context) {
		body, _ := c.GetRawData()
		c.String(http.StatusOK, c.ContentType()+" "+string(body))
	})
	return engine, mgr
}

func TestClockExpiresTokens(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	engine, mgr := newEngine(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice")

	assert.Equal(t, "alice", jwttest.Do(engine, "POST", "/me", jwttest.Bearer(token)).Body.String())
	clock.Advance(15*time.Minute - time.Second)
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/me", jwttest.Bearer(token)).Code)
	clock.Advance(time.Second)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/me", jwttest.Bearer(token)).Code)
}

func TestClockStandsStill(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	start := clock.Now()
	assert.WithinDuration(t, time.Now(), start, 2*time.Second)
	clock.Advance(time.Hour)
	assert.Equal(t, start.Add(time.Hour), clock.Now())
}

func TestCookiesBehaveLikeABrowser(t *testing.T) {
	t.Parallel()
	engine, _ := newEngine(t, nil)
	login := jwttest.Do(engine, "POST", "/login")

	assert.Equal(t, "alice", jwttest.Do(engine, "POST", "/me", jwttest.Cookies(login)).Body.String())
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", jwttest.RefreshCookies(login)).Code)

	wrongCSRF := jwttest.Do(engine, "POST", "/refresh", jwttest.Cookies(login))
	assert.Equal(t, 401, wrongCSRF.Code, "the CSRF value of the access token is not that of the refresh token")

	logout := jwttest.Do(engine, "POST", "/logout", jwttest.Cookies(login))
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/me", jwttest.Cookies(login, logout)).Code)
	again := jwttest.Do(engine, "POST", "/login")
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/me", jwttest.Cookies(login, logout, again)).Code)
}

func TestCookiesAreSentByPath(t *testing.T) {
	t.Parallel()
	engine, _ := newEngine(t, nil)
	login := jwttest.Do(engine, "POST", "/login")
	for path, sent := range map[string]bool{"/refresh": true, "/refresh/now": true, "/refreshed": false, "/me": false} {
		names := func(r *http.Request) {
			_, err := r.Cookie("refresh_token_cookie")
			assert.Equal(t, sent, err == nil, path)
		}
		jwttest.Do(engine, "POST", path, jwttest.Cookies(login), names)
	}
}

func TestJSONSendsABody(t *testing.T) {
	t.Parallel()
	engine, _ := newEngine(t, nil)
	assert.Equal(t, `application/json {"a":1}`, jwttest.Do(engine, "POST", "/echo", jwttest.JSON(`{"a":1}`)).Body.String())
}

func TestFormSendsFields(t *testing.T) {
	t.Parallel()
	engine, _ := newEngine(t, nil)
	assert.Equal(t, "application/x-www-form-urlencoded a=1&b=%26", jwttest.Do(engine, "POST", "/echo", jwttest.Form("a", "1", "b", "&")).Body.String())
}

func TestHeaderReplaces(t *testing.T) {
	t.Parallel()
	engine, mgr := newEngine(t, nil)
	w := jwttest.Do(engine, "POST", "/me", jwttest.Bearer("bad"), jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob")))
	assert.Equal(t, "bob", w.Body.String())
}

func TestTokenPairStartsASession(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Sessions = &ginjwt.MemorySessions{}
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	pair := jwttest.TokenPair(t, mgr, "alice", ginjwt.WithDevice("phone"))
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.Equal(t, pair.SessionID, sessions[0].ID)
	require.Equal(t, "phone", sessions[0].Device)
}
