package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

const (
	app  = "https://app.example.com"
	api  = "api.example.com"
	blog = "https://blog.example.com" // the same site, and so sent with the cookies
	evil = "https://evil.example.net"
)

// page is a page of an origin in a browser that has a cookie jar.
type page struct {
	origin string
	router http.Handler
	jar    []*httptest.ResponseRecorder
}

// fetch is fetch(…, {credentials: "include"}) by the rules of the Fetch standard. It returns
// nil where a script gets a network error.
func (p *page) fetch(method, path string, headers ...string) *httptest.ResponseRecorder {
	if (method != "GET" && method != "POST" || len(headers) > 0) && !p.preflight(method, path, headers) {
		return nil
	}
	w := jwttest.Do(p.router, method, path, p.sends, jwttest.Cookies(p.jar...), func(r *http.Request) {
		if !slices.Contains(headers, "x-csrf-token") {
			r.Header.Del("X-CSRF-TOKEN")
		}
	})
	p.jar = append(p.jar, w)
	if !p.allowed(w) {
		return nil
	}
	return w
}

// preflight asks for the request, without cookies.
func (p *page) preflight(method, path string, headers []string) bool {
	w := jwttest.Do(p.router, "OPTIONS", path, p.sends, jwttest.Header("Access-Control-Request-Method", method),
		jwttest.Header("Access-Control-Request-Headers", strings.Join(headers, ",")))
	methods := strings.Split(w.Header().Get("Access-Control-Allow-Methods"), ",")
	names := strings.Split(strings.ToLower(w.Header().Get("Access-Control-Allow-Headers")), ",")
	refused := func(name string) bool { return !slices.Contains(names, name) }
	return w.Code < 300 && p.allowed(w) && slices.Contains(methods, method) && !slices.ContainsFunc(headers, refused)
}

func (p *page) sends(r *http.Request) {
	r.Host = api
	r.Header.Set("Origin", p.origin)
	r.Header.Set("Sec-Fetch-Site", map[bool]string{true: "same-site", false: "cross-site"}[strings.HasSuffix(p.origin, ".example.com")])
}

func (p *page) allowed(w *httptest.ResponseRecorder) bool {
	return w.Header().Get("Access-Control-Allow-Origin") == p.origin && w.Header().Get("Access-Control-Allow-Credentials") == "true"
}

// reason is what a script can read of a refusal.
func reason(w *httptest.ResponseRecorder) string {
	if !strings.Contains(strings.ToLower(w.Header().Get("Access-Control-Expose-Headers")), "www-authenticate") {
		return ""
	}
	_, rest, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), `reason="`)
	reason, _, _ := strings.Cut(rest, `"`)
	return reason
}

func newTestRouter(t *testing.T) *gin.Engine {
	t.Helper()
	config := jwttest.Config(nil)
	config.CSRFCookieDomain = "example.com"
	router, err := newRouter(config, app)
	require.NoError(t, err)
	return router
}

func TestPageOfTheOrigin(t *testing.T) {
	t.Parallel()
	p := &page{origin: app, router: newTestRouter(t)}
	w := p.fetch("GET", "/orders")
	require.NotNil(t, w, "a refusal can be read")
	assert.Equal(t, []any{401, "token_missing"}, []any{w.Code, reason(w)})

	w = p.fetch("POST", "/login", "content-type")
	require.NotNil(t, w)
	require.Equal(t, 200, w.Code)
	for _, cookie := range w.Result().Cookies() {
		assert.Equal(t, http.SameSiteLaxMode, cookie.SameSite, cookie.Name)
		if cookie.Value != "" { // the others remove cookies from where they are not
			assert.Equal(t, cookie.Name == "csrf_access_token", cookie.Domain == "example.com" && !cookie.HttpOnly, "scripts of the page read this one only")
		}
	}
	w = p.fetch("GET", "/orders")
	require.NotNil(t, w)
	assert.JSONEq(t, `{"orders_of":"alice"}`, w.Body.String())
	w = p.fetch("POST", "/orders")
	require.NotNil(t, w)
	assert.Equal(t, []any{401, "csrf_missing"}, []any{w.Code, reason(w)})
	assert.Equal(t, 200, p.fetch("POST", "/orders", "content-type", "x-csrf-token").Code)
	assert.Nil(t, p.fetch("POST", "/orders", "x-other"), "a header that is not allowed")
	assert.Nil(t, p.fetch("QUERY", "/orders"), "a method that is not allowed")
	assert.Equal(t, 204, p.fetch("POST", "/logout", "x-csrf-token").Code)
	assert.Equal(t, 401, p.fetch("GET", "/orders").Code)
}

// A page of another origin reads nothing and changes nothing, with the cookies of a user.
func TestPagesOfOthers(t *testing.T) {
	t.Parallel()
	router := newTestRouter(t)
	user := &page{origin: app, router: router}
	require.NotNil(t, user.fetch("POST", "/login"))
	for _, origin := range []string{blog, evil, "null", app + ".evil.example.net", app + ":8443", "http://app.example.com"} {
		p := &page{origin: origin, router: router, jar: user.jar}
		for _, method := range []string{"GET", "POST", "DELETE"} {
			assert.Nil(t, p.fetch(method, "/orders"), origin)
		}
		for _, path := range []string{"/login", "/logout", "/orders"} {
			w := jwttest.Do(router, "POST", path, p.sends, jwttest.Cookies(user.jar...))
			assert.Equal(t, 403, w.Code, "%s %s", origin, path)
			assert.Empty(t, w.Result().Cookies(), "%s %s", origin, path)
		}
	}
}

// The login is refused by onlyFrom too: not all requests of other sites have an Origin.
func TestLoginFromAnotherSite(t *testing.T) {
	t.Parallel()
	router := newTestRouter(t)
	assert.Equal(t, 403, jwttest.Do(router, "POST", "/login", jwttest.Header("Sec-Fetch-Site", "cross-site")).Code)
	assert.Equal(t, 200, jwttest.Do(router, "POST", "/login", jwttest.Header("Sec-Fetch-Site", "same-origin")).Code)
}

// In another order, or on a group, the page gets network errors.
func TestOrderOfCORS(t *testing.T) {
	t.Parallel()
	allow := cors.New(cors.Config{AllowOrigins: []string{app}, AllowCredentials: true, AllowHeaders: []string{"X-CSRF-TOKEN"}, AllowMethods: []string{"GET"}})
	for name, routes := range map[string]func(*gin.Engine, gin.HandlerFunc){
		"after JWTRequired": func(r *gin.Engine, required gin.HandlerFunc) { r.Use(required, allow); r.GET("/orders", list) },
		"on a group":        func(r *gin.Engine, required gin.HandlerFunc) { r.Group("/orders", allow, required).GET("", list) },
	} {
		mgr, router := ginjwt.New(jwttest.Config(nil)), gin.New()
		require.NoError(t, mgr.InitApp(router), name)
		routes(router, mgr.JWTRequired())
		p := &page{origin: app, router: router}
		refusal, preflight := p.fetch("GET", "/orders"), p.preflight("GET", "/orders", []string{"x-csrf-token"})
		assert.Equal(t, name == "on a group", refusal != nil, "%s: a 401 can be read", name)
		assert.Equal(t, name == "after JWTRequired", preflight, "%s: a preflight is answered", name)
	}
}
