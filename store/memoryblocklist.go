package store

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

var (
	_ ChangingBlocklist = (*MemoryBlocklist)(nil)
	_ BlocklistAdder    = (*MemoryBlocklist)(nil)
)

// MemoryBlocklist is a [Blocklist] in the memory of this process. The zero value is
// empty and ready to use. It drops expired entries as it grows, and starts no
// goroutine.
//
// Use MemoryBlocklist only in a service with one process: other processes do not see it,
// and it is empty after a restart.
type MemoryBlocklist struct {
	// Now returns the current time, for the expiry of entries. Nil means [time.Now].
	Now func() time.Time

	set idset.Set
}

// Add blocks id at least until expires. It never fails.
func (b *MemoryBlocklist) Add(_ context.Context, id string, expires time.Time) error {
	b.set.Add(idset.EntryOf(id, expires), b.now)
	return nil
}

// AddMany blocks the ID of each entry. It never fails.
func (b *MemoryBlocklist) AddMany(ctx context.Context, entries []Revocation) error {
	for _, e := range entries {
		_ = b.Add(ctx, e.ID, e.Expires)
	}
	return nil
}

// Self returns b: see [BlocklistAdder] and [ChangingBlocklist].
func (b *MemoryBlocklist) Self() any { return b }

// Contains reports whether any of ids is blocked. It never fails.
func (b *MemoryBlocklist) Contains(_ context.Context, ids ...string) (bool, error) {
	return b.set.Contains(ids...), nil
}

// Changed returns a channel that is closed when the next ID is added.
func (b *MemoryBlocklist) Changed() <-chan struct{} { return b.set.Changed() }

func (b *MemoryBlocklist) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}
