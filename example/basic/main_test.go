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

func newTestRouter(t *testing.T) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	router, err := newRouter(jwttest.Config(clock))
	require.NoError(t, err)
	return router, clock
}

func login(t *testing.T, router *gin.Engine) (accessToken string) {
	t.Helper()
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	require.Regexp(t, `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+"\}$`, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var tokens map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &tokens))
	return tokens["access_token"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	console.Session{Page: "basic-usage.md"}.RunOn(t, router)
}

func TestLoginRefusesAllButTheRightPassword(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	for _, tt := range []struct {
		name, sent string
		status     int
		body       string
	}{
		{"wrong password", `{"username":"alice","password":"red-queen"}`, 401, `{"msg":"Bad username or password"}`},
		{"unknown user", `{"username":"bob","password":"correct horse"}`, 401, `{"msg":"Bad username or password"}`},
		{"no password", `{"username":"alice"}`, 400, `{"msg":"Send username and password as JSON"}`},
		{"empty password", `{"username":"alice","password":""}`, 400, `{"msg":"Send username and password as JSON"}`},
		{"no JSON", `username=alice`, 400, `{"msg":"Send username and password as JSON"}`},
		{"nothing", ``, 400, `{"msg":"Send username and password as JSON"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(router, "POST", "/login", jwttest.JSON(tt.sent))
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.body, w.Body.String())
		})
	}
}

func TestProtectedTellsWhoIsLoggedIn(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(login(t, router)))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"logged_in_as":"alice"}`, w.Body.String())
}

func TestProtectedRefusesRequestsWithoutAToken(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "GET", "/protected")
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Missing Authorization Header"}`+"\n", w.Body.String())
	assert.Equal(t, `Bearer realm="api", reason="token_missing"`, w.Header().Get("WWW-Authenticate"))
}

func TestProtectedRefusesBadTokens(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	other := ginjwt.New(ginjwt.Config{SecretKey: "another secret of 32 bytes or so"})
	require.NoError(t, other.InitApp(nil))
	for _, tt := range []struct{ name, token, body string }{
		{"no token", "nonsense", `{"msg":"Not enough segments"}`},
		{"signed by another", jwttest.AccessToken(t, other, "alice"), `{"msg":"Signature verification failed"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(tt.token))
			assert.Equal(t, 422, w.Code)
			assert.Equal(t, tt.body+"\n", w.Body.String())
		})
	}
}

func TestTokensExpireAfterFifteenMinutes(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	token := login(t, router)

	clock.Advance(15*time.Minute - time.Second)
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/protected", jwttest.Bearer(token)).Code)

	clock.Advance(time.Second)
	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(token))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", w.Body.String())
}

func TestRouterWithoutASecretDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := newRouter(ginjwt.Config{})
	require.ErrorContains(t, err, "JWT_SECRET_KEY")
}
