package ginjwt_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// slidingApp is a site whose tokens live for 15 minutes and are renewed in the last five.
// Alice is logged in.
type slidingApp struct {
	*handlersApp
	config  ginjwt.Config
	browser *httptest.ResponseRecorder
	handle  gin.HandlerFunc // what the pages do
}

func newSlidingApp(t *testing.T, change func(*ginjwt.Config), setup ...func(*ginjwt.JWTManager)) *slidingApp {
	t.Helper()
	base := &handlersApp{clock: &jwttest.Clock{}, sessions: &switchedSessions{}, blocked: &switchedBlocklist{}}
	base.sessions.Now, base.blocked.Now = base.clock.Now, base.clock.Now
	a := &slidingApp{handlersApp: base, config: jwttest.Config(base.clock), handle: identify}
	a.config.Sessions, a.config.Blocklist = a.sessions, a.blocked
	a.config.TokenLocation = []ginjwt.Location{ginjwt.InCookies, ginjwt.InHeaders}
	if change != nil {
		change(&a.config)
	}
	a.mgr, a.engine = newManager(t, a.config, setup...)
	a.engine.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(500) }), func(c *gin.Context) {
		c.Next()
		a.seen = nil
		if len(c.Errors) > 0 {
			a.seen = c.Errors.Last().Err
		}
	})
	page := func(c *gin.Context) { a.handle(c) }
	slides := a.mgr.ImplicitRefresh(5 * time.Minute)
	a.engine.Any("/page", slides, a.mgr.JWTRequired(), page)
	a.engine.Any("/after", a.mgr.JWTRequired(), slides, page)
	a.engine.Any("/twice", slides, a.mgr.JWTRequired(), slides, page)
	a.engine.Any("/optional", slides, a.mgr.JWTRequired(ginjwt.Optional()), page)
	a.engine.Any("/unchecked", slides, a.mgr.JWTRequired(ginjwt.SkipRevocationCheck()), page)
	a.engine.Any("/refresh", slides, a.mgr.RefreshRequired(), page)
	a.engine.Any("/open", slides, page)
	a.pair = a.login(t, "alice", ginjwt.WithFresh())
	a.browser = a.loginByCookies(t)
	return a
}

// get sends the cookies of alice.
func (a *slidingApp) get(path string, more ...jwttest.RequestOption) *httptest.ResponseRecorder {
	return a.do("GET", path, more...)
}

func (a *slidingApp) do(method, path string, more ...jwttest.RequestOption) *httptest.ResponseRecorder {
	return jwttest.Do(a.engine, method, path, append([]jwttest.RequestOption{jwttest.Cookies(a.browser)}, more...)...)
}

// session returns the session of alice.
func (a *slidingApp) session(t *testing.T) ginjwt.Session {
	t.Helper()
	s, ok, err := a.sessions.MemorySessions.Get(t.Context(), a.pair.SessionID)
	require.NoError(t, err)
	require.True(t, ok)
	return s
}

// renewedIn returns the new token of a response, or "". It fails the test unless each
// cookie is complete and occurs once.
func renewedIn(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	lines := w.Header().Values("Set-Cookie")
	if len(lines) == 0 {
		return ""
	}
	encoded, _, _ := strings.Cut(strings.TrimPrefix(lines[0], "access_token_cookie="), ";")
	assert.Equal(t, []string{
		"access_token_cookie=" + encoded + "; Path=/; HttpOnly; Secure; SameSite=Lax",
		"csrf_access_token=" + claimsIn(t, encoded)["csrf"].(string) + "; Path=/; Secure; SameSite=Lax",
	}, lines)
	assert.Equal(t, []string{"no-store"}, w.Header().Values("Cache-Control"))
	return encoded
}

func TestImplicitRefreshRenewsASession(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/page", "/after", "/twice", "/optional"} {
		a := newSlidingApp(t, nil)
		before := a.session(t)
		a.clock.Advance(12 * time.Minute)
		w := a.get(path)
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, "alice", w.Body.String())
		encoded := renewedIn(t, w)
		require.NotEmpty(t, encoded, path)
		require.NoError(t, a.seen)

		now := a.clock.Now()
		_, payload := parts(t, encoded)
		assert.Equal(t, fmt.Sprintf(`{"fresh":false,"iat":%d,"jti":"UUID","type":"access","sub":"alice","nbf":%d,"csrf":"UUID","exp":%d,"sid":"UUID","gen":1}`,
			now.Unix(), now.Unix(), now.Unix()+900), anyUUID.ReplaceAllString(payload, "UUID"))
		assert.Equal(t, a.pair.SessionID, claimsIn(t, encoded)["sid"])
		assert.Equal(t, claimsIn(t, a.pair.AccessToken)["csrf"], claimsIn(t, encoded)["csrf"], "forms on open pages go on to work")

		after := before
		after.RotatedAt, after.ExpiresAt = now.UTC(), now.Add(30*24*time.Hour).UTC()
		assert.Equal(t, after, a.session(t))

		a.clock.Advance(14 * time.Minute)
		later := jwttest.Do(a.engine, "GET", path, jwttest.Cookies(a.browser, w))
		assert.Equal(t, "alice", later.Body.String(), "the new token is good")
		assert.NotEmpty(t, renewedIn(t, later), "and renewed in its turn")
		assert.Equal(t, json.Number("2"), claimsIn(t, a.rotate(t, a.pair.RefreshToken).RefreshToken)["gen"], "the refresh token has not been used")
	}
}

func TestWhenImplicitRefreshRenews(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method  string
		age     time.Duration // of the token
		status  int           // of the handler
		renewed bool
	}{
		{"GET", 0, 200, false},
		{"GET", 10*time.Minute - time.Second, 200, false},
		{"GET", 10 * time.Minute, 200, true},
		{"GET", 15*time.Minute - time.Second, 200, true},
		{"HEAD", 12 * time.Minute, 200, true},
		{"POST", 12 * time.Minute, 200, false},
		{"PUT", 12 * time.Minute, 200, false},
		{"PATCH", 12 * time.Minute, 200, false},
		{"DELETE", 12 * time.Minute, 200, false},
		{"TRACE", 12 * time.Minute, 200, false},
		{"OPTIONS", 12 * time.Minute, 200, false},
		{"GET", 12 * time.Minute, 204, true},
		{"GET", 12 * time.Minute, 206, true},
		{"GET", 12 * time.Minute, 302, true},
		{"GET", 12 * time.Minute, 304, true},
		{"GET", 12 * time.Minute, 400, false},
		{"GET", 12 * time.Minute, 401, false},
		{"GET", 12 * time.Minute, 403, false},
		{"GET", 12 * time.Minute, 404, false},
		{"GET", 12 * time.Minute, 500, false},
		{"GET", 12 * time.Minute, 503, false},
	} {
		t.Run(fmt.Sprint(test.method, " ", test.status, " after ", test.age), func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/page", "/after"} {
				a := newSlidingApp(t, nil)
				a.handle = func(c *gin.Context) { c.Status(test.status) }
				a.clock.Advance(test.age)
				w := a.do(test.method, path)
				assert.Equal(t, test.status, w.Code)
				assert.Equal(t, test.renewed, renewedIn(t, w) != "", path)
				assert.Equal(t, []string{"no-store"}, w.Header().Values("Cache-Control"), "renewed or not, it is the user's alone")
			}
		})
	}
}

// slidingAnswers are ways to write a response, with the expected body.
var slidingAnswers = []struct {
	name   string
	write  gin.HandlerFunc
	status int
	body   string
}{
	{"nothing", func(*gin.Context) {}, 200, ""},
	{"a status", func(c *gin.Context) { c.Status(204) }, 204, ""},
	{"a status at once", func(c *gin.Context) { c.AbortWithStatus(202) }, 202, ""},
	{"WriteHeaderNow", func(c *gin.Context) { c.Writer.WriteHeaderNow() }, 200, ""},
	{"text", func(c *gin.Context) { c.String(200, "text") }, 200, "text"},
	{"JSON", func(c *gin.Context) { c.JSON(201, gin.H{"a": 1}) }, 201, `{"a":1}`},
	{"Write", func(c *gin.Context) { _, _ = c.Writer.Write([]byte("text")) }, 200, "text"},
	{"WriteString", func(c *gin.Context) { _, _ = c.Writer.WriteString("text") }, 200, "text"},
	{"twice", func(c *gin.Context) { c.String(200, "te"); c.String(200, "xt") }, 200, "text"},
	{"a copy", func(c *gin.Context) { _, _ = io.Copy(c.Writer, strings.NewReader("text")) }, 200, "text"},
	{"Flush first", func(c *gin.Context) { c.Writer.Flush(); c.String(200, "text") }, 200, "text"},
	{"a flush of net/http", func(c *gin.Context) {
		_ = http.NewResponseController(c.Writer).Flush()
		c.String(200, "text")
	}, 200, "text"},
	{"a stream", func(c *gin.Context) {
		words := []string{"te", "xt"}
		for _, word := range words {
			c.SSEvent("message", word)
			c.Writer.Flush()
		}
	}, 200, "event:message\ndata:te\n\nevent:message\ndata:xt\n\n"},
	{"a redirect", func(c *gin.Context) { c.Redirect(303, "/elsewhere") }, 303, "<a href=\"/elsewhere\">See Other</a>.\n\n"},
	{"a file", func(c *gin.Context) {
		http.ServeContent(c.Writer, c.Request, "a.txt", time.Time{}, strings.NewReader("text"))
	}, 200, "text"},
	{"cacheable text", func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=3600")
		c.String(200, "text")
	}, 200, "text"},
}

func TestImplicitRefreshLeavesResponsesAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, answer := range slidingAnswers {
		for _, path := range []string{"/page", "/after", "/twice"} {
			a := newSlidingApp(t, nil)
			a.handle = answer.write
			a.clock.Advance(12 * time.Minute)
			w := a.get(path)
			assert.Equal(t, answer.status, w.Code, answer.name)
			assert.Equal(t, answer.body, w.Body.String(), answer.name)
			assert.NotEmpty(t, renewedIn(t, w), answer.name)
			result := w.Result()
			assert.Len(t, result.Cookies(), 2, "they were there before the first byte: %s", answer.name)
			require.NoError(t, result.Body.Close())
		}
	}
}

func TestImplicitRefreshDoesNotUndoALogout(t *testing.T) {
	t.Parallel()
	unset := func(a *slidingApp, c *gin.Context) []string {
		a.mgr.UnsetJWTCookies(c)
		return c.Writer.Header().Values("Set-Cookie")
	}
	for _, test := range []struct {
		name string
		act  func(a *slidingApp, c *gin.Context) (cookies []string, err error)
	}{
		{"EndSession", func(a *slidingApp, c *gin.Context) ([]string, error) {
			return nil, a.mgr.EndSession(c, a.pair.SessionID)
		}},
		{"EndSessions", func(a *slidingApp, c *gin.Context) ([]string, error) {
			return nil, a.mgr.EndSessions(c, "alice")
		}},
		{"EndSessionForToken", func(a *slidingApp, c *gin.Context) ([]string, error) {
			token, _ := ginjwt.GetToken(c)
			return nil, a.mgr.EndSessionForToken(c, token)
		}},
		{"RevokeToken", func(a *slidingApp, c *gin.Context) ([]string, error) {
			token, _ := ginjwt.GetToken(c)
			return nil, a.mgr.RevokeToken(c, token)
		}},
		{"the session is gone", func(a *slidingApp, c *gin.Context) ([]string, error) {
			_, err := a.sessions.Delete(c, a.pair.SessionID)
			return nil, err
		}},
		{"UnsetJWTCookies", func(a *slidingApp, c *gin.Context) ([]string, error) { return unset(a, c), nil }},
		{"UnsetAccessCookies", func(a *slidingApp, c *gin.Context) ([]string, error) {
			a.mgr.UnsetAccessCookies(c)
			return c.Writer.Header().Values("Set-Cookie"), nil
		}},
		{"EndSession and UnsetJWTCookies", func(a *slidingApp, c *gin.Context) ([]string, error) {
			return unset(a, c), a.mgr.EndSession(c, a.pair.SessionID)
		}},
		{"SetAccessCookies", func(a *slidingApp, c *gin.Context) ([]string, error) {
			err := a.mgr.SetAccessCookies(c, a.pair.AccessToken)
			return c.Writer.Header().Values("Set-Cookie"), err
		}},
	} {
		for _, answer := range slidingAnswers {
			a := newSlidingApp(t, nil)
			var cookies []string
			a.handle = func(c *gin.Context) {
				set, err := test.act(a, c)
				assert.NoError(t, err)
				cookies = append(cookies, set...)
				answer.write(c)
			}
			a.clock.Advance(12 * time.Minute)
			w := a.get("/page")
			assert.Equal(t, answer.status, w.Code)
			assert.Equal(t, answer.body, w.Body.String())
			assert.Equal(t, cookies, w.Header()["Set-Cookie"], "%s, then %s", test.name, answer.name)
			assert.NoError(t, a.seen)
		}
	}
}

func TestImplicitRefreshBesideOtherCookies(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	a.handle = func(c *gin.Context) {
		c.SetCookie("access_token_cookie_2", "own", 0, "/", "", false, false)
		a.mgr.UnsetRefreshCookies(c)
	}
	a.clock.Advance(12 * time.Minute)
	var names []string
	for _, cookie := range a.get("/page").Result().Cookies() {
		names = append(names, cookie.Name)
	}
	assert.Equal(t, []string{"access_token_cookie_2", "refresh_token_cookie", "csrf_refresh_token", "access_token_cookie", "csrf_access_token"}, names)
}

func TestWhatImplicitRefreshDoesNotRenew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path string
		change     func(t *testing.T, a *slidingApp) []jwttest.RequestOption // before the request
		status     int
	}{
		{"a token in the header", "/page", func(_ *testing.T, a *slidingApp) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Cookie", "a=b"), jwttest.Bearer(a.pair.AccessToken)}
		}, 200},
		{"a token without a session", "/page", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithExpires(time.Minute)))}
		}, 200},
		{"a token that never expires", "/page", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			claims := claimsIn(t, a.pair.AccessToken)
			delete(claims, "exp")
			return []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+signedWith(t, appSecret(), claims))}
		}, 200},
		{"a token of another user with this session", "/page", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+a.changed(t, a.pair.AccessToken, appSecret(), "sub", "bob"))}
		}, 200},
		{"a refresh token", "/refresh", func(_ *testing.T, a *slidingApp) []jwttest.RequestOption {
			a.clock.Advance(30*24*time.Hour - 14*time.Minute)
			return nil
		}, 200},
		{"an anonymous visitor", "/optional", func(*testing.T, *slidingApp) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Cookie", "a=b")}
		}, 200},
		{"a route that verifies nothing", "/open", func(*testing.T, *slidingApp) []jwttest.RequestOption { return nil }, 200},
		{"a session that was ended elsewhere", "/page", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
			return nil
		}, 401},
		{"the same where nobody asks", "/unchecked", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
			return nil
		}, 200},
		{"a revoked token where nobody asks", "/unchecked", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			require.NoError(t, a.blocked.Add(t.Context(), claimsIn(t, a.pair.AccessToken)["jti"].(string), time.Time{}))
			return nil
		}, 200},
		{"a session that was removed elsewhere", "/page", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			_, err := a.sessions.Delete(t.Context(), a.pair.SessionID)
			require.NoError(t, err)
			return nil
		}, 200},
		{"a session that was just rotated", "/page", func(t *testing.T, a *slidingApp) []jwttest.RequestOption {
			a.rotate(t, a.pair.RefreshToken)
			return nil
		}, 200},
		{"an expired token", "/page", func(_ *testing.T, a *slidingApp) []jwttest.RequestOption {
			a.clock.Advance(3 * time.Minute)
			return nil
		}, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newSlidingApp(t, nil)
			a.handle = func(c *gin.Context) { c.String(200, "text") }
			a.clock.Advance(12 * time.Minute)
			w := a.get(test.path, test.change(t, a)...)
			assert.Equal(t, test.status, w.Code)
			assert.Empty(t, w.Header().Values("Set-Cookie"))
			assert.Empty(t, w.Header().Values("X-Renewed-Token"))
			if test.status == 200 {
				assert.NoError(t, a.seen)
			}
		})
	}
}

func TestImplicitRefreshKeepsToTheLifetime(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, func(c *ginjwt.Config) { c.SessionLifetime = 32 * time.Minute })
	start, jar := a.clock.Now(), []*httptest.ResponseRecorder{a.browser}
	visit := func(at time.Duration) *httptest.ResponseRecorder {
		a.clock.Advance(start.Add(at).Sub(a.clock.Now()))
		w := jwttest.Do(a.engine, "GET", "/page", jwttest.Cookies(jar...))
		jar = append(jar, w)
		return w
	}
	expires := func(encoded string) time.Duration {
		token, err := a.mgr.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		return token.ExpiresAt.Sub(start)
	}
	assert.Equal(t, 27*time.Minute, expires(renewedIn(t, visit(12*time.Minute))))
	assert.Equal(t, 32*time.Minute, expires(renewedIn(t, visit(23*time.Minute))), "the last token ends with the session")
	last := visit(31 * time.Minute)
	assert.Equal(t, 200, last.Code)
	assert.Empty(t, renewedIn(t, last), "no other could live longer")
	assert.NoError(t, a.seen)
	assert.Equal(t, 200, visit(32*time.Minute-time.Second).Code)
	assert.Equal(t, 401, visit(32*time.Minute).Code)
}

func TestImplicitRefreshOutlivesTheRefreshToken(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, func(c *ginjwt.Config) { c.RefreshTokenExpires = 20 * time.Minute })
	jar := []*httptest.ResponseRecorder{a.browser}
	for visit := range 20 {
		a.clock.Advance(12 * time.Minute)
		w := jwttest.Do(a.engine, "GET", "/page", jwttest.Cookies(jar...))
		require.Equal(t, 200, w.Code, visit)
		require.NotEmpty(t, renewedIn(t, w), visit)
		jar = append(jar, w)
	}
	assert.Equal(t, a.clock.Now().Add(20*time.Minute).UTC(), a.session(t).ExpiresAt)
	a.clock.Advance(15 * time.Minute)
	assert.Equal(t, 401, jwttest.Do(a.engine, "GET", "/page", jwttest.Cookies(jar...)).Code, "who does not come back is logged out")
}

func TestOneOfManyRequestsRenews(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	engine := gin.New()
	engine.GET("/page", a.mgr.ImplicitRefresh(5*time.Minute), a.mgr.JWTRequired(), identify)
	renewals := func(due bool) (tokens []string) {
		const requests = 32
		var asked, all sync.WaitGroup
		asked.Add(requests)
		if due {
			a.sessions.replace = func() { asked.Done(); asked.Wait() } // all requests have read the session before one changes it
		}
		results := make(chan *httptest.ResponseRecorder, requests)
		for range requests {
			all.Go(func() {
				results <- jwttest.Do(engine, "GET", "/page", jwttest.Header("Cookie", "access_token_cookie="+a.pair.AccessToken))
			})
		}
		all.Wait()
		close(results)
		for w := range results {
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, "alice", w.Body.String())
			if encoded := renewedIn(t, w); encoded != "" {
				tokens = append(tokens, encoded)
			}
		}
		return tokens
	}
	a.clock.Advance(12 * time.Minute)
	assert.Len(t, renewals(true), 1)
	assert.Empty(t, renewals(false), "at once another")
	a.clock.Advance(10*time.Second - time.Millisecond)
	assert.Empty(t, renewals(false))
	a.clock.Advance(time.Millisecond)
	assert.Len(t, renewals(true), 1, "the response was lost: the old token brings another")
}

func TestImplicitRefreshWhenAStoreIsDown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		fail func(a *slidingApp)
	}{
		{"sessions", func(a *slidingApp) { a.sessions.down.Store(true) }},
		{"blocklist", func(a *slidingApp) { a.blocked.down.Store(true) }},
	} {
		for _, answer := range slidingAnswers {
			a := newSlidingApp(t, nil)
			a.handle = func(c *gin.Context) { test.fail(a); answer.write(c) }
			a.clock.Advance(12 * time.Minute)
			w := a.get("/page")
			assert.Equal(t, answer.status, w.Code, test.name)
			assert.Equal(t, answer.body, w.Body.String(), test.name)
			assert.Empty(t, w.Header().Values("Set-Cookie"), test.name)
			assert.ErrorIs(t, a.seen, errStoreDown, "%s, %s", test.name, answer.name)
			assert.ErrorIs(t, a.seen, ginjwt.ErrUnavailable, "%s, %s", test.name, answer.name)
		}
	}
}

// customer is a user that the loaders return.
type customer struct{ name, plan string }

func TestImplicitRefreshGivesLoadersTheUser(t *testing.T) {
	t.Parallel()
	var given []any
	a := newSlidingApp(t, nil, func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			return &customer{token.Identity, "gold"}, nil
		})
		mgr.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
			given = append(given, identity)
			if user, ok := identity.(*customer); ok {
				return ginjwt.Claims{"plan": user.plan}, nil
			}
			return nil, nil
		})
	})
	given = nil
	a.clock.Advance(12 * time.Minute)
	encoded := renewedIn(t, a.get("/page"))
	assert.Equal(t, []any{&customer{"alice", "gold"}}, given)
	assert.Equal(t, "gold", claimsIn(t, encoded)["plan"])
	assert.Equal(t, "alice", claimsIn(t, encoded)["sub"])
}

func TestImplicitRefreshWhenALoaderFails(t *testing.T) {
	t.Parallel()
	fails := false
	secret := errors.New("secret detail")
	a := newSlidingApp(t, nil, func(mgr *ginjwt.JWTManager) {
		mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) {
			if fails {
				return nil, secret
			}
			return nil, nil
		})
	})
	before := a.session(t)
	fails = true
	a.clock.Advance(12 * time.Minute)
	w := a.get("/page")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "alice", w.Body.String())
	assert.Empty(t, w.Header().Values("Set-Cookie"))
	assert.ErrorIs(t, a.seen, secret)
	assert.Equal(t, before, a.session(t), "the next request tries again")
}

func TestImplicitRefreshAndPanics(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	a.handle = func(*gin.Context) { panic("a bug of the application") }
	a.clock.Advance(12 * time.Minute)
	w := a.get("/page")
	assert.Equal(t, 500, w.Code)
	assert.Empty(t, w.Header().Values("Set-Cookie"))
}

func TestImplicitRefreshLetsRotationsBe(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	a.clock.Advance(tradable)
	current := a.rotate(t, a.pair.RefreshToken)
	a.clock.Advance(12 * time.Minute)
	require.NotEmpty(t, renewedIn(t, a.get("/page")))
	token, err := a.mgr.DecodeToken(t.Context(), current.RefreshToken)
	require.NoError(t, err)
	_, err = a.mgr.RotateTokens(t.Context(), token)
	require.NoError(t, err, "the refresh token is as good as before")

	token, err = a.mgr.DecodeToken(t.Context(), a.pair.RefreshToken)
	require.NoError(t, err)
	_, err = a.mgr.RotateTokens(t.Context(), token)
	assert.ErrorIs(t, err, ginjwt.ErrSessionReused, "and an old one as bad")
}

func TestResponseControllersReachTheConnection(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	a.clock.Advance(12 * time.Minute)
	server := httptest.NewServer(a.engine)
	t.Cleanup(server.Close)
	send := func() *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/page", nil)
		require.NoError(t, err)
		jwttest.Cookies(a.browser)(r)
		response, err := server.Client().Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}

	a.handle = func(c *gin.Context) {
		controller := http.NewResponseController(c.Writer)
		assert.NoError(t, controller.SetWriteDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, controller.EnableFullDuplex())
		assert.NoError(t, controller.Flush())
		c.String(200, "text")
	}
	response := send()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "text", string(body))
	assert.Len(t, response.Cookies(), 2, "the flush came first, and the cookies before it")

	a.clock.Advance(time.Minute)
	a.handle = func(c *gin.Context) {
		conn, buffered, err := c.Writer.Hijack()
		if assert.NoError(t, err) {
			_, _ = buffered.WriteString("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			assert.NoError(t, buffered.Flush())
			assert.NoError(t, conn.Close())
		}
	}
	rotated := a.session(t).RotatedAt
	response = send()
	assert.Equal(t, 418, response.StatusCode)
	_, err = bufio.NewReader(response.Body).ReadByte()
	assert.ErrorIs(t, err, io.EOF)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, rotated, a.session(t).RotatedAt, "nothing is renewed on a connection that was taken over")
}
