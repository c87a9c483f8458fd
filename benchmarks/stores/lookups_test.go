package stores

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// logInMemory is the list of a server that loads immediately, and never changes.
type logInMemory struct {
	replica.Log
	entries int // from 1
}

func (l logInMemory) Head(context.Context) (replica.Head, error) {
	return replica.Head{Epoch: "epoch", Now: time.Now()}, nil
}

func (l logInMemory) Load(_ context.Context, add func(idset.Entry)) (replica.Position, error) {
	for i := range l.entries {
		add(idset.EntryOf(idOf(i+1), expires))
	}
	return replica.Position{}, nil
}

func (l logInMemory) Call(_ context.Context, me replica.Member) ([]replica.Member, string, error) {
	return []replica.Member{me}, "epoch", nil
}

func (l logInMemory) Lacks(context.Context, []idset.Entry) (bool, error) { return false, nil }

func (l logInMemory) Strike(context.Context, replica.Member) error { return nil }

func (l logInMemory) Wait(ctx context.Context, _ replica.Position, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// replicaOf is what the blocklists of redisstore and sqlstore are: a copy, and a call more.
type replicaOf struct{ copy *replica.Copy }

func (r *replicaOf) Add(ctx context.Context, id string, expires time.Time) error {
	return r.copy.Add(ctx, id, expires)
}

func (r *replicaOf) Contains(ctx context.Context, ids ...string) (bool, error) {
	return r.copy.Contains(ctx, ids...)
}

func (r *replicaOf) ContainsAt(ctx context.Context, now time.Time, id, other string) (bool, error) {
	return r.copy.ContainsAt(ctx, now, id, other)
}

func (r *replicaOf) Self() any { return r }

// bothLists returns a list in memory and a replica, with the entries 1 to n.
func bothLists(tb testing.TB, ctx context.Context, n int) []ginjwt.Blocklist {
	tb.Helper()
	memory := &ginjwt.MemoryBlocklist{}
	for i := range n {
		require.NoError(tb, memory.Add(ctx, idOf(i+1), expires))
	}
	follower := replica.New(ctx, logInMemory{entries: n}, time.Hour)
	require.NoError(tb, follower.Ready(ctx))
	return []ginjwt.Blocklist{memory, &replicaOf{follower}}
}

// newManager returns a manager with a list. All managers have the same key.
func newManager(tb testing.TB, list ginjwt.Blocklist) *ginjwt.JWTManager {
	manager := ginjwt.New(ginjwt.Config{SecretKey: "a secret of the benchmark, 32 bytes at least", Blocklist: list})
	require.NoError(tb, manager.InitApp(nil))
	return manager
}

// newRequests returns requests with different tokens.
func newRequests(tb testing.TB) []*http.Request {
	manager, all := newManager(tb, nil), make([]*http.Request, batch/16)
	for i := range all {
		token, err := manager.CreateAccessToken(tb.Context(), "someone")
		require.NoError(tb, err)
		all[i] = httptest.NewRequest(http.MethodGet, "/", nil)
		all[i].Header.Set("Authorization", "Bearer "+token)
	}
	return all
}

// served returns a function that returns the time of a batch of requests. The manager knows
// the tokens from the first batch on.
func served(tb testing.TB, list ginjwt.Blocklist, requests []*http.Request) func() time.Duration {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/", newManager(tb, list).JWTRequired(), func(*gin.Context) {})
	w := httptest.NewRecorder()
	return func() time.Duration {
		runtime.GC() // or it would run in every third batch, and always in one of the same list
		took := timed(func() {
			for i := range batch {
				engine.ServeHTTP(w, requests[i%len(requests)])
			}
		})
		require.Equal(tb, http.StatusOK, w.Code)
		return took / batch
	}
}

// A lookup in a list in memory, beside one in a replica, and what it is of a request.
func TestLookups(t *testing.T) {
	out := table{
		note: "A lookup of one ID, or of the two IDs of a token with a session. \"Replica\" is the local copy of a server's list, \"memory\" a `MemoryBlocklist` with the same entries. " +
			"\"On the list\" is the last of the IDs. Medians of batches of 1024 lookups over 262 144 tokens; all are measured in turn.",
		head: []string{"entries", "IDs", "not on the list: replica ÷ memory", "memory", "replica", "on the list: replica ÷ memory", "memory", "replica"},
	}
	whole := table{
		note: "A request with an access token that the manager knows (HS256), from the router to an empty handler. \"Only `Contains`\" is the same replica behind a type that has no `ContainsAt`: it reads the clock, and gets a copy of the IDs. " +
			"Medians of batches of 1024 requests with 64 tokens, without garbage collections; all are measured in turn.",
		head: []string{"entries", "replica ÷ memory", "only `Contains` ÷ memory"},
	}
	for _, n := range size([]int{0, 1000, 100_000, 1_000_000, 10_000_000}, []int{0, 1000}) {
		ctx, stop := context.WithCancel(t.Context())
		lists := bothLists(t, ctx, n)
		for ids := 1; ids <= 2; ids++ {
			cells := append([]string{count(n), count(ids)}, compared(t, lists, questions(ids, n+1, n), false)...)
			if n > 0 {
				cells = append(cells, compared(t, lists, onList(questions(ids, n+1, n), ids-1, n), true)...)
			} else {
				cells = append(cells, "–", "–", "–")
			}
			out.add(cells...)
		}
		asked := newRequests(t)
		times := interleaved(size(1001, 1), served(t, lists[0], asked), served(t, lists[1], asked), served(t, struct{ ginjwt.Blocklist }{lists[1]}, asked))
		t.Log(count(n), nanoseconds(median(times[0])), nanoseconds(median(times[1])), nanoseconds(median(times[2])))
		whole.add(count(n), fmt.Sprintf("%.2f", ratio(times[1], times[0])), fmt.Sprintf("%.2f", ratio(times[2], times[0])))
		stop()
	}
	out.write(t, "lookups")
	whole.write(t, "requests")
}

// compared measures two lists. It returns the second divided by the first, and both.
func compared(tb testing.TB, lists []ginjwt.Blocklist, asked [][]string, want bool) []string {
	tb.Helper()
	times := interleaved(size(2*len(asked), batch)/batch, lookups(tb, lists[0], asked, want), lookups(tb, lists[1], asked, want))
	return []string{page.Significant(ratio(times[1], times[0])), nanoseconds(median(times[0])), nanoseconds(median(times[1]))}
}
