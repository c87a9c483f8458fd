package browser

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func names(cookies map[string]string) []string { return slices.Sorted(maps.Keys(cookies)) }

// A browser that comes with the cookies of the deployment before stays logged in, has
// its cookies moved by the first refresh, and has none left after the logout.
func TestCookiesMoveWithADeployment(t *testing.T) {
	t.Parallel()
	domain := func(c *ginjwt.Config) { c.CookieDomain = "example.test" }
	paths := func(c *ginjwt.Config) {
		c.AccessCookiePath, c.RefreshCookiePath = "/api", "/api/refresh"
	}
	for _, move := range []struct {
		name          string
		before, after func(*ginjwt.Config)
		cookies       []string
	}{
		{"to a domain", func(*ginjwt.Config) {}, domain, []string{
			"access_token_cookie .example.test /", "csrf_access_token .example.test /", "csrf_refresh_token .example.test /", "refresh_token_cookie .example.test /",
		}},
		{"from a domain", domain, func(c *ginjwt.Config) { c.CookieFormerDomains = []string{"example.test"} }, []string{
			"access_token_cookie app.example.test /", "csrf_access_token app.example.test /", "csrf_refresh_token app.example.test /", "refresh_token_cookie app.example.test /",
		}},
		{"to another domain", func(c *ginjwt.Config) { c.CookieDomain = app }, func(c *ginjwt.Config) {
			domain(c)
			c.CookieFormerDomains = []string{app}
		}, []string{
			"access_token_cookie .example.test /", "csrf_access_token .example.test /", "csrf_refresh_token .example.test /", "refresh_token_cookie .example.test /",
		}},
		{"to paths", func(*ginjwt.Config) {}, paths, []string{
			"access_token_cookie app.example.test /api", "csrf_access_token app.example.test /", "csrf_refresh_token app.example.test /", "refresh_token_cookie app.example.test /api/refresh",
		}},
		{"from paths", paths, func(c *ginjwt.Config) { c.CookieFormerPaths = []string{"/api", "/api/refresh"} }, []string{
			"access_token_cookie app.example.test /", "csrf_access_token app.example.test /", "csrf_refresh_token app.example.test /", "refresh_token_cookie app.example.test /",
		}},
	} {
		t.Run(move.name, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			old := newService(t, place{clock: clock, prefix: "/api", configure: func(c *ginjwt.Config) { minutes(c); move.before(c) }})
			s := newService(t, place{clock: clock, prefix: "/api", like: old, configure: func(c *ginjwt.Config) { minutes(c); move.after(c) }})
			p := newPlay(t, old, naive, "cookies", 2)
			for _, tab := range p.tabs {
				tab.visit(s.page(app, naive, "cookies"))
			}
			p.service = s
			p.assertAllIn(p.all(call))
			clock.Advance(3 * time.Minute)
			p.assertAllIn(p.all(call))
			assert.Equal(t, move.cookies, names(p.user.cookies()))
			p.end()
			assert.Empty(t, p.user.cookies())
		})
	}
}

// The pages are on one host of a site, and the API is on another.
func TestPagesAndAPIOnTwoHostsOfASite(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, c client, in string) {
		clock := &jwttest.Clock{}
		s := newService(t, place{clock: clock, origins: []string{"https://" + app}, configure: func(c *ginjwt.Config) {
			minutes(c)
			c.CSRFCookieDomain = "example.test"
		}})
		p := newPlay(t, s, c, in, 2, "api", s.at("api.example.test", ""))
		for range 4 {
			clock.Advance(61 * time.Second)
			p.assertAllIn(p.all(call))
		}
		p.end()
		assert.Empty(t, p.user.cookies())
	})
}

// angular sets the names of Angular and axios, as docs/cookies.md says.
func angular(c *ginjwt.Config) {
	c.AccessCSRFCookieName, c.RefreshCSRFCookieName = "XSRF-TOKEN", "XSRF-TOKEN"
	c.AccessCSRFHeaderName, c.RefreshCSRFHeaderName = "X-XSRF-TOKEN", "X-XSRF-TOKEN"
	c.RefreshCSRFCookiePath = "/refresh"
}

func TestOneNameForBothCSRFCookies(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			s := newService(t, place{clock: clock, configure: func(c *ginjwt.Config) { minutes(c); angular(c) }})
			p := newPlay(t, s, c, "cookies", 2)
			for range 4 {
				clock.Advance(61 * time.Second)
				p.assertAllIn(p.all(call))
			}
			assert.Equal(t, []string{
				"XSRF-TOKEN app.example.test /", "XSRF-TOKEN app.example.test /refresh",
				"access_token_cookie app.example.test /", "refresh_token_cookie app.example.test /",
			}, names(p.user.cookies()))
			p.end()
			assert.Empty(t, p.user.cookies())
		})
	}
}

// A login that is remembered longer than the browser runs has cookies that the browser
// drops when their tokens expire.
func TestCookiesThatTheBrowserDrops(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*ginjwt.Config){"two names": func(*ginjwt.Config) {}, "one name": angular} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, place{configure: func(c *ginjwt.Config) {
				set(c)
				c.AccessTokenExpires = 10 * time.Second // a busy machine takes seconds to repeat a request
			}})
			p := newPlay(t, s, naive, "cookies", 2, "persistent", "1")
			for range 2 {
				require.Eventually(t, func() bool {
					_, there := p.user.cookies()["access_token_cookie "+app+" /"]
					return !there
				}, patience, 50*time.Millisecond)
				p.assertAllIn(p.all(call))
			}
			p.end()
		})
	}
}

func TestTwoServicesOnOneHost(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(c *ginjwt.Config, service string){
		"with names of their own": func(c *ginjwt.Config, service string) {
			c.AccessCookieName, c.RefreshCookieName = service+"_access", service+"_refresh"
			c.AccessCSRFCookieName, c.RefreshCSRFCookieName = service+"_csrf_access", service+"_csrf_refresh"
		},
		"with paths of their own": func(c *ginjwt.Config, service string) {
			path := "/" + service
			c.AccessCookiePath, c.RefreshCookiePath, c.AccessCSRFCookiePath, c.RefreshCSRFCookiePath = path, path+"/refresh", path, path
			c.RefreshCookiePath = path
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			u := newUser(t, &withBackForwardCache)
			var plays []*play
			for _, service := range []string{"mail", "shop"} {
				s := newService(t, place{clock: clock, prefix: "/" + service, configure: func(c *ginjwt.Config) {
					minutes(c)
					c.SecretKey = service + c.SecretKey
					set(c, service)
				}})
				p := &play{service: s, user: u, tabs: []*tab{u.open(s.page(app, naive, "cookies")), u.open(s.page(app, naive, "cookies"))}}
				p.login()
				plays = append(plays, p)
			}
			for range 3 {
				clock.Advance(3 * time.Minute)
				for _, p := range plays {
					p.assertAllIn(p.all(call))
				}
			}
			plays[0].end()
			assert.Len(t, u.cookies(), 4)
			clock.Advance(3 * time.Minute)
			plays[1].assertAllIn(plays[1].all(call))
			plays[1].end()
			assert.Empty(t, u.cookies())
		})
	}
}
