package ginjwt

import (
	"context"
	"crypto/sha256"
	"hash/maphash"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

const (
	maxTokenCacheSize = 10_000_000
	cacheWays         = 4       // entries per set
	cacheEntryBytes   = 2 << 10 // average limit for an entry
	cacheEntryMost    = 8 << 10 // limit for a single entry: a token of about 4 KB
	cacheOverhead     = 768     // of an entry, without its strings
	boundKeyBytes     = 1536    // for the proofs of a bound token
	originIDBytes     = 64      // of an ID that a logout would add to the blocklist
	firstCacheTable   = 64      // entries of the first table
	cacheGrowth       = 8       // times as large is the next table
)

// goodToken is a token with a valid signature: its contents, and what verified it. It is
// immutable.
type goodToken struct {
	contents
	rules *issuerRules
	key   *keys.Bound // verified the token
	keys  *keys.Set   // the set of the key
}

// stillVerifies reports whether the key of the token is still valid for it.
func (t *goodToken) stillVerifies(ctx context.Context, now time.Time) bool {
	if t.key.IsRetired(now) {
		return false
	}
	if !t.names.foreign { // new keys of the manager come with a new cache
		return true
	}
	if t.rules.hasEnded() {
		return false
	}
	t.rules.touch(now)
	return t.rules.keys.stillHas(ctx, t.key, t.keys)
}

// tokenCache remembers tokens that were verified with the keys of its keyring. The
// signature of the same bytes need not be verified again. Time, type, revocation and all
// other checks still run for every request: an expired token that is still here is
// refused by its time.
//
// It is a lock-free table of small sets. A secret hash gives each token one set, and
// tokens are compared as a whole. The table grows up to its maximum: a manager with few
// tokens has a small one. Then a new token replaces one that has expired or was not used
// again. In a full set, it does so only sometimes. So a flood of tokens is cheap, and
// does not push out tokens in use.
type tokenCache struct {
	seed    maphash.Seed
	most    int                        // entries
	table   atomic.Pointer[cacheTable] // nil before the first token
	growing sync.Mutex

	// digests keeps the SHA-256 of the signature instead of the signature. What the
	// signature signs is in memory anyway, as claims. So a process that can only verify
	// has no collection of tokens that others could use, and hashes only the few bytes
	// that must not be kept.
	digests bool
}

// cacheTable holds the entries of a tokenCache until it needs a larger table.
type cacheTable struct {
	slots []cacheSlot
	ways  int // slots of a set
	sets  int
	bytes atomic.Int64
}

// cacheSlot has room for one entry. The four slots of a set are as large as a cache line of
// most processors, and mostly say enough about the entries. A goroutine may read the mark of another entry: so
// a mark only says where to look.
type cacheSlot struct {
	mark  atomic.Uint64 // the low half of the hash of the entry, and the Unix time at which it expires
	entry atomic.Pointer[cacheEntry]
}

// isFor reports whether the slot may have an entry with this hash.
func (s *cacheSlot) isFor(hash uint64) bool { return uint32(s.mark.Load()>>32) == uint32(hash) }

// isFree reports whether the slot is empty, or its entry has expired.
func (s *cacheSlot) isFree(now time.Time) bool { return int64(uint32(s.mark.Load())) <= now.Unix() }

type cacheEntry struct {
	hash  uint64
	token string // with digests: what is signed, followed by the SHA-256 of the rest
	good  *goodToken
	bytes int64
	seen  atomic.Bool // used again since it was added, or since room was last needed
}

// newTokenCache returns a cache with a maximum number of entries.
func newTokenCache(entries int, digests bool) *tokenCache {
	return &tokenCache{seed: maphash.MakeSeed(), most: entries, digests: digests}
}

func newCacheTable(entries int) *cacheTable {
	ways, sets := min(cacheWays, entries), max(1, entries/cacheWays)
	return &cacheTable{slots: make([]cacheSlot, ways*sets), ways: ways, sets: sets}
}

// hash returns the hash of a token, for get and add.
func (c *tokenCache) hash(encoded string) uint64 {
	if c == nil {
		return 0
	}
	return maphash.String(c.seed, encoded)
}

// get returns a token that was verified before, or nil.
func (c *tokenCache) get(hash uint64, encoded string) *goodToken {
	if c == nil {
		return nil
	}
	table := c.table.Load()
	if table == nil {
		return nil
	}
	set := table.set(hash)
	for i := range set {
		if !set[i].isFor(hash) {
			continue
		}
		e := set[i].entry.Load()
		if e == nil || e.hash != hash || !c.names(e.token, encoded) {
			continue
		}
		if !e.seen.Load() { // a write would take the cache line from other processors
			e.seen.Store(true)
		}
		return e.good
	}
	return nil
}

// add remembers a verified token.
func (c *tokenCache) add(hash uint64, encoded string, good *goodToken, now time.Time) {
	if c == nil {
		return
	}
	size := int64(len(encoded) + len(good.text) + len(good.header) + originIDBytes*len(good.payload.originIDs) + cacheOverhead)
	if good.bound != nil {
		size += boundKeyBytes
	}
	expires := expiryOf(good)
	if size > cacheEntryMost || expires <= now.Unix() {
		return
	}
	table, slot, old := c.room(hash, now)
	if slot == nil {
		return
	}
	e := &cacheEntry{hash: hash, token: c.nameOf(encoded), good: good, bytes: size}
	if table.replace(slot, old, e, int64(c.most)*cacheEntryBytes) {
		slot.mark.Store(markOf(hash, expires))
	}
}

// room finds a place for a token, and its current entry. If all places of a set are taken,
// the table grows.
func (c *tokenCache) room(hash uint64, now time.Time) (t *cacheTable, slot *cacheSlot, old *cacheEntry) {
	if t = c.table.Load(); t != nil {
		if slot, old = t.free(hash, now); slot != nil {
			return t, slot, old
		}
	}
	switch larger := c.grown(t, now); {
	case larger != nil:
		slot, old = larger.free(hash, now)
		return larger, slot, old
	case t == nil: // another goroutine makes the first table
		return nil, nil, nil
	}
	slot, old = t.unused(hash)
	return t, slot, old
}

// grown replaces the table by a larger one with the same entries. It returns nil if the
// table has its full size, or if another goroutine has replaced it, or does so now. What
// others add to the old table meanwhile is verified again.
func (c *tokenCache) grown(old *cacheTable, now time.Time) *cacheTable {
	entries := min(firstCacheTable, c.most)
	if old != nil {
		entries = min(len(old.slots)*cacheGrowth, c.most)
		if entries/cacheWays <= old.sets {
			return nil
		}
	}
	if !c.growing.TryLock() {
		return nil
	}
	defer c.growing.Unlock()
	if c.table.Load() != old {
		return nil
	}
	larger := newCacheTable(entries)
	if old != nil {
		old.moveTo(larger, now)
	}
	c.table.Store(larger)
	return larger
}

// moveTo puts the entries of t that have not expired into an empty table.
func (t *cacheTable) moveTo(larger *cacheTable, now time.Time) {
	for i := range t.slots {
		e := t.slots[i].entry.Load()
		if e == nil || expiryOf(e.good) <= now.Unix() {
			continue
		}
		if slot, _ := larger.free(e.hash, now); slot != nil {
			slot.entry.Store(e)
			slot.mark.Store(markOf(e.hash, expiryOf(e.good)))
			larger.bytes.Add(e.bytes)
		}
	}
}

func (t *cacheTable) set(hash uint64) []cacheSlot {
	i, _ := bits.Mul64(hash, uint64(t.sets))
	return t.slots[int(i)*t.ways:][:t.ways]
}

// nameOf returns the string that stands for a token in the cache. It is a copy, so that
// the header of the request is not kept in memory.
func (c *tokenCache) nameOf(encoded string) string {
	if !c.digests {
		return strings.Clone(encoded)
	}
	signed := strings.LastIndexByte(encoded, '.')
	sum := signatureDigest(encoded[signed:])
	return encoded[:signed] + string(sum[:])
}

// names reports whether name belongs to a token.
func (c *tokenCache) names(name, encoded string) bool {
	if !c.digests {
		return name == encoded
	}
	signed := len(name) - sha256.Size
	if signed > len(encoded) || name[:signed] != encoded[:signed] {
		return false
	}
	sum := signatureDigest(encoded[signed:])
	return name[signed:] == string(sum[:])
}

// signatureDigest returns the SHA-256 of the end of a token: the last dot and the signature.
func signatureDigest(rest string) [sha256.Size]byte {
	s := scratches.Get().(*scratch)
	defer s.free()
	s.signature = append(s.signature[:0], rest...)
	return sha256.Sum256(s.signature)
}

// expiryOf returns the Unix time from which a token is refused; the largest of 32 bits if
// there is none, or if it is later.
func expiryOf(good *goodToken) int64 {
	exp, leeway := good.payload.exp, int64(good.names.leeway/time.Second)
	if !exp.there || exp.seconds > math.MaxUint32-leeway {
		return math.MaxUint32
	}
	return exp.seconds + leeway
}

// markOf returns the mark of an entry that expires at a Unix time.
func markOf(hash uint64, expires int64) uint64 { return hash<<32 | uint64(expires) }

// free finds a place for a token that takes none from a valid token, and its current
// entry. There may be no place. A token that is already in the set keeps its place, for
// example after its keys changed.
func (t *cacheTable) free(hash uint64, now time.Time) (slot *cacheSlot, old *cacheEntry) {
	set := t.set(hash)
	for i := range set {
		if old := set[i].entry.Load(); old != nil && set[i].isFor(hash) && old.hash == hash {
			return &set[i], old
		}
	}
	for i := range set {
		if set[i].isFree(now) {
			return &set[i], set[i].entry.Load()
		}
	}
	return nil, nil
}

// unused sometimes finds a place in a full set: of a token that was not used again.
func (t *cacheTable) unused(hash uint64) (slot *cacheSlot, old *cacheEntry) {
	if rand.Uint32()%8 != 0 {
		return nil, nil
	}
	set := t.set(hash)
	for i := range set {
		if old := set[i].entry.Load(); old != nil && !old.seen.Load() {
			return &set[i], old
		}
	}
	for i := range set { // all are in use: an entry that is not used again goes next time
		if old := set[i].entry.Load(); old != nil {
			old.seen.Store(false)
		}
	}
	return nil, nil
}

// replace puts e in place of old. It reports false if another goroutine was faster, or if
// the table would have more than maxBytes.
func (t *cacheTable) replace(slot *cacheSlot, old, e *cacheEntry, maxBytes int64) bool {
	change := e.bytes
	if old != nil {
		change -= old.bytes
	}
	if t.bytes.Add(change) > maxBytes && change > 0 || !slot.entry.CompareAndSwap(old, e) {
		t.bytes.Add(-change)
		return false
	}
	return true
}
