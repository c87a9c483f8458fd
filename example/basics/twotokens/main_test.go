package main

import (
	"io"
	"net/http"
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

func newServer(t *testing.T) (*httptest.Server, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	router, err := newRouter(config)
	require.NoError(t, err)
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return server, clock
}

// answerTo returns the answer to a client that asks for /me.
func answerTo(t *testing.T, c *client) string {
	t.Helper()
	answer, err := c.get(t.Context(), "/me")
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(body)
}

func TestPage(t *testing.T) {
	t.Parallel()
	server, clock := newServer(t)
	console.Session{
		Page: "basics/two-tokens.md", Clock: clock,
		Servers: map[string]string{"localhost:8080": server.Listener.Addr().String()},
	}.Run(t)
}

func TestTheClientRefreshesWhenTheAccessTokenHasExpired(t *testing.T) {
	t.Parallel()
	server, clock := newServer(t)
	c, err := logIn(t.Context(), server.URL, alice)
	require.NoError(t, err)
	first := c.pair
	assert.Equal(t, `{"user":"alice"}`, answerTo(t, c))
	assert.Equal(t, first, c.pair, "it did not refresh")

	clock.Advance(15 * time.Minute)
	assert.Equal(t, `{"user":"alice"}`, answerTo(t, c))
	assert.NotEqual(t, first.AccessToken, c.pair.AccessToken)
	assert.NotEqual(t, first.RefreshToken, c.pair.RefreshToken)
}

func TestTheClientSaysWhenThePasswordIsNeeded(t *testing.T) {
	t.Parallel()
	server, clock := newServer(t)
	_, err := logIn(t.Context(), server.URL, `{"username":"alice","password":"red-queen"}`)
	require.EqualError(t, err, "login: 401 Unauthorized")
	c, err := logIn(t.Context(), server.URL, alice)
	require.NoError(t, err)
	clock.Advance(31 * 24 * time.Hour)
	_, err = c.get(t.Context(), "/me") //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errLogIn)
}

func TestAServiceThatIsDownLogsNobodyOut(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(map[string]int{"/me": 401, "/refresh": 503}[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	c := &client{service: server.URL, pair: ginjwt.TokenPair{AccessToken: "a", RefreshToken: "b"}}
	_, err := c.get(t.Context(), "/me") //nolint:bodyclose // there is none
	require.EqualError(t, err, "refresh: 503 Service Unavailable: try again later")
	assert.Equal(t, "b", c.pair.RefreshToken)
}

func TestTheClientStopsWhenItIsLoggedOut(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(down.Close)
	require.EqualError(t, watch(t.Context(), down.URL), "login: 404 Not Found")

	server, clock := newServer(t)
	c, err := logIn(t.Context(), server.URL, alice)
	require.NoError(t, err)
	require.NoError(t, c.show(t.Context(), "/me"))
	clock.Advance(31 * 24 * time.Hour)
	require.ErrorIs(t, c.show(t.Context(), "/me"), errLogIn)
}

// A refresh token works once. A copy ends the session, for the thief and for the user.
func TestACopyOfARefreshTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	server, clock := newServer(t)
	c, err := logIn(t.Context(), server.URL, alice)
	require.NoError(t, err)
	thief := *c
	clock.Advance(15 * time.Minute)
	assert.Equal(t, `{"user":"alice"}`, answerTo(t, c))
	clock.Advance(15 * time.Minute)
	_, err = thief.get(t.Context(), "/me") //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errLogIn)
	_, err = c.get(t.Context(), "/me") //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errLogIn)
}
