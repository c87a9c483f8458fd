package replica

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

func (c *Copy) noteComplete(asked time.Time) {
	c.complete.Store(freshFor(c.maxStaleness, asked))
	if c.setRestoring(false) {
		c.tell(store.ListEvent{Kind: store.ListWhole})
	}
	if !c.wasComplete || c.isStale {
		c.isStale = false
		c.tell(store.ListEvent{Kind: store.ListComplete})
	}
	if !c.wasComplete {
		c.wasComplete = true
		close(c.ready)
	}
}

// endFreshness makes lookups ask the server until the copy is complete again.
func (c *Copy) endFreshness() {
	if fresh := c.complete.Load(); fresh != nil {
		c.complete.Store(freshFor(0, fresh.complete))
	}
}

func (c *Copy) noteFailure(err error) {
	c.failure.Store(&err)
	c.mu.Lock()
	if c.failing != nil {
		close(c.failing)
		c.failing = nil
	}
	c.mu.Unlock()
	if !c.isStale && !c.isFresh() {
		c.isStale = true
		c.tell(store.ListEvent{Kind: store.ListStale, Err: err})
	}
}

// Watch calls f for each event from now on, and at once with ListComplete if the copy was
// complete before.
func (c *Copy) Watch(f func(store.ListEvent)) {
	c.mu.Lock()
	c.watch = f
	c.mu.Unlock()
	if c.complete.Load() != nil {
		c.tell(store.ListEvent{Kind: store.ListComplete})
	}
}

// untold is how many events may wait for a slow watcher. The follower never waits for the
// watcher, because other processes may wait for the follower.
const untold = 64

func (c *Copy) tell(e store.ListEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watch == nil {
		return
	}
	select {
	case c.events <- e:
	default: // the watcher is too slow: drop the event
	}
}

// deliver passes events to the watcher, one after the other.
func (c *Copy) deliver(ctx context.Context) {
	for {
		select {
		case e := <-c.events:
			c.mu.Lock()
			watch := c.watch
			c.mu.Unlock()
			if watch != nil {
				watch(e)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Status returns the status of the copy.
func (c *Copy) Status() store.ListStatus {
	s := store.ListStatus{Entries: c.set.Len(), ClockSkew: c.clocks.skew()}
	if fresh := c.complete.Load(); fresh != nil {
		s.Complete = fresh.complete
	}
	if err := c.polling.Load(); err != nil {
		s.Polling = *err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Pending, s.Losses, s.Restoring, s.Followers = len(c.own), c.losses, c.restoring, c.followers
	switch err := c.failure.Load(); {
	case err != nil:
		s.Err = *err
	case s.Restoring:
		s.Err = ErrLost
	}
	return s
}
