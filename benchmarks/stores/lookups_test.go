package stores

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
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

func (r replicaOf) Add(ctx context.Context, id string, expires time.Time) error {
	return r.copy.Add(ctx, id, expires)
}

func (r replicaOf) Contains(ctx context.Context, ids ...string) (bool, error) {
	return r.copy.Contains(ctx, ids...)
}

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

// requests returns a function that returns the time of one request with a token that the
// manager knows.
func requests(tb testing.TB, list ginjwt.Blocklist) func() time.Duration {
	gin.SetMode(gin.ReleaseMode)
	manager, engine := ginjwt.New(ginjwt.Config{SecretKey: "a secret of the benchmark, 32 bytes at least", Blocklist: list}), gin.New()
	require.NoError(tb, manager.InitApp(nil))
	engine.GET("/", manager.JWTRequired(), func(*gin.Context) {})
	token, err := manager.CreateAccessToken(tb.Context(), "someone")
	require.NoError(tb, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	return func() time.Duration {
		took := timed(func() {
			for range batch {
				engine.ServeHTTP(w, r)
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
		note: "A request with an access token that the manager knows (HS256), from the router to an empty handler. Medians of batches of 1024 requests, measured in turn.",
		head: []string{"entries", "replica ÷ memory"},
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
		times := interleaved(size(1001, 1), requests(t, lists[0]), requests(t, lists[1]))
		whole.add(count(n), short(ratio(times[1], times[0])))
		stop()
	}
	out.write(t, "lookups")
	whole.write(t, "requests")
}

// compared measures two lists. It returns the second divided by the first, and both.
func compared(tb testing.TB, lists []ginjwt.Blocklist, asked [][]string, want bool) []string {
	tb.Helper()
	times := interleaved(size(2*len(asked), batch)/batch, lookups(tb, lists[0], asked, want), lookups(tb, lists[1], asked, want))
	return []string{short(ratio(times[1], times[0])), nanoseconds(median(times[0])), nanoseconds(median(times[1]))}
}
