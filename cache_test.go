package ginjwt

import (
	"fmt"
	"math"
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

func (c *tokenCache) keep(encoded string, good *goodToken, now time.Time) {
	c.add(c.hash(encoded), encoded, good, now)
}

func (c *tokenCache) find(encoded string) *goodToken { return c.get(c.hash(encoded), encoded) }

func (c *tokenCache) entries() (all []*cacheEntry) {
	table := c.table.Load()
	if table == nil {
		return nil
	}
	for i := range table.slots {
		if e := table.slots[i].entry.Load(); e != nil {
			all = append(all, e)
		}
	}
	return all
}

func TestTokenCacheKnowsTheVerySameBytes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	for _, digests := range []bool{false, true} {
		c := newTokenCache(100, digests)
		alice := cachedToken(0)
		c.keep("a.b.c", alice, now)
		assert.Same(t, alice, c.find("a.b.c"))
		assert.Nil(t, c.find("a.b.d"))
		assert.Nil(t, c.find(""))
	}
}

func TestTokenCacheOfPublicKeysHasNoTokens(t *testing.T) {
	t.Parallel()
	c := newTokenCache(1, true)
	c.keep("header.payload.signature", cachedToken(0), time.Now())
	kept := c.entries()[0].token
	assert.Equal(t, "header.payload", kept[:len(kept)-32])
	assert.NotContains(t, kept, "signature")
	for _, other := range []string{
		"", "header.payload", "header.payload.", "header.payload.signaturf", "header.payload.signature.", "header.payloadx.signature",
		"header.payloae.signature", "header.payload" + kept[len(kept)-32:], kept,
	} {
		assert.False(t, c.names(kept, other), other)
	}
	assert.True(t, c.names(kept, "header.payload.signature"))
}

// The mark of a slot has 32 bits for the time. A later one becomes the last.
func TestExpiryInATokenCacheIsNeverTooLarge(t *testing.T) {
	t.Parallel()
	const last = int64(math.MaxUint32)
	for _, test := range []struct {
		leeway    time.Duration
		exp, want int64
	}{
		{0, 0, last}, // none
		{0, last - 1, last - 1},
		{time.Second, last - 1, last},
		{time.Second, last, last},
		{0, last + 1, last},
		{time.Second, math.MaxInt64, last},
		{math.MaxInt64, 1, last},
		{1500 * time.Millisecond, math.MinInt64, math.MinInt64 + 1},
	} {
		assert.Equal(t, test.want, expiryOf(cachedTokenOf(test.leeway, test.exp)), "%v after %d", test.leeway, test.exp)
	}
}

func TestTokenCacheForgetsExpiredTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	c := newTokenCache(100, false)
	c.keep("expired", cachedTokenOf(10*time.Second, now.Unix()-10), now)
	assert.Empty(t, c.entries(), "what has expired does not enter")

	c = newTokenCache(1, false)
	c.keep("soon", cachedTokenOf(10*time.Second, now.Unix()+5), now)
	require.NotNil(t, c.find("soon")) // it is in use, and only its time makes room
	c.keep("next", cachedToken(0), now.Add(14*time.Second))
	assert.NotNil(t, c.find("soon"), "the leeway of its issuer has not passed")
	c.keep("next", cachedToken(0), now.Add(15*time.Second))
	assert.Nil(t, c.find("soon"))
	assert.NotNil(t, c.find("next"))

	c = newTokenCache(100, false)
	for i := range 400 { // more than enough to fill every set
		c.keep(fmt.Sprint("old", i), cachedToken(now.Unix()+1), now)
	}
	assert.Len(t, c.entries(), 100)
	later := now.Add(time.Hour)
	for i := range 4000 {
		c.keep(fmt.Sprint("new", i), cachedToken(0), later)
	}
	for i := range 400 {
		assert.Nil(t, c.find(fmt.Sprint("old", i)), "expired entries make room at once")
	}
}

func TestTokenCacheHasAMaximum(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, entries := range []int{1, 2, 3, 4, 5, 1000} {
		c := newTokenCache(entries, false)
		for i := range 10 * entries {
			c.keep(fmt.Sprint("token", i), cachedToken(0), now)
		}
		assert.NotEmpty(t, c.entries())
		assert.LessOrEqual(t, len(c.entries()), entries)
	}

	c := newTokenCache(1000, false)
	for i := range 10_000 {
		c.keep(fmt.Sprint(i, strings.Repeat("x", 3000)), cachedToken(0), now)
	}
	assert.LessOrEqual(t, c.table.Load().bytes.Load(), int64(1000*cacheEntryBytes))
	assert.InDelta(t, 1000*cacheEntryBytes/(3000+cacheOverhead+15), len(c.entries()), 10, "full of large tokens, but for few entries")
	c.keep(strings.Repeat("x", cacheEntryMost), cachedToken(0), now)
	assert.Nil(t, c.find(strings.Repeat("x", cacheEntryMost)), "a token too large to keep")
}

// A manager of a tenant with few users must not have the memory for the tokens of many.
func TestTokenCacheGrowsWithItsTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	c := newTokenCache(10_000, false)
	assert.Nil(t, c.table.Load(), "no token, no memory")
	sizes := map[int]bool{}
	for i := range 2000 {
		c.keep(fmt.Sprint("token", i), cachedToken(0), now)
		table := c.table.Load()
		if sizes[len(table.slots)] {
			continue
		}
		sizes[len(table.slots)] = true
		held, kept := int64(0), 0
		for _, e := range c.entries() {
			held += e.bytes
		}
		assert.Equal(t, held, table.bytes.Load())
		for j := range i + 1 {
			if c.find(fmt.Sprint("token", j)) != nil {
				kept++
			}
		}
		assert.InDelta(t, i+1, kept, 2, "a larger table has the entries of the smaller one")
	}
	assert.Equal(t, map[int]bool{64: true, 512: true, 4096: true, 10_000: true}, sizes)

	c = newTokenCache(10_000, false)
	for i := range 2000 { // one after the other, each expired when the next comes
		c.keep(fmt.Sprint("token", i), cachedToken(now.Unix()+int64(i)+1), now.Add(time.Duration(i)*time.Second))
	}
	assert.Len(t, c.table.Load().slots, 64, "expired tokens need no larger table")
}

func TestTokenCacheKeepsWhatIsInUseThroughAFlood(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newTokenCache(1000, false)
	hot := func(i int) string { return fmt.Sprint("hot", i) }
	for i := range 300 {
		c.keep(hot(i), cachedToken(0), now)
	}
	kept := 0
	for i := range 300 {
		if c.find(hot(i)) != nil {
			kept++
		}
	}
	require.Greater(t, kept, 250, "before the flood")
	for i := range 100_000 {
		c.keep(fmt.Sprint("flood", i), cachedToken(0), now)
		c.find(hot(i % 300))
	}
	after := 0
	for i := range 300 {
		if c.find(hot(i)) != nil {
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
					if got := c.find(token); got != nil && got != contents {
						t.Error("the contents of another token")
					}
					c.keep(token, contents, now.Add(time.Duration(round)))
				}
			}
		})
	}
	wg.Wait()
	held := int64(0)
	for _, e := range c.entries() {
		held += e.bytes
	}
	assert.Equal(t, held, c.table.Load().bytes.Load(), "every byte is counted once")
}

func TestNoTokenCacheIsOff(t *testing.T) {
	t.Parallel()
	var c *tokenCache
	c.keep("a", cachedToken(0), time.Now())
	assert.Nil(t, c.find("a"))
}

func TestATokenThatIsVerifiedAgainKeepsItsPlace(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	c := newTokenCache(cacheWays, false)
	before, after := cachedToken(0), cachedToken(0)
	c.keep("token", before, now)
	c.keep("token", after, now)
	assert.Same(t, after, c.find("token"))
	assert.Len(t, c.entries(), 1)
}
