package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

type testApp struct {
	*service
	*gin.Engine
}

func start(t *testing.T) testApp {
	t.Helper()
	s, err := newService(jwttest.Config(&jwttest.Clock{}), policyText)
	require.NoError(t, err)
	return testApp{s, s.router()}
}

func (a testApp) token(t *testing.T, identity any, opts ...ginjwt.TokenOption) jwttest.RequestOption {
	t.Helper()
	return jwttest.Bearer(jwttest.AccessToken(t, a.jwt, identity, opts...))
}

// has lets the table of users have only this user.
func (a testApp) has(identity string, roles ...string) {
	a.tables.user = func(_ context.Context, name string) (any, error) {
		if name == identity {
			return &user{Roles: roles}, nil
		}
		return nil, nil
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, row := range []struct {
		identity, id            string
		reads, writes, destroys int
	}{
		{"alice", "17", 200, 200, 403}, // editor
		{"alice", "18", 200, 200, 200}, // and owner
		{"bob", "17", 200, 200, 200},   // owner
		{"bob", "18", 403, 403, 403},   // no role
		{"carol", "17", 200, 403, 403}, // viewer
		{"carol", "19", 403, 403, 403}, // there is no such document
		{"dave", "17", 401, 401, 401},  // there is no such user
	} {
		token := a.token(t, row.identity, ginjwt.WithFresh())
		assert.Equal(t, row.reads, jwttest.Do(a, "GET", "/documents/"+row.id, token).Code, "%v", row)
		assert.Equal(t, row.writes, jwttest.Do(a, "PUT", "/documents/"+row.id, token).Code, "%v", row)
		assert.Equal(t, row.destroys, jwttest.Do(a, "DELETE", "/documents/"+row.id, token).Code, "%v", row)
	}
	w := jwttest.Do(a, "DELETE", "/documents/17", a.token(t, "bob"))
	assert.Equal(t, 403, w.Code, "not fresh")
	assert.Equal(t, `{"msg":"Insufficient scope"}`+"\n", w.Body.String())
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="insufficient_scope"`)
	assert.Equal(t, 401, jwttest.Do(a, "GET", "/documents/17").Code)
}

// Nobody learns from the response which documents exist.
func TestMissingDocuments(t *testing.T) {
	t.Parallel()
	a := start(t)
	bob := a.token(t, "bob")
	missing, other := jwttest.Do(a, "GET", "/documents/19", bob), jwttest.Do(a, "GET", "/documents/18", bob)
	assert.Equal(t, other.Code, missing.Code)
	assert.Equal(t, other.Body.String(), missing.Body.String())
	assert.Equal(t, other.Header(), missing.Header())
}

func TestVisitors(t *testing.T) {
	t.Parallel()
	a := start(t)
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/published/18").Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/published/17").Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/published/19").Code)
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/published/17", a.token(t, "bob")).Code, "the owner")
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/published/18", a.token(t, "bob")).Code, "a user is no visitor")
	assert.Equal(t, 422, jwttest.Do(a, "GET", "/published/18", jwttest.Bearer("x.y.z")).Code)
	a.has("anonymous")
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/published/18", a.token(t, "anonymous")).Code)
}

// A user with the name of a role, a type or a policy is a user.
func TestNamesOfUsers(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, identity := range []string{
		"editor", "viewer", `Role::"editor"`, `User::"bob"`, "*", "Bob", "bob ", "bob\x00", `bob" || true || "`, "anonymous", "policies.cedar", "\n", "007",
	} {
		a.has(identity)
		assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/17", a.token(t, identity)).Code, "%q", identity)
	}
	a.has("7", "viewer")
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", a.token(t, 7)).Code, "an integer is its digits")
	a.has("mallory", "Editor", "editor ", `editor"`, "admin", "")
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/17", a.token(t, "mallory")).Code, "roles that do not exist")
	a.has("mallory")
	claims := ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"editor"}, "fresh_now": true})
	w := jwttest.Do(a, "PUT", "/documents/17?owner=mallory&principal=bob", a.token(t, "mallory", claims), jwttest.JSON(`{"owner":"mallory"}`))
	assert.Equal(t, 403, w.Code, "roles come from the table, the owner too")
}

// The policies decide about the document that the handler gets.
func TestPaths(t *testing.T) {
	t.Parallel()
	a := start(t)
	bob := a.token(t, "bob") // owns 17
	for target, status := range map[string]int{
		"/documents/17":           200,
		"/documents/%31%37":       200, // 17
		"/documents/17?id=18":     200, // of 17
		"/documents/18":           403,
		"/documents/*":            403,
		"/documents/17%20":        403,
		"/documents/17%00":        403,
		"/documents/%2531%2537":   403,
		"/documents/%2e%2e":       403,
		"/documents/17/":          301, // to /documents/17
		"/documents/17%2f":        301,
		"/documents/17%2f..%2f18": 404,
		"/documents/%2e%2e/17":    404,
		"//documents/17":          404,
		"/Documents/17":           404,
	} {
		w := jwttest.Do(a, "GET", target, bob)
		assert.Equal(t, status, w.Code, target)
		if status == 200 {
			assert.Equal(t, `{"document":"17","owner":"bob"}`, w.Body.String(), target)
		} else {
			assert.NotContains(t, w.Body.String(), "owner", target)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.Any("/any/:id", a.jwt.JWTRequired(), a.allow("write"), showDocument)
	carol := a.token(t, "carol") // may read
	for _, method := range []string{"HEAD", "OPTIONS", "POST", "PATCH"} {
		assert.Equal(t, 404, jwttest.Do(a, method, "/documents/17", carol).Code, method)
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"} {
		assert.Equal(t, 403, jwttest.Do(a, method, "/any/17", carol).Code, method)
	}
	w := jwttest.Do(a, "OPTIONS", "/any/17", jwttest.Header("Origin", "https://evil.example"), jwttest.Header("Access-Control-Request-Method", "PUT"))
	assert.Equal(t, 401, w.Code, "a preflight is anonymous")
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	a := start(t)
	require.NoError(t, ginjwt.CheckRoutes(a.Engine))
	reached := func(c *gin.Context) { c.Status(http.StatusTeapot) }
	a.GET("/forgotten/:id", a.allow("read"), reached)
	a.GET("/optional/:id", a.jwt.JWTRequired(ginjwt.Optional()), a.allow("read"), reached)
	a.GET("/misspelled/:id", a.jwt.JWTRequired(), a.allow("raed"), reached)
	require.ErrorContains(t, ginjwt.CheckRoutes(a.Engine), "GET /forgotten/:id: nothing decides")
	bob := a.token(t, "bob", ginjwt.WithFresh())
	assert.Equal(t, 401, jwttest.Do(a, "GET", "/forgotten/18", bob).Code)
	assert.Equal(t, 401, jwttest.Do(a, "GET", "/optional/18").Code)
	assert.Equal(t, http.StatusTeapot, jwttest.Do(a, "GET", "/optional/17", bob).Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/misspelled/17", bob).Code)
}

func TestPoliciesChange(t *testing.T) {
	t.Parallel()
	a := start(t)
	carol := a.token(t, "carol")
	reads := func() int { return jwttest.Do(a, "GET", "/documents/17", carol).Code }
	assert.Equal(t, 200, reads())
	require.Error(t, a.policies.replace([]byte(`permit (principal, action, resource`)))
	assert.Equal(t, 200, reads(), "the previous policies")
	require.NoError(t, a.policies.replace([]byte(`permit (principal == User::"alice", action == Action::"read", resource);`)))
	assert.Equal(t, 403, reads(), "with the same token")
	require.NoError(t, a.policies.replace(nil))
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/17", a.token(t, "alice")).Code, "no policy allows nothing")
	_, err := newService(jwttest.Config(&jwttest.Clock{}), []byte("permit"))
	require.Error(t, err)
}

// Cedar skips a forbid that fails. Then the permit alone would decide.
func TestAPolicyFails(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, fails := range []string{
		`forbid (principal, action, resource) unless { context.mfa };`,
		`forbid (principal, action, resource) when { resource.secret };`,
		`forbid (principal, action, resource) when { resource.owner > 7 };`,
	} {
		require.NoError(t, a.policies.replace([]byte(`permit (principal, action, resource);`+fails)))
		w := jwttest.Do(a, "GET", "/documents/17", a.token(t, "bob"))
		assert.Equal(t, 500, w.Code, fails)
		assert.Equal(t, `{"msg":"Internal server error"}`+"\n", w.Body.String(), fails)
	}
}

func TestTheTablesAreDown(t *testing.T) {
	t.Parallel()
	down := errors.New("secret of the database")
	a := start(t)
	alice := a.token(t, "alice")
	a.tables.document = func(context.Context, string) (document, bool, error) { return document{}, true, down }
	w := jwttest.Do(a, "GET", "/documents/17", alice)
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())
	assert.Equal(t, 503, jwttest.Do(a, "GET", "/published/18").Code)

	a = start(t)
	a.tables.user = func(context.Context, string) (any, error) { return &user{Roles: []string{"editor"}}, down }
	assert.Equal(t, 500, jwttest.Do(a, "GET", "/documents/17", alice).Code)
}

// A decision panics, and a middleware of the application recovers from it.
func TestPanics(t *testing.T) {
	t.Parallel()
	a := start(t)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		defer func() { _ = recover() }()
		c.Next()
	})
	reached := false
	handler := func(*gin.Context) { reached = true }
	r.GET("/documents/:id", a.jwt.JWTRequired(), a.allow("read"), handler)
	r.GET("/published/:id", a.allowVisitors("read"), handler)
	alice := a.token(t, "alice")
	jwttest.Do(r, "GET", "/documents/17", alice)
	require.True(t, reached)

	reached = false
	a.tables.document = func(context.Context, string) (document, bool, error) { panic("out of memory") }
	jwttest.Do(r, "GET", "/documents/17", alice)
	jwttest.Do(r, "GET", "/published/18")
	a.tables = exampleTables
	a.policies.current.Store(nil)
	jwttest.Do(r, "GET", "/documents/17", alice)
	assert.False(t, reached)
}

// Everybody sees the policies from before a change or from after it.
func TestReplacedWhileRequestsAreDecided(t *testing.T) {
	t.Parallel()
	a := start(t)
	alice, bob := a.token(t, "alice"), a.token(t, "bob")
	withoutWrites := []byte(strings.ReplaceAll(string(policyText), `in Role::"editor"`, `in Role::"nobody"`))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", alice).Code)
				assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/18", bob).Code)
				assert.Contains(t, []int{200, 403}, jwttest.Do(a, "PUT", "/documents/17", alice).Code)
			}
		})
	}
	for i := range 50 {
		assert.NoError(t, a.policies.replace([][]byte{withoutWrites, policyText}[i%2]))
	}
	all.Wait()
}

// The page shows the files that this program uses.
func TestThePageShowsTheFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/recipes/cedar.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), "\n```text\n"+string(policyText)+"```\n")
}
