package store

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

var _ Once = (*MemoryOnce)(nil)

// MemoryOnce is a [Once] in the memory of this process. The zero value is empty and
// ready to use. It drops expired IDs as it grows, and starts no goroutine.
//
// An ID needs at most 50 bytes (27 to 44 were measured), also if the ID is
// long. A full store with the default Max needs 50 MB. While it drops expired IDs, it
// needs twice as much.
//
// Use MemoryOnce only in a service with one process: other processes do not see it. The
// store is empty after a restart, so that IDs used before can be used again.
type MemoryOnce struct {
	// Max is how many IDs the store remembers at the same time. When the store is full,
	// Claim returns [ErrOnceFull] for a new ID until one expires. Zero means 1,000,000.
	Max int

	// Now returns the current time, for the expiry of IDs. Nil means [time.Now].
	Now func() time.Time

	mu      sync.Mutex
	until   map[idset.Key]uint32 // without pointers, so that the garbage collector skips it
	purgeAt int                  // the size at which the store looks for expired IDs
	soonest uint32               // no ID expires before this time, in Unix seconds
}

const (
	defaultMaxOnce = 1_000_000
	minOncePurge   = 1024
)

// Claim reports whether id is used for the first time. It returns [ErrOnceFull], or
// an error of [CheckClaim].
func (m *MemoryOnce) Claim(_ context.Context, id string, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.Now != nil {
		now = m.Now()
	}
	if err := CheckClaim(id, until, now); err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	// The prefix forces idset to hash every ID. A UUID would otherwise be its own key,
	// and an attacker could choose it to equal the hash of another ID.
	e := idset.EntryOf("once:"+id, until)
	claimed, known := m.until[e.Key]
	if known && isLive(claimed, now) {
		return false, nil
	}
	if !known && !m.hasRoom(now) {
		return false, fmt.Errorf("store: %w", ErrOnceFull)
	}
	m.until[e.Key] = e.Until
	m.soonest = min(m.soonest, e.Until)
	return true, nil
}

func isLive(until uint32, now time.Time) bool { return idset.Entry{Until: until}.IsLive(now) }

// hasRoom drops expired IDs only when the store has doubled, which keeps the cost of a
// call constant. When the store is full, it looks only if an ID must have expired.
func (m *MemoryOnce) hasRoom(now time.Time) bool {
	most := cmp.Or(m.Max, defaultMaxOnce)
	isFull := len(m.until) >= most
	if isFull && isLive(m.soonest, now) {
		return false
	}
	if isFull || len(m.until) >= m.purgeAt {
		m.purge(now)
	}
	return len(m.until) < most
}

// purge moves the live IDs to a new map, because a map never shrinks.
func (m *MemoryOnce) purge(now time.Time) {
	live := map[idset.Key]uint32{}
	m.soonest = idset.Forever
	for key, until := range m.until {
		if isLive(until, now) {
			live[key] = until
			m.soonest = min(m.soonest, until)
		}
	}
	m.until = live
	m.purgeAt = max(minOncePurge, 2*len(live))
}
