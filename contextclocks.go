package ginjwt

import (
	"context"
	"errors"
	"slices"
	"time"
)

// contextClocks ends contexts that have expired. It asks the store of sessions once in each
// lifetime of an access token, and the TokenInBlocklistLoader every loadEvery. The replies
// may take long, so a separate goroutine asks.
type contextClocks struct {
	set         *contextSet
	revocations *revocations
	sessions    *sessionPolicy // nil: there are none
	limit       time.Duration  // how long a context goes on without a reply; negative: for ever

	next   time.Time // when the next context is due
	looked time.Time // when it last looked at all contexts, by the real clock
	quiet  time.Time // it does not look again before, by the real clock

	// Guarded by the mutex of the set.
	asking   bool
	failures int       // in a row
	paused   time.Time // it asks nothing until then, by the real clock
	failure  error     // the last one
}

const (
	lookEvery  = time.Second // timers do not follow Config.Now
	loadEvery  = 30 * time.Second
	longestOff = 4 * time.Second // between failed questions
)

var errNoAnswer = errors.New("no answer yet")

// look ends the expired contexts, and starts the questions that are due. It returns how long
// the caller may wait before the next call.
func (k *contextClocks) look() time.Duration {
	now, real := k.revocations.now(), time.Now()
	if !real.Before(k.quiet) && (isDue(k.next, now) || real.Sub(k.looked) >= lookEvery) {
		k.looked = real
		k.lookAtAll(now, real)
		k.quiet = time.Now().Add(min(quietFactor*time.Since(real), lookEvery))
	}
	wait := lookEvery - real.Sub(k.looked)
	if !k.next.IsZero() {
		wait = min(wait, k.next.Sub(now))
	}
	return max(wait, time.Until(k.quiet))
}

func isDue(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// dueContexts are the contexts that need something: an end, or a question.
type dueContexts struct{ expired, forgotten, sessions, loads []*liveContext }

func (k *contextClocks) lookAtAll(now, real time.Time) {
	due, failure, ask := k.due(now, real)
	for _, c := range due.expired {
		k.set.end(c, &SessionEnd{Cause: CauseExpired})
	}
	for _, c := range due.forgotten {
		k.set.end(c, unavailable(or(failure, errNoAnswer)))
	}
	if ask {
		go k.ask(due)
	}
}

// due returns the contexts that need something, the longest waiting first. It reports whether
// the caller must ask the questions: if so, nobody else asks until noteAnswers is called.
func (k *contextClocks) due(now, real time.Time) (due dueContexts, failure error, ask bool) {
	k.set.mu.Lock()
	defer k.set.mu.Unlock()
	k.next = time.Time{}
	for c := range k.set.live {
		k.sort(c, now, &due)
	}
	ask = !k.asking && len(due.sessions)+len(due.loads) > 0 && !real.Before(k.paused)
	k.asking = k.asking || ask
	if ask {
		slices.SortFunc(due.sessions, longestWaiting)
		slices.SortFunc(due.loads, longestWaiting)
	}
	return due, k.failure, ask
}

func longestWaiting(a, b *liveContext) int { return a.waiting.Compare(b.waiting) }

// sort adds c to the lists of due in which it belongs.
func (k *contextClocks) sort(c *liveContext, now time.Time, due *dueContexts) {
	for _, at := range [...]time.Time{c.expires, c.load} {
		if at.After(now) && (k.next.IsZero() || at.Before(k.next)) {
			k.next = at
		}
	}
	hasExpired, hasToLoad := isDue(c.expires, now), isDue(c.load, now)
	switch {
	case !hasExpired && !hasToLoad:
		c.waiting = time.Time{} // the clock may have been set back
		return
	case hasExpired && !k.hasSession(c):
		due.expired = append(due.expired, c)
		return
	case c.waiting.IsZero():
		c.waiting = now
	case k.limit >= 0 && now.Sub(c.waiting) > k.limit:
		due.forgotten = append(due.forgotten, c)
		return
	}
	if hasExpired {
		due.sessions = append(due.sessions, c)
	}
	if hasToLoad {
		due.loads = append(due.loads, c)
	}
}

func (k *contextClocks) hasSession(c *liveContext) bool {
	return k.sessions != nil && c.token.session() != ""
}

// ask asks the questions for as many contexts as the time allows.
func (k *contextClocks) ask(due dueContexts) {
	failure := k.askAbout(due.sessions, k.askStore)
	if err := k.askAbout(due.loads, k.askLoader); err != nil {
		failure = err
	}
	k.noteAnswers(failure)
}

// askAbout asks one question after the other. Each question may take all of askTimeout, so
// that a late start does not cut it off.
func (k *contextClocks) askAbout(contexts []*liveContext, ask func(context.Context, *liveContext) error) (failure error) {
	start := time.Now()
	for _, c := range contexts {
		if time.Since(start) >= askTimeout {
			break
		}
		ctx, cancel := context.WithTimeout(c.Context, askTimeout)
		if ctx.Err() == nil {
			if err := ask(ctx, c); err != nil && c.Err() == nil {
				failure = err
			}
		}
		cancel()
	}
	return failure
}

func (k *contextClocks) noteAnswers(failure error) {
	k.set.mu.Lock()
	defer k.set.mu.Unlock()
	k.asking, k.failure = false, failure
	if failure == nil {
		k.failures = 0
		return
	}
	k.paused = time.Now().Add(min(lookEvery<<k.failures, longestOff))
	k.failures = min(k.failures+1, 2)
}

// nextLook returns when to look again at a session that expires at expires: at the latest
// after the lifetime of an access token. After that time the blocklist forgets that the
// session has ended. A session that was removed in another way is never on the blocklist.
func (p *sessionPolicy) nextLook(expires time.Time) time.Time {
	return earlier(expires, p.now().Add(p.config.AccessTokenExpires))
}

// askStore asks whether the session of c exists, and when it expires now.
func (k *contextClocks) askStore(ctx context.Context, c *liveContext) (err error) {
	defer errorOfPanic(&err)
	s, ok, err := k.sessions.store.Get(ctx, c.token.session())
	if err != nil {
		return err
	}
	s = k.sessions.bounded(s)
	switch {
	case !ok:
		k.set.end(c, &SessionEnd{Cause: k.causeOfRemoval(ctx, c)})
		return nil
	case s.Realm != k.revocations.realm || !s.ExpiresAt.After(k.revocations.now()):
		k.set.end(c, &SessionEnd{Cause: CauseExpired})
		return nil
	}
	k.askAgain(c, &c.expires, k.sessions.nextLook(s.ExpiresAt))
	return nil
}

// causeOfRemoval returns why the session of c is not in its store. It asks the server of the
// list, because the session may have ended on another process a moment ago.
func (k *contextClocks) causeOfRemoval(ctx context.Context, c *liveContext) Cause {
	failed := false
	cause := endCauseOf(c, func(id string) bool {
		found, err := k.revocations.containsNow(ctx, id)
		failed = failed || err != nil
		return found
	})
	switch {
	case failed && (cause == CauseLogout || cause == ""):
		return ""
	case cause == "":
		return CauseExpired
	}
	return cause
}

// askLoader asks the TokenInBlocklistLoader, with the values of the request.
func (k *contextClocks) askLoader(ctx context.Context, c *liveContext) (err error) {
	defer errorOfPanic(&err)
	start := k.set.events.begin()
	blocked, err := k.revocations.callbacks.tokenInBlocklist(ctx, c.token)
	k.set.events.storeFailed(ctx, OperationBlocklistLoader, start, err)
	switch {
	case err != nil:
		return err
	case blocked:
		k.set.end(c, &SessionEnd{Cause: CauseApplication})
		return nil
	}
	k.askAgain(c, &c.load, k.revocations.now().Add(loadEvery))
	return nil
}

// askAgain notes an answer, and when to ask the question again.
func (k *contextClocks) askAgain(c *liveContext, question *time.Time, next time.Time) {
	now := k.revocations.now()
	k.set.mu.Lock()
	defer k.set.mu.Unlock()
	*question = next
	if !isDue(c.expires, now) && !isDue(c.load, now) { // the other question has an answer too
		c.waiting = time.Time{}
	}
}
