package main

import (
	"io"
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
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

// setUp returns the router, a manager with the same key, and the clock of both.
// The manager makes tokens that no login makes.
func setUp(t *testing.T) (*gin.Engine, *ginjwt.JWTManager, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	r, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return r, mgr, clock
}

// logIn returns the response that sets alice's cookies.
func logIn(t *testing.T, r *gin.Engine) *httptest.ResponseRecorder {
	t.Helper()
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, `{"msg":"Logged in"}`, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	return w
}

// cookie sends a token in a cookie, as a browser does.
func cookie(token string) jwttest.RequestOption {
	return jwttest.Header("Cookie", "access_token_cookie="+token)
}

func TestPage(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	console.Session{Page: "automatic-user-loading.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	for _, test := range []struct {
		body   string
		status int
		answer string
	}{
		{`{"username":"alice","password":"wrong"}`, 401, `{"msg":"Bad username or password"}`},
		{`{"username":"alice","password":""}`, 401, `{"msg":"Bad username or password"}`},
		{`{"username":"alice","password":"battery staple"}`, 401, `{"msg":"Bad username or password"}`}, // bob's
		{`{"username":"eve","password":"correct horse"}`, 401, `{"msg":"Bad username or password"}`},
		{`{}`, 401, `{"msg":"Bad username or password"}`},
		{`[]`, 400, `{"msg":"Expected a username and a password"}`},
		{``, 400, `{"msg":"Expected a username and a password"}`},
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(test.body))
		assert.Equal(t, test.status, w.Code, test.body)
		assert.Equal(t, test.answer, w.Body.String(), test.body)
		assert.Empty(t, w.Header()["Set-Cookie"], test.body)
	}
}

func TestTheTokenHasTheIDAndLivesAsLongAsItsCookie(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)
	cookies := logIn(t, r).Result().Cookies()
	require.Len(t, cookies, 2)
	assert.Equal(t, "access_token_cookie", cookies[0].Name)
	assert.True(t, cookies[0].HttpOnly)
	assert.True(t, cookies[0].Secure)
	assert.Equal(t, 900, cookies[0].MaxAge)

	token, err := mgr.DecodeToken(t.Context(), cookies[0].Value)
	require.NoError(t, err)
	assert.Equal(t, "1", token.Identity)
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	r, mgr, clock := setUp(t)
	alice := logIn(t, r)

	w := jwttest.Do(r, "GET", "/who_am_i", jwttest.Cookies(alice))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"full_name":"Alice Liddell","id":"1","username":"alice"}`, w.Body.String())

	w = jwttest.Do(r, "GET", "/who_am_i")
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Missing cookie \"access_token_cookie\""}`+"\n", w.Body.String())

	w = jwttest.Do(r, "GET", "/who_am_i", cookie(jwttest.AccessToken(t, mgr, "3")))
	assert.Equal(t, 401, w.Code, "the user was deleted")
	assert.Equal(t, `{"msg":"Error loading the user 3"}`+"\n", w.Body.String())

	clock.Advance(15 * time.Minute)
	w = jwttest.Do(r, "GET", "/who_am_i", jwttest.Cookies(alice))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", w.Body.String())
}

func TestHomePage(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)

	w := jwttest.Do(r, "GET", "/")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `<h1>Home</h1><p>Please log in</p>`, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))

	w = jwttest.Do(r, "GET", "/", jwttest.Cookies(logIn(t, r)))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `<h1>Home</h1><p>Hello, Alice Liddell</p>`, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))

	w = jwttest.Do(r, "GET", "/", cookie(jwttest.AccessToken(t, mgr, "3")))
	assert.Equal(t, 401, w.Code, "a bad token is not none")
	assert.Equal(t, `{"msg":"Error loading the user 3"}`+"\n", w.Body.String())
}

func TestIdentityIsThatOfAUser(t *testing.T) {
	t.Parallel()
	_, err := userIdentity(t.Context(), "1")
	assert.EqualError(t, err, "users: no *User but a string")
	_, err = userIdentity(t.Context(), (*User)(nil))
	assert.EqualError(t, err, "users: no *User but a *main.User")
}
