package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var (
	_ store.WatchedBlocklist  = (*Blocklist)(nil)
	_ store.ChangingBlocklist = (*Blocklist)(nil)
	_ store.CurrentBlocklist  = (*Blocklist)(nil)
	_ store.BlocklistAdder    = (*Blocklist)(nil)
)

// Blocklist is a [store.Blocklist] with a full copy of it in this process.
// Make one with [Store.Blocklist].
type Blocklist struct {
	copy  *replica.Copy
	store *Store
}

// Blocklist returns the blocklist of the store, and follows it until ctx ends.
// It returns at once and loads in the background: until that is done, and after
// ctx has ended, every lookup asks the server. It keeps one connection of the
// client busy, and is meant to be made once in a process.
func (s *Store) Blocklist(ctx context.Context) *Blocklist {
	return &Blocklist{replica.New(ctx, s.db.List(s.options.Prefix), s.options.MaxStaleness), s}
}

// Add blocks id at least until expires. On an error it is not known whether the
// server did; this process refuses id in any case.
func (b *Blocklist) Add(ctx context.Context, id string, expires time.Time) error {
	return b.copy.Add(ctx, id, expires)
}

// AddMany is Add for many IDs. After an error this process refuses all of them, and
// it is not known which of them the others do.
func (b *Blocklist) AddMany(ctx context.Context, revocations []store.Revocation) error {
	all := make([]replica.Revocation, len(revocations))
	for i, r := range revocations {
		all[i] = replica.Revocation(r)
	}
	return b.copy.AddAll(ctx, all)
}

// Self returns the list: see [store.BlocklistAdder], [store.ChangingBlocklist] and
// [store.CurrentBlocklist].
func (b *Blocklist) Self() any { return b }

// Contains reports whether any of ids is blocked. It asks the server only while
// the copy is older than Options.MaxStaleness.
func (b *Blocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	return b.copy.Contains(ctx, ids...)
}

// ContainsNow is Contains, and asks the server also while the copy is fresh.
func (b *Blocklist) ContainsNow(ctx context.Context, ids ...string) (bool, error) {
	return b.copy.ContainsNow(ctx, ids...)
}

// Changed returns a channel that is closed when this process next learns of an ID that
// was added, by itself or by another process.
func (b *Blocklist) Changed() <-chan struct{} { return b.copy.Changed() }

// Ready waits until the copy is complete for the first time, or ctx ends. It then
// asks as [Store.Ready] does. It does not wait for a server that cannot keep a store,
// such as one that takes no writes. A server that is to take requests only when the
// list is there can wait for it when it starts.
func (b *Blocklist) Ready(ctx context.Context) error {
	if err := b.store.Ready(ctx); errors.As(err, new(replica.Unfit)) {
		return err
	}
	if err := b.copy.Ready(ctx); err != nil {
		return err
	}
	return b.store.Ready(ctx)
}

// Status is how the copy of a [Blocklist] stands.
type Status = store.ListStatus

// Status returns how the copy stands, for a page of health or a metric.
func (b *Blocklist) Status() Status { return b.copy.Status() }

// Watch has f called for each event of the list from now on. Package ginjwt does so
// for Config.Observer.
func (b *Blocklist) Watch(f func(store.ListEvent)) { b.copy.Watch(f) }
