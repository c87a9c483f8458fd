package faults

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Storm is a server that loses all its connections at once.
type Storm struct {
	Proxy *testserver.Proxy

	// Open connects a new process through the proxy, until close is called.
	Open func() (log replica.Log, close func())

	// Asked returns how many questions the server has answered so far.
	Asked func() int
}

const (
	stormed         = 20               // processes
	mostAskedByEach = 40               // questions, lookups included, until a process is complete again, and in the second after
	askedIn         = 2 * MaxStaleness // or more on a busy machine, and then more is asked
	triedInACut     = 3 * MaxStaleness
	mostTriedByEach = 4 * 3 // rounds in that time
)

// RunStorm cuts all connections, and restores them at once. Lookups go on meanwhile.
func RunStorm(t *testing.T, s Storm) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Run("storm", func(t *testing.T) { // which ends all that it starts
		var logs []replica.Log
		own := NewOwnTime(t)
		var tried, loaded atomic.Int64
		for range stormed {
			log, closeLog := s.Open()
			t.Cleanup(closeLog)
			logs = append(logs, &hooked{Log: log, asks: func() { tried.Add(1) }, loaded: func() { loaded.Add(1) }})
		}
		p := &probing{t: t, own: own, l: LostList{Entries: stormed, Followers: stormed}, hour: time.Now().Add(time.Hour), every: MaxStaleness / 10}
		p.begin()
		p.follow(func() replica.Log {
			next := logs[0]
			logs = logs[1:]
			return next
		})
		for i, b := range p.running {
			mustAdd(t, b, p.old(i), p.hour)
		}
		p.revoke()
		requireRead(t, p.running)
		steady := s.count(MaxStaleness)

		s.Proxy.Cut()
		tried.Store(0)
		cut := time.Now()
		pause(triedInACut) // until no copy answers alone
		mostTried := int(mostTriedByEach*time.Since(cut)/triedInACut) + 1
		assert.LessOrEqual(t, int(tried.Load()), stormed*mostTried, "rounds without a server")
		loaded.Store(0)
		p.note(func() { p.lost = time.Now() })
		asked := s.Asked()
		s.Proxy.Restore()
		requireComplete(t, p.running)
		complete := own.Since(p.lost)
		pause(MaxStaleness)
		asked = s.Asked() - asked
		mostAsked := mostAskedByEach * max(1, int(time.Since(p.lost)/askedIn))
		p.note(func() {
			t.Logf("%d processes are complete %v after the connections are back; %d questions, and %d in %v before; others were refused until %v",
				stormed, complete.Round(10*time.Millisecond), asked, steady, MaxStaleness, p.last.Round(10*time.Millisecond))
			assert.Zero(t, p.accepted)
		})
		assert.Less(t, complete, MaxStaleness+slack)
		assert.Less(t, asked, stormed*mostAsked)
		assert.Zero(t, loaded.Load(), "entries that were read again")
		for _, b := range p.running {
			assert.Zero(t, b.Status().Losses, "nothing was lost")
		}
	})
	requireNoMoreGoroutines(t, before)
}

// requireNoMoreGoroutines waits until what ran before is all that runs, with the
// condition itself.
func requireNoMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, patience, tickLength, goroutines{before})
}

// goroutines are for the message of a test that leaves some.
type goroutines struct{ before int }

func (g goroutines) String() string {
	return fmt.Sprintf("%d goroutines before, and now:\n%s", g.before, stacks())
}

// count returns how many questions are asked in a time.
func (s Storm) count(in time.Duration) int {
	before := s.Asked()
	pause(in)
	return s.Asked() - before
}

func pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// requireRead waits until all have read all that was revoked.
func requireRead(t *testing.T, running []*replica.Copy) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, b := range running {
			if b.Status().Entries < stormed+Recent {
				return false
			}
		}
		return true
	}, patience, tickLength)
}
