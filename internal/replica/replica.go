// Package replica keeps a full copy of the revoked IDs of a server in a
// process, so that asking whether a token was revoked costs no network.
package replica

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// Log is a server's list of revoked IDs, numbered in the order in which they
// become visible: who sees number n can see all before it. Its methods bound
// their own time, and may be called by any number of goroutines.
type Log interface {
	// Head returns the position of the last entry; the zero Position if there
	// never was one.
	Head(ctx context.Context) (Position, error)

	// Append adds entries under new numbers. Of two times of one key the later
	// stays. An entry that is there already for as long needs no new number.
	Append(ctx context.Context, entries []idset.Entry) error

	// Contains reports whether any of keys is on the list, and where that
	// stands.
	Contains(ctx context.Context, keys []idset.Key) (found bool, head Position, err error)

	// Load passes all live entries to add. Those that were there when Load was
	// called are not missed.
	Load(ctx context.Context, add func(idset.Entry)) error

	// Since passes the entries after at to add, in order, as many as it likes,
	// and returns the position of the last. If it cannot, it fails with
	// ErrDropped or ErrLost.
	Since(ctx context.Context, at Position, add func(idset.Entry)) (last Position, err error)

	// Wait returns when there may be an entry after at, or after most, or when
	// ctx ends.
	Wait(ctx context.Context, at Position, most time.Duration)
}

// Position is a place in a list. The mark is a random text that came with the
// entry: a server that lost its last entries, and counts on, gives the same
// numbers to others.
type Position struct {
	Seq  int64
	Mark string
}

// Why a list cannot be read on from a position.
var (
	ErrDropped = errors.New("the entries after it were dropped")
	ErrLost    = errors.New("the server has lost data")
)

// isBehind reports whether a server that stands at p has lost what was read up
// to at.
func (p Position) isBehind(at Position) bool {
	return p.Seq < at.Seq || p.Seq == at.Seq && p.Mark != at.Mark
}

// Copy is a copy of a Log. Make one with [New].
type Copy struct {
	log          Log
	maxStaleness time.Duration
	set          idset.Set
	ready        chan struct{}
	becameReady  sync.Once

	loaded bool // only the follower looks at it

	mu   sync.Mutex
	at   Position  // what was read; only the follower changes it
	lost time.Time // when the server was last seen to have lost data

	// What this process added, or has to give back, and has not read yet, with
	// the time at which the server took it; zero if it is not known whether it
	// did.
	own map[idset.Entry]time.Time

	complete atomic.Pointer[time.Time] // when the copy was last known to be complete
	failure  atomic.Pointer[error]     // why it is not known now
}

// New returns a copy of log that follows it until ctx ends. It does not wait
// for the first load; lookups ask the server until then, and after ctx has
// ended.
func New(ctx context.Context, log Log, maxStaleness time.Duration) *Copy {
	c := &Copy{log: log, maxStaleness: maxStaleness, ready: make(chan struct{}), own: map[idset.Entry]time.Time{}}
	go c.follow(ctx)
	return c
}

// Add blocks id on the server. An error means that it is not known whether the
// server did; this process refuses id in any case, and goes on trying.
func (c *Copy) Add(ctx context.Context, id string, expires time.Time) error {
	e := idset.EntryOf(id, expires)
	c.set.Add(e, time.Now)
	c.mu.Lock()
	c.own[e] = underWay
	c.mu.Unlock()
	err := c.log.Append(ctx, []idset.Entry{e})
	taken := time.Now()
	if err != nil {
		taken = time.Time{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, unread := c.own[e]; unread {
		c.own[e] = taken
	}
	return err
}

// underWay stands for the time at which the server takes an entry whose Add has
// not returned: the follower does not repeat it before, or it would no longer look
// for what is added only then.
var underWay = time.Unix(1<<40, 0)

// Contains reports whether any of ids is blocked. It asks the server only
// while the copy may be too old.
func (c *Copy) Contains(ctx context.Context, ids ...string) (bool, error) {
	if c.holdsAny(ids) { // also an old copy: no entry is ever taken back
		return true, nil
	}
	if c.isFresh(time.Now()) {
		return false, nil
	}
	keys := make([]idset.Key, len(ids))
	for i, id := range ids {
		keys[i] = idset.KeyOf(id)
	}
	found, head, err := c.log.Contains(ctx, keys)
	if err != nil || found {
		return found, err
	}
	return false, c.trust(head)
}

func (c *Copy) holdsAny(ids []string) bool {
	if c.set.Empty() {
		return false
	}
	for _, id := range ids {
		if c.set.Contains(idset.KeyOf(id)) {
			return true
		}
	}
	return false
}

// trust returns an error if what the server does not know may have been lost.
// All processes put back what they know, in the time in which they catch up;
// until then nobody knows what was revoked.
func (c *Copy) trust(head Position) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if head.isBehind(c.at) || c.isLossRecent() {
		return ErrLost
	}
	return nil
}

func (c *Copy) isLossRecent() bool { return time.Since(c.lost) < 2*c.maxStaleness }

// isFresh compares both clocks of the machine: the monotonic one stands still
// while the machine sleeps, the other one can be set.
func (c *Copy) isFresh(now time.Time) bool {
	at := c.complete.Load()
	if at == nil || now.Sub(*at) > c.maxStaleness {
		return false
	}
	return now.UnixMicro()-at.UnixMicro() <= c.maxStaleness.Microseconds()
}

// Ready waits until the first load is complete.
func (c *Copy) Ready(ctx context.Context) error {
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Status describes a copy.
type Status struct {
	Entries  int
	Complete time.Time // when the copy was last known to be complete; zero: never
	Err      error     // why it could not be brought up to date; nil if it was
}

// Status returns how the copy stands.
func (c *Copy) Status() Status {
	s := Status{Entries: c.set.Len()}
	if at := c.complete.Load(); at != nil {
		s.Complete = *at
	}
	if err := c.failure.Load(); err != nil {
		s.Err = *err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Err == nil && c.isLossRecent() {
		s.Err = ErrLost
	}
	return s
}

// follow brings the copy up to date again and again.
func (c *Copy) follow(ctx context.Context) {
	pause := max(c.maxStaleness/4, 10*time.Millisecond)
	for ctx.Err() == nil {
		complete, err := c.catchUp(ctx)
		switch {
		case err != nil:
			c.failure.Store(&err)
			wait(ctx, min(pause, time.Second))
		case complete:
			c.failure.Store(nil)
			c.log.Wait(ctx, c.at, pause)
		}
	}
}

// catchUp reads what is new. It reports true if the copy is complete as of the
// moment at which the server was asked where it stands.
func (c *Copy) catchUp(ctx context.Context) (complete bool, err error) {
	asked := time.Now()
	head, err := c.log.Head(ctx)
	if err != nil {
		return false, err
	}
	if !c.loaded {
		return false, c.load(ctx, head)
	}
	switch err := c.readUpTo(ctx, head); {
	case errors.Is(err, ErrLost):
		c.noteLoss()
		c.startAnew()
		return false, nil
	case errors.Is(err, ErrDropped):
		c.startAnew()
		return false, nil
	case err != nil:
		return false, err
	}
	if c.trust(head) == nil {
		c.complete.Store(&asked)
		c.becameReady.Do(func() { close(c.ready) })
	}
	return true, c.repeatOwn(ctx, asked)
}

// readUpTo reads the entries up to head.
func (c *Copy) readUpTo(ctx context.Context, head Position) error {
	if head.isBehind(c.at) {
		return ErrLost
	}
	for c.at.Seq < head.Seq {
		last, err := c.log.Since(ctx, c.at, c.add)
		if err != nil {
			return err
		}
		if last.Seq <= c.at.Seq {
			return ErrDropped
		}
		c.setPosition(last)
	}
	return nil
}

func (c *Copy) setPosition(at Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *Copy) noteLoss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = time.Now()
}

// load reads the whole list, as of head. What is added meanwhile comes after
// head, and is read next.
func (c *Copy) load(ctx context.Context, head Position) error {
	if err := c.log.Load(ctx, c.add); err != nil {
		return err
	}
	c.setPosition(head)
	c.loaded = true
	return nil
}

// startAnew has the whole list read again. What is not found on it then, and is
// known here, is given back to the server.
func (c *Copy) startAnew() {
	c.loaded = false
	for entries := range c.set.Live(time.Now()) {
		c.mu.Lock()
		for _, e := range entries {
			c.own[e] = time.Time{}
		}
		c.mu.Unlock()
	}
}

// repeatOwn adds again what should have been read by now: the server did not
// take it, or lost it. What was there already has no number of its own, and is
// repeated once in vain.
func (c *Copy) repeatOwn(ctx context.Context, asked time.Time) error {
	entries := c.unread(asked)
	if len(entries) == 0 {
		return nil
	}
	if err := c.log.Append(ctx, entries); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		delete(c.own, e)
	}
	return nil
}

func (c *Copy) unread(asked time.Time) (entries []idset.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e, taken := range c.own {
		if taken.Before(asked) {
			entries = append(entries, e)
		}
	}
	return entries
}

// add takes over an entry of the server.
func (c *Copy) add(e idset.Entry) {
	c.set.Add(e, time.Now)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.own, e)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
