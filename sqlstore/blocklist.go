package sqlstore

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

// Blocklist is a [store.Blocklist]: a list in the database, and a full copy of
// it in this process, which answers without asking the database.
type Blocklist struct {
	copy  *replica.Copy
	store *Store
}

// Blocklist returns the blocklist of the store with a new local copy, which
// follows the database until ctx ends. It does not wait for the first load;
// lookups ask the database until then, and after ctx has ended. A process needs
// one.
func (s *Store) Blocklist(ctx context.Context) *Blocklist {
	return &Blocklist{replica.New(ctx, s.db.List(), s.options.MaxStaleness), s}
}

// Add blocks id at least until expires; a zero expires means for ever. When it
// returns without an error, the database has it, and this process refuses id at
// once; others do within Options.MaxStaleness. After an error this process
// refuses id too, and it is not known whether the others do.
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

// Contains reports whether any of ids is blocked. It asks the database only
// while the local copy may be older than Options.MaxStaleness.
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
