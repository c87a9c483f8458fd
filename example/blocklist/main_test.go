package main

import (
	"database/sql"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	return newRouterOn(t, jwttest.Config(clock), testDB(t)), clock
}

func newRouterOn(t *testing.T, config ginjwt.Config, db *sql.DB) *gin.Engine {
	t.Helper()
	revoked, err := newBlocklist(t.Context(), db)
	require.NoError(t, err)
	config.Blocklist = revoked
	router, err := newRouter(config)
	require.NoError(t, err)
	return router
}

func testDB(t *testing.T) *sql.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "test.db"))
}

func open(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
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
	console.Session{Page: "blocklist.md"}.RunOn(t, router)
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

func logout(t *testing.T, router *gin.Engine, token, kind string) {
	t.Helper()
	w := jwttest.Do(router, "DELETE", "/logout", jwttest.Bearer(token))
	assertAnswer(t, w, 200, `{"revoked":"`+kind+`"}`)
}

func TestRevokedAccessTokenIsRefused(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	tokens := login(t, router)
	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(tokens.Access))
	assertAnswer(t, w, 200, `{"logged_in_as":"alice"}`)

	logout(t, router, tokens.Access, "access")

	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(tokens.Access))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
	w = jwttest.Do(router, "DELETE", "/logout", jwttest.Bearer(tokens.Access))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
	refresh(t, router, tokens.Refresh) // another token, which was not revoked
}

func TestRevokedRefreshTokenIsRefused(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	tokens := login(t, router)
	logout(t, router, tokens.Refresh, "refresh")

	clock.Advance(29 * 24 * time.Hour)
	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(tokens.Refresh))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
}

func TestLogoutNeedsAToken(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "DELETE", "/logout")
	assertAnswer(t, w, 401, `{"msg":"Missing Authorization Header"}`+"\n")
}

func TestRevokedTokensStayRevokedAfterARestart(t *testing.T) {
	t.Parallel()
	config, file := jwttest.Config(nil), filepath.Join(t.TempDir(), "test.db")
	before := newRouterOn(t, config, open(t, file))
	tokens := login(t, before)
	logout(t, before, tokens.Refresh, "refresh")

	after := newRouterOn(t, config, open(t, file))
	w := jwttest.Do(after, "POST", "/refresh", jwttest.Bearer(tokens.Refresh))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
}

func TestNobodyPassesWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	router := newRouterOn(t, jwttest.Config(nil), db)
	tokens := login(t, router)
	require.NoError(t, db.Close())

	for _, route := range [][2]string{{"GET", "/protected"}, {"DELETE", "/logout"}} {
		w := jwttest.Do(router, route[0], route[1], jwttest.Bearer(tokens.Access))
		assertAnswer(t, w, 503, `{"msg":"Service unavailable"}`+"\n")
	}
}

func TestRefreshRefusesAUserWhoMayNotLogInAnyMore(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	router := newRouterOn(t, config, testDB(t))
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))

	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(jwttest.RefreshToken(t, mgr, "bob")))
	assertAnswer(t, w, 401, `{"msg":"Log in again"}`)
}

func TestBlocklistForgetsOnlyWhatHasExpired(t *testing.T) {
	t.Parallel()
	ctx, now := t.Context(), time.Now()
	revoked, err := newBlocklist(ctx, testDB(t))
	require.NoError(t, err)

	require.NoError(t, revoked.Add(ctx, "early", now.Add(time.Minute)))
	require.NoError(t, revoked.Add(ctx, "late", now.Add(time.Hour)))
	require.NoError(t, revoked.Add(ctx, "twice", now.Add(time.Hour)))
	require.NoError(t, revoked.Add(ctx, "twice", now.Add(time.Minute)))
	require.NoError(t, revoked.Add(ctx, "for ever", time.Time{}))
	require.NoError(t, revoked.purge(ctx, now.Add(2*time.Minute)))

	for id, want := range map[string]bool{"early": false, "late": true, "twice": true, "for ever": true, "unknown": false} {
		blocked, err := revoked.Contains(ctx, "another", id)
		require.NoError(t, err)
		assert.Equal(t, want, blocked, id)
	}
}
