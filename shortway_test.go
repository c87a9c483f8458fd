package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// twoWays are two managers with the same settings and stores. One knows its tokens, and has
// no loader: its requests take the short way. The other has neither a cache nor the time.
type twoWays struct {
	clock       *jwttest.Clock
	short, long *ginjwt.JWTManager
	engines     []*gin.Engine
}

func newTwoWays(t *testing.T, change func(*ginjwt.Config)) *twoWays {
	t.Helper()
	w := &twoWays{clock: &jwttest.Clock{}}
	config := jwttest.Config(w.clock)
	config.Blocklist, config.Sessions = &ginjwt.MemoryBlocklist{Now: w.clock.Now}, &ginjwt.MemorySessions{}
	change(&config)
	for _, cache := range []int{0, -1} {
		config.TokenCacheSize = cache
		mgr, engine := newManager(t, config)
		for path, handler := range map[string]gin.HandlerFunc{
			"/":         mgr.JWTRequired(),
			"/fresh":    mgr.JWTRequired(ginjwt.Fresh()),
			"/optional": mgr.JWTRequired(ginjwt.Optional()),
			"/revoked":  mgr.JWTRequired(ginjwt.SkipRevocationCheck()),
			"/refresh":  mgr.RefreshRequired(),
			"/any":      mgr.JWTRequired(ginjwt.AnyType()),
			"/scope":    mgr.JWTRequired(ginjwt.Scopes("read")),
			"/bound":    mgr.JWTRequired(ginjwt.Bound()),
			"/recent":   mgr.JWTRequired(ginjwt.FreshWithin(time.Minute)),
			"/cookies":  mgr.JWTRequired(ginjwt.Locations(ginjwt.InCookies, ginjwt.InHeaders)),
		} {
			engine.GET(path, handler, describe)
			engine.OPTIONS(path, handler, describe)
		}
		w.engines = append(w.engines, engine)
		if cache == 0 {
			w.short = mgr
		} else {
			w.long = mgr
		}
	}
	return w
}

// describe answers with all that a handler can learn about the token.
func describe(c *gin.Context) {
	identity := ginjwt.GetJWTIdentity(c) // before somebody asks for the token
	token, ok := ginjwt.GetToken(c)
	if !ok {
		c.String(http.StatusOK, "anonymous %q", identity)
		return
	}
	c.String(http.StatusOK, "%q %q %q %q %q %q %q %v %v %v %v %q %v %v %q %q", identity, token.ID, token.Type, token.Identity, token.SessionID, token.CSRF,
		token.Issuer, token.Fresh, token.IssuedAt, token.NotBefore, token.ExpiresAt, token.Location, token.Claims(), token.Header(), token.Raw(),
		ginjwt.GetJWTRequestLocation(c.Request.Context()))
}

// same requires that both ways give the same response on every route, twice.
func (w *twoWays) same(t *testing.T, what, encoded string) {
	t.Helper()
	for _, route := range w.engines[0].Routes() {
		for i := range 3 {
			short := jwttest.Do(w.engines[0], route.Method, route.Path, jwttest.Bearer(encoded))
			long := jwttest.Do(w.engines[1], route.Method, route.Path, jwttest.Bearer(encoded))
			name := fmt.Sprint(what, " ", route.Method, " ", route.Path, " ", i)
			assert.Equal(t, long.Code, short.Code, name)
			assert.Equal(t, long.Body.String(), short.Body.String(), name)
			assert.Equal(t, long.Header(), short.Header(), name)
		}
	}
}

// Whatever happens to a token after it is known: the short way passes it only if the long way
// does, and the handler sees the same.
func TestTheShortWayIsTheLongWay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ginjwt.Config){
		"defaults": func(*ginjwt.Config) {},
		"leeway":   func(c *ginjwt.Config) { c.DecodeLeeway = 7 * time.Second },
		"issuer and audience": func(c *ginjwt.Config) {
			c.EncodeIssuer, c.DecodeIssuer, c.EncodeAudience, c.DecodeAudience = "i", "i", []string{"a"}, []string{"a"}
		},
		"audience only to read": func(c *ginjwt.Config) { c.DecodeAudience = []string{"a"} },
		"required claim":        func(c *ginjwt.Config) { c.RequiredClaims = []string{"tenant"} },
		"a realm":               func(c *ginjwt.Config) { c.Realm = "r" },
		"no sessions":           func(c *ginjwt.Config) { c.Sessions = nil },
		"other claim names":     func(c *ginjwt.Config) { c.IdentityClaim = "user" },
		"other locations":       func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString} },
		"DPoP accepted":         func(c *ginjwt.Config) { c.DPoP = "accepted" },
		"bearer profile":        func(c *ginjwt.Config) { c.ErrorProfile = "bearer" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTwoWays(t, change)
			tenant := ginjwt.WithClaims(ginjwt.Claims{"tenant": "acme", "scope": "read"})
			all := map[string]string{
				"access":        jwttest.AccessToken(t, w.short, "alice", tenant),
				"fresh":         jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithFresh()),
				"fresh for 10s": jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithFreshFor(10*time.Second)),
				"for 20s":       jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithExpires(20*time.Second)),
				"from 30s on":   jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithNotBefore(w.clock.Now().Add(30*time.Second))),
				"for ever":      jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithExpires(ginjwt.NeverExpires)),
				"refresh":       jwttest.RefreshToken(t, w.short, "alice", tenant),
				"bound":         jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithKeyThumbprint(jwttest.NewDPoPKey(t, nil).Thumbprint(t))),
				"another aud":   jwttest.AccessToken(t, w.short, "alice", tenant, ginjwt.WithAudience("b")),
			}
			toRevoke := jwttest.AccessToken(t, w.short, "alice", tenant)
			all["to revoke"] = toRevoke
			for _, passed := range []time.Duration{0, time.Second, 8 * time.Second, 2 * time.Second, 9 * time.Second, 7 * time.Second, 5 * time.Second, time.Hour, -2 * time.Hour} {
				w.clock.Advance(passed)
				for what, encoded := range all {
					w.same(t, fmt.Sprint(what, " after ", passed), encoded)
				}
				if token, err := w.short.DecodeToken(t.Context(), toRevoke); err == nil {
					require.NoError(t, w.short.RevokeToken(t.Context(), token))
				}
			}
		})
	}
}

// A session that ends, and a key that retires or is replaced, end tokens that are known.
func TestTheShortWayEndsWithSessionsAndKeys(t *testing.T) {
	t.Parallel()
	w := newTwoWays(t, func(*ginjwt.Config) {})
	pair := jwttest.TokenPair(t, w.short, "alice")
	w.same(t, "a session", pair.AccessToken)
	require.NoError(t, w.short.EndSessions(t.Context(), "alice"))
	assert.Equal(t, 401, jwttest.Do(w.engines[0], "GET", "/", jwttest.Bearer(pair.AccessToken)).Code)
	w.same(t, "an ended session", pair.AccessToken)

	const secret = "a secret of 32 bytes, or of more"
	start := (&jwttest.Clock{}).Now()
	old := keys.Key{ID: "old", Algorithm: "HS256", Sign: []byte(secret), NotAfter: start.Add(time.Hour)}
	next := keys.Key{ID: "new", Algorithm: "HS256", Sign: []byte(secret + "!")}
	config := jwttest.Config(&jwttest.Clock{})
	config.Keys = []keys.Key{{ID: "old", Algorithm: "HS256", Sign: []byte(secret)}}
	before, _ := newManager(t, config)
	encoded := jwttest.AccessToken(t, before, "alice", ginjwt.WithExpires(2*time.Hour))
	w = newTwoWays(t, func(c *ginjwt.Config) { c.Keys = []keys.Key{old, next} })
	assert.Equal(t, 200, jwttest.Do(w.engines[0], "GET", "/", jwttest.Bearer(encoded)).Code)
	for _, passed := range []time.Duration{0, 59 * time.Minute, time.Minute, time.Minute} {
		w.clock.Advance(passed)
		w.same(t, "a key that retires", encoded)
	}

	encoded = jwttest.AccessToken(t, w.short, "alice")
	assert.Equal(t, 200, jwttest.Do(w.engines[0], "GET", "/", jwttest.Bearer(encoded)).Code)
	for _, mgr := range []*ginjwt.JWTManager{w.short, w.long} {
		require.NoError(t, mgr.SetKeys(keys.Key{ID: "another", Algorithm: "HS256", Sign: []byte(secret + "?")}))
	}
	assert.Equal(t, 422, jwttest.Do(w.engines[0], "GET", "/", jwttest.Bearer(encoded)).Code)
	w.same(t, "a key that was replaced", encoded)
}

// A route that looks into cookies first finds the token there, even if the token of the
// header is known.
func TestTheShortWayKeepsTheOrderOfLocations(t *testing.T) {
	t.Parallel()
	w := newTwoWays(t, func(*ginjwt.Config) {})
	inHeader, inCookie := jwttest.AccessToken(t, w.short, "header"), jwttest.AccessToken(t, w.short, "cookie")
	for range 2 {
		assert.Contains(t, jwttest.Do(w.engines[0], "GET", "/cookies", jwttest.Bearer(inHeader)).Body.String(), `"header"`)
	}
	both := jwttest.Do(w.engines[0], "GET", "/cookies", jwttest.Bearer(inHeader), jwttest.Header("Cookie", "access_token_cookie="+inCookie))
	assert.Contains(t, both.Body.String(), `"cookie"`)
}

// agingList replies from a copy, which may be too old.
type agingList struct {
	ginjwt.MemoryBlocklist
	asked int
	err   error
}

func (l *agingList) Self() any { return l }

func (l *agingList) ContainsAt(ctx context.Context, _ time.Time, id, other string) (bool, error) {
	if l.asked++; l.err != nil {
		return false, l.err
	}
	return l.Contains(ctx, id, other)
}

// A list that does not reply is asked once for a request, and nobody passes.
func TestTheShortWayAsksACopyOnce(t *testing.T) {
	t.Parallel()
	list := &agingList{}
	config := jwttest.Config(nil)
	config.Blocklist = list
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	encoded := jwttest.AccessToken(t, mgr, "alice")
	status := func() int { return jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code }
	for range 3 {
		assert.Equal(t, 200, status())
	}
	assert.Equal(t, 3, list.asked)
	list.err = errors.New("no reply")
	assert.Equal(t, 503, status())
	assert.Equal(t, 4, list.asked)
	list.err = nil
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.Equal(t, 401, status())
}

// Whoever asks for the token of a request gets the same one, also at the same time.
func TestTheTokenOfTheShortWayIsMadeOnce(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	encoded := jwttest.AccessToken(t, mgr, "alice")
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) {
		ctx := c.Request.Context()
		tokens := make([]*ginjwt.Token, 8)
		var group sync.WaitGroup
		for i := range tokens {
			group.Go(func() {
				tokens[i], _ = ginjwt.GetToken(context.WithValue(ctx, "k", i)) //nolint:staticcheck // any key will do
				assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx))
			})
		}
		group.Wait()
		for _, token := range tokens {
			assert.Same(t, tokens[0], token)
		}
		assert.Equal(t, encoded, tokens[0].Raw())
	})
	for range 20 {
		assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code)
	}
}
