package main

import (
	"errors"
	"net/http"
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
	os.Exit(m.Run())
}

func start(t *testing.T) (*service, *gin.Engine) {
	t.Helper()
	s, err := newService(jwttest.Config(&jwttest.Clock{}))
	require.NoError(t, err)
	return s, s.router()
}

func (s *service) token(t *testing.T, identity string, opts ...ginjwt.TokenOption) jwttest.RequestOption {
	t.Helper()
	return jwttest.Bearer(jwttest.AccessToken(t, s.jwt, identity, opts...))
}

func TestARoleIncludesOthers(t *testing.T) {
	t.Parallel()
	s, r := start(t)
	for _, row := range []struct {
		identity                         string
		read, write, users, deletesUsers int
	}{
		{"alice", 200, 200, 200, 200}, // admin
		{"bob", 200, 200, 403, 403},   // editor
		{"carol", 200, 403, 403, 403}, // viewer
		{"dave", 403, 403, 403, 403},  // nobody
		{"admin", 403, 403, 403, 403}, // a user with the name of a role
	} {
		token := s.token(t, row.identity)
		assert.Equal(t, row.read, jwttest.Do(r, "GET", "/articles", token).Code, row.identity)
		assert.Equal(t, row.write, jwttest.Do(r, "PUT", "/articles", token).Code, row.identity)
		assert.Equal(t, row.users, jwttest.Do(r, "GET", "/admin/users", token).Code, row.identity)
		assert.Equal(t, row.deletesUsers, jwttest.Do(r, "DELETE", "/admin/users", token).Code, row.identity)
	}
	w := jwttest.Do(r, "GET", "/admin/users", s.token(t, "bob"))
	assert.Equal(t, `{"msg":"Insufficient scope"}`+"\n", w.Body.String())
	assert.Equal(t, 401, jwttest.Do(r, "GET", "/articles").Code)
}

// A claim grants a role only if it has its exact name, in a form that Roles accepts.
func TestClaimsThatGrantNothing(t *testing.T) {
	t.Parallel()
	s, r := start(t)
	for _, claim := range []any{
		"Admin", "admin ", "admin,editor", "viewer admin", "*", "", []string{}, []any{[]any{"admin"}}, map[string]any{"admin": true}, 1, true, nil,
	} {
		token := s.token(t, "alice", ginjwt.WithClaims(ginjwt.Claims{"roles": claim}))
		assert.Equal(t, 403, jwttest.Do(r, "GET", "/articles", token).Code, "%#v", claim)
	}
}

// The token of a user who was an admin keeps the role. What is deleted needs the role now.
func TestARoleIsTakenAway(t *testing.T) {
	t.Parallel()
	s, r := start(t)
	alice := s.token(t, "alice")
	s.users.roles["alice"] = []string{"editor"}
	assert.Equal(t, 200, jwttest.Do(r, "GET", "/admin/users", alice).Code)
	w := jwttest.Do(r, "DELETE", "/admin/users", alice)
	assert.Equal(t, 403, w.Code)
	assert.Equal(t, `{"msg":"Insufficient scope"}`+"\n", w.Body.String())
	assert.Equal(t, 403, jwttest.Do(r, "GET", "/admin/users", s.token(t, "alice")).Code, "a new token")
}

func TestTheTableIsDown(t *testing.T) {
	t.Parallel()
	s, r := start(t)
	alice := s.token(t, "alice")
	down := errors.New("secret of the database")
	s.users.fail = func() error { return down }
	w := jwttest.Do(r, "DELETE", "/admin/users", alice)
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())
	_, err := s.jwt.CreateAccessToken(t.Context(), "alice")
	require.ErrorIs(t, err, down, "no token without its roles")
	_, err = s.jwt.CreateAccessToken(t.Context(), 7)
	require.ErrorContains(t, err, "the identity is a int")
}

func TestWithoutJWTRequired(t *testing.T) {
	t.Parallel()
	s, r := start(t)
	require.NoError(t, ginjwt.CheckRoutes(r))
	reached := func(c *gin.Context) { c.Status(http.StatusTeapot) }
	r.GET("/forgotten", s.stillAtLeast("viewer"), reached)
	r.GET("/optional", s.jwt.JWTRequired(ginjwt.Optional()), s.stillAtLeast("viewer"), reached)
	assert.Equal(t, 401, jwttest.Do(r, "GET", "/forgotten", s.token(t, "alice")).Code)
	assert.Equal(t, 401, jwttest.Do(r, "GET", "/optional").Code)
	assert.Equal(t, http.StatusTeapot, jwttest.Do(r, "GET", "/optional", s.token(t, "alice")).Code)
}

// The table panics, and a middleware of the application recovers from it.
func TestPanics(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		defer func() { _ = recover() }()
		c.Next()
	})
	reached := false
	r.GET("/", s.jwt.JWTRequired(), s.stillAtLeast("viewer"), func(*gin.Context) { reached = true })
	alice := s.token(t, "alice")
	s.users.fail = func() error { panic("out of memory") }
	jwttest.Do(r, "GET", "/", alice)
	assert.False(t, reached)
	s.users.fail = nil
	jwttest.Do(r, "GET", "/", alice)
	assert.True(t, reached)
}

// A service that knows no hierarchy gets tokens that name every role.
func TestExpandedRoles(t *testing.T) {
	t.Parallel()
	s, r := start(t)
	r.GET("/plain", s.jwt.JWTRequired(ginjwt.Roles("viewer")), whoAmI)
	assert.Equal(t, 403, jwttest.Do(r, "GET", "/plain", s.token(t, "alice")).Code)

	all := ginjwt.WithClaims(ginjwt.Claims{"roles": roles.expand("editor")}) // editor, viewer
	token, err := s.jwt.CreateAccessToken(t.Context(), "bob", all)

	require.NoError(t, err)
	assert.Equal(t, 200, jwttest.Do(r, "GET", "/plain", jwttest.Bearer(token)).Code)
}

func TestHierarchy(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"admin", "editor", "viewer"}, roles.enough("viewer"))
	assert.Equal(t, []string{"admin"}, roles.enough("admin"))
	assert.Equal(t, []string{"editor", "viewer"}, roles.expand("editor"))
	assert.Equal(t, []string{"unknown"}, roles.expand("unknown"))
	assert.Empty(t, roles.expand())
	assert.PanicsWithValue(t, `there is no role "amdin"`, func() { roles.atLeast("amdin") })

	cycle := hierarchy{"a": {"b"}, "b": {"a"}}
	assert.Equal(t, []string{"a", "b"}, cycle.enough("a"))
	diamond := hierarchy{"owner": {"sales", "support"}, "sales": {"staff"}, "support": {"staff"}, "staff": {}}
	assert.Equal(t, []string{"owner", "sales", "staff", "support"}, diamond.enough("staff"))
	assert.Equal(t, []string{"owner", "sales"}, diamond.enough("sales"))
}
