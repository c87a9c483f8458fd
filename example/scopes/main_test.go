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
	console.Session{Page: "scopes.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	for _, body := range []string{
		`{"username":"alice","password":"battery staple"}`,
		`{"username":"alice","password":""}`,
		`{"username":"eve","password":""}`,
		`{}`, `[]`, ``,
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(body))
		assert.Equal(t, 401, w.Code, body)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String(), body)
	}
}

const (
	missing   = `{"msg":"Missing Authorization Header"}` + "\n"
	forbids   = `{"msg":"Insufficient scope"}`
	challenge = `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"`
)

func TestWhoGetsWhere(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)
	searcher := jwttest.AccessToken(t, mgr, "robot", ginjwt.WithClaims(ginjwt.Claims{"scope": []string{"search"}, "roles": "owner"}))
	tokens := map[string]string{"alice": logIn(t, r, "alice", "correct horse"), "bob": logIn(t, r, "bob", "battery staple"), "robot": searcher}
	for _, test := range []struct {
		method, path      string
		alice, bob, robot bool
		scope             string // the scopes that the others are told
	}{
		{"GET", "/notes", true, true, false, "notes:read"},
		{"PUT", "/notes", true, false, false, "notes:read notes:write"},
		{"GET", "/search", true, true, true, ""},
		{"GET", "/statistics", true, false, false, ""},
		{"GET", "/admin/users", true, false, true, ""},
	} {
		w := jwttest.Do(r, test.method, test.path)
		assert.Equal(t, 401, w.Code)
		assert.Equal(t, missing, w.Body.String())
		for name, passes := range map[string]bool{"alice": test.alice, "bob": test.bob, "robot": test.robot} {
			w := jwttest.Do(r, test.method, test.path, jwttest.Bearer(tokens[name]))
			wanted, body, header := 200, `{"identity":"`+name+`"}`, ""
			if !passes {
				wanted, body, header = 403, forbids, challenge
			}
			if !passes && test.scope != "" {
				body, header = `{"msg":"Insufficient scope","scope":"`+test.scope+`"}`, challenge+`, scope="`+test.scope+`"`
			}
			assert.Equal(t, wanted, w.Code, "%s %s %s", name, test.method, test.path)
			assert.Equal(t, body, w.Body.String())
			assert.Equal(t, header, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestDeletingNeedsALoginOfLate(t *testing.T) {
	t.Parallel()
	r, mgr, clock := setUp(t)
	alice, bob := logIn(t, r, "alice", "correct horse"), logIn(t, r, "bob", "battery staple")
	deleteUsers := func(token string) (status int, body, header string) {
		w := jwttest.Do(r, "DELETE", "/admin/users", jwttest.Bearer(token))
		return w.Code, w.Body.String(), w.Header().Get("WWW-Authenticate")
	}
	status, body, _ := deleteUsers(bob)
	assert.Equal(t, 403, status)
	assert.Equal(t, forbids, body)

	clock.Advance(5 * time.Minute)
	status, body, _ = deleteUsers(alice)
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"identity":"alice"}`, body)

	clock.Advance(time.Second)
	refreshed := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"roles": "admin"}))
	for _, token := range []string{alice, refreshed} {
		status, body, header := deleteUsers(token)
		assert.Equal(t, 401, status)
		assert.Equal(t, `{"msg":"Fresh token required"}`+"\n", body)
		assert.Equal(t, `Bearer realm="api", error="insufficient_user_authentication", error_description="A fresh token is required", reason="fresh_required", max_age="300"`, header)
	}
	assert.Equal(t, 200, jwttest.Do(r, "GET", "/admin/users", jwttest.Bearer(alice)).Code, "still good for the rest")
}
