package main

import (
	"context"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
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

// fixture is the service, and a manager with the same key to read tokens.
type fixture struct {
	*testing.T
	router *gin.Engine
	clock  *jwttest.Clock
	mgr    *ginjwt.JWTManager
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Blocklist = &forgetful{now: clock.Now, revoked: map[string]time.Time{}}
	router, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return fixture{t, router, clock, mgr}
}

// forgetful is a blocklist that keeps an ID no longer than requested.
type forgetful struct {
	now     func() time.Time
	mu      sync.Mutex
	revoked map[string]time.Time
}

func (b *forgetful) Add(_ context.Context, id string, expires time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked[id] = expires
	return nil
}

func (b *forgetful) Contains(_ context.Context, ids ...string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(ids, func(id string) bool { return b.now().Before(b.revoked[id]) }), nil
}

func (f fixture) login() *httptest.ResponseRecorder {
	f.Helper()
	w := jwttest.Do(f.router, "POST", "/login", jwttest.JSON(alice))
	f.answered(w, 200, `{"msg":"Logged in"}`)
	require.Len(f, w.Result().Cookies(), 2)
	return w
}

// renewed requests the messages, and requires new cookies in the answer.
func (f fixture) renewed(browser jwttest.RequestOption) *httptest.ResponseRecorder {
	f.Helper()
	w := jwttest.Do(f.router, "GET", "/messages", browser)
	f.answered(w, 200, `{"messages_for":"alice"}`)
	require.Len(f, w.Result().Cookies(), 2)
	return w
}

// kept sends a request, and requires an answer without cookies.
func (f fixture) kept(method, target string, browser jwttest.RequestOption, body string) {
	f.Helper()
	w := jwttest.Do(f.router, method, target, browser)
	f.answered(w, 200, body)
	assert.Empty(f, w.Header().Values("Set-Cookie"))
}

func (f fixture) answered(w *httptest.ResponseRecorder, status int, body string) {
	f.Helper()
	require.Equal(f, status, w.Code, w.Body)
	require.Equal(f, body, w.Body.String())
}

func (f fixture) tokenIn(w *httptest.ResponseRecorder) *ginjwt.Token {
	f.Helper()
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == "access_token_cookie" {
			token, err := f.mgr.DecodeToken(f.Context(), cookie.Value)
			require.NoError(f, err)
			return token
		}
	}
	require.Fail(f, "no token in the cookies")
	return nil
}

func TestPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	console.Session{Page: "implicit-refresh.md", Clock: f.clock}.RunOn(t, f.router)
}

func TestLoginRefusesAllButTheRightPassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for sent, want := range map[string]string{
		`{"username":"alice","password":"red-queen"}`:   `401 {"msg":"Bad username or password"}`,
		`{"username":"bob","password":"correct horse"}`: `401 {"msg":"Bad username or password"}`,
		`{"username":"alice"}`:                          `400 {"msg":"Send username and password as JSON"}`,
		`nonsense`:                                      `400 {"msg":"Send username and password as JSON"}`,
	} {
		w := jwttest.Do(f.router, "POST", "/login", jwttest.JSON(sent))
		assert.Equal(t, want, strconv.Itoa(w.Code)+" "+w.Body.String(), sent)
		assert.Empty(t, w.Result().Cookies())
	}
}

func TestLoginRefusesOtherSites(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := jwttest.Do(f.router, "POST", "/login", jwttest.JSON(alice), jwttest.Header("Sec-Fetch-Site", "cross-site"))
	f.answered(w, 403, `{"msg":"Log in from this site"}`)
	assert.Empty(t, w.Result().Cookies())
}

func TestTokenIsReplacedInItsLastThirtyMinutes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	old := f.tokenIn(login)

	f.clock.Advance(30*time.Minute - time.Second)
	f.kept("GET", "/messages", jwttest.Cookies(login), `{"messages_for":"alice"}`)

	f.clock.Advance(time.Second)
	page := f.renewed(jwttest.Cookies(login))
	cookies := page.Header().Values("Set-Cookie")
	assert.Regexp(t, `^access_token_cookie=[\w-]+\.[\w-]+\.[\w-]+; Path=/; HttpOnly; Secure; SameSite=Lax$`, cookies[0])
	assert.Regexp(t, `^csrf_access_token=[0-9a-f-]{36}; Path=/; Secure; SameSite=Lax$`, cookies[1])
	assert.Equal(t, "no-store", page.Header().Get("Cache-Control"))

	token := f.tokenIn(page)
	assert.Equal(t, "alice", token.Identity)
	assert.Equal(t, f.clock.Now().Add(time.Hour).Unix(), token.ExpiresAt.Unix())
	assert.Equal(t, old.ID, token.ID)
	assert.NotEqual(t, old.CSRF, token.CSRF)
	assert.Equal(t, old.Claims()["auth_time"], token.Claims()["auth_time"])

	f.clock.Advance(30*time.Minute - time.Second) // the old one ends now
	f.kept("POST", "/messages", jwttest.Cookies(login, page), `{"sent_by":"alice"}`)
}

func TestHeadReplacesToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	f.clock.Advance(45 * time.Minute)
	assert.Len(t, jwttest.Do(f.router, "HEAD", "/messages", jwttest.Cookies(login)).Result().Cookies(), 2)
}

func TestRequestsThatChangeSomethingReplaceNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	f.clock.Advance(45 * time.Minute)
	f.kept("POST", "/messages", jwttest.Cookies(login), `{"sent_by":"alice"}`)
}

func TestTokenInAHeaderIsNotReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.tokenIn(f.login()).Raw()
	f.clock.Advance(45 * time.Minute)
	f.kept("GET", "/messages", jwttest.Bearer(token), `{"messages_for":"alice"}`)
}

func TestExpiredTokenIsNotReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	f.clock.Advance(time.Hour)
	w := jwttest.Do(f.router, "GET", "/messages", jwttest.Cookies(login))
	f.answered(w, 401, `{"msg":"Token has expired"}`+"\n")
	assert.Empty(t, w.Header().Values("Set-Cookie"))
}

func TestNewTokenIsNeverFresh(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	f.clock.Advance(45 * time.Minute)
	f.kept("GET", "/recovery-codes", jwttest.Cookies(login), `{"recovery_codes_of":"alice"}`)

	page := f.renewed(jwttest.Cookies(login))
	assert.False(t, f.tokenIn(page).Fresh)
	w := jwttest.Do(f.router, "GET", "/recovery-codes", jwttest.Cookies(login, page))
	f.answered(w, 401, `{"msg":"Fresh token required"}`+"\n")
}

func TestLogoutLeavesNoCookies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	f.clock.Advance(45 * time.Minute) // a page would get new cookies now

	logout := jwttest.Do(f.router, "POST", "/logout", jwttest.Cookies(login))
	f.answered(logout, 200, `{"msg":"Logged out"}`)
	assert.Equal(t, []string{
		"access_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		"csrf_access_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
		"refresh_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		"csrf_refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
	}, logout.Header().Values("Set-Cookie"))

	w := jwttest.Do(f.router, "GET", "/messages", jwttest.Cookies(login, logout))
	f.answered(w, 401, `{"msg":"Missing JWT in cookies or headers (Missing cookie \"access_token_cookie\"; Missing Authorization Header)"}`+"\n")
	assert.Empty(t, w.Header().Values("Set-Cookie"))
}

func TestHandlerThatRemovesTheCookiesHasTheLastWord(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.AccessTokenExpires = idleTime
	s := &service{ginjwt.New(config), clock.Now}
	router := gin.New()
	require.NoError(t, s.jwt.InitApp(router))
	router.POST("/login", s.login)
	router.GET("/bye", s.jwt.JWTRequired(), s.renew, s.logout)

	login := jwttest.Do(router, "POST", "/login", jwttest.JSON(alice))
	clock.Advance(45 * time.Minute)
	bye := jwttest.Do(router, "GET", "/bye", jwttest.Cookies(login))
	assert.Equal(t, `{"msg":"Logged out"}`, bye.Body.String())
	assert.Len(t, bye.Result().Cookies(), 4, "those set by renew are not even sent")
	for _, cookie := range bye.Result().Cookies() {
		assert.Empty(t, cookie.Value)
	}

	w := jwttest.Do(router, "GET", "/bye", jwttest.Cookies(login, bye))
	assert.Equal(t, `{"msg":"Missing cookie \"access_token_cookie\""}`+"\n", w.Body.String())
}

// The answer to a request from before the logout can arrive after the logout, with new
// cookies. They must be worthless, even long after the old token has expired.
func TestPageThatArrivesAfterTheLogoutLogsNobodyIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	login := f.login()
	f.clock.Advance(59 * time.Minute)
	late := f.renewed(jwttest.Cookies(login))
	logout := jwttest.Do(f.router, "POST", "/logout", jwttest.Cookies(login))
	f.answered(logout, 200, `{"msg":"Logged out"}`)

	f.clock.Advance(30 * time.Minute)
	w := jwttest.Do(f.router, "GET", "/messages", jwttest.Cookies(login, logout, late))
	f.answered(w, 401, `{"msg":"Token has been revoked"}`+"\n")
	assert.Empty(t, w.Header().Values("Set-Cookie"))
}

func TestOtherLoginsOutliveALogout(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	phone, laptop := f.login(), f.login()
	f.answered(jwttest.Do(f.router, "POST", "/logout", jwttest.Cookies(phone)), 200, `{"msg":"Logged out"}`)
	f.kept("GET", "/messages", jwttest.Cookies(laptop), `{"messages_for":"alice"}`)
}

func TestLoginEndsAfterTwelveHours(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookies := f.login()
	end := f.clock.Now().Add(12 * time.Hour)
	for range 14 { // 11 hours and 40 minutes
		f.clock.Advance(50 * time.Minute)
		cookies = f.renewed(jwttest.Cookies(cookies))
	}
	assert.Equal(t, end.Unix(), f.tokenIn(cookies).ExpiresAt.Unix())

	f.clock.Advance(20*time.Minute - time.Second)
	f.kept("GET", "/messages", jwttest.Cookies(cookies), `{"messages_for":"alice"}`)
	f.clock.Advance(time.Second)
	w := jwttest.Do(f.router, "GET", "/messages", jwttest.Cookies(cookies))
	f.answered(w, 401, `{"msg":"Token has expired"}`+"\n")
}

func TestOnlyATokenWithATimeOfLoginIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, opts := range map[string][]ginjwt.TokenOption{
		"none":     nil,
		"too old":  {ginjwt.WithClaims(ginjwt.Claims{"auth_time": f.clock.Now().Add(-12 * time.Hour).Unix()})},
		"not time": {ginjwt.WithClaims(ginjwt.Claims{"auth_time": "now"})},
	} {
		w := httptest.NewRecorder()
		w.Header().Set("Set-Cookie", "access_token_cookie="+jwttest.AccessToken(t, f.mgr, "alice", opts...)+"; Path=/")
		page := jwttest.Do(f.router, "GET", "/messages", jwttest.Cookies(w))
		f.answered(page, 200, `{"messages_for":"alice"}`)
		assert.Empty(t, page.Header().Values("Set-Cookie"), name)
	}
}

func TestTokenOfAUserWhoMayNotLogInAnyMoreIsNotReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := httptest.NewRecorder()
	claims := ginjwt.WithClaims(ginjwt.Claims{"auth_time": f.clock.Now().Unix()})
	w.Header().Set("Set-Cookie", "access_token_cookie="+jwttest.AccessToken(t, f.mgr, "bob", claims)+"; Path=/")
	f.kept("GET", "/messages", jwttest.Cookies(w), `{"messages_for":"bob"}`)
}
