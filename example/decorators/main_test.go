package main

import (
	"encoding/json"
	"io"
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

// logIn returns a user's token.
func logIn(t *testing.T, r *gin.Engine, username, password string) string {
	t.Helper()
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"`+username+`","password":"`+password+`"}`))
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
	console.Session{Page: "custom-decorators.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	for _, body := range []string{
		`{"username":"alice","password":"wrong"}`,
		`{"username":"alice","password":""}`,
		`{"username":"eve","password":"correct horse"}`,
		`{"username":"bob","password":"correct horse"}`,
		`{"username":"carol","password":"paper clip"}`, // suspended
		`{}`, `[]`, ``,
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(body))
		assert.Equal(t, 401, w.Code, body)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String(), body)
	}
}

func TestWhoGetsWhere(t *testing.T) {
	t.Parallel()
	r, mgr, clock := setUp(t)
	expired := logIn(t, r, "alice", "correct horse")
	clock.Advance(15 * time.Minute)
	alice := logIn(t, r, "alice", "correct horse")
	bob := logIn(t, r, "bob", "battery staple")
	admin := ginjwt.WithClaims(ginjwt.Claims{"admin": true})

	const (
		missing  = `{"msg":"Missing Authorization Header"}` + "\n"
		old      = `{"msg":"Token has expired"}` + "\n"
		refresh  = `{"msg":"Only non-refresh tokens are allowed"}` + "\n"
		verify   = `{"msg":"User claims verification failed"}` + "\n"
		noAdmins = `{"msg":"Admins only"}` + "\n"
	)
	for _, test := range []struct {
		name, path, authorization string
		status                    int
		body                      string
	}{
		{"no token", "/protected", "", 401, missing},
		{"no token", "/admin", "", 401, missing},
		{"expired", "/protected", expired, 401, old},
		{"expired", "/admin", expired, 401, old},
		{"refresh token", "/admin", jwttest.RefreshToken(t, mgr, "alice", admin), 422, refresh},
		{"a user", "/protected", bob, 200, `{"identity":"bob"}`},
		{"a user", "/admin", bob, 403, noAdmins},
		{"an admin", "/protected", alice, 200, `{"identity":"alice"}`},
		{"an admin", "/admin", alice, 200, `{"identity":"alice"}`},
		{"an admin's token without the claim", "/admin", jwttest.AccessToken(t, mgr, "alice"), 403, noAdmins},
		{"claim of another type", "/admin", jwttest.AccessToken(t, mgr, "alice",
			ginjwt.WithClaims(ginjwt.Claims{"admin": "true"})), 403, noAdmins},
		{"suspended since", "/protected", jwttest.AccessToken(t, mgr, "carol", admin), 400, verify},
		{"suspended since", "/admin", jwttest.AccessToken(t, mgr, "carol", admin), 400, verify},
		{"no account", "/protected", jwttest.AccessToken(t, mgr, "dave", admin), 400, verify},
	} {
		var opts []jwttest.RequestOption
		if test.authorization != "" {
			opts = append(opts, jwttest.Bearer(test.authorization))
		}
		w := jwttest.Do(r, "GET", test.path, opts...)
		assert.Equal(t, test.status, w.Code, "%s %s", test.name, test.path)
		assert.Equal(t, test.body, w.Body.String(), "%s %s", test.name, test.path)
	}
}

func TestCORSPreflightsAreNoAdmins(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	r := gin.New()
	require.NoError(t, mgr.InitApp(r))
	r.OPTIONS("/admin", adminRequired(mgr), whoAmI)
	w := jwttest.Do(r, "OPTIONS", "/admin", jwttest.Header("Origin", "https://shop.example"), jwttest.Header("Access-Control-Request-Method", "GET"))
	assert.Equal(t, 403, w.Code)
	assert.Equal(t, `{"msg":"Admins only"}`+"\n", w.Body.String())
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `, reason="admins_only"`)
}
