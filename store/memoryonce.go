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

// MemoryOnce is a [Once] in this process's memory. The zero value is empty and ready
// to use. It drops expired IDs as it grows and starts no goroutine.
//
// An ID takes at most 50 bytes (27 to 44 were measured), however long it is: a full
// store with the default Max takes 50 MB, and twice that for the moment in which it
// drops what has expired.
//
// Other processes know nothing of it, and it is empty after a restart: what was used
// before can be used again.
type MemoryOnce struct {
	// Max is how many IDs are remembered at once. One more is refused with
	// [ErrOnceFull] until one of them has expired. Zero means 1,000,000.
	Max int

	// Now tells the time by which IDs expire. Nil means [time.Now].
	Now func() time.Time

	mu      sync.Mutex
	until   map[idset.Key]uint32 // without pointers, so that no collector scans it
	purgeAt int                  // the size at which expired IDs are looked for
	soonest uint32               // no ID expires before: Unix seconds
}

const (
	defaultMaxOnce = 1_000_000
	minOncePurge   = 1024
)

// Claim reports whether id is claimed for the first time. An error is [ErrOnceFull], or
// that of [CheckClaim].
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
	// The prefix makes a hash of every ID: one that is a UUID would be its own key,
	// and could be chosen to be that of another ID.
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

// hasRoom drops expired IDs when the store has doubled, which keeps the cost of a claim
// constant. When it is full, it looks only if one must have expired.
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

// purge moves what is live to a new map, as a map never gets smaller.
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
