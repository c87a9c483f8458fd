package ginjwt_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// preflight turns a request into the CORS preflight of a browser.
func preflight(r *http.Request) {
	r.Method = http.MethodOptions
	r.Header.Set("Origin", "https://shop.example")
	r.Header.Set("Access-Control-Request-Method", "PUT")
}

func TestOnlyAPreflightPassesWithoutAToken(t *testing.T) {
	t.Parallel()
	const missing, garbage = `{"msg":"Missing Authorization Header"}` + "\n", `{"msg":"Not enough segments"}` + "\n"
	for _, test := range []struct {
		method, origin, asksFor string
		any                     bool // AllowAnyOptions
		withNone, withGarbage   string
	}{
		{"OPTIONS", "https://shop.example", "PUT", false, "", ""},
		{"OPTIONS", "null", "GET", false, "", ""},
		{"OPTIONS", "https://shop.example", "", false, missing, garbage},
		{"OPTIONS", "", "PUT", false, missing, garbage},
		{"OPTIONS", "", "", false, missing, garbage},
		{"GET", "https://shop.example", "PUT", false, missing, garbage},
		{"POST", "https://shop.example", "PUT", false, missing, garbage},

		{"OPTIONS", "https://shop.example", "PUT", true, "", ""},
		{"OPTIONS", "", "", true, "", ""},
		{"GET", "https://shop.example", "PUT", true, missing, garbage},
	} {
		config := jwttest.Config(nil)
		config.AllowAnyOptions = test.any
		mgr, engine := newManager(t, config)
		engine.Any("/required", mgr.JWTRequired(ginjwt.Roles("admin")), identify)
		engine.Any("/verified", func(c *gin.Context) {
			token, err := mgr.VerifyJWTInRequest(c)
			if err != nil {
				mgr.Refuse(c, err)
				return
			}
			assert.Nil(t, token)
			identify(c)
		})
		origin, asksFor := jwttest.Header("Origin", test.origin), jwttest.Header("Access-Control-Request-Method", test.asksFor)
		for _, path := range []string{"/required", "/verified"} {
			w := jwttest.Do(engine, test.method, path, origin, asksFor)
			assert.Equal(t, test.withNone, w.Body.String(), "%+v %s", test, path)
			w = jwttest.Do(engine, test.method, path, origin, asksFor, jwttest.Bearer("garbage"))
			assert.Equal(t, test.withGarbage, w.Body.String(), "%+v %s", test, path)
		}
	}
}

// An OPTIONS request that is not a preflight needs a token like any other request.
func TestOtherOptionsRequestsAreChecked(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	mgr, engine := newManager(t, config)
	engine.OPTIONS("/", mgr.JWTRequired(ginjwt.Roles("admin")), identify)
	admin := jwttest.AccessToken(t, mgr, "root", ginjwt.WithClaims(ginjwt.Claims{"roles": "admin"}))
	for name, test := range map[string]struct {
		opt    jwttest.RequestOption
		status int
		body   string
	}{
		"admin":           {jwttest.Bearer(admin), 200, "root"},
		"user":            {jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob")), 403, `{"msg":"Insufficient scope"}` + "\n"},
		"refresh token":   {jwttest.Bearer(jwttest.RefreshToken(t, mgr, "bob")), 422, `{"msg":"Only non-refresh tokens are allowed"}` + "\n"},
		"admin by cookie": {jwttest.Header("Cookie", "access_token_cookie="+admin), 200, "root"}, // a safe method
	} {
		w := jwttest.Do(engine, "OPTIONS", "/", test.opt)
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
	}
}

// withEverything adds everything to a request that could have an effect after the checks.
func withEverything(r *http.Request) {
	for name, value := range map[string]string{
		"Authorization": "Bearer unchecked", "Proxy-Authorization": "Basic unchecked", "Cookie": "access_token_cookie=unchecked",
		"X-Pass": "unchecked", "Content-Type": "application/json", "Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c",
		"Http2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA", "X-Kept": "kept",
		"X_pass": "unchecked", "Proxy_authorization": "unchecked", "X_http.method_override": "DELETE", // CGI variables
		"X-Http-Method-Override": "DELETE", "X-Http-Method": "DELETE", "X-Method-Override": "DELETE",
	} {
		r.Header.Set(name, value)
	}
}

func TestAPreflightPassesWithoutCredentials(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.HeaderName = "x-pass"
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	required := func(c *gin.Context) { mgr.JWTRequired()(c) }
	verified := func(c *gin.Context) {
		_, err := mgr.VerifyJWTInRequest(c)
		assert.NoError(t, err)
	}
	for name, check := range map[string]gin.HandlerFunc{"JWTRequired": required, "VerifyJWTInRequest": verified} {
		body := strings.NewReader(`{"access_token":"unchecked"}`)
		r := httptest.NewRequest("OPTIONS", "http://alice:unchecked@shop.example/a%2Fb?page=2&jwt=kept", body)
		preflight(r)
		withEverything(r)
		r.Form, r.PostForm = url.Values{"password": {"unchecked"}}, url.Values{"password": {"unchecked"}}
		r.TransferEncoding, r.Trailer = []string{"chunked"}, http.Header{"X-Trailer": nil}
		before, header := r, r.Header.Clone()
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = r
		check(c)

		assert.Equal(t, http.Header{
			"Origin": {"https://shop.example"}, "Access-Control-Request-Method": {"PUT"}, "X-Kept": {"kept"},
		}, c.Request.Header, name)
		assert.Equal(t, http.NoBody, c.Request.Body, name)
		assert.Zero(t, c.Request.ContentLength, name)
		assert.Empty(t, c.Request.TransferEncoding, name)
		assert.Empty(t, c.Request.Trailer, name)
		assert.Empty(t, c.PostForm("password"), name)
		assert.Equal(t, "2", c.Request.FormValue("page"), name)
		assert.Equal(t, "http://shop.example/a%2Fb?page=2&jwt=kept", c.Request.URL.String(), name)
		assert.Equal(t, "/a%2Fb?page=2&jwt=kept", c.Request.RequestURI, name)
		_, ok := ginjwt.GetToken(c)
		assert.False(t, ok, name)
		assert.Empty(t, ginjwt.GetJWTIdentity(c), name)

		// middleware that keeps the request sees it unchanged
		assert.Equal(t, header, before.Header, name)
		assert.Equal(t, "alice:unchecked", before.URL.User.String(), name)
		left, err := io.ReadAll(before.Body)
		require.NoError(t, err)
		assert.JSONEq(t, `{"access_token":"unchecked"}`, string(left), name)
	}
}

func TestAPreflightHasNoQueryWhereTokensAreInIt(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString}
	mgr, engine := newManager(t, config)
	answer := func(c *gin.Context) { c.String(200, c.Request.URL.String()+" "+c.Request.RequestURI) }
	engine.OPTIONS("/both", mgr.JWTRequired(), answer)
	engine.OPTIONS("/headers", mgr.JWTRequired(ginjwt.Locations(ginjwt.InHeaders)), answer)
	for target, want := range map[string]string{
		"/both?page=2&jwt=a.b.c&x;jwt=d": "/both /both",
		"/both?":                         "/both /both",
		"/headers?page=2":                "/headers?page=2 /headers?page=2",
	} {
		assert.Equal(t, want, jwttest.Do(engine, "OPTIONS", target, preflight).Body.String(), target)
	}
	mounted := http.StripPrefix("/mount", engine)
	assert.Equal(t, "/both /mount/both", jwttest.Do(mounted, "OPTIONS", "/mount/both?jwt=a.b.c", preflight).Body.String())
}

// Gin keeps a body that a middleware has bound, and returns it when it is bound again.
func TestAPreflightHasNoBodyThatWasBoundBefore(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	bind := func(c *gin.Context) (body map[string]string) {
		_ = c.ShouldBindBodyWith(&body, binding.JSON)
		return body
	}
	engine.Use(func(c *gin.Context) { assert.Equal(t, map[string]string{"access_token": "unchecked"}, bind(c)) })
	engine.OPTIONS("/", mgr.JWTRequired(), func(c *gin.Context) { assert.Empty(t, bind(c)) })
	w := jwttest.Do(engine, "OPTIONS", "/", preflight, jwttest.JSON(`{"access_token":"unchecked"}`))
	assert.Equal(t, 200, w.Code)
}

// AllowAnyOptions removes nothing from a request that is not a preflight.
func TestAnyOptionsPassAsTheyAre(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.AllowAnyOptions = true
	mgr, engine := newManager(t, config)
	engine.OPTIONS("/", mgr.JWTRequired(), func(c *gin.Context) {
		assert.Empty(t, ginjwt.GetJWTIdentity(c))
		body, _ := c.GetRawData()
		c.String(200, c.GetHeader("Authorization")+string(body))
	})
	assert.Equal(t, "Bearer x[1]", jwttest.Do(engine, "OPTIONS", "/", jwttest.Bearer("x"), jwttest.JSON("[1]")).Body.String())
	assert.Equal(t, "", jwttest.Do(engine, "OPTIONS", "/", preflight, jwttest.Bearer("x"), jwttest.JSON("[1]")).Body.String())
}

// This matters most for a route for all methods in front of a proxy.
func TestNoUncheckedCredentialsReachAnUpstream(t *testing.T) {
	t.Parallel()
	reached := make(chan *http.Request, 10)
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Empty(t, body)
		reached <- r
	}))
	t.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL)
	require.NoError(t, err)
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.Any("/admin", mgr.JWTRequired(ginjwt.Roles("admin")), gin.WrapH(httputil.NewSingleHostReverseProxy(target)))
	front := httptest.NewServer(engine)
	t.Cleanup(front.Close)

	send := func(body io.Reader, opts ...jwttest.RequestOption) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, front.URL+"/admin", body)
		require.NoError(t, err)
		for _, opt := range opts {
			opt(r)
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	assert.Equal(t, 422, send(nil, jwttest.Bearer("garbage")))
	assert.Equal(t, 403, send(nil, jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob"))))
	require.Empty(t, reached)

	chunked := io.MultiReader(strings.NewReader("a body of a length that nobody knows"))
	for name, body := range map[string]io.Reader{"no body": nil, "a body": strings.NewReader("{}"), "chunks": chunked} {
		require.Equal(t, 200, send(body, preflight, withEverything), name)
		r := <-reached
		assert.Equal(t, "https://shop.example", r.Header.Get("Origin"), name)
		for _, gone := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Content-Type", "Upgrade", "Http2-Settings", "Connection"} {
			assert.NotContains(t, r.Header, gone, name)
		}
		assert.Zero(t, r.ContentLength, name)
		assert.Empty(t, r.TransferEncoding, name)
	}
}

// The handlers of the library do nothing in a preflight, with any token.
func TestHandlersDoNothingInAPreflight(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	required := a.mgr.JWTRequired(ginjwt.AnyType())
	a.engine.OPTIONS("/pre/logout", required, a.mgr.LogoutHandler())
	a.engine.OPTIONS("/pre/logout/all", required, a.mgr.LogoutAllHandler())
	a.engine.OPTIONS("/pre/sessions", required, a.mgr.SessionsHandler())
	a.engine.OPTIONS("/pre/sessions/:id", required, a.mgr.EndSessionHandler())
	a.engine.OPTIONS("/pre/refresh", a.mgr.RefreshHandler())
	for _, token := range []string{a.pair.AccessToken, a.pair.RefreshToken} {
		for _, path := range []string{"/logout", "/logout/all", "/sessions", "/sessions/" + a.pair.SessionID, "/refresh"} {
			w := jwttest.Do(a.engine, "OPTIONS", "/pre"+path, preflight, jwttest.Bearer(token))
			assert.NotContains(t, w.Body.String(), a.pair.SessionID, path)
			assert.NotContains(t, w.Body.String(), "eyJ", path)
			_, err := a.mgr.VerifyToken(context.Background(), a.pair.AccessToken)
			require.NoError(t, err, path)
			assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID), path)
		}
	}
}
