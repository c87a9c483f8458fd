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
	_ store.AgingBlocklist    = (*Blocklist)(nil)
	_ store.BlocklistAdder    = (*Blocklist)(nil)
)

// Blocklist is a [store.Blocklist] on the server, with a full copy in this process.
// Make one with [Store.Blocklist]. Its methods may be called by any number of
// goroutines.
type Blocklist struct {
	copy  *replica.Copy
	store *Store
}

// Blocklist returns the blocklist of the store, with a copy that follows the server
// until ctx ends. Blocklist returns immediately and loads the list in the background.
// Until the list is loaded, and after ctx has ended, every lookup asks the server. The
// copy uses one connection of the client all the time. Call Blocklist once in a
// process.
func (s *Store) Blocklist(ctx context.Context) *Blocklist {
	return &Blocklist{replica.New(ctx, s.db.List(s.options.Prefix), s.options.MaxStaleness), s}
}

// Add blocks id at least until expires; a zero expires means for ever. This process
// refuses id immediately, the others within Options.MaxStaleness. After an error this
// process refuses id too, and it is not known whether the others do.
func (b *Blocklist) Add(ctx context.Context, id string, expires time.Time) error {
	return b.copy.Add(ctx, id, expires)
}

// AddMany is Add for many IDs. After an error this process refuses all of them. It is
// not known which of them the others refuse.
func (b *Blocklist) AddMany(ctx context.Context, revocations []store.Revocation) error {
	all := make([]replica.Revocation, len(revocations))
	for i, r := range revocations {
		all[i] = replica.Revocation(r)
	}
	return b.copy.AddAll(ctx, all)
}

// Self returns b. With it, package ginjwt finds out whether a type of your own embeds the
// list: see [store.BlocklistAdder], [store.ChangingBlocklist], [store.CurrentBlocklist]
// and [store.AgingBlocklist].
func (b *Blocklist) Self() any { return b }

// Contains reports whether any of ids is blocked. It asks the server only while
// the copy is older than Options.MaxStaleness.
func (b *Blocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	return b.copy.Contains(ctx, ids...)
}

// ContainsAt is Contains for one or two IDs, with a reading of the clock that the caller
// made a moment ago: see [store.AgingBlocklist].
func (b *Blocklist) ContainsAt(ctx context.Context, now time.Time, id, other string) (bool, error) {
	return b.copy.ContainsAt(ctx, now, id, other)
}

// ContainsNow is Contains, but asks the server even while the copy is fresh.
func (b *Blocklist) ContainsNow(ctx context.Context, ids ...string) (bool, error) {
	return b.copy.ContainsNow(ctx, ids...)
}

// Changed returns a channel that is closed when this process next learns of a new ID,
// whichever process added it.
func (b *Blocklist) Changed() <-chan struct{} { return b.copy.Changed() }

// Ready waits until the copy is complete for the first time, or until ctx ends. Then it
// checks the server as [Store.Ready] does. If the server cannot keep a store, for
// example because it takes no writes, Ready returns the error without waiting. Call it
// at startup if your service should take requests only with a complete copy.
func (b *Blocklist) Ready(ctx context.Context) error {
	if err := b.store.Ready(ctx); errors.As(err, new(replica.Unfit)) {
		return err
	}
	if err := b.copy.Ready(ctx); err != nil {
		return err
	}
	return b.store.Ready(ctx)
}

// Status describes the copy of a [Blocklist].
type Status = store.ListStatus

// Status returns the status of the copy, for a health page or metrics.
func (b *Blocklist) Status() Status { return b.copy.Status() }

// Watch calls f for each event of the list from now on. A later Watch replaces f.
// Package ginjwt calls Watch if there is a Config.Observer.
func (b *Blocklist) Watch(f func(store.ListEvent)) { b.copy.Watch(f) }
