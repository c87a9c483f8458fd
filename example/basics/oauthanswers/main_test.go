package main

import (
	"encoding/json"
	"net/http/httptest"
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

const alice = `{"username":"alice","password":"correct horse"}`

func newService(t *testing.T) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	router, err := newRouter(config)
	require.NoError(t, err)
	return router, clock
}

// pairIn returns the tokens of an answer, after it has compared the rest with RFC 6749
// §5.1.
func pairIn(t *testing.T, w *httptest.ResponseRecorder) (pair ginjwt.TokenPair) {
	t.Helper()
	require.Equal(t, 200, w.Code, w.Body)
	assert.Contains(t, w.Header().Get("Content-Type"), "application/json")
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, "no-cache", w.Header().Get("Pragma"))
	require.Regexp(t, `^\{"access_token":"[\w.-]+","token_type":"Bearer","expires_in":900,"refresh_token":"[\w.-]+"\}\n?$`, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	return pair
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, clock := newService(t)
	console.Session{Page: "basics/oauth-answers.md", Clock: clock}.RunOn(t, router)
}

func TestLoginAndRefreshAnswerAlike(t *testing.T) {
	t.Parallel()
	router, clock := newService(t)
	pair := pairIn(t, jwttest.Do(router, "POST", "/login", jwttest.JSON(alice)))
	clock.Advance(15 * time.Minute)
	pair = pairIn(t, jwttest.Do(router, "POST", "/token", jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)))
	w := jwttest.Do(router, "GET", "/orders", jwttest.Bearer(pair.AccessToken))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"orders_of":"alice"}`, w.Body.String())
}

func TestErrorsOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	router, _ := newService(t)
	for _, tt := range []struct {
		name, path string
		sent       jwttest.RequestOption
		body       string
	}{
		{"wrong password", "/login", jwttest.JSON(`{"username":"alice","password":"x"}`), `{"error":"invalid_grant","error_description":"Bad username or password"}`},
		{"unknown user", "/login", jwttest.JSON(`{"username":"bob","password":"correct horse"}`), `{"error":"invalid_grant","error_description":"Bad username or password"}`},
		{"no JSON", "/login", jwttest.JSON(`x`), `{"error":"invalid_request","error_description":"Send username and password as JSON"}`},
		{"no token", "/token", jwttest.Form("grant_type", "refresh_token", "refresh_token", "x"), `{"error":"invalid_grant","error_description":"The token is invalid, expired or revoked"}` + "\n"},
		{"no grant type", "/token", jwttest.Form("refresh_token", "x"), `{"error":"invalid_request","error_description":"Missing parameter: grant_type"}` + "\n"},
		{"another grant type", "/token", jwttest.Form("grant_type", "password"), `{"error":"unsupported_grant_type","error_description":"Only refresh_token is supported"}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(router, "POST", tt.path, tt.sent)
			assert.Equal(t, 400, w.Code)
			assert.Equal(t, tt.body, w.Body.String())
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		})
	}
}

func TestErrorsOfProtectedRoutes(t *testing.T) {
	t.Parallel()
	router, clock := newService(t)
	pair := pairIn(t, jwttest.Do(router, "POST", "/login", jwttest.JSON(alice)))
	clock.Advance(15 * time.Minute)
	fresh := pairIn(t, jwttest.Do(router, "POST", "/token", jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)))
	for name, tt := range map[string]struct {
		method, token   string
		status          int
		challenge, body string
	}{
		"expired": {"GET", pair.AccessToken, 401,
			`Bearer realm="api", error="invalid_token", error_description="The token has expired", reason="token_expired"`,
			`{"error":"invalid_token","error_description":"The token has expired","reason":"token_expired"}`},
		"refresh token": {"GET", fresh.RefreshToken, 401,
			`Bearer realm="api", error="invalid_token", error_description="The token is not valid", reason="token_wrong_type"`,
			`{"error":"invalid_token","error_description":"The token is not valid","reason":"token_wrong_type"}`},
		"malformed": {"GET", "a b", 400,
			`Bearer realm="api", error="invalid_request", error_description="A header of the request is malformed", reason="header_malformed"`,
			`{"error":"invalid_request","error_description":"A header of the request is malformed","reason":"header_malformed"}`},
		"too little": {"DELETE", fresh.AccessToken, 403,
			`Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="orders:write"`,
			`{"error":"insufficient_scope","error_description":"The token does not allow this request","reason":"insufficient_scope"}`},
	} {
		w := jwttest.Do(router, tt.method, "/orders", jwttest.Bearer(tt.token))
		assert.Equal(t, tt.status, w.Code, name)
		assert.Equal(t, tt.challenge, w.Header().Get("WWW-Authenticate"), name)
		assert.JSONEq(t, tt.body, w.Body.String(), name)
	}
	w := jwttest.Do(router, "GET", "/orders")
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `Bearer realm="api", reason="token_missing"`, w.Header().Get("WWW-Authenticate"))
}
