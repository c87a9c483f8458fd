package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

func assertAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	assert.Equal(t, status, w.Code)
	assert.Equal(t, body, w.Body.String())
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	console.Session{Page: "cookies.md"}.RunOn(t, router)
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

func login(t *testing.T, router *gin.Engine) *httptest.ResponseRecorder {
	t.Helper()
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(alice))
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, `{"msg":"Logged in"}`, w.Body.String())
	return w
}

func TestLoginSetsTwoCookies(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := login(t, router)
	cookies := w.Header().Values("Set-Cookie")
	require.Len(t, cookies, 2)
	assert.Regexp(t, `^access_token_cookie=[\w-]+\.[\w-]+\.[\w-]+; Path=/; HttpOnly; Secure; SameSite=Lax$`, cookies[0])
	assert.Regexp(t, `^csrf_access_token=[0-9a-f-]{36}; Path=/; Secure; SameSite=Lax$`, cookies[1])
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

func TestLoginRefusesOtherSites(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(alice), jwttest.Header("Sec-Fetch-Site", "cross-site"))
	assertAnswer(t, w, 403, `{"msg":"Log in from this site"}`)
	assert.Empty(t, w.Result().Cookies())

	w = jwttest.Do(router, "POST", "/login", jwttest.JSON(alice), jwttest.Header("Sec-Fetch-Site", "same-origin"))
	assertAnswer(t, w, 200, `{"msg":"Logged in"}`)
}

func TestReadingNeedsTheCookieAlone(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	w := jwttest.Do(router, "GET", "/messages", jwttest.Cookies(login(t, router)), without("X-CSRF-TOKEN"))
	assertAnswer(t, w, 200, `{"messages_for":"alice"}`)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

func TestWritingNeedsTheCSRFValue(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	browser := jwttest.Cookies(login(t, router))

	w := jwttest.Do(router, "POST", "/messages", browser)
	assertAnswer(t, w, 200, `{"sent_by":"alice"}`)

	for _, path := range []string{"/messages", "/logout"} {
		w = jwttest.Do(router, "POST", path, browser, without("X-CSRF-TOKEN"))
		assertAnswer(t, w, 401, `{"msg":"Missing CSRF token"}`+"\n")

		w = jwttest.Do(router, "POST", path, browser, jwttest.Header("X-CSRF-TOKEN", "guessed"))
		assertAnswer(t, w, 401, `{"msg":"CSRF double submit tokens do not match"}`+"\n")
	}
}

func TestRequestsWithoutCookiesAreRefused(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	for _, route := range [][2]string{{"GET", "/messages"}, {"POST", "/messages"}, {"POST", "/logout"}} {
		w := jwttest.Do(router, route[0], route[1])
		assertAnswer(t, w, 401, `{"msg":"Missing cookie \"access_token_cookie\""}`+"\n")
	}
}

func TestTokenInAHeaderIsNotLookedAt(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	token := login(t, router).Result().Cookies()[0].Value
	w := jwttest.Do(router, "GET", "/messages", jwttest.Bearer(token))
	assertAnswer(t, w, 401, `{"msg":"Missing cookie \"access_token_cookie\""}`+"\n")
}

func TestLogoutRemovesTheCookiesAndRevokesTheToken(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	before := login(t, router)

	after := jwttest.Do(router, "POST", "/logout", jwttest.Cookies(before))
	assertAnswer(t, after, 200, `{"msg":"Logged out"}`)
	assert.Equal(t, []string{
		"access_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		"csrf_access_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
		"refresh_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		"csrf_refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
	}, after.Header().Values("Set-Cookie"))

	w := jwttest.Do(router, "GET", "/messages", jwttest.Cookies(before, after))
	assertAnswer(t, w, 401, `{"msg":"Missing cookie \"access_token_cookie\""}`+"\n")

	w = jwttest.Do(router, "GET", "/messages", jwttest.Cookies(before))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
}

func TestTokenInACookieExpires(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	browser := jwttest.Cookies(login(t, router))
	clock.Advance(15 * time.Minute)
	w := jwttest.Do(router, "GET", "/messages", browser)
	assertAnswer(t, w, 401, `{"msg":"Token has expired"}`+"\n")
}

// without removes a header, because the page of another site cannot send it.
func without(header string) jwttest.RequestOption {
	return func(r *http.Request) { r.Header.Del(header) }
}
