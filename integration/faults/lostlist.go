package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// LostList is a list with very many entries that its server loses while processes
// follow it.
type LostList struct {
	Entries   int
	Followers int

	// Open connects a new process to the server, with connections of its own.
	Open func() replica.Log

	// Keep is called when the server has what it does not lose; nil means nothing.
	Keep func()

	// Lose makes the server lose all of the list, or what came after Keep.
	Lose func()

	// Slow has one process alone know what was revoked last, and keeps it from giving
	// that back until the others would have accepted it for too long. They have to wait
	// for it. Figures are those of a list that is not Slow.
	Slow bool
}

// Recent is how many IDs are revoked in the moment before the loss. Nobody may know
// of them but the process that revoked them.
const Recent = 20

// lossBound is how long after a loss its restoration begins, as the next round of those who
// follow notices the loss. For as long an ID that was revoked may be accepted after that:
// copies that were complete until then may be as old as that.
const lossBound = MaxStaleness + MaxStaleness/4

// RunLostList loses the list, and asks all the time for what was revoked, and for
// what was not.
func RunLostList(t *testing.T, l LostList) {
	t.Helper()
	p := newProbing(t, l)
	p.follow(l.Open)
	p.revoke()
	p.lose()
	p.requireWhole()
}

// RunLostWhileLoading loses the list when a new process has loaded half of it.
func RunLostWhileLoading(t *testing.T, l LostList) {
	t.Helper()
	p := newProbing(t, l)
	p.follow(l.Open)
	p.revoke()
	late := &hooked{Log: l.Open(), loaded: after(l.Entries/2, p.lose)}
	p.start(late, false)
	p.requireWhole()
}

// RunLostTwice loses the list, and loses it again when half of it was given back.
func RunLostTwice(t *testing.T, l LostList) {
	t.Helper()
	p := newProbing(t, l)
	var lost atomic.Bool
	loseAgain := after(l.Entries/2, p.lose)
	p.follow(func() replica.Log {
		return &hooked{Log: l.Open(), appended: func() {
			if lost.Load() {
				loseAgain()
			}
		}}
	})
	p.revoke()
	lost.Store(true)
	p.lose()
	p.requireWhole()
	require.EqualValues(t, 2, p.losses)
}

// requireComplete waits until all copies answer alone.
func requireComplete(t *testing.T, followers []*replica.Copy) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, f := range followers {
			if s := f.Status(); s.Restoring || s.Err != nil || time.Since(s.Complete) > MaxStaleness {
				return false
			}
		}
		return true
	}, 10*patience, tickLength)
}

// probing asks processes for IDs.
type probing struct {
	t       *testing.T
	own     *OwnTime
	l       LostList
	hour    time.Time
	every   time.Duration   // a process is asked
	ctx     context.Context // of the processes
	stop    func()
	probes  sync.WaitGroup
	running []*replica.Copy // before the loss

	reading sync.RWMutex // held while those who follow must not read

	mu          sync.Mutex
	losses      int
	losing      time.Time // shortly before the server loses the list; zero before the first time
	lost        time.Time // shortly after that
	begun       time.Time // the restoration of what was lost then
	unanswered  int       // questions of those who follow, between the two: the server starves
	asked       int
	accepted    time.Duration // when after that beginning an ID that was revoked was last accepted
	first, last time.Duration // when a process that ran before the loss answered an ID that was not revoked with an error
}

func newProbing(t *testing.T, l LostList) *probing {
	t.Helper()
	p := &probing{t: t, own: NewOwnTime(t), l: l, hour: time.Now().Add(time.Hour), every: 10 * time.Millisecond}
	p.begin()
	entries := make([]idset.Entry, l.Entries)
	for i := range entries {
		entries[i] = idset.EntryOf(p.old(i), p.hour)
	}
	began := time.Now()
	log := l.Open()
	require.EventuallyWithT(t, func(t *assert.CollectT) { // a busy server may take longer than a timeout
		assert.NoError(t, log.Append(p.ctx, entries))
	}, 10*patience, tickLength)
	t.Logf("%d entries are there after %v", l.Entries, time.Since(began).Round(time.Millisecond))
	return p
}

func (p *probing) begin() {
	p.ctx, p.stop = context.WithCancel(p.t.Context())
	p.t.Cleanup(func() {
		p.stop()
		p.probes.Wait()
	})
}

func (p *probing) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *probing) old(i int) string    { return fmt.Sprint("old ", i) }
func (p *probing) recent(i int) string { return fmt.Sprint("recent ", i) }

// follow starts the processes that run before the loss.
func (p *probing) follow(open func() replica.Log) {
	p.t.Helper()
	for i := range p.l.Followers {
		log := &hooked{Log: open(), asks: p.waitUntilLost, began: p.noteBegun, failed: p.noteUnanswered}
		if i == 0 {
			log.asks, log.refuses = nil, p.isTooSoon
		}
		p.running = append(p.running, p.start(log, true))
	}
	requireComplete(p.t, p.running)
	require.Eventually(p.t, func() bool { return p.running[0].Status().Followers == p.l.Followers }, patience, tickLength)
}

// isTooSoon reports whether an ID that was revoked might still be accepted.
func (p *probing) isTooSoon() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.l.Slow && p.losses > 0 && (!p.hasBegun() || p.own.Since(p.begun) < lossBound+slack+MaxStaleness/2)
}

// hasBegun reports whether what was lost last is being restored.
func (p *probing) hasBegun() bool { return p.begun.After(p.losing) }

// noteBegun notes when a restoration has begun, which was asked for at a time.
func (p *probing) noteBegun(asked time.Time) {
	p.note(func() {
		if !p.losing.IsZero() && asked.After(p.losing) && !p.hasBegun() {
			p.begun = time.Now()
		}
	})
}

func (p *probing) noteUnanswered() {
	p.note(func() {
		if !p.losing.IsZero() && !p.hasBegun() {
			p.unanswered++
		}
	})
}

// acceptedAt returns for how long an ID that was revoked is accepted. Before a restoration
// begins that is a moment.
func (p *probing) acceptedAt(asked time.Time) time.Duration {
	from := p.lost
	if p.losses > 0 {
		if !p.hasBegun() {
			return 1
		}
		from = later(p.lost, p.begun)
	}
	return max(1, p.own.Between(from, asked))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waitUntilLost has those who follow read nothing in the moment before the loss.
func (p *probing) waitUntilLost() {
	p.reading.RLock()
	defer p.reading.RUnlock()
}

// start starts a process, and asks it.
func (p *probing) start(log replica.Log, ranBefore bool) *replica.Copy {
	b := replica.New(p.ctx, log, MaxStaleness)
	p.probes.Go(func() { p.probe(b, ranBefore) })
	return b
}

// revoke revokes what the server loses: half of it was read by those who follow, and
// of the rest nobody may know but the process that revoked it.
func (p *probing) revoke() {
	p.t.Helper()
	if p.l.Keep != nil {
		p.l.Keep()
	}
	for i := range Recent {
		mustAdd(p.t, p.running[0], p.recent(i), p.hour)
		if i == Recent/2 {
			require.Eventually(p.t, func() bool { return p.running[0].Status().Pending == 0 }, patience, time.Millisecond)
			if p.l.Slow {
				p.reading.Lock()
			}
		}
	}
}

func (p *probing) lose() {
	p.note(func() { p.losing, p.unanswered = time.Now(), 0 })
	p.l.Lose()
	p.note(func() {
		p.losses++
		p.lost = time.Now()
		if p.losses > 1 {
			return
		}
		if p.l.Slow {
			p.reading.Unlock()
		}
		p.probes.Go(p.startProcesses)
	})
}

// requireWhole waits until the list is whole again, and looks at all.
func (p *probing) requireWhole() {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.running[0].Status().Losses > 0 }, patience, time.Millisecond, "the loss is noticed")
	requireComplete(p.t, p.running)
	var whole time.Duration
	p.note(func() { whole = time.Since(p.lost) })
	p.stop()
	p.probes.Wait()
	p.report(whole)
	p.requireAll()
}

// startProcesses starts some that know nothing but what the server says.
func (p *probing) startProcesses() {
	ticker := time.NewTicker(MaxStaleness)
	defer ticker.Stop()
	for range 3 {
		p.start(p.l.Open(), false)
		select {
		case <-ticker.C:
		case <-p.ctx.Done():
			return
		}
	}
}

// probe asks one process again and again.
func (p *probing) probe(b *replica.Copy, ranBefore bool) {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ticker.C:
		case <-p.ctx.Done():
			return
		}
		id := p.old(rand.IntN(p.l.Entries))
		if i%2 == 0 {
			id = p.recent(rand.IntN(Recent))
		}
		p.ask(b, id, func(asked time.Time, blocked bool, err error) {
			if err == nil && !blocked {
				p.accepted = max(p.accepted, p.acceptedAt(asked))
			}
		})
		p.ask(b, "valid", func(asked time.Time, _ bool, err error) {
			if err != nil && ranBefore {
				since := p.own.Between(p.lost, asked)
				if p.first == 0 {
					p.first = since
				}
				p.last = since
			}
		})
	}
}

// ask notes what is answered after the loss, with when it was asked: an answer is as
// of then. Processes that starve notice a loss later, so the time is OwnTime.
func (p *probing) ask(b *replica.Copy, id string, note func(asked time.Time, blocked bool, err error)) {
	asked := time.Now()
	blocked, err := b.Contains(p.t.Context(), id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.lost.IsZero() && asked.After(p.lost) {
		p.asked++
		note(asked, blocked, err)
	}
}

func (p *probing) report(whole time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rounded := func(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
	p.t.Logf("%d entries, %d processes, lost %d times: whole again after %v", p.l.Entries, p.l.Followers, p.losses, rounded(whole))
	begun := p.own.Between(p.lost, p.begun) // 0 if it began before that was noted
	p.t.Logf("%d questions; the restoration began %v after the loss, with %d questions of processes unanswered; an ID that was revoked was last accepted %v after that; others were refused from %v to %v after the loss",
		p.asked, rounded(begun), p.unanswered, rounded(p.accepted), rounded(p.first), rounded(p.last))
	assert.LessOrEqual(p.t, p.accepted, lossBound+slack)
	if assert.True(p.t, p.hasBegun()) && p.unanswered == 0 {
		assert.LessOrEqual(p.t, begun, lossBound+slack)
	}
}

// requireAll asks a process that starts when all is over.
func (p *probing) requireAll() {
	p.t.Helper()
	b := replica.New(p.t.Context(), p.l.Open(), MaxStaleness)
	requireComplete(p.t, []*replica.Copy{b})
	missing := 0
	for i := range p.l.Entries {
		if blocked, err := b.Contains(p.t.Context(), p.old(i)); err != nil || !blocked {
			missing++
		}
	}
	for i := range Recent {
		if blocked, err := b.Contains(p.t.Context(), p.recent(i)); err != nil || !blocked {
			missing++
		}
	}
	assert.Zero(p.t, missing, "entries that are not back")
}
