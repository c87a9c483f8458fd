package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// LostList is a list with very many entries that its server loses while processes
// follow it.
type LostList struct {
	Entries   int
	Followers int

	// Open connects a new process to the server, with connections of its own, until
	// ctx ends.
	Open func(ctx context.Context) store.WatchedBlocklist

	// Fill puts entries on the server.
	Fill func(entries []idset.Entry)

	// Lose makes the server lose all of the list.
	Lose func()
}

// recent is how many IDs are revoked in the moment before the loss. Nobody may know
// of them but the process that revoked them.
const recent = 20

// lossBound is for how long after a loss an ID that was revoked may be accepted: the
// next round of those who follow notices it, and copies that were complete until
// then may be as old as that.
const lossBound = MaxStaleness + MaxStaleness/4

// RunLostList loses the list, and asks all the time for what was revoked, and for
// what was not.
func RunLostList(t *testing.T, l LostList) {
	t.Helper()
	p := &probing{t: t, l: l, hour: time.Now().Add(time.Hour)}
	entries := make([]idset.Entry, l.Entries)
	for i := range entries {
		entries[i] = idset.EntryOf(p.old(i), p.hour)
	}
	began := time.Now()
	l.Fill(entries)
	t.Logf("%d entries are there after %v", l.Entries, time.Since(began).Round(time.Millisecond))

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var followers []store.WatchedBlocklist
	for range l.Followers {
		followers = append(followers, l.Open(ctx))
	}
	requireComplete(t, followers)
	for i := range recent {
		require.NoError(t, followers[0].Add(t.Context(), p.recent(i), p.hour))
	}
	l.Lose()
	p.lost = time.Now()

	var probes sync.WaitGroup
	for _, f := range followers {
		probes.Go(func() { p.probe(ctx, f, true) })
	}
	whole := make(chan struct{})
	probes.Go(func() { p.startProcesses(ctx, whole, &probes) })
	require.Eventually(t, func() bool { return followers[0].Status().Losses > 0 }, time.Minute, time.Millisecond, "the loss is noticed")
	requireComplete(t, followers)
	close(whole)
	t.Logf("whole again after %v", time.Since(p.lost).Round(10*time.Millisecond))
	stop()
	probes.Wait()
	p.report()
	p.requireAll()
}

// requireComplete waits until all copies answer alone.
func requireComplete(t *testing.T, followers []store.WatchedBlocklist) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, f := range followers {
			if s := f.Status(); s.Restoring || s.Err != nil || time.Since(s.Complete) > MaxStaleness {
				return false
			}
		}
		return true
	}, 10*time.Minute, 10*time.Millisecond)
}

// probing asks processes for IDs.
type probing struct {
	t    *testing.T
	l    LostList
	hour time.Time
	lost time.Time

	mu          sync.Mutex
	asked       int
	accepted    time.Duration // when an ID that was revoked was last accepted
	first, last time.Duration // when a process that ran before the loss answered an ID that was not revoked with an error
}

func (p *probing) old(i int) string    { return fmt.Sprint("old ", i) }
func (p *probing) recent(i int) string { return fmt.Sprint("recent ", i) }

// startProcesses starts some that know nothing but what the server says.
func (p *probing) startProcesses(ctx context.Context, whole <-chan struct{}, probes *sync.WaitGroup) {
	ticker := time.NewTicker(MaxStaleness)
	defer ticker.Stop()
	for range 3 {
		b := p.l.Open(ctx)
		probes.Go(func() { p.probe(ctx, b, false) })
		select {
		case <-ticker.C:
		case <-whole:
			return
		}
	}
}

// probe asks one process again and again.
func (p *probing) probe(ctx context.Context, b store.WatchedBlocklist, ranBefore bool) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		id := p.old(rand.IntN(p.l.Entries))
		if i%2 == 0 {
			id = p.recent(rand.IntN(recent))
		}
		p.ask(b, id, func(since time.Duration, blocked bool, err error) {
			if err == nil && !blocked {
				p.accepted = max(p.accepted, since)
			}
		})
		p.ask(b, "valid", func(since time.Duration, _ bool, err error) {
			if err != nil && ranBefore {
				if p.first == 0 {
					p.first = since
				}
				p.last = since
			}
		})
	}
}

// ask notes when a question was asked: an answer is as of then.
func (p *probing) ask(b store.WatchedBlocklist, id string, note func(since time.Duration, blocked bool, err error)) {
	since := time.Since(p.lost)
	blocked, err := b.Contains(p.t.Context(), id)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	note(since, blocked, err)
}

func (p *probing) report() {
	p.mu.Lock()
	defer p.mu.Unlock()
	rounded := func(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
	p.t.Logf("%d questions; an ID that was revoked was last accepted %v after the loss; others were refused from %v to %v",
		p.asked, rounded(p.accepted), rounded(p.first), rounded(p.last))
	assert.LessOrEqual(p.t, p.accepted, lossBound+slack)
}

// requireAll asks a process that starts when all is over.
func (p *probing) requireAll() {
	b := p.l.Open(p.t.Context())
	requireComplete(p.t, []store.WatchedBlocklist{b})
	missing := 0
	for i := range p.l.Entries {
		if blocked, err := b.Contains(p.t.Context(), p.old(i)); err != nil || !blocked {
			missing++
		}
	}
	for i := range recent {
		if blocked, err := b.Contains(p.t.Context(), p.recent(i)); err != nil || !blocked {
			missing++
		}
	}
	assert.Zero(p.t, missing, "entries that are not back")
}
