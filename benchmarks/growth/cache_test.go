package growth

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
)

// order is the order in which the tokens of many users come. It returns a function that
// returns the next of n.
type order func(n int) func() int

func inTurn(n int) func() int {
	i := -1
	return func() int {
		i = (i + 1) % n
		return i
	}
}

func random(n int) func() int { return func() int { return rand.IntN(n) } }

// skewed is a Zipf distribution: a few users send many of the requests.
func skewed(n int) func() int {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(n-1))
	return func() int { return int(zipf.Uint64()) }
}

// crowd makes the tokens of many users.
type crowd struct {
	config ginjwt.Config
	mu     sync.Mutex
	tokens []string
}

func newCrowd(algorithm string) *crowd { return &crowd{config: configOf(algorithm, cacheOn)} }

var crowds = map[string]func() *crowd{
	"HS256": sync.OnceValue(func() *crowd { return newCrowd("HS256") }),
	"ES256": sync.OnceValue(func() *crowd { return newCrowd("ES256") }),
}

// first returns the tokens of the first n users.
func (c *crowd) first(n int, m *ginjwt.JWTManager) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.tokens) < n {
		c.tokens = append(c.tokens, must(m.CreateAccessToken(context.Background(), user)))
	}
	return c.tokens[:n]
}

// cached is Config.TokenCacheSize: the default, unless that takes too long.
func cached(algorithm string) int {
	switch {
	case !*full:
		return 200
	case algorithm == "ES256":
		return 2000
	}
	return 10_000
}

// many sends the tokens of many users. Their number is a percentage of the size of the cache.
func many(algorithm string, state cache, in order) func(testing.TB, int) operation {
	return func(tb testing.TB, percent int) operation {
		users := crowds[algorithm]()
		config, n := users.config, cached(algorithm)*percent/100
		if config.TokenCacheSize = cached(algorithm); state == cacheOff {
			config.TokenCacheSize = int(cacheOff)
		}
		m, c := protected(tb, config)
		op := c.sendsAll(users.first(n, m), in(n))
		if state != cacheOff {
			for range 2 * n { // until the cache has chosen
				op()
			}
		}
		return op
	}
}

var tokenCount = dimension{
	name: "tokens", unit: "tokens, × `TokenCacheSize`",
	note: "A time of 1 is the time with the cache off, in the same column. The number of different tokens is a multiple of `TokenCacheSize` (10 000). They come " +
		"in turn, at random, or as in a Zipf distribution, where few users send most of the requests.",
	label:    func(percent int) string { return map[int]string{10: "0.1", 100: "1", 1000: "10"}[percent] },
	sizes:    []int{10, 100, 1000},
	few:      []int{10, 100, 1000},
	relative: true,
	rows: []row{
		{"HS256, cache off", constant, many("HS256", cacheOff, random), nil},
		{"HS256, in turn", constant, many("HS256", cacheOn, inTurn), nil},
		{"HS256, at random", constant, many("HS256", cacheOn, random), nil},
		{"HS256, few users send most", constant, many("HS256", cacheOn, skewed), nil},
	},
}

var tokenCountES256 = dimension{
	name: "tokens, ES256", unit: tokenCount.unit, note: "The same with ES256, and a `TokenCacheSize` of 2000.", label: tokenCount.label, sizes: tokenCount.sizes, few: tokenCount.few, relative: true,
	rows: []row{
		{"ES256, cache off", constant, many("ES256", cacheOff, random), nil},
		{"ES256, at random", constant, many("ES256", cacheOn, random), nil},
		{"ES256, few users send most", constant, many("ES256", cacheOn, skewed), nil},
	},
}
