package stores

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// lockedMap is what one writes without a library.
type lockedMap struct {
	mu      sync.RWMutex
	blocked map[string]time.Time
}

func (m *lockedMap) Add(_ context.Context, id string, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blocked[id] = expires
	return nil
}

func (m *lockedMap) Contains(_ context.Context, ids ...string) (bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, id := range ids {
		if _, ok := m.blocked[id]; ok {
			return true, nil
		}
	}
	return false, nil
}

// asked is of how many tokens lists are asked in turn: so many that the entries
// they meet are in no cache of the processor.
const asked = 1 << 18

// batch is asked for at once. It takes less than a millisecond, so that the
// median is of batches that nothing else has interrupted.
const batch = 1 << 10

// questions are the IDs of tokens, n of each, that are spread over so many entries.
func questions(n, first, entries int) [][]string {
	tokens := make([][]string, size(asked, batch))
	for i := range tokens {
		for j := range n {
			tokens[i] = append(tokens[i], idOf(first+j*entries+i*7919%max(entries, 1)))
		}
	}
	return tokens
}

// onList replaces one ID of each token by one of the entries.
func onList(tokens [][]string, which, entries int) [][]string {
	for i, ids := range tokens {
		ids[which] = idOf(1 + i*7919%entries)
	}
	return tokens
}

// lookups returns a function that returns the time of one lookup, from the next
// batch of tokens.
func lookups(tb testing.TB, list ginjwt.Blocklist, tokens [][]string, want bool) func() time.Duration {
	next, ctx := 0, tb.Context()
	return func() time.Duration {
		read(tokens[next : next+batch])
		wrong := 0
		took := timed(func() {
			for _, ids := range tokens[next : next+batch] {
				if got, err := list.Contains(ctx, ids...); got != want || err != nil {
					wrong++
				}
			}
		})
		require.Zero(tb, wrong)
		next = (next + batch) % len(tokens)
		return took / batch
	}
}

// read brings IDs into the caches of the processor, where a request has just read them.
func read(tokens [][]string) (sum int) {
	for _, ids := range tokens {
		for _, id := range ids {
			sum += int(id[0]) + int(id[len(id)-1])
		}
	}
	return sum
}

type filled struct {
	list       ginjwt.Blocklist
	bytes      float64       // an entry
	add        time.Duration // an entry
	collection time.Duration
}

// fill measures what the entries 1 to n cost, and leaves them.
func fill(tb testing.TB, list ginjwt.Blocklist, n int) filled {
	tb.Helper()
	before, idle := heap(), collection()
	var adds []time.Duration
	for i := 1; i <= n; i += batch {
		ids := make([]string, 0, batch)
		for j := i; j < i+batch && j <= n; j++ {
			ids = append(ids, idOf(j))
		}
		adds = append(adds, timed(func() {
			for _, id := range ids {
				_ = list.Add(context.Background(), id, expires) // fails never
			}
		})/time.Duration(len(ids)))
	}
	bytes := (heap() - before) / float64(n)
	return filled{list, bytes, median(adds), max(collection()-idle, 0)}
}

// collection is the least that a whole collection of garbage takes, of those in
// two seconds: what disturbs it makes it longer.
func collection() time.Duration {
	least, deadline := timed(runtime.GC), time.Now().Add(size(2*time.Second, 0))
	for time.Now().Before(deadline) {
		least = min(least, timed(runtime.GC))
	}
	return least
}

// A blocklist in memory, beside a map with a lock. A token is asked for by the
// two IDs it has: of itself and of its session.
func TestMemory(t *testing.T) {
	out := table{
		note: "A lookup asks for two IDs, as every request does. A \"valid\" token is not on the list; the first ID of a \"revoked\" token is. " +
			"Medians of batches of 1024 lookups over 262 144 tokens; both lists are measured in turn. The last column is how much longer a whole " +
			"garbage collection takes with the list.",
		head: []string{"entries", "", "bytes an entry", "adding", "a valid token", "a revoked token", "a collection"},
	}
	for _, n := range size([]int{10_000, 100_000, 1_000_000, 3_000_000, 10_000_000}, []int{1000}) {
		lists := []filled{fill(t, &ginjwt.MemoryBlocklist{}, n), fill(t, &lockedMap{blocked: map[string]time.Time{}}, n)}
		miss, hit := questions(2, n+1, n), onList(questions(2, n+1, n), 0, n)
		var measures []func() time.Duration
		for _, l := range lists {
			measures = append(measures, lookups(t, l.list, miss, false), lookups(t, l.list, hit, true))
		}
		times := interleaved(size(2*asked, batch)/batch, measures...)
		for i, name := range []string{"`MemoryBlocklist`", "`map[string]time.Time`"} {
			l := lists[i]
			out.add(count(n), name, page.Significant(l.bytes), nanoseconds(l.add), nanoseconds(median(times[2*i])), nanoseconds(median(times[2*i+1])), milliseconds(l.collection))
		}
	}
	out.write(t, "memory")
}
