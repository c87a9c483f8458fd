// Package live_test holds sockets open at several processes while sessions end at random
// ones, and the server of the stores is killed and cut off: each socket ends in time, for
// the cause for which its session ended, and no other socket does.
package live_test

import (
	"crypto/rand"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

var long = flag.Bool("long", false, "10 000 sockets a process, or as many as there may be files")

const (
	processes = 3
	outage    = 2 * faults.MaxStaleness
	slack     = 5 * time.Second // of a busy machine, by faults.OwnTime
	lateness  = 4 * time.Second // more, of a store that has failed: see SessionContext
)

func TestRedis(t *testing.T) {
	if isProcess() {
		serve(t)
		return
	}
	t.Parallel()
	run(t, testserver.Redis(t), func(addr string) string { return addr })
}

func TestPostgres(t *testing.T) {
	if isProcess() {
		serve(t)
		return
	}
	t.Parallel()
	run(t, testserver.Postgres(t), func(addr string) string {
		return "postgres://postgres@" + addr + "/postgres?sslmode=disable"
	})
}

func run(t *testing.T, server *testserver.Server, dsn func(addr string) string) {
	secret := rand.Text() + rand.Text()
	s := &service{t: t, own: faults.NewOwnTime(t), issuer: issuerOf(t, secret)}
	var proxies []*testserver.Proxy
	for range processes {
		proxy := testserver.NewProxy(t, server.Addr())
		proxies = append(proxies, proxy)
		s.processes = append(s.processes, startProcess(t, dsn(proxy.Addr()), secret))
	}
	s.openAll(socketsEach(t))

	calm := len(s.sessions) / 3
	expiring := s.expireSoon()
	s.endSome(calm/2, nil)
	s.endSome(calm/2, s.during(func() {
		server.Kill()
		pass(outage)
		server.Start()
	}))
	s.endSome(calm/2, s.during(func() {
		proxies[0].Cut()
		pass(outage)
		proxies[0].Restore()
	}))
	s.endSome(calm/2, nil)
	expiring.Wait()
	s.awaitEnds()
	pass(faults.MaxStaleness) // what ends now should not
	s.check()
}

// expireSoon notes which sessions expire by themselves. It returns a group that waits for
// them.
func (s *service) expireSoon() *sync.WaitGroup {
	group := new(sync.WaitGroup)
	for _, e := range s.sessions {
		if e.cause == ginjwt.CauseExpired {
			group.Go(func() { pass(time.Until(e.ended)) })
		}
	}
	return group
}

// window is a time in which a process did not reach the server.
type window struct{ from, to time.Time }

// during has a fault happen in the background, and returns a channel that is closed when it
// is over.
func (s *service) during(fault func()) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		from := time.Now()
		fault()
		s.windows = append(s.windows, window{from, time.Now()})
	}()
	return over
}

// endSome ends n sessions for all causes at random processes, until the fault is over too.
func (s *service) endSome(n int, over <-chan struct{}) {
	work := make(chan *session)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for e := range work {
				s.end(e)
			}
		})
	}
	pause := time.Duration(0)
	if over != nil {
		pause = (outage + time.Second) / time.Duration(n) // over all of the fault
	}
	for range n {
		for s.sessions[s.next].cause == ginjwt.CauseExpired {
			s.next++
		}
		work <- s.sessions[s.next]
		s.next++
		pass(pause)
	}
	close(work)
	group.Wait()
	if over != nil {
		<-over
	}
}

// awaitEnds waits until the sockets of all sessions that have ended have, or should have.
func (s *service) awaitEnds() {
	for start := time.Now(); s.own.Since(start) < faults.MaxStaleness+slack+lateness; pass(50 * time.Millisecond) {
		if !slices.ContainsFunc(s.sessions, func(e *session) bool { return e.cause != "" && e.isOpen() }) {
			return
		}
	}
}

func (e *session) isOpen() bool {
	return slices.ContainsFunc(e.sockets, func(s *socket) bool { _, last := s.state(); return last == "open" })
}

// check compares what the sockets said with what happened to their sessions.
func (s *service) check() {
	s.t.Helper()
	latest, unknown, counts := time.Duration(0), 0, map[ginjwt.Cause]int{}
	for _, p := range s.processes {
		p.learnUnanswered(s.t)
	}
	for _, e := range s.sessions {
		for i, socket := range e.sockets {
			at, last := socket.state()
			if e.cause == "" {
				require.Equal(s.t, "open", last, "its session goes on")
				continue
			}
			reachable, disturbed := s.reachable(e.begun, e.ended)
			if last == "ended " && s.processes[i].hadNoAnswer(e.begun, at) { // the list had not said why
				unknown++
				last += string(e.cause)
			}
			require.Equal(s.t, "ended "+string(e.cause), last)
			require.True(s.t, at.After(e.begun), "before its session")
			bound := faults.MaxStaleness + slack
			if disturbed && e.cause == ginjwt.CauseExpired {
				bound += lateness
			}
			assert.LessOrEqual(s.t, s.own.Between(reachable, at), bound, "%s, disturbed: %v", e.cause, disturbed)
			if e.ended.Before(s.windows[0].from) {
				latest = max(latest, at.Sub(e.ended))
			}
		}
		counts[e.cause]++
	}
	for _, cause := range append(causes, ginjwt.CauseExpired, "") {
		require.Positive(s.t, counts[cause], "%q", cause)
	}
	s.t.Log("sessions by cause:", counts, "- sockets that did not learn theirs:", unknown, "- before the faults the last socket ended after", latest)
}

// reachable returns when a session had ended, and all processes reached the server.
func (s *service) reachable(begun, ended time.Time) (at time.Time, disturbed bool) {
	at = ended
	for _, w := range s.windows {
		if ended.Add(faults.MaxStaleness).After(w.from) && begun.Before(w.to) {
			at, disturbed = later(ended, w.to), true
		}
	}
	return at, disturbed
}

// openAll opens n sockets at each process, of one session three, and looks what they cost.
func (s *service) openAll(n int) {
	t := s.t
	for i := range n {
		s.sessions = append(s.sessions, &session{user: fmt.Sprint("user-", i), sid: fmt.Sprint("sid-", i)})
	}
	s.sharing(func(e *session) { s.logIn(e) })
	var before []usage
	for _, p := range s.processes {
		before = append(before, p.usage(t))
	}
	s.sharing(func(e *session) {
		for _, p := range s.processes {
			e.sockets = append(e.sockets, openSocket(t, p, e.AccessToken))
		}
	})
	for i, p := range s.processes {
		after := p.usage(t)
		for start := time.Now(); after.Watchers > before[i].Watchers+1 && time.Since(start) < time.Minute; {
			after = p.usage(t) // another asked the store when a session ends, and is gone soon
		}
		assert.Equal(t, before[i].Watchers+1, after.Watchers, "one for all sockets")
		t.Logf("process %d: %d sockets, %d goroutines, most of net/http, and %d bytes for each socket",
			i, n, after.Goroutines-before[i].Goroutines, (after.Bytes-before[i].Bytes)/int64(n))
	}
}

// sharing calls f for all sessions, some at a time.
func (s *service) sharing(f func(*session)) {
	work := make(chan *session)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for e := range work {
				f(e)
			}
		})
	}
	for _, e := range s.sessions {
		work <- e
	}
	close(work)
	group.Wait()
	require.False(s.t, s.t.Failed())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
