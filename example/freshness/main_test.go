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
	console.Session{Page: "freshness.md"}.RunOn(t, router)
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

// confirm sends the password again, with a token.
func confirm(t *testing.T, router *gin.Engine, token string) (access string) {
	t.Helper()
	w := jwttest.Do(router, "POST", "/confirm", jwttest.Bearer(token), jwttest.JSON(alice))
	require.Equal(t, 200, w.Code, w.Body)
	require.Regexp(t, `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+"\}$`, w.Body.String())
	return tokensIn(t, w).Access
}

func assertFresh(t *testing.T, router *gin.Engine, access string) {
	t.Helper()
	assertAnswer(t, jwttest.Do(router, "GET", "/profile", jwttest.Bearer(access)), 200, `{"username":"alice"}`)
	assertAnswer(t, jwttest.Do(router, "DELETE", "/profile", jwttest.Bearer(access)), 200, `{"deleted":"alice"}`)
}

func assertStale(t *testing.T, router *gin.Engine, access string) {
	t.Helper()
	assertAnswer(t, jwttest.Do(router, "GET", "/profile", jwttest.Bearer(access)), 200, `{"username":"alice"}`)
	w := jwttest.Do(router, "DELETE", "/profile", jwttest.Bearer(access))
	assertAnswer(t, w, 401, `{"msg":"Fresh token required"}`+"\n")
	assert.Equal(t, `Bearer realm="api", error="insufficient_user_authentication", error_description="A fresh token is required", reason="fresh_required"`,
		w.Header().Get("WWW-Authenticate"))
}

func TestTokenOfALoginIsFreshForAsLongAsItLives(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	access := login(t, router).Access
	clock.Advance(15*time.Minute - time.Second)
	assertFresh(t, router, access)
}

func TestTokenOfARefreshIsNotFresh(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	assertStale(t, router, refresh(t, router, login(t, router).Refresh))
}

func TestConfirmedTokenIsFreshForFiveMinutes(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	access := confirm(t, router, refresh(t, router, login(t, router).Refresh))

	clock.Advance(5 * time.Minute)
	assertFresh(t, router, access)
	clock.Advance(time.Second)
	assertStale(t, router, access)
}

func TestConfirmRefuses(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	router, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	access := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))

	w := jwttest.Do(router, "POST", "/confirm", jwttest.JSON(alice))
	assertAnswer(t, w, 401, `{"msg":"Missing Authorization Header"}`+"\n")

	w = jwttest.Do(router, "POST", "/confirm", access)
	assertAnswer(t, w, 400, `{"msg":"Send username and password as JSON"}`)

	w = jwttest.Do(router, "POST", "/confirm", access, jwttest.JSON(`{"username":"alice","password":"red-queen"}`))
	assertAnswer(t, w, 401, `{"msg":"Bad username or password"}`)

	bob := jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob"))
	w = jwttest.Do(router, "POST", "/confirm", bob, jwttest.JSON(alice))
	assertAnswer(t, w, 403, `{"msg":"This is the password of another user"}`)

	refresh := jwttest.Bearer(jwttest.RefreshToken(t, mgr, "alice"))
	w = jwttest.Do(router, "POST", "/confirm", refresh, jwttest.JSON(alice))
	assertAnswer(t, w, 422, `{"msg":"Only non-refresh tokens are allowed"}`+"\n")
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
