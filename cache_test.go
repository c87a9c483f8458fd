package ginjwt

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func cachedToken(exp int64) *goodToken { return cachedTokenOf(0, exp) }

// cachedTokenOf returns a token of an issuer with the given leeway.
func cachedTokenOf(leeway time.Duration, exp int64) *goodToken {
	return &goodToken{contents: contents{
		text: `{"sub":"alice"}`, payload: payload{exp: date{exp, exp != 0, true}}, names: &claimNames{leeway: leeway},
	}}
}

func (c *tokenCache) len() (n int) {
	for _, set := range c.sets {
		for i := range set {
			if set[i].Load() != nil {
				n++
			}
		}
	}
	return n
}

func TestTokenCacheKnowsTheVerySameBytes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	for _, digests := range []bool{false, true} {
		c := newTokenCache(100, digests)
		alice := cachedToken(0)
		c.add("a.b.c", alice, now)
		assert.Same(t, alice, c.get("a.b.c", now))
		assert.Nil(t, c.get("a.b.d", now))
		assert.Nil(t, c.get("", now))
	}
}

func TestTokenCacheOfPublicKeysHasNoTokens(t *testing.T) {
	t.Parallel()
	c := newTokenCache(1, true)
	c.add("a.b.c", cachedToken(0), time.Now())
	assert.Len(t, c.sets[0][0].Load().token, 32)
	assert.NotContains(t, c.sets[0][0].Load().token, "a.b.c")
}

func TestTokenCacheForgetsExpiredTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	c := newTokenCache(100, false)
	c.add("expired", cachedTokenOf(10*time.Second, now.Unix()-10), now)
	assert.Zero(t, c.len(), "what has expired does not enter")

	c.add("soon", cachedTokenOf(10*time.Second, now.Unix()+5), now)
	assert.NotNil(t, c.get("soon", now.Add(14*time.Second)), "leeway included,")
	c.add("sooner", cachedTokenOf(2*time.Second, now.Unix()+5), now)
	assert.Nil(t, c.get("sooner", now.Add(7*time.Second)), "which each issuer has of its own")
	assert.Nil(t, c.get("soon", now.Add(15*time.Second)))
	assert.Zero(t, c.len(), "and leaves when it is asked for")
	assert.Zero(t, c.bytes.Load())

	for i := range 400 { // more than enough to fill every set
		c.add(fmt.Sprint("old", i), cachedToken(now.Unix()+1), now)
	}
	assert.Equal(t, 100, c.len())
	later := now.Add(time.Hour)
	for i := range 4000 {
		c.add(fmt.Sprint("new", i), cachedToken(0), later)
	}
	for i := range 400 {
		assert.Nil(t, c.get(fmt.Sprint("old", i), now), "expired entries make room at once")
	}
}

func TestTokenCacheNeverGrows(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, entries := range []int{1, 2, 3, 4, 5, 1000} {
		c := newTokenCache(entries, false)
		for i := range 10 * entries {
			c.add(fmt.Sprint("token", i), cachedToken(0), now)
		}
		assert.Positive(t, c.len())
		assert.LessOrEqual(t, c.len(), entries)
	}

	c := newTokenCache(1000, false)
	for i := range 10_000 {
		c.add(fmt.Sprint(i, strings.Repeat("x", 3000)), cachedToken(0), now)
	}
	assert.LessOrEqual(t, c.bytes.Load(), int64(1000*cacheEntryBytes))
	assert.InDelta(t, 1000*cacheEntryBytes/(3000+cacheOverhead+15), c.len(), 10, "full of large tokens, but for few entries")
	c.add(strings.Repeat("x", 2*cacheEntryBytes), cachedToken(0), now)
	assert.Nil(t, c.get(strings.Repeat("x", 2*cacheEntryBytes), now), "a token too large to keep")
}

func TestTokenCacheKeepsWhatIsInUseThroughAFlood(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newTokenCache(1000, false)
	hot := func(i int) string { return fmt.Sprint("hot", i) }
	for i := range 300 {
		c.add(hot(i), cachedToken(0), now)
	}
	kept := 0
	for i := range 300 {
		if c.get(hot(i), now) != nil {
			kept++
		}
	}
	require.Greater(t, kept, 250, "before the flood")
	for i := range 100_000 {
		c.add(fmt.Sprint("flood", i), cachedToken(0), now)
		c.get(hot(i%300), now)
	}
	after := 0
	for i := range 300 {
		if c.get(hot(i), now) != nil {
			after++
		}
	}
	assert.Greater(t, after, kept*8/10, "after it")
}

func TestTokenCacheIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newTokenCache(64, false)
	known := make([]*goodToken, 256)
	for i := range known {
		known[i] = cachedToken(0)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for round := range 100 {
				for i, contents := range known {
					token := fmt.Sprint("token", i)
					if got := c.get(token, now); got != nil && got != contents {
						t.Error("the contents of another token")
					}
					c.add(token, contents, now.Add(time.Duration(round)))
				}
			}
		})
	}
	wg.Wait()
	held := int64(0)
	for _, set := range c.sets {
		for i := range set {
			if e := set[i].Load(); e != nil {
				held += e.bytes
			}
		}
	}
	assert.Equal(t, held, c.bytes.Load(), "every byte is counted once")
}

func TestNoTokenCacheIsOff(t *testing.T) {
	t.Parallel()
	var c *tokenCache
	c.add("a", cachedToken(0), time.Now())
	assert.Nil(t, c.get("a", time.Now()))
}

func TestATokenThatIsVerifiedAgainKeepsItsPlace(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	c := newTokenCache(cacheWays, false)
	before, after := cachedToken(0), cachedToken(0)
	c.add("token", before, now)
	c.add("token", after, now)
	assert.Same(t, after, c.get("token", now))
	places := 0
	for i := range c.sets[0] {
		if c.sets[0][i].Load() != nil {
			places++
		}
	}
	assert.Equal(t, 1, places)
}
