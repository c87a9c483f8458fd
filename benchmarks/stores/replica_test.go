package stores

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// load starts a process and waits until its blocklist is complete. It returns how long
// this takes, and the heap that it needs.
func load(tb testing.TB, ctx context.Context, s server) (took time.Duration, bytes float64) {
	tb.Helper()
	process, before := s.connect(tb, time.Minute), heap()
	var list follower
	took = timed(func() { list = process.follow(tb, ctx) })
	bytes = heap() - before
	runtime.KeepAlive(list)
	return took, bytes
}

// The local copies of servers' blocklists: how long a process that starts takes
// to load one.
func TestReplicas(t *testing.T) {
	starting := table{
		note: "The time from the start of a blocklist to `Ready` (median of 3), and the heap that it needs then.",
		head: []string{"store", "entries", "until ready", "memory"},
	}
	servers, before := make([]server, len(replicated)), 0
	for i, s := range replicated {
		servers[i] = s.start(t)
	}
	for _, n := range size([]int{0, 1000, 100_000, 1_000_000}, []int{0, 1000}) {
		for i, s := range servers {
			if n > before {
				s.fillBlocklist(t, before+1, n)
			}
			startUp(t, s, &starting, replicated[i].name, n)
		}
		before = n
	}
	starting.write(t, "start-up")
}

// startUp measures how a process starts.
func startUp(tb testing.TB, s server, out *table, name string, n int) {
	tb.Helper()
	var times []time.Duration
	var bytes float64
	for range size(3, 1) {
		ctx, stop := context.WithCancel(tb.Context())
		took, needed := load(tb, ctx, s)
		times, bytes = append(times, took), needed
		stop()
	}
	out.add(name, count(n), milliseconds(median(times)), megabytes(bytes))
}

// pollOften is how often a test looks whether an entry has come.
const pollOften = 20 * time.Microsecond

// propagation is the time from Add returning in one process to Contains knowing
// it in another.
func propagation(tb testing.TB, from, to follower, id string) time.Duration {
	tb.Helper()
	require.NoError(tb, from.Add(tb.Context(), id, expires))
	return timed(func() {
		for known := false; !known; time.Sleep(pollOften) {
			var err error
			known, err = to.Contains(tb.Context(), id)
			require.NoError(tb, err)
		}
	})
}

func TestPropagation(t *testing.T) {
	const staleness = time.Second
	out := table{
		note: "The time from the return of `Add` in one process until `Contains` reports the ID in another. `MaxStaleness` is one second: " +
			"databases are polled every 250 ms, and every 1.25 s with the default of 5 s. Redis notifies immediately, with any `MaxStaleness`. The first revocation ever is an exception, and is left out.",
		head: []string{"store", "revocations", "median", "99 %", "longest"},
	}
	for i, s := range replicated {
		server, n := s.start(t), size([]int{300, 60, 60, 60}[i], 3)
		from := server.connect(t, staleness).follow(t, t.Context())
		to := server.connect(t, staleness).follow(t, t.Context())
		propagation(t, from, to, "the first")
		var times []time.Duration
		for i := range n {
			time.Sleep(rand.N(staleness / 4)) // or all would be added just after the last poll
			times = append(times, propagation(t, from, to, idOf(i)))
		}
		out.add(s.name, count(n), milliseconds(median(times)), milliseconds(quantile(times, 0.99)), milliseconds(quantile(times, 1)))
	}
	out.write(t, "propagation")
}

// Adding while other processes follow: one more reader each.
func TestFollowers(t *testing.T) {
	out := table{
		note: "The median of 1000 calls of `Add`, one after the other, while 1, 4 or 16 processes follow the list, each with its own connections. " +
			"`MaxStaleness` is one second.",
		head: []string{"store", "1 process", "4", "16"},
	}
	for _, s := range replicated[:3] {
		server := s.start(t)
		cells, all := []string{s.name}, 0
		for _, followers := range []int{1, 4, 16} {
			var list follower
			for ; all < followers; all++ {
				list = server.connect(t, time.Second).follow(t, t.Context())
			}
			var times []time.Duration
			for i := range size(1000, 5) {
				times = append(times, timed(func() {
					require.NoError(t, list.Add(t.Context(), idOf(followers*100_000+i), expires))
				}))
			}
			cells = append(cells, milliseconds(median(times)))
		}
		out.add(cells...)
	}
	out.write(t, "followers")
}

// A process in which nothing happens still asks whether anything has.
func TestIdle(t *testing.T) {
	out := table{
		note: "Round trips of one process with the default `MaxStaleness` of 5 s, while nothing is revoked, counted over 30 s.",
		head: []string{"store", "round trips a second"},
	}
	watched := size(30*time.Second, 10*time.Millisecond)
	for _, s := range replicated[:3] {
		process := s.start(t).connect(t, 0)
		process.follow(t, t.Context())
		before := process.trips.Load()
		time.Sleep(watched)
		out.add(s.name, page.Significant(float64(process.trips.Load()-before)/watched.Seconds()))
	}
	out.write(t, "idle")
}
