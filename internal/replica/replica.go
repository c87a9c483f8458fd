// Package replica keeps a full copy of a server's revoked IDs in a process, so that a
// lookup costs no network.
//
// A follower reads new entries, and knows by its position that it missed none. If the
// server loses entries, the processes that know them give them back. Until all have done
// so, no process trusts the list. The file restore.go has this protocol, and package
// listmodel tries every order of its steps.
package replica

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// Copy is a copy of a Log. Make one with [New].
type Copy struct {
	log          Log
	maxStaleness time.Duration
	clocks       clocks
	set          idset.Set
	ready        chan struct{}
	events       chan store.ListEvent // not yet delivered to the watcher

	// Only the follower uses these.
	loaded      bool
	gave        bool          // gave back all that it knew when it joined this epoch
	giving      []idset.Entry // what it must still give back as the giver
	joined      time.Time     // when it first saw this epoch
	roll        roll
	waited      *error // why it could not wait to be notified
	isStale     bool   // and the watcher knows
	wasComplete bool

	mu        sync.Mutex
	epoch     string   // of the followed list; empty before the first
	at        Position // of the last entry that was read; only the follower changes it
	restoring bool
	seen      *idset.Set // entries read in this epoch; nil if they are all of set
	own       map[idset.Key]addition
	losses    int
	followers int
	watch     func(store.ListEvent)
	failing   chan struct{} // closed at the next failure; nil if nobody waits

	complete atomic.Pointer[freshness] // since the copy was last known to be complete
	failure  atomic.Pointer[error]     // why the last update failed
	polling  atomic.Pointer[error]     // why the follower cannot wait to be notified
}

// New returns a copy of log, and follows log until ctx ends. It does not wait for the
// first load. Lookups ask the server until then, and after ctx has ended.
func New(ctx context.Context, log Log, maxStaleness time.Duration) *Copy {
	return NewByClock(ctx, log, maxStaleness, time.Now)
}

// NewByClock is New with the clock of the process.
func NewByClock(ctx context.Context, log Log, maxStaleness time.Duration, now func() time.Time) *Copy {
	c := &Copy{
		log: log, maxStaleness: maxStaleness, clocks: clocks{local: now}, roll: roll{me: Member{ID: rand.Text()}},
		ready: make(chan struct{}), events: make(chan store.ListEvent, untold), own: map[idset.Key]addition{},
	}
	go c.follow(ctx)
	go c.deliver(ctx)
	return c
}

// Contains reports whether any of ids is blocked. It asks the server only
// while the copy may be too old.
func (c *Copy) Contains(ctx context.Context, ids ...string) (bool, error) {
	return c.contains(ctx, time.Time{}, ids)
}

// ContainsAt is Contains for one or two IDs, with a reading of time.Now that the caller made
// a moment ago for the same request. An empty string is not an ID. A zero now is read here.
func (c *Copy) ContainsAt(ctx context.Context, now time.Time, id, other string) (bool, error) {
	ids := [2]string{id, other}
	switch {
	case other == "" && id == "":
		return c.contains(ctx, now, nil)
	case other == "":
		return c.contains(ctx, now, ids[:1])
	case id == "":
		return c.contains(ctx, now, ids[1:])
	}
	return c.contains(ctx, now, ids[:])
}

func (c *Copy) contains(ctx context.Context, now time.Time, ids []string) (bool, error) {
	if c.set.Contains(ids...) { // also an old copy: no entry is ever taken back
		return true, nil
	}
	if now.IsZero() {
		now = time.Now()
	}
	if c.complete.Load().includes(now) {
		return false, nil
	}
	return c.ask(ctx, ids)
}

// ContainsNow is Contains, but asks the server even while the copy is fresh.
func (c *Copy) ContainsNow(ctx context.Context, ids ...string) (bool, error) {
	if c.set.Contains(ids...) {
		return true, nil
	}
	return c.ask(ctx, ids)
}

// ask asks the server. It compares the answer with the position of the copy before the
// question: the server may have answered before it had what the copy read meanwhile.
func (c *Copy) ask(ctx context.Context, ids []string) (bool, error) {
	keys := make([]idset.Key, len(ids))
	for i, id := range ids {
		keys[i] = idset.KeyOf(id)
	}
	stood := c.standing()
	answer, err := c.log.Contains(ctx, keys, stood.at)
	if err != nil || answer.Found {
		return answer.Found, err
	}
	if !answer.Intact || answer.Head.Restoring || stood.isLoss(answer.Head) {
		return false, ErrLost
	}
	return false, nil
}

// Changed returns a channel that is closed when the copy next takes over an ID that it
// does not have.
func (c *Copy) Changed() <-chan struct{} { return c.set.Changed() }

// standing is where a copy stands in a list.
type standing struct {
	epoch string // of the list; empty before the first
	at    Position
}

// isLoss reports whether head shows that the server has lost entries, or has the list of
// another epoch.
func (s standing) isLoss(head Head) bool {
	return head.Broken || s.epoch != "" && head.Epoch != s.epoch || head.At.isBehind(s.at)
}

func (c *Copy) standing() standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return standing{c.epoch, c.at}
}

// isFresh reports whether the copy may answer alone.
func (c *Copy) isFresh() bool { return c.complete.Load().includes(time.Now()) }

// Ready waits until the first load is complete, and returns why it is not if ctx ends.
// If the server is unfit, it returns the error at once.
func (c *Copy) Ready(ctx context.Context) error {
	for {
		failed := c.failed()
		select {
		case <-c.ready:
			return nil
		case <-ctx.Done():
			if why := c.whyNot(); why != nil {
				return fmt.Errorf("%w: %w", ctx.Err(), why)
			}
			return ctx.Err()
		case <-failed:
			if why := c.whyNot(); errors.As(why, new(Unfit)) {
				return why
			}
		}
	}
}

// failed returns a channel that is closed at the next failure.
func (c *Copy) failed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failing == nil {
		c.failing = make(chan struct{})
	}
	return c.failing
}

func (c *Copy) whyNot() error {
	if err := c.failure.Load(); err != nil {
		return *err
	}
	return nil
}
