package ginjwt

import (
	"context"
	"crypto/sha256"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

const (
	maxTokenCacheSize = 10_000_000
	cacheWays         = 4       // entries a set
	cacheEntryBytes   = 2 << 10 // what an entry may have on average, and half of what one may have
	cacheOverhead     = 768     // of an entry, beside its texts
	originIDBytes     = 64      // of an ID that a logout adds to the blocklist
)

// goodToken is a token whose signature is good: what it says, and what that was
// verified by. It does not change.
type goodToken struct {
	contents
	rules *issuerRules
	key   *keys.Bound // that verified it
	keys  *keys.Set   // which the key is of
}

// stillVerifies reports whether the token would be verified again, as far as its
// key goes.
func (t *goodToken) stillVerifies(ctx context.Context, now time.Time) bool {
	if t.key.IsRetired(now) {
		return false
	}
	if !t.names.foreign { // other keys of the manager are another cache
		return true
	}
	if t.rules.hasEnded() {
		return false
	}
	t.rules.touch(now)
	return t.rules.keys.stillHas(ctx, t.key, t.keys)
}

// tokenCache remembers tokens whose signature was verified with the keys of its
// keyring. Whoever presents the very same bytes again need not
// be verified again; time, type, revocation and all the rest still are.
//
// It is a table of small sets without locks: a token has one set, by a hash
// that nobody outside can compute, and is compared whole. It never grows, and
// keeps what is used: a new token takes the place of one that has expired or was
// not seen again, and in a full set only now and then, so that a flood of tokens
// does not drive out those in use, and costs little.
type tokenCache struct {
	seed     maphash.Seed
	sets     [][]atomic.Pointer[cacheEntry]
	bytes    atomic.Int64
	maxBytes int64

	// digests keeps the SHA-256 of tokens in place of them, so that a process
	// that can only verify has no collection of tokens that others could use.
	digests bool
}

type cacheEntry struct {
	hash  uint64
	token string // or its SHA-256
	good  *goodToken
	bytes int64
	seen  atomic.Bool // again, since it entered or room was last needed
}

// newTokenCache returns a cache for at most so many entries.
func newTokenCache(entries int, digests bool) *tokenCache {
	c := &tokenCache{
		seed:     maphash.MakeSeed(),
		sets:     make([][]atomic.Pointer[cacheEntry], max(1, entries/cacheWays)),
		maxBytes: int64(entries) * cacheEntryBytes,
		digests:  digests,
	}
	ways := min(cacheWays, entries)
	slots := make([]atomic.Pointer[cacheEntry], ways*len(c.sets))
	for i := range c.sets {
		c.sets[i] = slots[i*ways : (i+1)*ways]
	}
	return c
}

// get returns a token that was verified before, or nil.
func (c *tokenCache) get(encoded string, now time.Time) *goodToken {
	if c == nil {
		return nil
	}
	hash := maphash.String(c.seed, encoded)
	set := c.set(hash)
	for i := range set {
		e := set[i].Load()
		if e == nil || e.hash != hash || !c.names(e.token, encoded) {
			continue
		}
		if c.expired(e, now) {
			c.replace(&set[i], e, nil)
			return nil
		}
		if !e.seen.Load() { // a write would take the line from other processors
			e.seen.Store(true)
		}
		return e.good
	}
	return nil
}

// add remembers a token that was verified.
func (c *tokenCache) add(encoded string, good *goodToken, now time.Time) {
	if c == nil {
		return
	}
	size := int64(len(encoded) + len(good.text) + len(good.header) + originIDBytes*len(good.payload.originIDs) + cacheOverhead)
	e := cacheEntry{hash: maphash.String(c.seed, encoded), good: good, bytes: size}
	if size > 2*cacheEntryBytes || c.expired(&e, now) {
		return
	}
	if slot, old := c.room(e.hash, now); slot != nil {
		c.replace(slot, old, &cacheEntry{hash: e.hash, token: c.nameOf(encoded), good: good, bytes: size})
	}
}

func (c *tokenCache) set(hash uint64) []atomic.Pointer[cacheEntry] {
	i, _ := bits.Mul64(hash, uint64(len(c.sets)))
	return c.sets[i]
}

// nameOf returns what a token is remembered by.
func (c *tokenCache) nameOf(encoded string) string {
	if !c.digests {
		return strings.Clone(encoded) // not a part of a request's header
	}
	sum := sha256.Sum256([]byte(encoded))
	return string(sum[:])
}

// names reports whether name is that of a token.
func (c *tokenCache) names(name, encoded string) bool {
	if !c.digests {
		return name == encoded
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	s.encoded = append(s.encoded[:0], encoded...)
	sum := sha256.Sum256(s.encoded)
	return name == string(sum[:])
}

func (c *tokenCache) expired(e *cacheEntry, now time.Time) bool {
	exp, leeway := e.good.payload.exp, int64(e.good.names.leeway/time.Second)
	return exp.there && exp.seconds+leeway <= now.Unix()
}

// room finds a place for a token, and what is there now. There may be none. A
// token that is there already, as keys that changed verified it, keeps its place.
func (c *tokenCache) room(hash uint64, now time.Time) (slot *atomic.Pointer[cacheEntry], old *cacheEntry) {
	set := c.set(hash)
	for i := range set {
		if old := set[i].Load(); old != nil && old.hash == hash {
			return &set[i], old
		}
	}
	for i := range set {
		if old := set[i].Load(); old == nil || c.expired(old, now) {
			return &set[i], old
		}
	}
	if rand.Uint32()%8 != 0 {
		return nil, nil
	}
	for i := range set {
		if old := set[i].Load(); old != nil && !old.seen.Load() {
			return &set[i], old
		}
	}
	for i := range set { // all are in use: who is not seen again goes next time
		if old := set[i].Load(); old != nil {
			old.seen.Store(false)
		}
	}
	return nil, nil
}

// replace puts e, or nothing, in place of old, unless somebody was faster or it
// would be too much in all.
func (c *tokenCache) replace(slot *atomic.Pointer[cacheEntry], old, e *cacheEntry) {
	change := int64(0)
	if e != nil {
		change = e.bytes
	}
	if old != nil {
		change -= old.bytes
	}
	if c.bytes.Add(change) > c.maxBytes && change > 0 || !slot.CompareAndSwap(old, e) {
		c.bytes.Add(-change)
	}
}
