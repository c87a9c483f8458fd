package ginjwt_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// cluster is a service on several machines under constant load. Each token is made on one
// machine and used on any machine. Every token that has not expired must pass.
type cluster struct {
	t        *testing.T
	clock    *jwttest.Clock
	machines []*ginjwt.JWTManager
	engines  []*gin.Engine

	// Requests hold the read lock, so that the time does not change during a request. Keys
	// change while requests run.
	passing sync.RWMutex

	mu      sync.Mutex
	tokens  []clusterToken
	kids    map[any]int // of the tokens that were made
	stopped atomic.Bool
	served  atomic.Int64
	workers sync.WaitGroup
}

type clusterToken struct {
	encoded, method string
	expires         time.Time
}

func startCluster(t *testing.T, config ginjwt.Config) *cluster {
	t.Helper()
	c := &cluster{t: t, clock: &jwttest.Clock{}, kids: map[any]int{}}
	config.Now = c.clock.Now
	config.TokenCacheSize = 64 // small enough to miss
	for range 2 {
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), identify)
		engine.POST("/", mgr.RefreshRequired(), identify)
		c.machines, c.engines = append(c.machines, mgr), append(c.engines, engine)
	}
	for range 4 {
		c.workers.Go(c.work)
	}
	t.Cleanup(c.stop)
	return c
}

func (c *cluster) stop() {
	c.stopped.Store(true)
	c.workers.Wait()
}

func (c *cluster) work() {
	for !c.stopped.Load() {
		c.passing.RLock()
		if rand.IntN(4) == 0 {
			c.login()
		} else {
			c.request()
		}
		c.passing.RUnlock()
	}
}

func (c *cluster) login() {
	mgr := c.machines[rand.IntN(len(c.machines))]
	token := clusterToken{method: http.MethodGet, expires: c.clock.Now().Add(15 * time.Minute)}
	make := mgr.CreateAccessToken
	if rand.IntN(2) == 0 {
		token.method, token.expires, make = http.MethodPost, c.clock.Now().Add(30*24*time.Hour), mgr.CreateRefreshToken
	}
	encoded, err := make(c.t.Context(), "alice")
	if !assert.NoError(c.t, err) {
		return
	}
	token.encoded = encoded
	header, _ := ginjwt.GetUnverifiedJWTHeaders(encoded)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kids[header["kid"]]++
	if len(c.tokens) < 500 {
		c.tokens = append(c.tokens, token)
	} else {
		c.tokens[rand.IntN(len(c.tokens))] = token
	}
}

func (c *cluster) request() {
	c.mu.Lock()
	if len(c.tokens) == 0 {
		c.mu.Unlock()
		return
	}
	i := rand.IntN(len(c.tokens))
	token := c.tokens[i]
	if !c.clock.Now().Before(token.expires) {
		c.tokens[i] = c.tokens[len(c.tokens)-1]
		c.tokens = c.tokens[:len(c.tokens)-1]
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	w := jwttest.Do(c.engines[rand.IntN(len(c.engines))], token.method, "/", jwttest.Bearer(token.encoded))
	assert.Equal(c.t, 200, w.Code, w.Body.String())
	c.served.Add(1)
}

// serve waits until more requests are served.
func (c *cluster) serve(requests int64) {
	c.t.Helper()
	until := c.served.Load() + requests
	require.Eventually(c.t, func() bool { return c.served.Load() >= until || c.t.Failed() }, time.Minute, time.Millisecond)
}

// advance moves the clock between two requests.
func (c *cluster) advance(d time.Duration) {
	c.passing.Lock()
	defer c.passing.Unlock()
	c.clock.Advance(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kids)
}

// deploy gives all machines new keys, one after another, while they serve.
func (c *cluster) deploy(list ...keys.Key) {
	c.t.Helper()
	for _, mgr := range c.machines {
		require.NoError(c.t, mgr.SetKeys(list...))
		c.serve(200)
	}
}

func (c *cluster) signers() []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	var kids []any
	for kid := range c.kids {
		kids = append(kids, kid)
	}
	return kids
}

func TestKeysRotateUnderLoad(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	secret := keys.Key{ID: "old", Sign: []byte(strings.Repeat("o", 32)), AllowMissingKeyID: true}
	rsa := parsed(t, pems.RSAPrivate)
	rsa.ID = "old"
	for name, test := range map[string]struct {
		start    ginjwt.Config
		old, new keys.Key
		signer   any // at the start
	}{
		"HS256 to HS256":                {ginjwt.Config{Keys: []keys.Key{secret}}, secret, secretKey("n"), "old"},
		"HS256 without a list to HS256": {ginjwt.Config{SecretKey: strings.Repeat("o", 32)}, secret, secretKey("n"), nil},
		"HS256 without a list to EdDSA": {ginjwt.Config{SecretKey: strings.Repeat("o", 32)}, secret, parsed(t, pems.Ed25519Private), nil},
		"RS256 to ES256":                {ginjwt.Config{Keys: []keys.Key{rsa}}, rsa, parsed(t, pems.P256Private), "old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, test.start)
			c.serve(200)
			assert.Equal(t, []any{test.signer}, c.signers())

			// All machines know the new key before it signs.
			test.new.ID = "new"
			begin := c.clock.Now().Add(time.Hour)
			test.new.NotBefore = begin
			c.deploy(test.new, test.old)
			c.advance(time.Hour - time.Second)
			c.serve(200)
			assert.Equal(t, []any{"old"}, c.signers())
			outliving := jwttest.AccessToken(t, c.machines[0], "alice", ginjwt.WithExpires(90*24*time.Hour))

			// The new key signs from NotBefore on, on all machines.
			c.advance(time.Second)
			c.serve(200)
			assert.Equal(t, []any{"new"}, c.signers())

			// The old key stays until the last of its tokens has expired.
			test.old.NotAfter = begin.Add(30 * 24 * time.Hour)
			c.deploy(test.new, test.old)
			for range 10 {
				c.advance(3*24*time.Hour - time.Second)
				c.serve(200)
			}
			last, err := c.machines[1].DecodeToken(t.Context(), outliving)
			require.NoError(t, err, "ten seconds before the old key is retired")
			assert.Equal(t, "alice", last.Identity)
			c.advance(10 * time.Second)
			c.serve(200)
			for _, mgr := range c.machines {
				assert.Equal(t, unknownKey, refusalOf(t, mgr, outliving))
			}
			c.deploy(test.new)
			assert.Equal(t, unknownKey, refusalOf(t, c.machines[0], outliving))
		})
	}
}

// TestALeakedKey removes a key at once.
func TestALeakedKey(t *testing.T) {
	t.Parallel()
	leaked, next := secretKey("l"), secretKey("n")
	mgr, engine := newManager(t, ginjwt.Config{Keys: []keys.Key{leaked}})
	engine.GET("/", mgr.JWTRequired(), identify)
	stolen := make([]string, 100)
	for i := range stolen {
		stolen[i] = jwttest.AccessToken(t, mgr, fmt.Sprint("user ", i))
	}
	status := func(encoded string) int { return jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code }
	var late atomic.Int64
	var revoked atomic.Bool
	var requests sync.WaitGroup
	for range 4 {
		requests.Go(func() {
			for i := range 500 {
				after := revoked.Load()
				if status(stolen[i%len(stolen)]) == 200 && after {
					late.Add(1)
				}
			}
		})
	}
	require.NoError(t, mgr.SetKeys(next))
	revoked.Store(true)
	requests.Wait()
	assert.Zero(t, late.Load(), "requests that began after SetKeys had returned")
	assert.Equal(t, 200, status(jwttest.AccessToken(t, mgr, "alice")))
}
