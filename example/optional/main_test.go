package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
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
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

// setUp returns the router, a manager with the same key, and the clock of both.
// The manager makes tokens that no login makes.
func setUp(t *testing.T) (*gin.Engine, *ginjwt.JWTManager, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	r, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return r, mgr, clock
}

// logIn returns alice's token.
func logIn(t *testing.T, r *gin.Engine) string {
	t.Helper()
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Len(t, body, 1)
	return body["access_token"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	console.Session{Page: "optional-endpoints.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	for _, body := range []string{
		`{"username":"alice","password":"wrong"}`,
		`{"username":"alice","password":""}`,
		`{"username":"eve","password":"correct horse"}`,
		`{}`, `[]`, ``,
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(body))
		assert.Equal(t, 401, w.Code, body)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String(), body)
	}
}

func TestWelcomeIsForEverybody(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	token := logIn(t, r)
	for name, test := range map[string]struct {
		authorization, body string
	}{
		"no header":                     {"", `{"msg":"Hello, stranger"}`},
		"credentials of another scheme": {"Basic YWxpY2U6eA==", `{"msg":"Hello, stranger"}`},
		"token without a scheme":        {token, `{"msg":"Hello, stranger"}`},
		"token":                         {"Bearer " + token, `{"msg":"Hello, alice"}`},
	} {
		w := jwttest.Do(r, "GET", "/welcome", jwttest.Header("Authorization", test.authorization))
		assert.Equal(t, 200, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), name)
	}
}

func TestABadTokenIsNotNone(t *testing.T) {
	t.Parallel()
	r, mgr, clock := setUp(t)
	expired := jwttest.AccessToken(t, mgr, "alice")
	clock.Advance(15 * time.Minute)
	good := jwttest.AccessToken(t, mgr, "alice")
	for name, test := range map[string]struct {
		authorization string
		status        int
		body          string
	}{
		"expired":       {"Bearer " + expired, 401, `{"msg":"Token has expired"}`},
		"refresh token": {"Bearer " + jwttest.RefreshToken(t, mgr, "alice"), 422, `{"msg":"Only non-refresh tokens are allowed"}`},
		"tampered with": {"Bearer " + tampered(good), 422, `{"msg":"Signature verification failed"}`},
		"no token":      {"Bearer", 422, `{"msg":"Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"}`},
		"no JWT":        {"Bearer abc", 422, `{"msg":"Not enough segments"}`},
		"two tokens":    {"Bearer " + good + ", Bearer " + good, 401, `{"msg":"Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'"}`},
	} {
		w := jwttest.Do(r, "GET", "/welcome", jwttest.Header("Authorization", test.authorization))
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body+"\n", w.Body.String(), name)
	}
}

// tampered returns token with the first character of its signature changed.
func tampered(token string) string {
	i := strings.LastIndex(token, ".") + 1
	other := "A"
	if token[i] == 'A' {
		other = "B"
	}
	return token[:i] + other + token[i+1:]
}
