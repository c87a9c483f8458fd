package ginjwt_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// cookieConfig reads tokens from cookies, and sends refresh tokens to all paths.
func cookieConfig(change func(*ginjwt.Config)) ginjwt.Config {
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.Sessions = &ginjwt.MemorySessions{}
	change(&config)
	return config
}

// cookieApp has a route for each use of cookies.
func cookieApp(t *testing.T, change func(*ginjwt.Config)) (*ginjwt.JWTManager, *gin.Engine) {
	t.Helper()
	mgr, engine := newManager(t, cookieConfig(change))
	engine.POST("/login", func(c *gin.Context) {
		require.NoError(t, mgr.SetPairCookies(c, jwttest.TokenPair(t, mgr, "alice")))
	})
	engine.GET("/api/me", mgr.JWTRequired(), identify)
	engine.POST("/api/refresh", mgr.RefreshHandler())
	return mgr, engine
}

// attributes are the Set-Cookie lines without the values of the cookies, and without the
// attributes that all of them have.
func attributes(header http.Header) (lines []string) {
	for _, line := range header.Values("Set-Cookie") {
		pair, rest, _ := strings.Cut(line, "; ")
		name, _, _ := strings.Cut(pair, "=")
		rest = strings.ReplaceAll(rest, "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "removed")
		for _, common := range []string{"; HttpOnly", "; Secure", "; SameSite=Lax"} {
			rest = strings.ReplaceAll(rest, common, "")
		}
		lines = append(lines, name+"; "+rest)
	}
	return lines
}

func TestCookiesElsewhereAreRemoved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		want   []string
	}{
		"nowhere else": {func(*ginjwt.Config) {}, []string{"a; Path=/", "c; Path=/"}},
		"a domain": {func(c *ginjwt.Config) { c.CookieDomain = "example.com" }, []string{
			"a; Path=/; removed", "c; Path=/; removed",
			"a; Path=/; Domain=example.com", "c; Path=/; Domain=example.com",
		}},
		"a path": {func(c *ginjwt.Config) { c.AccessCookiePath = "/api" }, []string{
			"a; Path=/; removed", "a; Path=/api", "c; Path=/",
		}},
		"a former domain": {func(c *ginjwt.Config) { c.CookieFormerDomains = []string{".Example.com", "example.com"} }, []string{
			"a; Path=/; Domain=example.com; removed", "c; Path=/; Domain=example.com; removed",
			"a; Path=/", "c; Path=/",
		}},
		"the domain that is former too": {func(c *ginjwt.Config) {
			c.CookieDomain, c.CookieFormerDomains = "example.com", []string{".EXAMPLE.com"}
		}, []string{
			"a; Path=/; removed", "c; Path=/; removed",
			"a; Path=/; Domain=example.com", "c; Path=/; Domain=example.com",
		}},
		"domains and paths": {func(c *ginjwt.Config) {
			c.AccessCookiePath, c.CookieDomain, c.DisableCSRFInCookies = "/api", "example.com", true
			c.CookieFormerDomains, c.CookieFormerPaths = []string{"old.example.com"}, []string{"/v1"}
		}, []string{
			"a; Path=/; Domain=example.com; removed", "a; Path=/v1; Domain=example.com; removed",
			"a; Path=/api; removed", "a; Path=/; removed", "a; Path=/v1; removed",
			"a; Path=/api; Domain=old.example.com; removed", "a; Path=/; Domain=old.example.com; removed", "a; Path=/v1; Domain=old.example.com; removed",
			"a; Path=/api; Domain=example.com",
		}},
		"a domain for scripts": {func(c *ginjwt.Config) { c.CSRFCookieDomain = "example.com" }, []string{
			"c; Path=/; removed", "a; Path=/", "c; Path=/; Domain=example.com",
		}},
		"Partitioned": {func(c *ginjwt.Config) { c.CookiePartitioned = true }, []string{
			"a; Path=/; removed", "c; Path=/; removed", "a; Path=/; Partitioned", "c; Path=/; Partitioned",
		}},
		"once Partitioned": {func(c *ginjwt.Config) { c.CookieFormerPartitioned = true }, []string{
			"a; Path=/; removed; Partitioned", "c; Path=/; removed; Partitioned", "a; Path=/", "c; Path=/",
		}},
		"Partitioned, and a domain": {func(c *ginjwt.Config) {
			c.CookiePartitioned, c.CookieDomain, c.DisableCSRFInCookies = true, "example.com", true
		}, []string{
			"a; Path=/; Domain=example.com; removed", "a; Path=/; removed; Partitioned", "a; Path=/; removed",
			"a; Path=/; Domain=example.com; Partitioned",
		}},
		"__Host- has one place": {func(c *ginjwt.Config) {
			c.AccessCookieName, c.AccessCSRFCookieName = "__Host-a", "__Secure-c"
			c.CookieFormerDomains, c.CookieFormerPaths = []string{"example.com"}, []string{"/api"}
		}, []string{
			"__Secure-c; Path=/api; removed", "__Secure-c; Path=/; Domain=example.com; removed", "__Secure-c; Path=/api; Domain=example.com; removed",
			"__Host-a; Path=/", "__Secure-c; Path=/",
		}},
		// With these domains, browsers send the cookie to the host only.
		"an address":      {func(c *ginjwt.Config) { c.CookieDomain = "127.0.0.1" }, []string{"a; Path=/; Domain=127.0.0.1", "c; Path=/; Domain=127.0.0.1"}},
		"a single label":  {func(c *ginjwt.Config) { c.CookieDomain = "localhost" }, []string{"a; Path=/; Domain=localhost", "c; Path=/; Domain=localhost"}},
		"not Secure":      {func(c *ginjwt.Config) { c.DisableCookieSecure, c.AccessCookiePath = true, "/api" }, []string{"a; Path=/; removed", "a; Path=/api", "c; Path=/"}},
		"no CSRF cookies": {func(c *ginjwt.Config) { c.DisableCSRFInCookies, c.CookieDomain = true, "example.com" }, []string{"a; Path=/; removed", "a; Path=/; Domain=example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mgr, _ := newManager(t, cookieConfig(func(c *ginjwt.Config) {
				c.AccessCookieName, c.AccessCSRFCookieName = "a", "c"
				test.change(c)
			}))
			c, w := cookieContext()
			require.NoError(t, mgr.SetAccessCookies(c, jwttest.AccessToken(t, mgr, "alice")))
			assert.Equal(t, test.want, attributes(w.Header()))
			removed, set := 0, 0
			for _, cookie := range w.Result().Cookies() {
				require.NoError(t, cookie.Valid())
				assert.Equal(t, cookie.Value == "", cookie.RawExpires != "")
				assert.Equal(t, !mgr.Config().DisableCookieSecure, cookie.Secure)
				assert.Equal(t, cookie.Name != "c" && cookie.Name != "__Secure-c", cookie.HttpOnly)
				if cookie.Value == "" {
					removed++
				} else {
					set++
				}
			}

			c, w = cookieContext()
			mgr.UnsetAccessCookies(c)
			assert.Len(t, w.Header().Values("Set-Cookie"), removed+set, "a logout removes them all")
			for _, cookie := range w.Result().Cookies() {
				assert.Empty(t, cookie.Value)
			}
		})
	}
}

// moves are deployments that change where cookies are.
var moves = map[string]struct{ before, after func(*ginjwt.Config) }{
	"to a domain": {func(*ginjwt.Config) {}, func(c *ginjwt.Config) { c.CookieDomain = "example.test" }},
	"from a domain": {
		func(c *ginjwt.Config) { c.CookieDomain = "example.test" },
		func(c *ginjwt.Config) { c.CookieFormerDomains = []string{"example.test"} },
	},
	"to a domain above": {
		func(c *ginjwt.Config) { c.CookieDomain = "api.example.test" },
		func(c *ginjwt.Config) {
			c.CookieDomain, c.CookieFormerDomains = "example.test", []string{"api.example.test"}
		},
	},
	"to a path": {func(*ginjwt.Config) {}, func(c *ginjwt.Config) { c.AccessCookiePath, c.RefreshCookiePath = "/api", "/api/refresh" }},
	"from a path": {
		func(c *ginjwt.Config) { c.AccessCookiePath, c.RefreshCookiePath = "/api", "/api/refresh" },
		func(c *ginjwt.Config) { c.CookieFormerPaths = []string{"/api", "/api/refresh"} },
	},
	"to Partitioned":   {func(*ginjwt.Config) {}, func(c *ginjwt.Config) { c.CookiePartitioned = true }},
	"from Partitioned": {func(c *ginjwt.Config) { c.CookiePartitioned = true }, func(c *ginjwt.Config) { c.CookieFormerPartitioned = true }},
	"to a domain and a path": {
		func(*ginjwt.Config) {},
		func(c *ginjwt.Config) { c.CookieDomain, c.AccessCookiePath = "example.test", "/api" },
	},
}

func TestLoginWorksAfterCookiesWereMoved(t *testing.T) {
	t.Parallel()
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, before := cookieApp(t, move.before)
			_, after := cookieApp(t, move.after)
			first := jwttest.Do(before, "POST", "/login")
			second := jwttest.Do(after, "POST", "/login")
			assert.Equal(t, 200, jwttest.Do(after, "GET", "/api/me", jwttest.Cookies(first, second)).Code)
			w := jwttest.Do(after, "POST", "/api/refresh", jwttest.RefreshCookies(first, second))
			assert.Equal(t, 200, w.Code, w.Body)
			assert.Equal(t, 200, jwttest.Do(after, "GET", "/api/me", jwttest.Cookies(first, second, w)).Code)
		})
	}
}

// The jar of net/http does not distinguish a cookie of the host from a cookie of its domain.
func TestLoginWorksAfterCookiesWereMovedInOtherClients(t *testing.T) {
	t.Parallel()
	for name, move := range moves {
		for _, host := range []string{"api.example.test", "example.test"} {
			if host == "example.test" && name == "to a domain above" {
				continue // that host cannot set the domain of before
			}
			_, before := cookieApp(t, move.before)
			_, after := cookieApp(t, move.after)
			jar, err := cookiejar.New(nil)
			require.NoError(t, err)
			do := func(engine http.Handler, method, path string) int {
				at := &url.URL{Scheme: "https", Host: host, Path: path}
				w := jwttest.Do(engine, method, path, func(r *http.Request) {
					for _, cookie := range jar.Cookies(at) {
						r.AddCookie(cookie)
					}
				})
				jar.SetCookies(at, w.Result().Cookies())
				return w.Code
			}
			assert.Equal(t, 200, do(before, "POST", "/login"))
			assert.Equal(t, 200, do(before, "GET", "/api/me"))
			assert.Equal(t, 200, do(after, "POST", "/login"))
			assert.Equal(t, 200, do(after, "GET", "/api/me"), "%s, %s", name, host)
		}
	}
}

func TestRefusalOfTwoCookiesRemovesWhatEarlierSettingsLeft(t *testing.T) {
	t.Parallel()
	const removedAccess = "access_token_cookie; Path=/; Domain=example.test; removed"
	mgr, engine := cookieApp(t, func(c *ginjwt.Config) { c.CookieFormerDomains = []string{"example.test"} })
	engine.POST("/verify", func(c *gin.Context) {
		if _, err := mgr.VerifyJWTInRequest(c); err != nil {
			mgr.Refuse(c, err)
		}
	})
	engine.POST("/logout", mgr.JWTRequired(), mgr.LogoutHandler())
	engine.GET("/optional", mgr.JWTRequired(ginjwt.Optional()), identify)
	for _, route := range []struct{ method, path, cookie string }{
		{"GET", "/api/me", "access_token_cookie"}, {"GET", "/optional", "access_token_cookie"}, {"POST", "/verify", "access_token_cookie"},
		{"POST", "/logout", "access_token_cookie"}, {"POST", "/api/refresh", "refresh_token_cookie"},
	} {
		w := jwttest.Do(engine, route.method, route.path, jwttest.Header("Cookie", route.cookie+"=1; "+route.cookie+"=2"))
		assert.Equal(t, 401, w.Code)
		assert.JSONEq(t, `{"msg":"More than one cookie \"`+route.cookie+`\""}`, w.Body.String())
		kind := strings.TrimSuffix(route.cookie, "_token_cookie")
		assert.Equal(t, []string{
			strings.Replace(removedAccess, "access", kind, 1), "csrf_" + kind + "_token; Path=/; Domain=example.test; removed",
		}, attributes(w.Header()), "never for the host alone, where cookies are put now: %s", route.path)
	}

	// the browser has one cookie left and continues
	_, before := cookieApp(t, func(c *ginjwt.Config) { c.CookieDomain = "example.test" })
	_, unaware := cookieApp(t, func(*ginjwt.Config) {})
	old, login := jwttest.Do(before, "POST", "/login"), jwttest.Do(unaware, "POST", "/login")
	refused := jwttest.Do(engine, "GET", "/api/me", jwttest.Cookies(old, login))
	assert.Equal(t, 401, refused.Code)
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/api/me", jwttest.Cookies(old, login, refused)).Code)
}

func TestRefusalOfTwoCookiesRemovesNoneWhereTheyAreNow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		want   []string
	}{
		"a neighbour's": {func(*ginjwt.Config) {}, nil},
		"a domain":      {func(c *ginjwt.Config) { c.CookieDomain = "example.test" }, []string{"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed"}},
		"a path":        {func(c *ginjwt.Config) { c.AccessCookiePath = "/api" }, []string{"access_token_cookie; Path=/; removed"}},
		"Partitioned": {func(c *ginjwt.Config) { c.CookiePartitioned = true }, []string{
			"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed",
		}},
		"named, but where they are": {func(c *ginjwt.Config) {
			c.CookieDomain, c.CookieFormerDomains, c.CookieFormerPaths = ".Example.test", []string{"example.test"}, []string{"/"}
		}, []string{"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed"}},
	} {
		_, engine := cookieApp(t, test.change)
		w := jwttest.Do(engine, "GET", "/api/me", jwttest.Header("Cookie", "access_token_cookie=1; access_token_cookie=2"))
		assert.Equal(t, test.want, attributes(w.Header()), name)

		login := jwttest.Do(engine, "POST", "/login")
		me := jwttest.Do(engine, "GET", "/api/me", jwttest.Cookies(login, w))
		assert.Equal(t, "alice", me.Body.String(), name+": the login of now outlives it")
	}
}

// A loader that writes the whole response keeps the cookies.
func TestRefusalOfTwoCookiesRemovesThemWithALoader(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(cookieConfig(func(c *ginjwt.Config) { c.CookieDomain = "example.test" }))
	mgr.UnauthorizedLoader(func(c *gin.Context, err *ginjwt.Error) {
		c.SetCookie("own", "1", 0, "/", "", true, true)
		c.String(http.StatusTeapot, "no")
	})
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.GET("/", mgr.JWTRequired(), identify)
	w := jwttest.Do(engine, "GET", "/", jwttest.Header("Cookie", "access_token_cookie=1; access_token_cookie=2"))
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, []string{"access_token_cookie; Path=/; removed", "csrf_access_token; Path=/; removed", "own; Path=/"}, attributes(w.Header()))
}

func TestOneNameForBothCSRFCookies(t *testing.T) {
	t.Parallel()
	_, engine := cookieApp(t, func(c *ginjwt.Config) {
		c.AccessCSRFCookieName, c.RefreshCSRFCookieName = "XSRF-TOKEN", "XSRF-TOKEN"
		c.RefreshCSRFCookiePath = "/login"
		c.CookieFormerPaths = []string{"/login", "/old"}
	})
	login := jwttest.Do(engine, "POST", "/login")
	assert.Equal(t, []string{
		"XSRF-TOKEN; Path=/", "XSRF-TOKEN; Path=/login",
	}, slices.DeleteFunc(attributes(login.Header()), func(line string) bool {
		return !strings.HasPrefix(line, "XSRF-TOKEN") || strings.Contains(line, "Path=/old; removed")
	}), "neither removes the other")
}
