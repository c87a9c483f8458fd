package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
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

// logIn returns alice's token.
func logIn(t *testing.T, r *gin.Engine) string {
	t.Helper()
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Len(t, body, 1)
	return body["access_token"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	console.Session{Page: "token-locations.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	for _, body := range []string{
		`{"username":"alice","password":"wrong"}`,
		`{"username":"alice","password":""}`,
		`{"username":"eve","password":"correct horse"}`,
		`{}`, `[]`, ``,
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(body))
		assert.Equal(t, 401, w.Code, body)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String(), body)
	}
}

func TestCookieLoginNeedsThePasswordToo(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	w := jwttest.Do(r, "POST", "/login_with_cookies", jwttest.JSON(`{"username":"alice","password":"wrong"}`))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String())
	assert.Empty(t, w.Header()["Set-Cookie"])
}

const (
	nowhere = `{"msg":"Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie \"access_token_cookie\")"}` + "\n"
	failed  = `{"msg":"User claims verification failed"}` + "\n"
)

func TestHeadersAndCookies(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)
	alice := logIn(t, r)
	bob := "access_token_cookie=" + jwttest.AccessToken(t, mgr, "bob")
	for _, test := range []struct {
		name, path, authorization, cookie string
		status                            int
		body                              string
	}{
		{"neither", "/who_am_i", "", "", 401, nowhere},
		{"header", "/who_am_i", "Bearer " + alice, "", 200, `{"identity":"alice","location":"headers"}`},
		{"cookie", "/who_am_i", "", bob, 200, `{"identity":"bob","location":"cookies"}`},
		{"both: the first location wins", "/who_am_i", "Bearer " + alice, bob, 200, `{"identity":"alice","location":"headers"}`},
		{"a bad token ends the search", "/who_am_i", "Bearer abc", bob, 422, `{"msg":"Not enough segments"}` + "\n"},
		{"another scheme does not", "/who_am_i", "Basic abc", bob, 200, `{"identity":"bob","location":"cookies"}`},
		{"other locations do not count", "/who_am_i?jwt=" + alice, "", "", 401, nowhere},
		{"cookie where only headers count", "/only_headers", "", bob, 401, `{"msg":"Missing Authorization Header"}` + "\n"},
		{"header where only headers count", "/only_headers", "Bearer " + alice, bob, 200, `{"identity":"alice","location":"headers"}`},
	} {
		w := jwttest.Do(r, "GET", test.path,
			jwttest.Header("Authorization", test.authorization), jwttest.Header("Cookie", test.cookie))
		assert.Equal(t, test.status, w.Code, test.name)
		assert.Equal(t, test.body, w.Body.String(), test.name)
	}
}

func TestCookiesNeedACSRFValue(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	login := jwttest.Do(r, "POST", "/login_with_cookies", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, login.Code)
	require.Equal(t, `{"msg":"Logged in"}`, login.Body.String())

	w := jwttest.Do(r, "POST", "/links/report.pdf", jwttest.Cookies(login))
	assert.Equal(t, 200, w.Code)

	w = jwttest.Do(r, "POST", "/links/report.pdf", jwttest.Cookies(login), jwttest.Header("X-CSRF-TOKEN", ""))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Missing CSRF token"}`+"\n", w.Body.String())
}

func TestTokenInTheBody(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	token := logIn(t, r)
	for _, test := range []struct {
		body   string
		status int
		answer string
	}{
		{`{"access_token":"` + token + `","text":"hi"}`, 200, `{"author":"alice","text":"hi"}`},
		{`{"access_token":"` + token + `","text":1}`, 400, `{"msg":"Expected a text"}`},
		{`{"text":"hi"}`, 401, `{"msg":"Missing \"access_token\" key in json data."}` + "\n"},
		{`{"access_token":"abc","text":"hi"}`, 422, `{"msg":"Not enough segments"}` + "\n"},
	} {
		w := jwttest.Do(r, "POST", "/notes", jwttest.JSON(test.body))
		assert.Equal(t, test.status, w.Code, test.body)
		assert.Equal(t, test.answer, w.Body.String(), test.body)
	}

	w := jwttest.Do(r, "POST", "/notes", jwttest.Bearer(token))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Invalid content-type. Must be application/json."}`+"\n", w.Body.String())
}

// linkTo returns the URL of a file, and the token in it.
func linkTo(t *testing.T, r *gin.Engine, file string) (link, token string) {
	t.Helper()
	w := jwttest.Do(r, "POST", "/links/"+file, jwttest.Bearer(logIn(t, r)))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body struct {
		URL string `json:"url"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	token, ok := strings.CutPrefix(body.URL, "/files/"+file+"?jwt=")
	require.True(t, ok, body.URL)
	return body.URL, token
}

func TestLinkOpensItsFileForAMinute(t *testing.T) {
	t.Parallel()
	r, _, clock := setUp(t)
	link, _ := linkTo(t, r, "report.pdf")

	clock.Advance(59 * time.Second)
	w := jwttest.Do(r, "GET", link)
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "contents of report.pdf", w.Body.String())
	assert.Equal(t, http.Header{
		"Cache-Control":   {"no-store"},
		"Content-Type":    {"text/plain; charset=utf-8"},
		"Referrer-Policy": {"no-referrer"},
	}, w.Header())

	clock.Advance(time.Second)
	w = jwttest.Do(r, "GET", link)
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", w.Body.String())
}

func TestLinkOpensNothingElse(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	_, link := linkTo(t, r, "report.pdf")
	asHeader := jwttest.Bearer(link)
	asCookie := jwttest.Header("Cookie", "access_token_cookie="+link)
	asBody := jwttest.JSON(`{"access_token":"` + link + `","text":"hi"}`)
	for _, test := range []struct {
		method, path string
		opt          jwttest.RequestOption
		status       int
		body         string
	}{
		{"GET", "/files/secret.pdf?jwt=" + link, nil, 403, `{"msg":"This link is for another file"}`},
		{"GET", "/who_am_i", asHeader, 400, failed},
		{"GET", "/who_am_i", asCookie, 400, failed},
		{"POST", "/notes", asBody, 400, failed},
		{"POST", "/links/secret.pdf", asHeader, 400, failed},
	} {
		opts := []jwttest.RequestOption{}
		if test.opt != nil {
			opts = append(opts, test.opt)
		}
		w := jwttest.Do(r, test.method, test.path, opts...)
		assert.Equal(t, test.status, w.Code, test.path)
		assert.Equal(t, test.body, w.Body.String(), test.path)
	}
}

func TestFilesNeedALink(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	token := logIn(t, r)

	w := jwttest.Do(r, "GET", "/files/report.pdf", jwttest.Bearer(token))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Missing 'jwt' query paramater"}`+"\n", w.Body.String())

	w = jwttest.Do(r, "GET", "/files/report.pdf?jwt="+token)
	assert.Equal(t, 400, w.Code, "the token of a login may not be in a URL")
	assert.Equal(t, failed, w.Body.String())
}

// It is not parallel to others, as it changes where all of them log to.
func TestTokensAreNotLogged(t *testing.T) {
	var logged bytes.Buffer
	gin.DefaultWriter = &logged
	defer func() { gin.DefaultWriter = io.Discard }()
	r, _, _ := setUp(t)
	link, token := linkTo(t, r, "report.pdf")

	require.Equal(t, 200, jwttest.Do(r, "GET", link).Code)
	assert.Contains(t, logged.String(), `"/files/report.pdf"`)
	assert.NotContains(t, logged.String(), token)
}
