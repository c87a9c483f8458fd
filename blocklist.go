package ginjwt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"sync"
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
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'F' {
			return key, false
		}
	}
	digits := [32]byte{}
	n := copy(digits[:], s[0:8])
	n += copy(digits[n:], s[9:13])
	n += copy(digits[n:], s[14:18])
	n += copy(digits[n:], s[19:23])
	copy(digits[n:], s[24:36])
	_, err := hex.Decode(key[:], digits[:])
	return key, err == nil
}

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
	blocked, err := m.config.Blocklist.Contains(ctx, token.ID)
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
