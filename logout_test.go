package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// logoutApp is an application with cookies and a LogoutHandler without JWTRequired.
type logoutApp struct {
	clock    *jwttest.Clock
	sessions *switchedSessions
	blocked  *switchedBlocklist
	mgr      *ginjwt.JWTManager
	engine   *gin.Engine
}

func newLogoutApp(t *testing.T, changes ...func(*ginjwt.Config)) *logoutApp {
	t.Helper()
	a := &logoutApp{clock: &jwttest.Clock{}, sessions: &switchedSessions{}, blocked: &switchedBlocklist{}}
	a.sessions.Now, a.blocked.Now = a.clock.Now, a.clock.Now
	config := jwttest.Config(a.clock)
	config.Sessions, config.Blocklist = a.sessions, a.blocked
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.CSRFCheckForm = true
	for _, change := range changes {
		change(&config)
	}
	a.mgr, a.engine = newManager(t, config)
	a.engine.POST("/login", func(c *gin.Context) {
		pair, err := a.mgr.CreateTokenPair(c, "alice")
		if err == nil {
			err = a.mgr.SetPairCookies(c, pair)
		}
		if err != nil {
			a.mgr.Refuse(c, err)
		}
	})
	a.engine.Any("/logout", a.mgr.LogoutHandler())
	return a
}

// login returns the answer to a login, and the token pair of its cookies.
func (a *logoutApp) login(t *testing.T) (*httptest.ResponseRecorder, ginjwt.TokenPair) {
	t.Helper()
	w := jwttest.Do(a.engine, "POST", "/login")
	require.Equal(t, http.StatusOK, w.Code)
	var pair ginjwt.TokenPair
	for _, cookie := range w.Result().Cookies() {
		switch cookie.Name {
		case "access_token_cookie":
			pair.AccessToken = cookie.Value
		case "refresh_token_cookie":
			pair.RefreshToken = cookie.Value
		case "csrf_access_token":
			pair.CSRF = cookie.Value
		}
	}
	token, err := a.mgr.DecodeToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	pair.SessionID = token.SessionID
	return w, pair
}

func (a *logoutApp) lives(t *testing.T, id string) bool {
	t.Helper()
	_, ok, err := a.sessions.MemorySessions.Get(t.Context(), id)
	require.NoError(t, err)
	return ok
}

// cookieHeader is what a browser sends, without a CSRF value.
func cookieHeader(pairs ...string) jwttest.RequestOption {
	return jwttest.Header("Cookie", strings.Join(pairs, "; "))
}

func csrfHeader(value string) jwttest.RequestOption { return jwttest.Header("X-CSRF-TOKEN", value) }
func fromSite(site string) jwttest.RequestOption    { return jwttest.Header("Sec-Fetch-Site", site) }

func TestLogoutTakesWhatTheRequestCarries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		after time.Duration // since the login
		send  func(p ginjwt.TokenPair) []jwttest.RequestOption
	}{
		{"both cookies", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie="+p.AccessToken, "refresh_token_cookie="+p.RefreshToken), csrfHeader(p.CSRF)}
		}},
		{"both cookies after sixteen idle minutes", 16 * time.Minute, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie="+p.AccessToken, "refresh_token_cookie="+p.RefreshToken), csrfHeader(p.CSRF)}
		}},
		{"the access cookie alone, expired", time.Hour, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), csrfHeader(p.CSRF)}
		}},
		{"the refresh cookie alone", time.Hour, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("refresh_token_cookie=" + p.RefreshToken), csrfHeader(p.CSRF)}
		}},
		{"a cookie and a form", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Form("csrf_token", p.CSRF), cookieHeader("access_token_cookie=" + p.AccessToken)}
		}},
		{"a cookie and a page of this origin", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), fromSite("same-origin")}
		}},
		{"a cookie and a page of another origin that has the value", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), csrfHeader(p.CSRF), fromSite("same-site")}
		}},
		{"cookies of other services", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("session=abc", "access_token_cookie="+p.AccessToken, "token=x.y.z"), csrfHeader(p.CSRF)}
		}},
		{"two cookies of one name, the first garbage", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=x.y.z", "access_token_cookie="+p.AccessToken), csrfHeader(p.CSRF)}
		}},
		{"eight cookies of one name, the last the user's", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader(strings.Repeat("access_token_cookie=x; ", 7) + "access_token_cookie=" + p.AccessToken), csrfHeader(p.CSRF)}
		}},
		{"an access token in the header", 0, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Bearer(p.AccessToken)}
		}},
		{"an expired access token in the header", time.Hour, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Bearer(p.AccessToken)}
		}},
		{"a refresh token in JSON", time.Hour, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + p.RefreshToken + `"}`)}
		}},
		{"a refresh token in a form", time.Hour, func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Form("refresh_token", p.RefreshToken)}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newLogoutApp(t)
			_, pair := a.login(t)
			_, other := a.login(t)
			a.clock.Advance(test.after)
			w := jwttest.Do(a.engine, "POST", "/logout", test.send(pair)...)
			assert.Equal(t, http.StatusNoContent, w.Code, w.Body)
			assert.Len(t, w.Result().Cookies(), 4, "the cookies are removed")
			assert.False(t, a.lives(t, pair.SessionID))
			refusedWith(t, a.mgr, pair.RefreshToken, ginjwt.ErrRevokedToken)
			assert.True(t, a.lives(t, other.SessionID))
		})
	}
}

// A request without a valid token and CSRF value ends nothing, and removes no cookies.
func TestLogoutIsOnlyForWhoMay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		send   func(p ginjwt.TokenPair) []jwttest.RequestOption
		status int
		text   string
	}{
		{"a cookie alone", func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken)}
		}, 401, "Missing CSRF token"},
		{"a cookie and a wrong value", func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), csrfHeader("wrong")}
		}, 401, "CSRF double submit tokens do not match"},
		{"a page of another site", func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), fromSite("cross-site")}
		}, 403, "The request comes from another origin"},
		{"a page of a neighbouring host", func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), fromSite("same-site")}
		}, 403, "The request comes from another origin"},
		{"a page of another site, with a wrong value", func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{cookieHeader("access_token_cookie=" + p.AccessToken), fromSite("cross-site"), csrfHeader("wrong")}
		}, 403, "The request comes from another origin"},
		{"a page of another site, whose request brings no cookies", func(ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{fromSite("cross-site")}
		}, 403, "The request comes from another origin"},
		{"another origin, in a browser without Fetch Metadata", func(ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Origin", "https://evil.example")}
		}, 403, "The request comes from another origin"},
		{"an origin that is not told", func(ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Origin", "null")}
		}, 403, "The request comes from another origin"},
		{"garbage in the header, from another site", func(ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Bearer("garbage"), fromSite("cross-site")}
		}, 403, "The request comes from another origin"},
		{"garbage in the header", func(p ginjwt.TokenPair) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Bearer("garbage")}
		}, 422, "Not enough segments"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newLogoutApp(t)
			_, pair := a.login(t)
			w := jwttest.Do(a.engine, "POST", "/logout", test.send(pair)...)
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, `{"msg":"`+test.text+"\"}\n", w.Body.String())
			assert.Empty(t, w.Result().Cookies())
			assert.True(t, a.lives(t, pair.SessionID))
			accepted(t, a.mgr, pair.AccessToken)
		})
	}
}

// An attacker also has a session. A page of the attacker can send its token with a form,
// and the browser of a victim obeys the Set-Cookie of the answer. So the answer must have
// none.
func TestTokensOfAnAttackerRemoveNoCookies(t *testing.T) {
	t.Parallel()
	fromElsewhere := func(of ginjwt.TokenPair) map[string][]jwttest.RequestOption {
		return map[string][]jwttest.RequestOption{
			"form":         {jwttest.Form("access_token", of.AccessToken), fromSite("cross-site")},
			"form by old":  {jwttest.Form("refresh_token", of.RefreshToken), jwttest.Header("Origin", "https://evil.example")},
			"header":       {jwttest.Bearer(of.AccessToken), fromSite("same-site")},
			"JSON":         {jwttest.JSON(`{"access_token":"` + of.AccessToken + `"}`), fromSite("cross-site")},
			"query string": {func(r *http.Request) { r.URL.RawQuery = "jwt=" + of.AccessToken }, fromSite("cross-site")},
		}
	}
	for name := range fromElsewhere(ginjwt.TokenPair{}) {
		for _, path := range []string{"/logout", "/logout/all", "/checked", "/sessions/"} {
			a := newLogoutApp(t, func(c *ginjwt.Config) {
				c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString, ginjwt.InJSON, ginjwt.InCookies}
			})
			a.engine.POST("/checked", a.mgr.JWTRequired(ginjwt.Optional()), a.mgr.LogoutHandler())
			a.engine.POST("/logout/all", a.mgr.JWTRequired(ginjwt.Optional()), a.mgr.LogoutAllHandler())
			a.engine.POST("/sessions/:id", a.mgr.JWTRequired(), a.mgr.EndSessionHandler())
			_, of := a.login(t)
			if path == "/sessions/" {
				path += of.SessionID
			}
			w := jwttest.Do(a.engine, "POST", path, fromElsewhere(of)[name]...)
			assert.Empty(t, w.Header().Values("Set-Cookie"), "%s %s", name, path)
			if path == "/logout" && name != "query string" {
				assert.Equal(t, http.StatusNoContent, w.Code, name)
				assert.False(t, a.lives(t, of.SessionID), "his own session has ended: %s", name)
			}
		}
	}
}

// A neighbouring host can set cookies too. With its cookies the attacker ends the
// attacker's session, not the session of the user.
func TestLogoutByATossedCookie(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	_, user := a.login(t)
	_, neighbour := a.login(t)
	both := cookieHeader("access_token_cookie="+user.AccessToken, "access_token_cookie="+neighbour.AccessToken)

	w := jwttest.Do(a.engine, "POST", "/logout", both, csrfHeader(neighbour.CSRF))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.True(t, a.lives(t, user.SessionID))
	assert.False(t, a.lives(t, neighbour.SessionID))

	w = jwttest.Do(a.engine, "POST", "/logout", both, csrfHeader(user.CSRF))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.False(t, a.lives(t, user.SessionID))
}

// A neighbouring host can set so many cookies that the user's cookie is not read.
// The answer must not say that the user is logged out.
func TestLogoutWithMoreCookiesThanAreLookedAt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tossed    func(of ginjwt.TokenPair) string
		userFirst bool
		by        func(user ginjwt.TokenPair) jwttest.RequestOption
	}{
		"garbage":                     {func(ginjwt.TokenPair) string { return "x" }, false, func(p ginjwt.TokenPair) jwttest.RequestOption { return csrfHeader(p.CSRF) }},
		"tokens of the neighbour":     {func(p ginjwt.TokenPair) string { return p.AccessToken }, false, func(p ginjwt.TokenPair) jwttest.RequestOption { return csrfHeader(p.CSRF) }},
		"by a page of this origin":    {func(p ginjwt.TokenPair) string { return p.AccessToken }, false, func(ginjwt.TokenPair) jwttest.RequestOption { return fromSite("same-origin") }},
		"the user's own is the first": {func(ginjwt.TokenPair) string { return "x" }, true, func(p ginjwt.TokenPair) jwttest.RequestOption { return csrfHeader(p.CSRF) }},
	} {
		a := newLogoutApp(t)
		_, user := a.login(t)
		_, neighbour := a.login(t)
		tossed := strings.Split(strings.Repeat("access_token_cookie="+test.tossed(neighbour)+"|", 8), "|")[:8]
		own := []string{"access_token_cookie=" + user.AccessToken}
		all := append(tossed, own...)
		if test.userFirst {
			all = append(own, tossed...)
		}
		w := jwttest.Do(a.engine, "POST", "/logout", cookieHeader(all...), test.by(user))
		assert.Equal(t, http.StatusUnauthorized, w.Code, name)
		assert.Equal(t, `{"msg":"More than 8 cookies \"access_token_cookie\""}`+"\n", w.Body.String(), name)
		assert.Empty(t, w.Result().Cookies(), name)
		assert.Equal(t, !test.userFirst, a.lives(t, user.SessionID), name)
	}
}

func TestLogoutWhenNobodyIsLoggedIn(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	for name, opts := range map[string][]jwttest.RequestOption{
		"no token":          nil,
		"a cookie of trash": {cookieHeader("access_token_cookie=trash")},
		"an empty cookie":   {cookieHeader("access_token_cookie=", "refresh_token_cookie=")},
		"this origin":       {jwttest.Header("Origin", "http://example.com")},
	} {
		w := jwttest.Do(a.engine, "POST", "/logout", opts...)
		assert.Equal(t, http.StatusNoContent, w.Code, name)
		assert.Len(t, w.Result().Cookies(), 4, name)
	}
}

func TestLogoutTwice(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	_, pair := a.login(t)
	for range 2 {
		w := jwttest.Do(a.engine, "POST", "/logout", cookieHeader("access_token_cookie="+pair.AccessToken), csrfHeader(pair.CSRF))
		assert.Equal(t, http.StatusNoContent, w.Code)
	}
}

// If it is unknown whether the session has ended, the cookies stay, so that the user can
// try again.
func TestLogoutWhileAStoreIsDown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sessions", "blocklist"} {
		a := newLogoutApp(t)
		_, pair := a.login(t)
		down := map[string]*atomic.Bool{"sessions": &a.sessions.down, "blocklist": &a.blocked.down}[name]
		opts := []jwttest.RequestOption{cookieHeader("access_token_cookie="+pair.AccessToken, "refresh_token_cookie="+pair.RefreshToken), csrfHeader(pair.CSRF)}

		down.Store(true)
		w := jwttest.Do(a.engine, "POST", "/logout", opts...)
		assert.Equal(t, http.StatusServiceUnavailable, w.Code, name)
		assert.Empty(t, w.Result().Cookies(), name)

		down.Store(false)
		assert.Equal(t, http.StatusNoContent, jwttest.Do(a.engine, "POST", "/logout", opts...).Code, name)
		assert.False(t, a.lives(t, pair.SessionID), name)
	}
}

// Links, images and prefetching log nobody out. A preflight does nothing.
func TestLogoutIsNoLink(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	login, pair := a.login(t)
	for method, status := range map[string]int{"GET": 405, "HEAD": 405, "TRACE": 405, "OPTIONS": 204} {
		w := jwttest.Do(a.engine, method, "/logout", jwttest.Cookies(login), fromSite("same-origin"), jwttest.Header("Authorization", "Bearer "+pair.AccessToken))
		assert.Equal(t, status, w.Code, method)
		assert.Equal(t, "POST", w.Header().Get("Allow"), method)
		assert.Empty(t, w.Result().Cookies(), method)
	}
	assert.True(t, a.lives(t, pair.SessionID))
}

func TestLogoutWithoutCSRFProtection(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t, func(c *ginjwt.Config) { c.DisableCookieCSRFProtect = true })
	_, pair := a.login(t)
	cookie := cookieHeader("access_token_cookie=" + pair.AccessToken)
	assert.Equal(t, http.StatusForbidden, jwttest.Do(a.engine, "POST", "/logout", cookie, fromSite("cross-site")).Code)
	assert.True(t, a.lives(t, pair.SessionID))
	assert.Equal(t, http.StatusNoContent, jwttest.Do(a.engine, "POST", "/logout", cookie).Code)
	assert.False(t, a.lives(t, pair.SessionID))
}

// A route can read cookies even if the settings name other locations.
func TestLogoutWhereOnlyRoutesReadCookies(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t, func(c *ginjwt.Config) { c.TokenLocation = nil })
	_, pair := a.login(t)
	w := jwttest.Do(a.engine, "POST", "/logout", cookieHeader("access_token_cookie="+pair.AccessToken), csrfHeader(pair.CSRF))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.False(t, a.lives(t, pair.SessionID))
}

// A token with the session ID of another user does not end that session.
func TestLogoutOfASessionOfAnotherUser(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	_, pair := a.login(t)
	config := jwttest.Config(a.clock)
	plain, _ := newManager(t, config) // a manager without sessions, with the same key
	forged := jwttest.AccessToken(t, plain, "mallory", ginjwt.WithClaims(ginjwt.Claims{"sid": pair.SessionID}))
	w := jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(forged))
	assert.Equal(t, http.StatusUnprocessableEntity, w.Code)
	assert.Equal(t, "{\"msg\":\"Token is not of its session\"}\n", w.Body.String())
	assert.True(t, a.lives(t, pair.SessionID))
	accepted(t, a.mgr, pair.AccessToken)
}

// The back button must not show a page again after the logout.
func TestAnswersToCookiesAreNotCached(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	a.engine.GET("/page", a.mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
	a.engine.GET("/later", a.mgr.JWTRequired(), func(c *gin.Context) { c.Header("Cache-Control", "private, max-age=60") })
	a.engine.GET("/before", func(c *gin.Context) { c.Header("Cache-Control", "private") }, a.mgr.JWTRequired(), func(*gin.Context) {})
	a.engine.GET("/both", a.mgr.JWTRequired(), func(c *gin.Context) { c.Writer.Header().Add("Cache-Control", "private") })
	a.engine.GET("/anybody", a.mgr.JWTRequired(ginjwt.Optional()), func(*gin.Context) {})
	login, pair := a.login(t)
	for path, want := range map[string][]string{
		"/page": {"no-store"}, "/later": {"private, max-age=60"}, "/before": {"private"}, "/both": {"no-store", "private"},
	} {
		w := jwttest.Do(a.engine, "GET", path, jwttest.Cookies(login))
		assert.Equal(t, want, w.Header().Values("Cache-Control"), path)
	}
	assert.Equal(t, []string{"no-store"}, jwttest.Do(a.engine, "GET", "/page", jwttest.Cookies(login)).Header().Values("Cache-Control"), "the value is not shared with other answers")
	assert.Empty(t, jwttest.Do(a.engine, "GET", "/page", jwttest.Bearer(pair.AccessToken)).Header().Values("Cache-Control"))
	assert.Empty(t, jwttest.Do(a.engine, "GET", "/anybody").Header().Values("Cache-Control"))
}

// AnyType accepts the refresh cookie of a browser whose access token has expired.
func TestAnyTypeAfterTheAccessTokenHasExpired(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	a.engine.POST("/any", a.mgr.JWTRequired(ginjwt.AnyType()), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		c.String(http.StatusOK, string(token.Type))
	})
	login, _ := a.login(t)
	assert.Equal(t, "access", jwttest.Do(a.engine, "POST", "/any", jwttest.Cookies(login)).Body.String())
	a.clock.Advance(16 * time.Minute)
	assert.Equal(t, "refresh", jwttest.Do(a.engine, "POST", "/any", jwttest.Cookies(login)).Body.String())
	a.clock.Advance(31 * 24 * time.Hour)
	w := jwttest.Do(a.engine, "POST", "/any", jwttest.Cookies(login))
	assert.Equal(t, "{\"msg\":\"Token has expired\"}\n", w.Body.String())
}

func TestEndSessionHandlerWithoutItsParameter(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	a.engine.DELETE("/sessions/:session", a.mgr.JWTRequired(), a.mgr.EndSessionHandler())
	_, pair := a.login(t)
	assert.PanicsWithValue(t, `ginjwt: EndSessionHandler: its route has no parameter "id"; register it as "/sessions/:id"`, func() {
		jwttest.Do(a.engine, "DELETE", "/sessions/"+pair.SessionID, jwttest.Bearer(pair.AccessToken))
	})
	assert.True(t, a.lives(t, pair.SessionID))
}

// A handler acts for the user that its own manager verified.
func TestHandlersBehindAnotherManager(t *testing.T) {
	t.Parallel()
	a, other := newLogoutApp(t), newLogoutApp(t)
	_, pair := a.login(t)
	_, victim := other.login(t) // of the same name, in another user base
	for name, handler := range map[string]gin.HandlerFunc{
		"SessionsHandler":   other.mgr.SessionsHandler(),
		"LogoutAllHandler":  other.mgr.LogoutAllHandler(),
		"EndSessionHandler": other.mgr.EndSessionHandler(),
	} {
		a.engine.POST("/"+name+"/:id", a.mgr.JWTRequired(), handler)
		assert.PanicsWithValue(t, "ginjwt: "+name+": another manager has verified the token; put JWTRequired of the same manager on the route", func() {
			jwttest.Do(a.engine, "POST", "/"+name+"/"+victim.SessionID, jwttest.Bearer(pair.AccessToken))
		})
	}
	assert.True(t, other.lives(t, victim.SessionID))
}

// A preflight logs nobody out, and removes no cookies.
func TestLogoutEverywhereOnAPreflight(t *testing.T) {
	t.Parallel()
	a := newLogoutApp(t)
	a.engine.Any("/logout/all", a.mgr.JWTRequired(), a.mgr.LogoutAllHandler())
	login, pair := a.login(t)
	w := jwttest.Do(a.engine, "OPTIONS", "/logout/all", jwttest.Cookies(login),
		jwttest.Header("Origin", "https://app.example"), jwttest.Header("Access-Control-Request-Method", "POST"))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.Empty(t, w.Result().Cookies())
	assert.True(t, a.lives(t, pair.SessionID))
}
