package ginjwt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// doors are the same service with Gin and with net/http.
type doors struct {
	mgr   *ginjwt.JWTManager
	clock *jwttest.Clock
	down  *switchedBlocklist
	seen  []string // by the observer
	gin   *gin.Engine
	mux   *http.ServeMux
}

func newDoors(t *testing.T, profile string, setup func(*ginjwt.JWTManager)) *doors {
	t.Helper()
	d := &doors{clock: &jwttest.Clock{}, down: &switchedBlocklist{}, mux: http.NewServeMux()}
	config := jwttest.Config(d.clock)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON}
	config.ErrorProfile, config.CSRFCheckForm, config.CookieFormerPaths = profile, true, []string{"/old"}
	config.Blocklist = d.down
	config.Observer = ginjwt.ObserverFunc(func(_ context.Context, e ginjwt.Event) {
		d.seen = append(d.seen, e.Kind.String()+" "+e.Reason+" "+string(e.Location))
	})
	d.mgr, d.gin = newManager(t, config, setup, func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			switch token.Identity {
			case "nobody":
				return nil, nil
			case "fails":
				return nil, errors.New("secret detail")
			}
			return "user " + token.Identity, nil
		})
	})
	for path, options := range map[string][]ginjwt.RequiredOption{
		"/required": nil,
		"/optional": {ginjwt.Optional()},
		"/query":    {ginjwt.Locations(ginjwt.InQueryString)},
		"/fresh":    {ginjwt.FreshWithin(time.Hour)},
		"/scope":    {ginjwt.Scopes("orders:read", "orders:write")},
		"/any":      {ginjwt.AnyType()},
	} {
		d.gin.Any(path, d.mgr.JWTRequired(options...), gin.WrapF(tell))
		d.gin.Handle("PURGE", path, d.mgr.JWTRequired(options...), gin.WrapF(tell))
		d.mux.Handle(path, d.mgr.Middleware(options...)(http.HandlerFunc(tell)))
	}
	return d
}

// tell answers with everything that a handler finds in its request.
func tell(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	body, _ := io.ReadAll(r.Body)
	claims, user := ginjwt.GetJWT(ctx), ginjwt.GetCurrentUser[string](ctx)
	said := []any{r.Method, r.URL.String(), r.Header, string(body), ginjwt.GetJWTIdentity(ctx), user,
		claims["sub"], ginjwt.FromContext(ctx) != nil}
	if token, ok := ginjwt.GetToken(ctx); ok {
		said = append(said, token.Location, token.Type)
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = fmt.Fprintf(w, "%#v", said)
}

// both sends a request to both doors, and requires the same answer.
func (d *doors) both(t *testing.T, method, target string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
	t.Helper()
	d.seen = nil
	byGin := jwttest.Do(d.gin, method, target, opts...)
	events := d.seen
	d.seen = nil
	byHTTP := jwttest.Do(d.mux, method, target, opts...)
	assert.Equal(t, byGin.Code, byHTTP.Code)
	assert.Equal(t, byGin.Result().Header, byHTTP.Result().Header)
	assert.Equal(t, byGin.Body.String(), byHTTP.Body.String())
	assert.Equal(t, events, d.seen)
	return byHTTP
}

// doorRequests are all kinds of requests, with their statuses in the default profile.
var doorRequests = []struct {
	name, method, target string
	request              doorRequest
	status               int
}{
	{"nothing", "GET", "/required", with(), 401},
	{"nothing is needed", "GET", "/optional", with(), 200},
	{"a good token", "GET", "/required", alice(), 200},
	{"a bad token is refused all the same", "GET", "/optional", with(jwttest.Bearer("garbage")), 422},
	{"two tokens", "GET", "/required", with(jwttest.Header("Authorization", "Bearer a, Bearer b")), 401},
	{"hostile text", "GET", "/required", with(jwttest.Header("Authorization", `Bearer "><script>`)), 422},
	{"expired", "GET", "/required", expired(), 401},
	{"a refresh token", "GET", "/required", refreshToken(), 422},
	{"a refresh token where any will do", "GET", "/any", refreshToken(), 200},
	{"not fresh", "GET", "/fresh", alice(), 401},
	{"out of scope", "GET", "/scope", alice(), 403},
	{"in scope", "GET", "/scope", alice(ginjwt.WithClaims(ginjwt.Claims{"scope": "orders:read orders:write"})), 200},
	{"no such user", "GET", "/required", tokenOf("nobody"), 401},
	{"a loader fails", "GET", "/required", tokenOf("fails"), 500},
	{"the store fails", "GET", "/required", storeFails(), 503},
	{"query", "GET", "/query?jwt=x", with(), 422},
	{"HEAD", "HEAD", "/required", with(), 401},
	{"a method of one's own", "PURGE", "/required", with(), 401},

	{"a preflight", "OPTIONS", "/required", with(preflight, jwttest.Bearer("x"), jwttest.Header("Cookie", "access_token_cookie=x")), 200},
	{"OPTIONS, no preflight", "OPTIONS", "/required", with(), 401},

	{"a cookie", "GET", "/required", cookieOf(""), 200},
	{"a cookie without its CSRF value", "POST", "/required", cookieOf(""), 401},
	{"a cookie with its CSRF value", "POST", "/required", cookieOf("header"), 200},
	{"a cookie, CSRF value in a form", "POST", "/required", cookieOf("form"), 200},
	{"two cookies of one name", "GET", "/required", with(jwttest.Header("Cookie", "access_token_cookie=a; access_token_cookie=b")), 401},

	{"in a body", "POST", "/required", inBody(), 200},
	{"no token in a body", "POST", "/required", with(jwttest.JSON(`{"access_token": 5, "x": "y"}`)), 422},
	{"a large body", "POST", "/required", with(jwttest.JSON(`{"x": "` + strings.Repeat("y", 2*mebibyte) + `"}`)), 401},
}

func TestBothDoorsAnswerAlike(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"flask", "bearer", "problem"} {
		for _, test := range doorRequests {
			t.Run(profile+" "+test.name, func(t *testing.T) {
				t.Parallel()
				d := newDoors(t, profile, func(*ginjwt.JWTManager) {})
				w := d.both(t, test.method, test.target, test.request(t, d)...)
				if profile == "flask" {
					assert.Equal(t, test.status, w.Code)
				}
			})
		}
	}
}

// Loaders that respond get a gin.Context with everything they use.
func TestLoadersRespondAtBothDoors(t *testing.T) {
	t.Parallel()
	for name, loader := range map[string]ginjwt.ErrorHandler{
		"JSON": func(c *gin.Context, err *ginjwt.Error) {
			c.JSON(418, gin.H{"why": err.Reason, "path": c.Request.URL.Path})
		},
		"nothing":      func(*gin.Context, *ginjwt.Error) {},
		"status alone": func(c *gin.Context, _ *ginjwt.Error) { c.AbortWithStatus(http.StatusNotFound) },
		"redirect":     func(c *gin.Context, _ *ginjwt.Error) { c.Redirect(http.StatusFound, "/login") },
		"body alone":   func(c *gin.Context, _ *ginjwt.Error) { _, _ = c.Writer.WriteString("no") },
		"values":       func(c *gin.Context, _ *ginjwt.Error) { c.Set("a", 1); c.String(401, "%v", c.MustGet("a")) },
		"cookies":      func(c *gin.Context, _ *ginjwt.Error) { c.SetCookie("a", "b", 1, "/", "", true, true); c.Status(401) },
		"address":      func(c *gin.Context, _ *ginjwt.Error) { c.String(401, c.RemoteIP()+" "+c.Query("q")+c.FullPath()[:0]) },
		"in the context": func(c *gin.Context, _ *ginjwt.Error) {
			c.String(401, "%T", c.Request.Context().Value(http.ServerContextKey))
		},
		"an array":        func(c *gin.Context, _ *ginjwt.Error) { c.SecureJSON(401, []string{"a"}) },
		"header, no body": func(c *gin.Context, _ *ginjwt.Error) { c.Header("WWW-Authenticate", "Basic"); c.Status(401) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoors(t, "", func(mgr *ginjwt.JWTManager) { mgr.ErrorLoader(loader) })
			d.both(t, "GET", "/required?q=1")
			d.both(t, "POST", "/scope", alice()(t, d)...)
		})
	}
}

// A loader finds the form that Gin keeps in memory.
func TestLoadersReadFormsAtBothDoors(t *testing.T) {
	t.Parallel()
	d := newDoors(t, "", func(mgr *ginjwt.JWTManager) {
		mgr.ErrorLoader(func(c *gin.Context, _ *ginjwt.Error) {
			form, err := c.MultipartForm()
			if !assert.NoError(t, err) {
				return
			}
			file, err := form.File["file"][0].Open()
			if assert.NoError(t, err) {
				c.String(401, "%T", file)
				assert.NoError(t, file.Close())
			}
		})
	})
	for _, handler := range []http.Handler{d.gin, d.mux} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, fileUpload(t, "/required"))
		assert.Equal(t, "multipart.sectionReadCloser", w.Body.String(), "in memory")
	}
}

// A header that every client can send does not change the IP of the client.
func TestLoadersOfTheDoorTrustNoProxy(t *testing.T) {
	t.Parallel()
	d := newDoors(t, "", func(mgr *ginjwt.JWTManager) {
		mgr.ErrorLoader(func(c *gin.Context, _ *ginjwt.Error) { c.String(401, c.ClientIP()) })
	})
	w := jwttest.Do(d.mux, "GET", "/required", jwttest.Header("X-Forwarded-For", "203.0.113.9"))
	assert.Equal(t, "192.0.2.1", w.Body.String()) // of httptest.NewRequest
}

func TestAPanicBehindTheDoorGoesOn(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	handler := mgr.Middleware(ginjwt.Optional())(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { jwttest.Do(handler, "GET", "/") })
}

func TestAPanicInACallbackOpensNoDoor(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { panic("bug") })
	})
	handler := mgr.Middleware()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") }))
	token := jwttest.AccessToken(t, mgr, "alice")
	assert.PanicsWithValue(t, "bug", func() { jwttest.Do(handler, "GET", "/", jwttest.Bearer(token)) })
}

// Behind the door, the ResponseWriter can do the same as that of the server.
func TestTheDoorPassesTheResponseWriterOn(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	behind := func(next http.HandlerFunc) *httptest.Server {
		var want http.ResponseWriter
		handler := mgr.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Same(t, want, w)
			next(w, r)
		}))
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			want = w
			handler.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		return server
	}
	send := func(server *httptest.Server) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+jwttest.AccessToken(t, mgr, "alice"))
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		return answer
	}

	goOn := make(chan struct{})
	flushed := send(behind(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Time{}))
		assert.NoError(t, http.NewResponseController(w).Flush())
		<-goOn
		_, _ = io.WriteString(w, "second\n")
	}))
	defer func() { _ = flushed.Body.Close() }()
	lines := bufio.NewReader(flushed.Body)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "first\n", line, "before the handler ends")
	close(goOn)
	line, err = lines.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "second\n", line)

	hijacked := send(behind(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(connection, "HTTP/1.1 299 Mine\r\nConnection: close\r\n\r\n")
			assert.NoError(t, connection.Close())
		}
	}))
	defer func() { _ = hijacked.Body.Close() }()
	assert.Equal(t, "299 Mine", hijacked.Status)
}

// The context of the request ends with the request, and keeps the values of earlier middleware.
func TestTheDoorKeepsTheContext(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	type key struct{}
	ctx, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "trace"))
	handler := mgr.Middleware(ginjwt.Optional())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "trace", r.Context().Value(key{}))
		assert.Equal(t, "7", r.PathValue("id"))
		assert.NoError(t, r.Context().Err())
		leave()
		assert.ErrorIs(t, r.Context().Err(), context.Canceled)
	}))
	mux := http.NewServeMux()
	mux.Handle("/orders/{id}", handler)
	r := httptest.NewRequest("GET", "/orders/7", nil).WithContext(ctx)
	mux.ServeHTTP(httptest.NewRecorder(), r)
	assert.Nil(t, ginjwt.FromContext(r.Context()), "the request of the caller stays as it was")
}

// Of two nested doors, the inner door decides on the identity, as in Gin.
func TestDoorsBehindEachOther(t *testing.T) {
	t.Parallel()
	outer, _ := newManager(t, jwttest.Config(nil))
	inner, _ := newManager(t, jwttest.Config(nil))
	handler := outer.Middleware()(inner.Middleware(ginjwt.Scopes("admin"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, ginjwt.GetJWTIdentity(r.Context()))
	})))
	admin := jwttest.AccessToken(t, outer, "root", ginjwt.WithClaims(ginjwt.Claims{"scope": "admin"}))
	assert.Equal(t, "root", jwttest.Do(handler, "GET", "/", jwttest.Bearer(admin)).Body.String())
	assert.Equal(t, 403, jwttest.Do(handler, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, outer, "bob"))).Code)
}

func TestVerifyRequest(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON}
	mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) { return "user " + token.Identity, nil })
	})
	engine.Any("/", func(c *gin.Context) {
		if _, err := mgr.VerifyJWTInRequest(c, ginjwt.Optional()); err != nil {
			mgr.Refuse(c, err)
			return
		}
		tell(c.Writer, c.Request)
	})
	byHTTP := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, err := mgr.VerifyRequest(r, ginjwt.Optional())
		if err != nil {
			var refused *ginjwt.Error
			assert.ErrorAs(t, err, &refused)
			mgr.RefuseRequest(w, r, err)
			return
		}
		if ginjwt.GetJWTRequestLocation(r.Context()) == ginjwt.InCookies {
			w.Header().Set("Cache-Control", "no-store")
		}
		tell(w, r)
	})
	token := jwttest.AccessToken(t, mgr, "alice")
	for name, opts := range map[string][]jwttest.RequestOption{
		"nothing":   nil,
		"garbage":   {jwttest.Bearer("garbage")},
		"alice":     {jwttest.Bearer(token)},
		"cookie":    {jwttest.Header("Cookie", "access_token_cookie="+token)},
		"body":      {jwttest.JSON(`{"access_token": "` + token + `"}`)},
		"preflight": {preflight, jwttest.Bearer(token)},
	} {
		want, got := jwttest.Do(engine, "GET", "/", opts...), jwttest.Do(byHTTP, "GET", "/", opts...)
		assert.Equal(t, want.Code, got.Code, name)
		assert.Equal(t, want.Header(), got.Header(), name)
		assert.Equal(t, want.Body.String(), got.Body.String(), name)
	}
}

func TestHandlersOfTheManagerForHTTP(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	mux := http.NewServeMux()
	mux.Handle("POST /refresh", a.mgr.HTTPHandler(a.mgr.RefreshHandler()))
	mux.Handle("POST /revoke", a.mgr.HTTPHandler(a.mgr.RevocationHandler()))
	mux.Handle("DELETE /sessions/{id}", a.mgr.Middleware()(a.mgr.HTTPHandler(a.mgr.EndSessionHandler())))
	for name, send := range map[string]func(h http.Handler) *httptest.ResponseRecorder{
		"no refresh token": func(h http.Handler) *httptest.ResponseRecorder { return jwttest.Do(h, "POST", "/refresh") },
		"nothing to revoke": func(h http.Handler) *httptest.ResponseRecorder {
			return jwttest.Do(h, "POST", "/revoke", jwttest.Form("token", "garbage"))
		},
		"no such session": func(h http.Handler) *httptest.ResponseRecorder {
			return jwttest.Do(h, "DELETE", "/sessions/x", jwttest.Bearer(a.pair.AccessToken))
		},
	} {
		want, got := send(a.engine), send(mux)
		assert.Equal(t, want.Code, got.Code, name)
		assert.Equal(t, want.Header(), got.Header(), name)
		assert.Equal(t, want.Body.String(), got.Body.String(), name)
	}
	w := jwttest.Do(mux, "POST", "/refresh", jwttest.Bearer(a.pair.RefreshToken))
	assert.Equal(t, 200, w.Code, w.Body.String())
}

// Implicit refresh needs Gin. Gin accepts any http.Handler.
func TestImplicitRefreshBeforeAnHTTPHandler(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, ginjwt.GetJWTIdentity(r.Context()))
	})
	a.engine.GET("/pages", a.mgr.ImplicitRefresh(10*time.Minute), a.mgr.JWTRequired(), gin.WrapH(pages))
	login := a.loginByCookies(t)
	a.clock.Advance(10 * time.Minute)
	w := jwttest.Do(a.engine, "GET", "/pages", jwttest.Cookies(login))
	assert.Equal(t, "alice", w.Body.String())
	assert.Contains(t, w.Header().Get("Set-Cookie"), "access_token_cookie=")
}

func TestTheDoorWantsAManagerThatIsReady(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	assert.PanicsWithValue(t, "ginjwt: Middleware must be called after InitApp", func() { mgr.Middleware() })
	assert.PanicsWithValue(t, "ginjwt: HTTPHandler must be called after InitApp", func() { mgr.HTTPHandler(identify) })
	require.NoError(t, mgr.InitApp(nil))
	assert.PanicsWithValue(t, `ginjwt: Locations: "header" is not a location; use headers, cookies, query_string, json or ticket`,
		func() { mgr.Middleware(ginjwt.Locations("header")) })
}

// The requests of doorRequests.

type doorRequest = func(t *testing.T, d *doors) []jwttest.RequestOption

func with(opts ...jwttest.RequestOption) doorRequest {
	return func(*testing.T, *doors) []jwttest.RequestOption { return opts }
}

func tokenOf(identity string, opts ...ginjwt.TokenOption) doorRequest {
	return func(t *testing.T, d *doors) []jwttest.RequestOption {
		t.Helper()
		return []jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, d.mgr, identity, opts...))}
	}
}

func alice(opts ...ginjwt.TokenOption) doorRequest { return tokenOf("alice", opts...) }

func expired() doorRequest {
	return func(t *testing.T, d *doors) []jwttest.RequestOption {
		t.Helper()
		opts := alice()(t, d)
		d.clock.Advance(time.Hour)
		return opts
	}
}

func refreshToken() doorRequest {
	return func(t *testing.T, d *doors) []jwttest.RequestOption {
		t.Helper()
		return []jwttest.RequestOption{jwttest.Bearer(jwttest.RefreshToken(t, d.mgr, "alice"))}
	}
}

func storeFails() doorRequest {
	return func(t *testing.T, d *doors) []jwttest.RequestOption {
		t.Helper()
		d.down.down.Store(true)
		return alice()(t, d)
	}
}

// cookieOf sends a cookie with its CSRF value in a header, in a form, or without it.
func cookieOf(csrfIn string) doorRequest {
	return func(t *testing.T, d *doors) []jwttest.RequestOption {
		t.Helper()
		token := jwttest.AccessToken(t, d.mgr, "alice")
		csrf, err := d.mgr.GetCSRFToken(t.Context(), token)
		require.NoError(t, err)
		opts := []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+token)}
		switch csrfIn {
		case "header":
			opts = append(opts, jwttest.Header("X-CSRF-TOKEN", csrf))
		case "form":
			opts = append(opts, jwttest.Form("csrf_token", csrf, "x", "y"))
		}
		return opts
	}
}

func inBody() doorRequest {
	return func(t *testing.T, d *doors) []jwttest.RequestOption {
		t.Helper()
		return []jwttest.RequestOption{jwttest.JSON(`{"x": 1, "access_token": "` + jwttest.AccessToken(t, d.mgr, "alice") + `"}`)}
	}
}
