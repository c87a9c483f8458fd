package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	answer := tokensIn(t, s.do("POST", "/login", jwttest.JSON(alice)))
	assert.Equal(t, "Bearer", answer.TokenType)
	assert.Equal(t, int64(900), answer.ExpiresIn)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(answer.AccessToken)), 200, `{"id":1,"name":"alice","admin":true}`)

	refreshed := tokensIn(t, s.do("POST", "/refresh", jwttest.Bearer(answer.RefreshToken)))
	assert.Empty(t, refreshed.RefreshToken)
	assert.Equal(t, int64(900), refreshed.ExpiresIn)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(refreshed.AccessToken)), 200, `{"id":1,"name":"alice","admin":true}`)
}

func TestHello(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, _ := s.login(t, alice)
	requireAnswer(t, s.do("GET", "/"), 200, `{"hello":"stranger"}`)
	requireAnswer(t, s.do("GET", "/", jwttest.Bearer(access)), 200, `{"hello":"alice"}`)
	requireAnswer(t, s.do("GET", "/", jwttest.Bearer("nonsense")), 422, `{"msg":"Not enough segments"}`)
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, refresh := s.login(t, alice)

	s.clock.Advance(15 * time.Minute)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"Token has expired"}`)
	tokensIn(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)))
	s.clock.Advance(30 * 24 * time.Hour)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"Token has expired"}`)
}

func TestWrongTokens(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, refresh := s.login(t, alice)
	foreign, _ := newService(t).tokens(t)

	for _, route := range []struct{ method, path string }{
		{"GET", "/me"}, {"DELETE", "/me"}, {"POST", "/password"}, {"POST", "/logout"}, {"GET", "/admin/users"},
	} {
		requireAnswer(t, s.do(route.method, route.path), 401, `{"msg":"Missing Authorization Header"}`)
		requireAnswer(t, s.do(route.method, route.path, jwttest.Bearer(refresh)), 422, `{"msg":"Only non-refresh tokens are allowed"}`)
		requireAnswer(t, s.do(route.method, route.path, jwttest.Bearer(foreign)), 422, `{"msg":"Signature verification failed"}`)
	}
	requireAnswer(t, s.do("POST", "/refresh"), 401, `{"msg":"Missing Authorization Header"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(access)), 422, `{"msg":"Only refresh tokens are allowed"}`)
}

// tokens are those of a new user.
func (s *service) tokens(t *testing.T) (access, refresh string) {
	t.Helper()
	s.register(t, alice)
	return s.login(t, alice)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, refresh := s.login(t, alice)
	other, _ := s.login(t, alice)

	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(access)), 200, `{"msg":"Logged out"}`)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(other)), 200, `{"id":1,"name":"alice","admin":true}`)
	tokensIn(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)))

	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(other), jwttest.JSON(`{"refresh_token":"`+refresh+`"}`)), 200,
		`{"msg":"Logged out"}`)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(other)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"Token has been revoked"}`)
}

func TestLogoutTakesAnExpiredRefreshToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, refresh := s.tokens(t)
	s.clock.Advance(30 * 24 * time.Hour)
	access, _ := s.login(t, alice)
	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(access), jwttest.JSON(`{"refresh_token":"`+refresh+`"}`)), 200,
		`{"msg":"Logged out"}`)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"Token has been revoked"}`)
}

func TestLogoutRefusesForeignTokens(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	s.register(t, bob)
	access, _ := s.login(t, alice)
	bobAccess, bobRefresh := s.login(t, bob)

	for why, token := range map[string]string{
		"of somebody else": bobRefresh, "an access token": access, "of somebody else, access": bobAccess, "nonsense": "nonsense",
	} {
		w := s.do("POST", "/logout", jwttest.Bearer(access), jwttest.JSON(`{"refresh_token":"`+token+`"}`))
		t.Log(why)
		requireAnswer(t, w, 400, `{"msg":"refresh_token is not a refresh token of yours"}`)
	}
	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(access), jwttest.JSON(`{`)), 400,
		`{"msg":"The body is not the JSON object that this route takes"}`)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 200, `{"id":1,"name":"alice","admin":true}`)
	tokensIn(t, s.do("POST", "/refresh", jwttest.Bearer(bobRefresh)))
}

func TestRevokedTokensSurviveARestart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, refresh := s.tokens(t)
	kept, _ := s.login(t, alice)
	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(access), jwttest.JSON(`{"refresh_token":"`+refresh+`"}`)), 200,
		`{"msg":"Logged out"}`)

	s = s.restart(t)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(kept)), 200, `{"id":1,"name":"alice","admin":true}`)
}

func TestAdmins(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	s.register(t, bob)
	admin, _ := s.login(t, alice)
	nobody, _ := s.login(t, bob)

	requireAnswer(t, s.do("GET", "/admin/users", jwttest.Bearer(admin)), 200,
		`{"users":[{"id":1,"name":"alice","admin":true},{"id":2,"name":"bob","admin":false}]}`)
	requireAnswer(t, s.do("GET", "/admin/users", jwttest.Bearer(nobody)), 403, `{"msg":"Admins only"}`)

	_, err := s.db.ExecContext(t.Context(), "UPDATE users SET admin = 0 WHERE id = 1")
	require.NoError(t, err)
	requireAnswer(t, s.do("GET", "/admin/users", jwttest.Bearer(admin)), 403, `{"msg":"Admins only"}`)
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	requireAnswer(t, s.do("GET", "/nowhere"), http.StatusNotFound, `{"msg":"Not found"}`)
	requireAnswer(t, s.do("GET", "/login"), http.StatusMethodNotAllowed, `{"msg":"Method not allowed"}`)
}

func TestLogHasNoTokens(t *testing.T) {
	t.Parallel()
	s := startService(t, t.TempDir()+"/data", map[string]string{"JWT_TOKEN_LOCATION": "query_string,headers"}, &jwttest.Clock{})
	access, refresh := s.tokens(t)
	requireAnswer(t, s.do("GET", "/me?jwt="+access), 200, `{"id":1,"name":"alice","admin":true}`)
	requireAnswer(t, s.do("GET", "/me?jwt="+refresh), 422, `{"msg":"Only non-refresh tokens are allowed"}`)
	requireAnswer(t, s.do("GET", "/nowhere/"+access), 404, `{"msg":"Not found"}`)

	assert.NotContains(t, s.log.String(), "eyJ")
	assert.NotContains(t, s.log.String(), "correct horse")
	assert.Contains(t, s.log.String(), "method=GET route=/me status=200")
	assert.Contains(t, s.log.String(), `errors="[ginjwt: wrong type of token: Only non-refresh tokens are allowed]"`)
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	s.Handler.(*gin.Engine).GET("/panic", func(*gin.Context) { panic("a bug") })
	requireAnswer(t, s.do("GET", "/panic", jwttest.Cookies(login)), 500, `{"msg":"Internal server error"}`)
	assert.Contains(t, s.log.String(), `msg=panic reason="a bug"`)
	assert.NotContains(t, s.log.String(), "eyJ")
}
