package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// newService returns the router, its clock, and a manager with the same key.
func newService(t *testing.T) (*gin.Engine, *jwttest.Clock, *ginjwt.JWTManager) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	router, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return router, clock, mgr
}

func logIn(t *testing.T, router *gin.Engine) (pair ginjwt.TokenPair) {
	t.Helper()
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	return pair
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, clock, _ := newService(t)
	console.Session{Page: "basics/expiry.md", Clock: clock}.RunOn(t, router)
}

func TestAWrongPasswordGetsNothing(t *testing.T) {
	t.Parallel()
	router, _, _ := newService(t)
	for _, sent := range []string{`{"username":"alice","password":"red-queen"}`, `{"username":"bob","password":"correct horse"}`, ``} {
		w := jwttest.Do(router, "POST", "/login", jwttest.JSON(sent))
		assert.Equal(t, 401, w.Code, sent)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String())
	}
}

func TestAnAccessTokenIsRefusedFromItsExpOn(t *testing.T) {
	t.Parallel()
	router, clock, _ := newService(t)
	pair := logIn(t, router)
	clock.Advance(15*time.Minute - time.Second)
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/me", jwttest.Bearer(pair.AccessToken)).Code)
	clock.Advance(time.Second)
	w := jwttest.Do(router, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", w.Body.String())
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="token_expired"`)
}

func TestARefreshTokenThatIsNotUsedExpiresToo(t *testing.T) {
	t.Parallel()
	router, clock, _ := newService(t)
	pair := logIn(t, router)
	clock.Advance(30 * 24 * time.Hour)
	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", w.Body.String())
}

func TestTokensForOtherServicesAreRefused(t *testing.T) {
	t.Parallel()
	router, _, mgr := newService(t)
	for _, tt := range []struct {
		name     string
		audience []string
		status   int
		body     string
	}{
		{"this service", []string{"shop"}, 200, ""},
		{"this and another", []string{"bank", "shop"}, 200, ""},
		{"another", []string{"bank"}, 422, `{"msg":"Audience doesn't match"}` + "\n"},
		{"none", nil, 422, `{"msg":"Token is missing the \"aud\" claim"}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithAudience(tt.audience...))
			w := jwttest.Do(router, "GET", "/me", jwttest.Bearer(token))
			assert.Equal(t, tt.status, w.Code)
			if tt.body != "" {
				assert.Equal(t, tt.body, w.Body.String())
			}
		})
	}
}
