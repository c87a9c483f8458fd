package ginjwt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Blocklist remembers revoked tokens by their "jti". Its methods must be safe
// for concurrent use. An error means that the answer is not known: the request
// is refused with [ErrUnavailable], status 503.
type Blocklist interface {
	// Add blocks id at least until expires; a zero expires means for ever.
	// Adding twice keeps the later time.
	Add(ctx context.Context, id string, expires time.Time) error

	// Contains reports whether any of the ids is blocked.
	Contains(ctx context.Context, ids ...string) (bool, error)
}

var _ Blocklist = (*MemoryBlocklist)(nil)

// MemoryBlocklist is a [Blocklist] in this process's memory. The zero value is
// empty and ready to use. It drops expired entries as it grows and starts no
// goroutine.
//
// Other processes know nothing of it, and it is empty after a restart.
type MemoryBlocklist struct {
	// Now tells the time by which entries expire. Nil means [time.Now].
	Now func() time.Time

	used   atomic.Bool // since the first Add
	shards [64]blocklistShard
}

type blocklistShard struct {
	mu      sync.RWMutex
	blocked map[blocklistKey]uint32 // Unix seconds of expiry; without pointers, so that no collector scans it
	purgeAt int                     // the size at which expired entries are looked for
	_       [24]byte                // keeps neighbours out of one cache line
}

// blocklistKey is a UUID, or the first half of the SHA-256 of any other text.
type blocklistKey [16]byte

const (
	blockedForever = math.MaxUint32
	minPurge       = 1024 // entries a shard
)

// Add blocks id at least until expires. It never fails.
func (b *MemoryBlocklist) Add(_ context.Context, id string, expires time.Time) error {
	b.used.Store(true)
	key, until := keyOf(id), expiryOf(expires)
	shard := &b.shards[key[0]%64]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.blocked == nil {
		shard.blocked = make(map[blocklistKey]uint32)
		shard.purgeAt = minPurge
	}
	shard.blocked[key] = max(until, shard.blocked[key])
	if len(shard.blocked) >= shard.purgeAt {
		shard.purge(b.now())
	}
	return nil
}

// Contains reports whether any of ids is blocked. It never fails.
func (b *MemoryBlocklist) Contains(_ context.Context, ids ...string) (bool, error) {
	if !b.used.Load() {
		return false, nil
	}
	for _, id := range ids {
		key := keyOf(id)
		shard := &b.shards[key[0]%64]
		shard.mu.RLock()
		// An entry that has expired blocks a token that has expired too.
		_, blocked := shard.blocked[key]
		shard.mu.RUnlock()
		if blocked {
			return true, nil
		}
	}
	return false, nil
}

func (b *MemoryBlocklist) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

// purge moves what is alive to a new map, as a map never gets smaller. Looking
// again only when the shard has doubled keeps the cost of an Add constant.
func (s *blocklistShard) purge(now time.Time) {
	alive := make(map[blocklistKey]uint32)
	for key, until := range s.blocked {
		if until == blockedForever || int64(until) >= now.Unix() {
			alive[key] = until
		}
	}
	s.blocked = alive
	s.purgeAt = max(minPurge, 2*len(alive))
}

func keyOf(id string) blocklistKey {
	if key, ok := parseUUID(id); ok {
		return key
	}
	sum := sha256.Sum256([]byte(id))
	return blocklistKey(sum[:16])
}

// parseUUID reads the one canonical form that this package mints, in lower
// case: two spellings must not be one entry, as they are two tokens.
func parseUUID(s string) (key blocklistKey, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return key, false
	}
	wrong := byte(0)
	for i, at := range [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		high, low := hexDigits[s[at]], hexDigits[s[at+1]]
		wrong |= high | low
		key[i] = high<<4 | low&15
	}
	return key, wrong < 16
}

// hexDigits are the values of hexadecimal digits in lower case, 16 for others.
var hexDigits = func() (values [256]byte) {
	for i := range values {
		values[i] = 16
	}
	for i, digit := range []byte("0123456789abcdef") {
		values[digit] = byte(i)
	}
	return values
}()

// expiryOf rounds up, so that no entry ends before its token.
func expiryOf(t time.Time) uint32 {
	seconds := t.Unix() + 1
	switch {
	case t.IsZero() || seconds >= blockedForever:
		return blockedForever
	case seconds < 0:
		return 0
	}
	return uint32(seconds)
}

// RevokeToken adds token to Config.Blocklist until it has expired, clocks that
// differ by Config.DecodeLeeway included. From then on every request with it
// is refused, on every process that shares the blocklist.
func (m *JWTManager) RevokeToken(ctx context.Context, token *Token) error {
	if !m.ready {
		return ErrNotInitialized
	}
	if token == nil {
		return fmt.Errorf("%w: it is nil", ErrNoID)
	}
	if token.ID == "" {
		return ErrNoID
	}
	expires := token.ExpiresAt
	if !expires.IsZero() {
		expires = expires.Add(m.config.DecodeLeeway)
	}
	if err := m.config.Blocklist.Add(plain(ctx), token.ID, expires); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// checkRevoked asks the blocklist and the loader. An error from either is no
// answer, and without an answer nobody passes.
func (m *JWTManager) checkRevoked(ctx context.Context, token *Token) error {
	if token.ID == "" {
		if m.revokes {
			return errNoJTI.about(token)
		}
		return nil
	}
	blocked, err := m.config.Blocklist.Contains(ctx, token.ids[:]...)
	if err == nil && !blocked && m.tokenInBlocklist != nil {
		blocked, err = m.tokenInBlocklist(ctx, token)
	}
	switch {
	case err != nil:
		return refusal(ErrUnavailable, err).about(token)
	case blocked:
		return refusal(ErrRevokedToken, nil).about(token)
	}
	return nil
}
