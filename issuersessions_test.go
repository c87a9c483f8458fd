package ginjwt_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// sidApp has a session of alice, and a token of another issuer that names the same
// user, and as its "sid" the ID of that session.
type sidApp struct {
	mgr     *ginjwt.JWTManager
	engine  *gin.Engine
	told    *recorder
	clock   *jwttest.Clock
	pair    ginjwt.TokenPair
	foreign string
}

func newSIDApp(t *testing.T) *sidApp {
	t.Helper()
	key := secretKey("a")
	a := &sidApp{told: &recorder{}, clock: &jwttest.Clock{}}
	config := jwttest.Config(a.clock)
	config.Sessions, config.Observer, config.RenewedTokenHeader = &ginjwt.MemorySessions{Now: a.clock.Now}, a.told, "X-Renewed-Token"
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, AllowSharedIdentities: true}}
	a.mgr, a.engine = newManager(t, config)
	a.engine.Use(a.mgr.ImplicitRefresh(5 * time.Minute))
	a.engine.GET("/", a.mgr.JWTRequired(), identify)
	a.engine.GET("/sessions", a.mgr.JWTRequired(), a.mgr.SessionsHandler())
	a.engine.DELETE("/sessions/:id", a.mgr.JWTRequired(), a.mgr.EndSessionHandler())
	a.engine.POST("/logout", a.mgr.LogoutHandler())
	a.engine.POST("/rotate", a.mgr.RefreshHandler())
	a.engine.POST("/refresh", a.mgr.RefreshHandler(ginjwt.RequireAccessToken()))
	a.pair = jwttest.TokenPair(t, a.mgr, "alice")
	a.foreign = jwttest.AccessToken(t, issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}, Now: a.clock.Now}), "alice",
		ginjwt.WithClaims(ginjwt.Claims{"sid": a.pair.SessionID, "gen": 1}))
	return a
}

func (a *sidApp) status(method, path, encoded string) int {
	return jwttest.Do(a.engine, method, path, jwttest.Bearer(encoded)).Code
}

func TestTheSessionOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	a := newSIDApp(t)
	token, err := a.mgr.VerifyToken(t.Context(), a.foreign)
	require.NoError(t, err)
	assert.Equal(t, a.pair.SessionID, token.SessionID, "it tells what the issuer wrote,")

	a.told.take()
	require.Equal(t, http.StatusOK, a.status("GET", "/", a.foreign))
	accepted := a.told.taken(ginjwt.EventAccepted)
	require.Len(t, accepted, 1)
	assert.Empty(t, accepted[0].SessionID, "and events do not take it for one of ours")

	list := jwttest.Do(a.engine, "GET", "/sessions", jwttest.Bearer(a.foreign)).Body.String()
	assert.Contains(t, list, a.pair.SessionID)
	assert.NotContains(t, list, `"current":true`)
	assert.Contains(t, jwttest.Do(a.engine, "GET", "/sessions", jwttest.Bearer(a.pair.AccessToken)).Body.String(), `"current":true`)
}

func TestALogoutByATokenOfAnotherIssuerEndsNoSession(t *testing.T) {
	t.Parallel()
	for name, logout := range map[string]func(t *testing.T, a *sidApp){
		"LogoutHandler": func(t *testing.T, a *sidApp) {
			require.Equal(t, http.StatusNoContent, a.status("POST", "/logout", a.foreign))
		},
		"EndSessionForToken": func(t *testing.T, a *sidApp) {
			token, err := a.mgr.VerifyToken(t.Context(), a.foreign)
			require.NoError(t, err)
			require.NoError(t, a.mgr.EndSessionForToken(t.Context(), token))
		},
		"RevokeToken": func(t *testing.T, a *sidApp) {
			token, err := a.mgr.VerifyToken(t.Context(), a.foreign)
			require.NoError(t, err)
			require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newSIDApp(t)
			logout(t, a)
			assert.Equal(t, http.StatusUnauthorized, a.status("GET", "/", a.foreign), "the token is revoked,")
			assert.Equal(t, http.StatusOK, a.status("GET", "/", a.pair.AccessToken), "and our session goes on")
			assert.Equal(t, http.StatusOK, a.status("POST", "/rotate", a.pair.RefreshToken))
		})
	}
}

// A logout from the own session ends nothing at another issuer.
func TestAnEndedSessionRefusesNoTokenOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	a := newSIDApp(t)
	require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
	assert.Equal(t, http.StatusUnauthorized, a.status("GET", "/", a.pair.AccessToken))
	assert.Equal(t, http.StatusOK, a.status("GET", "/", a.foreign))
}

func TestATokenOfAnotherIssuerIsNotRenewed(t *testing.T) {
	t.Parallel()
	a := newSIDApp(t)
	a.clock.Advance(12 * time.Minute)
	assert.Empty(t, jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(a.foreign)).Header().Get("X-Renewed-Token"))
	assert.NotEmpty(t, jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(a.pair.AccessToken)).Header().Get("X-Renewed-Token"))
}

func TestATokenOfAnotherIssuerIsNoAccessTokenOfASession(t *testing.T) {
	t.Parallel()
	a := newSIDApp(t)
	beside := func(access string) int {
		return jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(access), jwttest.JSON(`{"refresh_token":"`+a.pair.RefreshToken+`"}`)).Code
	}
	assert.Equal(t, http.StatusUnprocessableEntity, beside(a.foreign))
}

// A token of another issuer can end a session of the same user by its ID. The answer removes
// no cookies, because the request does not belong to that session.
func TestATokenOfAnotherIssuerEndsSessionsLikeAnotherDevice(t *testing.T) {
	t.Parallel()
	a := newSIDApp(t)
	w := jwttest.Do(a.engine, "DELETE", "/sessions/"+a.pair.SessionID, jwttest.Bearer(a.foreign))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.Empty(t, w.Result().Cookies())
}
