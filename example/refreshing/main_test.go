package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strconv"
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

func newTestRouter(t *testing.T) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	router, err := newRouter(jwttest.Config(clock))
	require.NoError(t, err)
	return router, clock
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func login(t *testing.T, router *gin.Engine) tokens {
	t.Helper()
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(alice))
	require.Equal(t, 200, w.Code, w.Body)
	require.Regexp(t, `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","refresh_token":"[\w-]+\.[\w-]+\.[\w-]+"\}$`, w.Body.String())
	return tokensIn(t, w)
}

// refresh exchanges a refresh token for a new access token.
func refresh(t *testing.T, router *gin.Engine, token string) (access string) {
	t.Helper()
	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(token))
	require.Equal(t, 200, w.Code, w.Body)
	require.Regexp(t, `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+"\}$`, w.Body.String())
	return tokensIn(t, w).Access
}

func tokensIn(t *testing.T, w *httptest.ResponseRecorder) (in tokens) {
	t.Helper()
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &in))
	return in
}

func assertAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	assert.Equal(t, status, w.Code)
	assert.Equal(t, body, w.Body.String())
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	console.Session{Page: "refreshing-tokens.md"}.RunOn(t, router)
}

func TestLoginRefusesAllButTheRightPassword(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	for sent, want := range map[string]string{
		`{"username":"alice","password":"red-queen"}`:   `401 {"msg":"Bad username or password"}`,
		`{"username":"bob","password":"correct horse"}`: `401 {"msg":"Bad username or password"}`,
		`{"username":"alice"}`:                          `400 {"msg":"Send username and password as JSON"}`,
		`nonsense`:                                      `400 {"msg":"Send username and password as JSON"}`,
	} {
		w := jwttest.Do(router, "POST", "/login", jwttest.JSON(sent))
		assert.Equal(t, want, strconv.Itoa(w.Code)+" "+w.Body.String(), sent)
		assert.Empty(t, w.Result().Cookies())
	}
}

func TestAccessTokenOpensProtected(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(login(t, router).Access))
	assertAnswer(t, w, 200, `{"logged_in_as":"alice"}`)
}

func TestRefreshGivesANewAccessTokenWhenTheOldHasExpired(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	tokens := login(t, router)

	clock.Advance(15 * time.Minute)
	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(tokens.Access))
	assertAnswer(t, w, 401, `{"msg":"Token has expired"}`+"\n")

	access := refresh(t, router, tokens.Refresh)
	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(access))
	assertAnswer(t, w, 200, `{"logged_in_as":"alice"}`)
}

func TestRefreshTokenExpiresAfterThirtyDays(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	tokens := login(t, router)

	clock.Advance(30*24*time.Hour - time.Second)
	refresh(t, router, tokens.Refresh)

	clock.Advance(time.Second)
	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(tokens.Refresh))
	assertAnswer(t, w, 401, `{"msg":"Token has expired"}`+"\n")
}

func TestNeitherTokenDoesTheWorkOfTheOther(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	tokens := login(t, router)

	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(tokens.Refresh))
	assertAnswer(t, w, 422, `{"msg":"Only non-refresh tokens are allowed"}`+"\n")

	w = jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(tokens.Access))
	assertAnswer(t, w, 422, `{"msg":"Only refresh tokens are allowed"}`+"\n")
}

func TestRefreshRefusesRequestsWithoutAToken(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "POST", "/refresh")
	assertAnswer(t, w, 401, `{"msg":"Missing Authorization Header"}`+"\n")
}

func TestRefreshRefusesAUserWhoMayNotLogInAnyMore(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	router, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))

	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(jwttest.RefreshToken(t, mgr, "bob")))
	assertAnswer(t, w, 401, `{"msg":"Log in again"}`)
}
