package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/spa/script"
	"github.com/gin-jwt-extended/ginjwt/example/spa/script/nodetest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// ownPage is what a browser says about a page of the service.
var ownPage = jwttest.Header("Sec-Fetch-Site", "same-origin")

const alice = `{"username":"alice","password":"correct horse"}`

func newTestRouter(t *testing.T, origins ...string) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	config.Blocklist = &ginjwt.MemoryBlocklist{Now: clock.Now}
	config.DPoP, config.DPoPNonce = "accepted", true
	router, err := newRouter(config, origins...)
	require.NoError(t, err)
	return router, clock
}

func TestClient(t *testing.T) {
	t.Parallel()
	runInNode(t, filepath.Join("script", "session_test.mjs"))
}

func TestProofsOfTheClient(t *testing.T) {
	t.Parallel()
	runInNode(t, filepath.Join("script", "dpop_test.mjs"))
}

func TestClientWithTheService(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	router.POST("/test/advance/:time", func(c *gin.Context) {
		d, err := time.ParseDuration(c.Param("time"))
		assert.NoError(t, err)
		clock.Advance(d)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", clock.Now().UTC().Format(http.TimeFormat)) // clients correct their clocks by it
		router.ServeHTTP(w, r)
	}))
	defer server.Close()
	runInNode(t, "service_test.mjs", "SERVICE="+server.URL)
}

// runInNode runs a test of the scripts.
func runInNode(t *testing.T, test string, env ...string) {
	t.Helper()
	scripts := map[string][]byte{}
	for _, name := range []string{"session", "dpop", "axios", "htmx"} {
		code, err := script.JavaScript(name)
		require.NoError(t, err)
		scripts[name+".js"] = code
	}
	nodetest.Run(t, test, scripts, env...)
}

func TestPages(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	for path, want := range map[string]string{
		"/":      `<script type="module" src="/script/app.js">`,
		"/axios": `<script type="module" src="/script/axios.js">`,
		"/htmx":  `<script type="module" src="/script/htmx.js">`,
		"/form":  `<form method="post" action="/form/login">`,
	} {
		w := jwttest.Do(router, "GET", path)
		assert.Equal(t, 200, w.Code, path)
		assert.Contains(t, w.Body.String(), want, path)
		assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"), path)
		assert.Equal(t, "frame-ancestors 'none'", w.Header().Get("Content-Security-Policy"), path)
	}
}

// Only the types are removed.
func TestScripts(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	files, err := filepath.Glob("script/*.ts")
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".ts")
		w := jwttest.Do(router, "GET", "/script/"+name+".js")
		assert.Equal(t, 200, w.Code, name)
		assert.Equal(t, "text/javascript; charset=utf-8", w.Header().Get("Content-Type"), name)
		assert.Regexp(t, `createSession\(|createDPoP\(`, w.Body.String(), name)
		assert.NotRegexp(t, `: string\b|\bas [A-Z]|\bdeclare\b`, w.Body.String(), name)
	}
	for _, path := range []string{"/script/other.js", "/script/session.ts", "/script/session", "/script/..%2Fmain.js"} {
		assert.Equal(t, 404, jwttest.Do(router, "GET", path).Code, path)
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	for _, path := range []string{"/api/login", "/api/token"} {
		w := jwttest.Do(router, "POST", path, jwttest.JSON(`{"username":"alice","password":"red-queen"}`))
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String())
		assert.Equal(t, 401, w.Code)
		w = jwttest.Do(router, "POST", path, jwttest.JSON(`{"username":"alice"}`))
		assert.Equal(t, `{"msg":"Send username and password as JSON"}`, w.Body.String())
		assert.Equal(t, 400, w.Code)
	}
	w := jwttest.Do(router, "POST", "/api/login", jwttest.JSON(alice), jwttest.Header("Sec-Fetch-Site", "cross-site"))
	assert.Equal(t, 403, w.Code)
	assert.Empty(t, w.Result().Cookies())

	login := jwttest.Do(router, "POST", "/api/login", jwttest.JSON(alice))
	assert.Equal(t, `{"msg":"Logged in"}`, login.Body.String())
	assert.Len(t, login.Result().Cookies(), 2, "no CSRF cookies")
	w = jwttest.Do(router, "POST", "/api/messages", jwttest.Cookies(login), jwttest.Header("Sec-Fetch-Site", "same-site"))
	assert.Equal(t, 403, w.Code)
	w = jwttest.Do(router, "POST", "/htmx/messages", jwttest.Cookies(login), ownPage)
	assert.Equal(t, "Sent by alice", w.Body.String())
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const app = "https://app.example.com"
	router, _ := newTestRouter(t, app)
	from := jwttest.Header("Origin", app)

	preflight := jwttest.Do(router, "OPTIONS", "/api/messages", from, jwttest.Header("Access-Control-Request-Method", "POST"),
		jwttest.Header("Access-Control-Request-Headers", "content-type"))
	assert.Equal(t, 204, preflight.Code)
	assert.Equal(t, app, preflight.Header().Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "true", preflight.Header().Get("Access-Control-Allow-Credentials"))
	allowed := strings.Split(preflight.Header().Get("Access-Control-Allow-Headers"), ",")
	assert.Subset(t, allowed, []string{"Authorization", "Content-Type", "Dpop", "Idempotency-Key"})

	refused := jwttest.Do(router, "GET", "/api/messages", from)
	assert.Equal(t, 401, refused.Code)
	assert.Equal(t, app, refused.Header().Get("Access-Control-Allow-Origin"), "or the page sees no status")
	exposed := strings.Split(refused.Header().Get("Access-Control-Expose-Headers"), ",")
	assert.Subset(t, exposed, []string{"Www-Authenticate", "Retry-After", "X-Renewed-Token", "Dpop-Nonce", "Date"})

	for origin, want := range map[string]int{app: 200, "https://evil.example.com": 403} {
		w := jwttest.Do(router, "POST", "/api/login", jwttest.JSON(alice), jwttest.Header("Origin", origin), jwttest.Header("Sec-Fetch-Site", "same-site"))
		assert.Equal(t, want, w.Code, origin)
	}
	_, err := newRouter(ginjwt.Config{SecretKey: strings.Repeat("k", 32), Sessions: &ginjwt.MemorySessions{}}, "https://app.example.com/path")
	assert.Error(t, err)
}

func TestForms(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	post := func(path string, form jwttest.RequestOption, with ...jwttest.RequestOption) *httptest.ResponseRecorder {
		return jwttest.Do(router, "POST", path, append(with, form)...)
	}
	require.Equal(t, "/form?note=wrong", post("/form/login", jwttest.Form("username", "alice", "password", "x")).Header().Get("Location"))
	login := post("/form/login", jwttest.Form("username", "alice", "password", "correct horse"))
	require.Equal(t, 303, login.Code)
	require.Equal(t, "/form", login.Header().Get("Location"))
	require.Len(t, login.Result().Cookies(), 1, "the access token")

	other := jwttest.Header("Sec-Fetch-Site", "same-site")
	page := jwttest.Do(router, "GET", "/form", jwttest.Cookies(login))
	require.Contains(t, page.Body.String(), "Messages for alice")
	sent := post("/form/messages", jwttest.Form("message", "hello"), jwttest.Cookies(login), ownPage)
	require.Equal(t, "/form?note=sent", sent.Header().Get("Location"))
	require.Equal(t, 403, post("/form/messages", jwttest.Form("message", "hello"), jwttest.Cookies(login), other).Code)

	clock.Advance(10 * time.Minute)
	renewed := jwttest.Do(router, "GET", "/form", jwttest.Cookies(login))
	clock.Advance(10 * time.Minute)
	again := post("/form/messages", jwttest.Form("message", "hello"), jwttest.Cookies(login), ownPage)
	require.Equal(t, "/form?note=again", again.Header().Get("Location"))
	require.Contains(t, jwttest.Do(router, "GET", "/form?note=again").Body.String(), "Please log in again")

	require.Equal(t, 403, post("/form/logout", jwttest.Form(), jwttest.Cookies(login, renewed), other).Code)
	logout := post("/form/logout", jwttest.Form(), jwttest.Cookies(login, renewed), ownPage)
	require.Equal(t, 303, logout.Code)
	require.Equal(t, "/form", logout.Header().Get("Location"))
	require.NotEmpty(t, logout.Result().Cookies())
	after := jwttest.Do(router, "GET", "/form", jwttest.Cookies(login, renewed))
	require.Contains(t, after.Body.String(), "<h1>Log in</h1>", "a copy of the cookies is worth nothing")
}

// A page of a trusted origin uses the service with cookies, a neighbouring host does not.
func TestPagesOfTrustedOrigins(t *testing.T) {
	t.Parallel()
	const app = "https://app.example.com"
	router, _ := newTestRouter(t, app)
	login := jwttest.Do(router, "POST", "/api/login", jwttest.JSON(alice), ownPage)
	for origin, want := range map[string]int{app: 200, "https://blog.example.com": 403} {
		w := jwttest.Do(router, "POST", "/api/messages", jwttest.Cookies(login), jwttest.Header("Sec-Fetch-Site", "same-site"), jwttest.Header("Origin", origin))
		assert.Equal(t, want, w.Code, origin)
	}
}
