package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

// newEngine returns the gateway with settings for tests.
func newEngine(t *testing.T) *gin.Engine {
	t.Helper()
	r, err := newRouter(settings{jwt: jwttest.Config(nil), legacy: &url.URL{Scheme: "http", Host: "192.0.2.1"}, webhook: []byte("secret")})
	require.NoError(t, err)
	return r
}

// public are the routes that everybody may call.
var public = ginjwt.Public("GET /healthz", "POST /login", "NoRoute")

func TestNoRouteWithoutADecision(t *testing.T) {
	require.NoError(t, ginjwt.CheckRoutes(newEngine(t), public))
}

func TestWhoMayCallWhat(t *testing.T) {
	jwttest.Routes(t, newEngine(t), "testdata/routes.golden", public)
}

// A route that somebody adds without a thought is found.
func TestAForgottenRouteIsFound(t *testing.T) {
	r := newEngine(t)
	r.GET("/api/v2/users", ok)
	err := ginjwt.CheckRoutes(r, public)
	require.EqualError(t, err, "ginjwt: GET /api/v2/users: nothing decides who may call main.go:ok: "+
		"put JWTRequired before it, name the route in Public, or wrap the handler that decides in Decided")
}

// The file tells the truth about the server behind the gateway: without a token, it gets
// preflights without credentials, and nothing else.
func TestLegacyGetsPreflightsOnly(t *testing.T) {
	t.Parallel()
	var got []*http.Request
	legacy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r) }))
	t.Cleanup(legacy.Close)
	target, err := url.Parse(legacy.URL)
	require.NoError(t, err)
	r, err := newRouter(settings{jwt: jwttest.Config(nil), legacy: target})
	require.NoError(t, err)
	gateway := httptest.NewServer(r)
	t.Cleanup(gateway.Close)

	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"} {
		request, err := http.NewRequestWithContext(t.Context(), method, gateway.URL+"/legacy/admin", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Cookie", "legacy_session=1")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode, method)
	}
	require.Empty(t, got)

	// cors.Default responds to preflights of other origins. This one has the gateway's own.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, gateway.URL+"/legacy/admin", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Origin", gateway.URL)
	request.Header.Set("Access-Control-Request-Method", "DELETE")
	request.Header.Set("Cookie", "legacy_session=1")
	request.Header.Set("Authorization", "Basic YTpi")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Len(t, got, 1)
	assert.Empty(t, got[0].Header["Cookie"])
	assert.Empty(t, got[0].Header["Authorization"])
}

func TestWebhookDecides(t *testing.T) {
	t.Parallel()
	const event = `{"event":"paid"}`
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(event))
	r := newEngine(t)
	signature := hex.EncodeToString(mac.Sum(nil))
	assert.Equal(t, http.StatusNoContent, jwttest.Do(r, "POST", "/webhook", jwttest.JSON(event), jwttest.Header("X-Signature", signature)).Code)
	assert.Equal(t, http.StatusForbidden, jwttest.Do(r, "POST", "/webhook", jwttest.JSON(event+" "), jwttest.Header("X-Signature", signature)).Code)
	assert.Equal(t, http.StatusForbidden, jwttest.Do(r, "POST", "/webhook", jwttest.JSON(event)).Code)
}

func TestRoutesServe(t *testing.T) {
	t.Parallel()
	r := newEngine(t)
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, http.StatusUnauthorized, jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"x"}`)).Code)
	assert.Equal(t, http.StatusNotFound, jwttest.Do(r, "GET", "/nowhere").Code)
	assert.Equal(t, http.StatusUnauthorized, jwttest.Do(r, "GET", "/api/me").Code)
}
