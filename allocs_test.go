//go:build !race

package ginjwt_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
	"unsafe"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// discard is a response writer that allocates nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// These tests are not parallel, because testing.AllocsPerRun counts the allocations of the
// whole program. They do not run with the race detector, because it empties pools.

func TestAllocationsOfAProtectedRequest(t *testing.T) {
	for name, test := range map[string]struct {
		cache int
		most  float64
	}{
		"the token is known":     {0, 1}, // the request with its state
		"the token is not known": {-1, 3},
	} {
		config := jwttest.Config(nil)
		config.TokenCacheSize = test.cache
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) {
			if ginjwt.GetJWTIdentity(c) != "alice" {
				panic("not alice")
			}
		})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+jwttest.AccessToken(t, mgr, "alice"))
		w := discard{http.Header{}}
		assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { engine.ServeHTTP(w, r) }), test.most, name)
	}
}

// A manager of a realm looks up three IDs, on the stack.
func TestAllocationsOfARealm(t *testing.T) {
	for name, list := range map[string]func(*jwttest.Clock) ginjwt.Blocklist{
		"memory":  func(clock *jwttest.Clock) ginjwt.Blocklist { return &ginjwt.MemoryBlocklist{Now: clock.Now} },
		"replica": newAgingList,
	} {
		config, clock := sessionsConfig()
		config.Realm, config.Blocklist = "north", list(clock)
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), func(*gin.Context) {})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+newPair(t, mgr).AccessToken)
		w := discard{http.Header{}}
		most := 1.0 // the request with its state
		if name == "replica" {
			most += 2 // the list of the test makes a slice of each pair of IDs
		}
		assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { engine.ServeHTTP(w, r) }), most, name)
	}
}

// Every request allocates a Token. With one byte more, a Token would take 256 bytes of
// memory instead of 240: the next size class of the runtime.
func TestATokenFitsIntoItsMemory(t *testing.T) {
	assert.LessOrEqual(t, int(unsafe.Sizeof(ginjwt.Token{})), 240)
}

// Guards read the claims without making a map of them.
func TestAllocationsOfGuards(t *testing.T) {
	config := jwttest.Config(nil)
	config.RolesClaim = "/realm_access/roles"
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(
		ginjwt.Scopes("read", "write"), ginjwt.AnyScope("admin", "reports"), ginjwt.Roles("owner", "editor"),
		ginjwt.Claim("tenant", "acme"), ginjwt.Claim("level", 3), ginjwt.Claim("verified"), ginjwt.FreshWithin(time.Hour),
	), func(c *gin.Context) {
		if ginjwt.GetJWTIdentity(c) != "alice" {
			panic("not alice")
		}
	})
	for name, scopes := range map[string]any{"one text": "read reports write", "an array": []string{"read", "reports", "write"}} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+jwttest.AccessToken(t, mgr, "alice", ginjwt.WithFresh(), ginjwt.WithClaims(ginjwt.Claims{
			"scope": scopes, "realm_access": map[string]any{"roles": []string{"reader", "editor"}},
			"tenant": []string{"umbrella", "acme"}, "level": 3, "verified": true,
		})))
		w := discard{http.Header{}}
		assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { engine.ServeHTTP(w, r) }), 2.0, name+": not one more than without guards")
	}
}

// A route makes its challenge once, when it is registered.
func TestAllocationsOfChallenges(t *testing.T) {
	mgr, engine := newManager(t, jwttest.Config(nil))
	bearer := "Bearer " + jwttest.AccessToken(t, mgr, "alice")
	allocations := func(path string, opt ginjwt.RequiredOption) float64 {
		engine.GET(path, mgr.JWTRequired(opt), identify)
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", bearer)
		return testing.AllocsPerRun(1000, func() { engine.ServeHTTP(discard{http.Header{}}, r) })
	}
	assert.Equal(t, allocations("/claim", ginjwt.Claim("tenant")), allocations("/scopes", ginjwt.Scopes("read", "write")))
	assert.Equal(t, allocations("/fresh", ginjwt.Fresh()), allocations("/within", ginjwt.FreshWithin(time.Minute)))
}

func TestAllocationsOfANewToken(t *testing.T) {
	mgr, _ := newManager(t, jwttest.Config(nil))
	ctx := t.Context()
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := mgr.CreateAccessToken(ctx, "alice"); err != nil {
			panic(err)
		}
	}), 1.0, "the token")
}

func TestAllocationsOfABlocklistLookup(t *testing.T) {
	var list ginjwt.MemoryBlocklist
	ctx := t.Context()
	require.NoError(t, list.Add(ctx, "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b", time.Time{}))
	ids := []string{"1d2e7c40-88aa-4c0b-b6f3-3a9d5e7f1b20"}
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if blocked, _ := list.Contains(ctx, ids...); blocked {
			panic("blocked")
		}
	}))
}

func TestAllocationsOfRefusals(t *testing.T) {
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(), identify)
	token := jwttest.AccessToken(t, mgr, "alice")
	for name, header := range map[string]string{
		"forged":    "Bearer " + token[:len(token)-8] + "AAAAAAAA",
		"too large": "Bearer " + token + string(make([]byte, 43<<10)),
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
			engine.ServeHTTP(discard{http.Header{}}, r)
		}), 6.0, name) // with the two of the writer
	}
}

// An observer costs at most one allocation for each event of an accepted request, a refused
// request or a new token.
func TestAllocationsOfAnObserver(t *testing.T) {
	counted := func(observer ginjwt.Observer) map[string]float64 {
		config := jwttest.Config(nil)
		config.Observer = observer
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), identify)
		good := "Bearer " + jwttest.AccessToken(t, mgr, "alice")
		allocations := map[string]float64{"a new token": testing.AllocsPerRun(1000, func() {
			if _, err := mgr.CreateAccessToken(t.Context(), "alice"); err != nil {
				panic(err)
			}
		})}
		for name, header := range map[string]string{"accepted": good, "forged": good[:len(good)-8] + "AAAAAAAA", "malformed": "Bearer x"} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", header)
			w := discard{http.Header{}}
			allocations[name] = testing.AllocsPerRun(1000, func() { engine.ServeHTTP(w, r) })
		}
		return allocations
	}
	without := counted(nil)
	told := 0
	for name, observer := range map[string]ginjwt.Observer{
		"a function":        ginjwt.ObserverFunc(func(context.Context, ginjwt.Event) { told++ }),
		"a log that is off": ginjwt.SlogObserver(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}))),
	} {
		for of, n := range counted(observer) {
			assert.LessOrEqual(t, n, without[of]+1, "%s: %s", name, of)
		}
	}
	assert.Greater(t, told, 4000)
}

// An event that the log would drop costs no allocation.
func TestAllocationsOfALogThatIsOff(t *testing.T) {
	observer, ctx := ginjwt.SlogObserver(slog.New(slog.NewTextHandler(io.Discard, nil))), t.Context()
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		observer.Observe(ctx, ginjwt.Event{Kind: ginjwt.EventAccepted, SessionID: "s", Duration: time.Second})
	}))
}
