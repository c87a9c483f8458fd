package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// servers are what processes can share. Processes with Redis also share an SQLite file
// with the users.
var servers = map[string]func(t *testing.T) map[string]string{
	"SQLite": func(*testing.T) map[string]string { return map[string]string{} },
	"PostgreSQL": func(t *testing.T) map[string]string {
		return map[string]string{"DATABASE_URL": testserver.Postgres(t).DSN()}
	},
	"Redis": func(t *testing.T) map[string]string { return map[string]string{"REDIS_URL": redisURL(t)} },
	"Redis and PostgreSQL": func(t *testing.T) map[string]string {
		return map[string]string{"DATABASE_URL": testserver.Postgres(t).DSN(), "REDIS_URL": redisURL(t)}
	},
}

const redisPassword = "hunter2"

// redisURL starts a Redis server that asks for a password.
func redisURL(t *testing.T) string {
	t.Helper()
	addr := testserver.Redis(t).Addr()
	client := redis.NewClient(&redis.Options{Addr: addr})
	require.NoError(t, client.ConfigSet(t.Context(), "requirepass", redisPassword).Err())
	require.NoError(t, client.Close())
	return fmt.Sprintf("redis://:%s@%s/0", redisPassword, addr)
}

// startTwo starts two services that share only their servers and the secret.
func startTwo(t *testing.T, settings map[string]string) (one, two *service) {
	t.Helper()
	settings["JWT_SECRET_KEY"] = strings.Repeat("s", 32)
	dir, clock := filepath.Join(t.TempDir(), "data"), &jwttest.Clock{}
	return startService(t, dir, settings, clock), startService(t, dir, settings, clock)
}

// A session that ends on one process ends on the other: at once if the other asks the
// session store, and within a second if it asks its replica of the blocklist.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	for name, settings := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, two := startTwo(t, settings(t))
			one.register(t, alice)
			t.Run("logout", func(t *testing.T) { testLogoutOnAnother(t, one, two) })
			t.Run("end of a session", func(t *testing.T) { testSessionEndedOnAnother(t, one, two) })
			t.Run("theft", func(t *testing.T) { testTheftOnAnother(t, one, two) })
			t.Run("password", func(t *testing.T) { testPasswordChangedOnAnother(t, one, two) })
		})
	}
}

func testLogoutOnAnother(t *testing.T, one, two *service) {
	access, refresh := one.login(t, alice)
	requireAnswer(t, two.do("GET", "/me", jwttest.Bearer(access)), 200, `{"id":1,"name":"alice","admin":true}`)
	requireNoContent(t, one.do("POST", "/logout", jwttest.Bearer(access)))
	two.requireRefusedSoon(t, access)
	two.requireRevoked(t, access, refresh)
}

func testSessionEndedOnAnother(t *testing.T, one, two *service) {
	phone := tokensIn(t, one.do("POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "phone")))
	one.clock.Advance(time.Second)
	laptop := tokensIn(t, two.do("POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "laptop")))
	sessions := sessionsIn(t, two.do("GET", "/sessions", jwttest.Bearer(laptop.AccessToken)))
	require.Len(t, sessions, 2)
	assert.Equal(t, "phone", sessions[1].Device)

	requireNoContent(t, two.do("DELETE", "/sessions/"+sessions[1].ID, jwttest.Bearer(laptop.AccessToken)))
	one.requireRefusedSoon(t, phone.AccessToken)
	one.requireRevoked(t, phone.AccessToken, phone.RefreshToken)
	assert.Equal(t, sessions[:1], sessionsIn(t, one.do("GET", "/sessions", jwttest.Bearer(laptop.AccessToken))))
}

func testTheftOnAnother(t *testing.T, one, two *service) {
	access, stolen := one.login(t, alice)
	one.clock.Advance(2 * time.Minute) // of both
	rotated := one.refresh(t, stolen)
	one.clock.Advance(time.Minute)
	requireAnswer(t, two.do("POST", "/refresh", jwttest.Bearer(stolen)), 401, `{"msg":"Refresh token has already been used"}`)
	assert.Contains(t, two.log.String(), "a refresh token was used twice")
	one.requireRefusedSoon(t, access)
	one.requireRevoked(t, rotated.AccessToken, rotated.RefreshToken)
	one.requireRevoked(t, access, stolen)
}

func testPasswordChangedOnAnother(t *testing.T, one, two *service) {
	access, refresh := one.login(t, alice)
	elsewhere, _ := one.login(t, alice)
	changed := tokensIn(t, two.do("POST", "/password", jwttest.Bearer(access), jwttest.JSON(`{"new_password":"battery staple"}`)))
	one.requireRefusedSoon(t, elsewhere)
	one.requireRefusedSoon(t, access)
	one.requireRevoked(t, access, refresh)
	requireAnswer(t, one.do("GET", "/me", jwttest.Bearer(changed.AccessToken)), 200, `{"id":1,"name":"alice","admin":true}`)
	one.refresh(t, changed.RefreshToken)
}

// requireRefusedSoon waits until a token that was ended elsewhere is refused here. Nobody may use
// it for longer than maxStaleness; while the store does not reply in time, it is not accepted either.
func (s *service) requireRefusedSoon(t *testing.T, access string) {
	t.Helper()
	ended := time.Now()
	require.Eventually(t, func() bool {
		asked := time.Since(ended)
		w := s.do("GET", "/me", jwttest.Bearer(access))
		if w.Code == http.StatusOK && !assert.LessOrEqual(t, asked, maxStaleness) {
			return true
		}
		return strings.Contains(w.Body.String(), "Token has been revoked")
	}, time.Minute, 5*time.Millisecond)
}

// Sessions outlive the processes.
func TestSessionsSurviveARestart(t *testing.T) {
	t.Parallel()
	for name, settings := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := startTwo(t, settings(t))
			first.register(t, alice)
			access, _ := first.login(t, alice)
			_, kept := first.login(t, alice)
			requireNoContent(t, first.do("POST", "/logout", jwttest.Bearer(access)))
			first.stop()
			second.requireRefusedSoon(t, access)
			second.refresh(t, kept)
		})
	}
}

// nowhere is an address where nobody listens, and that no program gets by chance.
const nowhere = "127.0.0.1:1"

// Without its server the program ends soon. It names the missing server, and does not
// print the password.
func TestRunReportsServers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ variable, address, want string }{
		"no PostgreSQL": {"DATABASE_URL", "postgres://alice:hunter2@" + nowhere + "/users",
			"(?s)^DATABASE_URL: failed to connect to `user=alice database=users`:.*connection refused"},
		"no Redis": {"REDIS_URL", "redis://alice:hunter2@" + nowhere,
			`^REDIS_URL: dial tcp 127\.0\.0\.1:\d+: connect: connection refused$`},
		"wrong password": {"REDIS_URL", strings.Replace(redisURL(t), "redis://:", "redis://alice:", 1), `^REDIS_URL: WRONGPASS `},
		"silent PostgreSQL": {"DATABASE_URL", "postgres://alice:hunter2@" + pausedServer(t, testserver.Postgres(t)) + "/users?sslmode=disable",
			"^DATABASE_URL: (failed to connect .*timeout|context deadline exceeded)"},
		"silent Redis": {"REDIS_URL", "redis://alice:hunter2@" + pausedServer(t, testserver.Redis(t)),
			"^REDIS_URL: .*(timeout|deadline exceeded)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"GIN_MODE": "release", tt.variable: tt.address}
			dir := filepath.Join(t.TempDir(), "data")
			stderr := &bytes.Buffer{}
			began := time.Now()
			err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-data", dir}, environment(settings), io.Discard, stderr)
			require.Less(t, time.Since(began), startTime+5*time.Second)
			require.Error(t, err)
			require.Regexp(t, regexp.MustCompile(tt.want), err.Error())
			assert.NotContains(t, err.Error()+stderr.String(), "hunter2")
		})
	}
}

func pausedServer(t *testing.T, s *testserver.Server) (addr string) {
	t.Helper()
	s.Pause()
	t.Cleanup(s.Resume)
	return s.Addr()
}

// Without its server the service cannot know who is logged in, so it refuses everybody.
func TestServerFailsWhileRunning(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	s := startService(t, filepath.Join(t.TempDir(), "data"), map[string]string{"REDIS_URL": "redis://" + server.Addr()}, &jwttest.Clock{})
	access, refresh := s.tokens(t)
	server.Kill()

	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 503, `{"msg":"Service unavailable"}`)
	requireAnswer(t, s.do("POST", "/login", jwttest.JSON(alice)), 503, `{"msg":"Service unavailable"}`)
	requireAnswer(t, s.do("POST", "/logout", jwttest.Bearer(access)), 503, `{"msg":"Service unavailable"}`)
	server.Start()
	require.Eventually(t, func() bool { return s.do("POST", "/refresh", jwttest.Bearer(refresh)).Code != 503 }, time.Minute, 10*time.Millisecond)
}
