package ginjwt

import (
	"context"
	"sync"
	"time"
)

// contextSet holds the contexts of SessionContext that have not ended. It does not know why
// they end. watch runs in a goroutine while the set is not empty.
type contextSet struct {
	events *events
	watch  func()
	wake   chan struct{} // holds one value if watch must look again

	mu      sync.Mutex
	live    map[*liveContext]struct{}
	fresh   []*liveContext // not yet asked about
	running bool           // watch is running
}

// liveContext is a context of SessionContext.
type liveContext struct {
	context.Context
	cancel context.CancelCauseFunc
	leave  func() bool // forgets the parent
	token  *Token
	ids    []string // one of them is on the blocklist when it ends, except after an upstream logout

	answered time.Time // when the blocklist last said that it goes on; only watch uses it

	// Guarded by the mutex of the set.
	expires time.Time // when it expires, or when to look at its session; zero: never
	load    time.Time // when to ask the TokenInBlocklistLoader; zero: never
	waiting time.Time // since when an answer to these two is missing; zero: none is
}

func newContextSet(events *events) *contextSet {
	return &contextSet{events: events, wake: make(chan struct{}, 1), live: map[*liveContext]struct{}{}}
}

// add starts c as a child of parent. When parent ends, c leaves the set.
func (s *contextSet) add(parent context.Context, c *liveContext) {
	c.Context, c.cancel = context.WithCancelCause(parent)
	c.leave = context.AfterFunc(parent, func() { s.remove(c) })
	s.mu.Lock()
	s.live[c] = struct{}{}
	s.fresh = append(s.fresh, c)
	if !s.running {
		s.running = true
		go s.watch()
	}
	s.mu.Unlock()
	if parent.Err() != nil { // parent may have ended before c was in the set
		s.remove(c)
	}
	s.poke()
}

// poke makes watch look again.
func (s *contextSet) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// remove reports whether c was in the set.
func (s *contextSet) remove(c *liveContext) (was bool) {
	s.mu.Lock()
	_, was = s.live[c]
	delete(s.live, c)
	isLast := len(s.live) == 0
	s.mu.Unlock()
	if isLast {
		s.poke()
	}
	return was
}

// end ends c, unless it has left.
func (s *contextSet) end(c *liveContext, cause error) {
	if !s.remove(c) {
		return
	}
	c.leave()
	hasEnded := c.Err() != nil // with its parent, a moment ago
	c.cancel(cause)
	if !hasEnded {
		s.events.contextEnded(c.token, cause)
	}
}

// goesOn reports whether the set still has contexts. If not, the next add starts watch again.
func (s *contextSet) goesOn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = len(s.live) > 0
	if !s.running {
		s.live, s.fresh = map[*liveContext]struct{}{}, nil // a map never gets smaller
	}
	return s.running
}

// all appends the contexts of the set, in random order.
func (s *contextSet) all(to []*liveContext) []*liveContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = nil
	for c := range s.live {
		to = append(to, c)
	}
	return to
}

// newest appends the contexts that were not yet asked about.
func (s *contextSet) newest(to []*liveContext) []*liveContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	to = append(to, s.fresh...)
	s.fresh = nil
	return to
}
