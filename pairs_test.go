package ginjwt_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A pair has the expiry of its refresh token and the CSRF value of both tokens, so callers
// do not have to parse the tokens.
func TestPairsTellWhatIsInTheirTokens(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	check := func(pair ginjwt.TokenPair, what string) ginjwt.TokenPair {
		t.Helper()
		refresh, err := mgr.DecodeToken(t.Context(), pair.RefreshToken)
		require.NoError(t, err)
		access, err := mgr.DecodeToken(t.Context(), pair.AccessToken)
		require.NoError(t, err)
		assert.Equal(t, refresh.ExpiresAt.Unix(), pair.RefreshExpiresAt.Unix(), what)
		assert.Equal(t, access.ExpiresAt.Unix()-clock.Now().Unix(), pair.ExpiresIn, what)
		assert.Equal(t, refresh.CSRF, pair.CSRF, what)
		assert.Equal(t, access.CSRF, pair.CSRF, what)
		assert.Equal(t, refresh.SessionID, pair.SessionID, what)
		assert.Equal(t, "Bearer", pair.TokenType)
		assert.Zero(t, pair.RefreshExpiresIn, "%s: without DetailedPairs", what)
		assert.Zero(t, pair.CSRFToken, what)
		return pair
	}
	pair := check(newPair(t, mgr), "login")
	clock.Advance(tradable - time.Second)
	check(mustRotate(t, mgr, pair.RefreshToken), "newest token")
	clock.Advance(time.Second)
	check(mustRotate(t, mgr, pair.RefreshToken), "trade")
	clock.Advance(time.Second)
	check(mustRotate(t, mgr, pair.RefreshToken), "repetition")
	check(mustRotate(t, mgr, jwttest.RefreshToken(t, mgr, "alice")), "token without a session")
}

// ImplicitRefresh extends the session, but not the refresh token that was handed out.
func TestPairsTellWhenTheTokenThatWasSentExpires(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, func(c *ginjwt.Config) { c.SessionGrace = 10 * time.Minute })
	expires := a.clock.Now().Add(30 * 24 * time.Hour)
	a.clock.Advance(12 * time.Minute)
	require.NotEmpty(t, renewedIn(t, a.get("/page")))
	pair := a.rotate(t, a.pair.RefreshToken)
	require.Equal(t, a.pair.RefreshToken, pair.RefreshToken)
	assert.Equal(t, expires.Unix(), pair.RefreshExpiresAt.Unix())
}

// Pages that cannot read the CSRF cookie get its value in the answer of login and refresh,
// with the time of the next login.
func TestDetailedPairs(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.DetailedPairs = true
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshHandler())
	var pair ginjwt.TokenPair
	engine.POST("/login", func(c *gin.Context) {
		pair = newPair(t, mgr)
		assert.NoError(t, mgr.SetPairCookies(c, pair))
		c.JSON(http.StatusOK, pair)
	})
	full := func(pair ginjwt.TokenPair, expires int) string {
		return fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":900,"refresh_token":%q,"refresh_expires_in":%d,"csrf_token":%q}`,
			pair.AccessToken, pair.RefreshToken, expires, pair.CSRF)
	}
	const life = 30 * 24 * 3600
	login := jwttest.Do(engine, "POST", "/login")
	assert.Equal(t, full(pair, life), login.Body.String())

	clock.Advance(tradable - time.Second)
	kept := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	answer := pair
	require.NoError(t, json.Unmarshal(kept.Body.Bytes(), &answer))
	assert.Equal(t, pair.RefreshToken, answer.RefreshToken)
	assert.Equal(t, full(answer, life-int(tradable.Seconds())+1)+"\n", kept.Body.String(), "what is left of the token that was sent")

	clock.Advance(time.Second)
	w := jwttest.Do(engine, "POST", "/refresh", jwttest.RefreshCookies(login))
	assert.Equal(t, fmt.Sprintf(`{"token_type":"Bearer","expires_in":900,"refresh_expires_in":%d,"csrf_token":%q}`, life, pair.CSRF)+"\n",
		w.Body.String(), "no script sees tokens of cookies")
}

func TestDetailedPairsWithoutCSRFProtection(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.DetailedPairs, config.DisableCookieCSRFProtect = true, true
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshHandler())
	pair := newPair(t, mgr)
	w := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	assert.Contains(t, w.Body.String(), `"refresh_expires_in":2592000}`)
}

// A failed call returns no details.
func TestDetailsOfNoPair(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.DetailedPairs = true
	mgr, _ := newManager(t, config)
	pair, err := mgr.CreateTokenPair(t.Context(), "")
	require.Error(t, err)
	require.Zero(t, pair)
	pair, err = rotate(t, mgr, newPair(t, mgr).AccessToken)
	require.Error(t, err)
	require.Zero(t, pair)
}
