package ginjwt

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// contextWatch watches the contexts of SessionContext. One goroutine serves all contexts of
// a manager, and runs while the manager has any.
type contextWatch struct {
	set         *contextSet
	revocations contextRevocations
	clocks      contextClocks
	list        store.ChangingBlocklist // nil: the list does not signal changes

	// Only run uses these.
	changed   <-chan struct{}
	isChanged bool
	quiet     time.Time      // a change before this time has to wait
	due       time.Time      // when to ask the list, changed or not
	asked     []*liveContext // empty between questions
}

const (
	// askEvery holds for every list: it may signal no changes, may have failed, or may be a
	// copy that has lost its server.
	askEvery = time.Second

	// A burst of revocations becomes one question, and questions take at most a fifth of the
	// time.
	shortestQuiet = 20 * time.Millisecond
	quietFactor   = 4
)

func newContextWatch(config *Config, r *revocations, p *sessionPolicy) *contextWatch {
	set, limit := newContextSet(r.events), config.AccessTokenExpires
	w := &contextWatch{
		set:         set,
		revocations: contextRevocations{set: set, revocations: r, limit: limit},
		clocks:      contextClocks{set: set, revocations: r, sessions: p, limit: limit},
	}
	w.list, _ = store.ChangingOf(config.Blocklist)
	set.watch = w.run
	return w
}

// start returns a new context for a token, and watches it.
func (w *contextWatch) start(parent context.Context, token *Token) context.Context {
	r := w.revocations.revocations
	now := r.now()
	c := &liveContext{token: token, ids: r.appendIDs(nil, token), answered: now, expires: token.lastMoment()}
	if w.clocks.hasSession(c) {
		c.expires = w.clocks.sessions.nextLook(token.ExpiresAt)
	}
	if r.callbacks.tokenInBlocklist != nil {
		c.load = now.Add(loadEvery)
	}
	w.set.add(parent, c)
	return c.Context
}

// lastMoment returns when the token becomes too old; zero: never.
func (t *Token) lastMoment() (last time.Time) {
	names := t.names()
	if !t.ExpiresAt.IsZero() {
		last = t.ExpiresAt.Add(names.leeway)
	}
	if names.maxAge == 0 {
		return last
	}
	oldest := t.IssuedAt.Add(names.maxAge + names.leeway)
	if last.IsZero() {
		return oldest
	}
	return earlier(last, oldest)
}

// run watches until the set is empty.
func (w *contextWatch) run() {
	w.due = time.Time{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for w.set.goesOn() {
		w.ask()
		timer.Reset(w.pause(w.clocks.look()))
		select {
		case <-w.changed:
			w.isChanged, w.changed = true, nil
		case <-w.set.wake:
		case <-timer.C:
		}
	}
}

// ask asks the list about all contexts if that is due, otherwise about the new ones.
func (w *contextWatch) ask() {
	start := time.Now()
	if start.Before(w.due) && (!w.isChanged || start.Before(w.quiet)) {
		w.askAbout(w.set.newest(w.asked))
		return
	}
	w.changed, w.isChanged = w.nextChange(), false // first, so that no change is missed from now on
	w.askAbout(w.set.all(w.asked))
	end := time.Now()
	w.quiet = end.Add(max(shortestQuiet, quietFactor*end.Sub(start)))
	w.due = end.Add(askEvery)
}

// nextChange returns a channel that is closed at the next change of the list; nil if the list
// does not signal changes.
func (w *contextWatch) nextChange() (changed <-chan struct{}) {
	defer func() { _ = recover() }() // this goroutine has no other recovery
	if w.list != nil {
		changed = w.list.Changed()
	}
	return changed
}

// askAbout asks the list. If the list ignores its time limit and does not reply, all
// contexts end.
func (w *contextWatch) askAbout(contexts []*liveContext) {
	if limit := w.revocations.limit; limit >= 0 && len(contexts) > 0 {
		defer time.AfterFunc(limit+askTimeout, w.endAll).Stop()
	}
	w.revocations.ask(contexts)
	clear(contexts)
	w.asked = contexts[:0]
}

func (w *contextWatch) endAll() {
	for _, c := range w.set.all(nil) {
		w.set.end(c, unavailable(errNoAnswer))
	}
}

// pause returns how long run may wait: at most most.
func (w *contextWatch) pause(most time.Duration) time.Duration {
	next := w.due
	if w.isChanged {
		next = earlier(next, w.quiet)
	}
	return min(most, time.Until(next))
}
