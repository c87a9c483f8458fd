package stores

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// loaded is a replicated blocklist that was just loaded.
type loaded struct {
	list  follower
	took  time.Duration
	bytes float64
}

// load starts a process and waits until its blocklist is complete.
func load(tb testing.TB, ctx context.Context, s server) loaded {
	tb.Helper()
	process, before := s.connect(tb, time.Minute), heap()
	var list follower
	took := timed(func() { list = process.follow(tb, ctx) })
	return loaded{list, took, heap() - before}
}

// The local copies of servers' blocklists: how long a process that starts takes
// to load one, and what a lookup costs then.
func TestReplicas(t *testing.T) {
	starting := table{
		note: "The time from the start of a blocklist to `Ready` (median of 3), and the heap that it needs then.",
		head: []string{"store", "entries", "until ready", "memory"},
	}
	asking := table{
		note: "A lookup of the two IDs of a valid token, compared with a `MemoryBlocklist` with the same entries. " +
			"Medians of batches of 1024 lookups over 262 144 tokens; all lists are measured in turn.",
		head: []string{"entries", "", "a lookup", "× `MemoryBlocklist`"},
	}
	servers, memory, before := make([]server, len(replicated)), &ginjwt.MemoryBlocklist{}, 0
	for i, s := range replicated {
		servers[i] = s.start(t)
	}
	for _, n := range size([]int{0, 1000, 100_000, 1_000_000}, []int{0, 1000}) {
		ctx, stop := context.WithCancel(t.Context())
		for i := before + 1; i <= n; i++ {
			require.NoError(t, memory.Add(ctx, idOf(i), expires))
		}
		miss, other := questions(n+1, n), questions(2*n+1, n)
		measures := []func() time.Duration{lookups(t, memory, miss, other, false)}
		for i, s := range servers {
			if n > before {
				s.fillBlocklist(t, before+1, n)
			}
			last := startUp(t, ctx, s, &starting, replicated[i].name, n)
			measures = append(measures, lookups(t, last, miss, other, false))
		}
		times := interleaved(size(2*asked, batch)/batch, measures...)
		asking.add(count(n), "`MemoryBlocklist`", nanoseconds(median(times[0])), "1")
		for i, s := range replicated {
			asking.add(count(n), s.name, nanoseconds(median(times[i+1])), short(ratio(times[i+1], times[0])))
		}
		before = n
		stop()
	}
	starting.write(t, "start-up")
	asking.write(t, "lookups")
}

// startUp measures how a process starts, and returns the last one's list.
func startUp(tb testing.TB, ctx context.Context, s server, out *table, name string, n int) follower {
	tb.Helper()
	var times []time.Duration
	for range size(2, 0) {
		ctx, stop := context.WithCancel(ctx)
		times = append(times, load(tb, ctx, s).took)
		stop()
	}
	last := load(tb, ctx, s)
	out.add(name, count(n), milliseconds(median(append(times, last.took))), megabytes(last.bytes))
	return last.list
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
		out.add(s.name, short(float64(process.trips.Load()-before)/watched.Seconds()))
	}
	out.write(t, "idle")
}
