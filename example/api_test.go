package main

import (
	"fmt"
	"net/http"
	"strings"
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
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(answer.AccessToken)), 200, `{"id":1,"name":"alice","admin":true}`)

	s.clock.Advance(2 * time.Minute) // younger tokens are not traded
	refreshed := s.refresh(t, answer.RefreshToken)
	assert.NotEqual(t, answer.RefreshToken, refreshed.RefreshToken)
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
	refresh = s.refresh(t, refresh).RefreshToken
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
		{"GET", "/me"}, {"DELETE", "/me"}, {"POST", "/password"}, {"GET", "/admin/users"},
		{"POST", "/logout/all"}, {"GET", "/sessions"}, {"DELETE", "/sessions/1"},
	} {
		requireAnswer(t, s.do(route.method, route.path), 401, `{"msg":"Missing Authorization Header"}`)
		requireAnswer(t, s.do(route.method, route.path, jwttest.Bearer(refresh)), 422, `{"msg":"Only non-refresh tokens are allowed"}`)
		requireAnswer(t, s.do(route.method, route.path, jwttest.Bearer(foreign)), 422, `{"msg":"Signature verification failed"}`)
	}
	requireAnswer(t, s.do("POST", "/refresh"), 401, `{"msg":"Missing Authorization Header"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(access)), 422, `{"msg":"Only refresh tokens are allowed"}`)
	requireNoContent(t, s.do("POST", "/logout"))
	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(foreign)), 422, `{"msg":"Signature verification failed"}`)
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
	otherAccess, otherRefresh := s.login(t, alice)

	requireNoContent(t, s.do("POST", "/logout", jwttest.Bearer(access)))
	s.requireRevoked(t, access, refresh)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(otherAccess)), 200, `{"id":1,"name":"alice","admin":true}`)

	requireNoContent(t, s.do("POST", "/logout", jwttest.Bearer(otherRefresh))) // either token is enough
	s.requireRevoked(t, otherAccess, otherRefresh)
}

// requireRevoked requires that both tokens of a session are refused.
func (s *service) requireRevoked(t *testing.T, access, refresh string) {
	t.Helper()
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"Token has been revoked"}`)
}

func TestLogoutSurvivesARestart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, refresh := s.tokens(t)
	kept, keptRefresh := s.login(t, alice)
	requireNoContent(t, s.do("POST", "/logout", jwttest.Bearer(access)))

	s = s.restart(t)
	s.requireRevoked(t, access, refresh)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(kept)), 200, `{"id":1,"name":"alice","admin":true}`)
	s.refresh(t, keptRefresh)
}

func TestLogoutEverywhere(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	s.register(t, bob)
	access, refresh := s.login(t, alice)
	otherAccess, otherRefresh := s.login(t, alice)
	bobAccess, bobRefresh := s.login(t, bob)

	requireNoContent(t, s.do("POST", "/logout/all", jwttest.Bearer(access)))
	s.requireRevoked(t, access, refresh)
	s.requireRevoked(t, otherAccess, otherRefresh)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(bobAccess)), 200, `{"id":2,"name":"bob","admin":false}`)
	s.refresh(t, bobRefresh)
}

// rounded is the time of use in the list of sessions.
func rounded(t time.Time) time.Time { return t.UTC().Truncate(10 * time.Minute) }

func TestSessions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	phoneLogin := s.clock.Now()
	phone := tokensIn(t, s.do("POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "phone")))
	s.clock.Advance(time.Minute)
	laptopLogin := s.clock.Now()
	laptop := tokensIn(t, s.do("POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "laptop")))
	s.clock.Advance(20 * time.Minute)
	phoneUse := s.clock.Now()
	phone = s.refresh(t, phone.RefreshToken)
	laptop = s.refresh(t, laptop.RefreshToken)

	const month = 30 * 24 * time.Hour
	sessions := sessionsIn(t, s.do("GET", "/sessions", jwttest.Bearer(laptop.AccessToken)))
	require.Len(t, sessions, 2)
	assert.Equal(t, []listedSession{
		{sessions[0].ID, "laptop", laptopLogin.UTC(), rounded(phoneUse), rounded(phoneUse.Add(month).Add(10*time.Minute - 1)), true},
		{sessions[1].ID, "phone", phoneLogin.UTC(), rounded(phoneUse), rounded(phoneUse.Add(month).Add(10*time.Minute - 1)), false},
	}, sessions)

	requireNoContent(t, s.do("DELETE", "/sessions/"+sessions[1].ID, jwttest.Bearer(laptop.AccessToken)))
	s.requireRevoked(t, phone.AccessToken, phone.RefreshToken)
	left := sessionsIn(t, s.do("GET", "/sessions", jwttest.Bearer(laptop.AccessToken)))
	assert.Equal(t, sessions[:1], left)
}

func TestSessionsOfOthersAreNotEnded(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	s.register(t, bob)
	access, _ := s.login(t, alice)
	bobAccess, bobRefresh := s.login(t, bob)
	sessions := sessionsIn(t, s.do("GET", "/sessions", jwttest.Bearer(bobAccess)))
	require.Len(t, sessions, 1)

	w := s.do("DELETE", "/sessions/"+sessions[0].ID, jwttest.Bearer(access))
	assert.Equal(t, `404 {"msg":"There is no such session"}`, fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())))
	s.refresh(t, bobRefresh)
}

func TestStolenTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	first := tokensIn(t, s.do("POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "phone")))
	otherAccess, _ := s.login(t, alice)
	s.clock.Advance(2 * time.Minute)
	second := s.refresh(t, first.RefreshToken)
	s.clock.Advance(time.Minute)

	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(first.RefreshToken)), 401, `{"msg":"Refresh token has already been used"}`)
	s.requireRevoked(t, second.AccessToken, second.RefreshToken)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(otherAccess)), 200, `{"id":1,"name":"alice","admin":true}`)
	assert.Equal(t, 1, strings.Count(s.log.String(), `level=WARN msg="a refresh token was used twice, `+
		`so somebody has a copy: its session has ended" user=1 device=phone`+"\n"))
	assert.NotContains(t, s.log.String(), "eyJ")
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

	_, err := s.db.ExecContext(t.Context(), "UPDATE users SET admin = FALSE WHERE id = 1")
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
	assert.Contains(t, s.log.String(), `errors="[ginjwt: wrong type of token (token_wrong_type): Only non-refresh tokens are allowed]"`)
}

// A request never waits for a server for ever.
func TestRequestsHaveADeadline(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Handler.(*gin.Engine).GET("/deadline", func(c *gin.Context) {
		deadline, ok := c.Request.Context().Deadline()
		assert.True(t, ok)
		assert.Less(t, time.Until(deadline), maxTime)
	})
	assert.Equal(t, 200, s.do("GET", "/deadline").Code)
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
