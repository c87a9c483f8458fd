//go:build unix && !race

package ginjwt_test

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// requestsOf returns contexts of requests with verified tokens.
func requestsOf(tb testing.TB, mgr *ginjwt.JWTManager, n int) (requests []context.Context) {
	tb.Helper()
	for i := range n {
		token, err := mgr.VerifyToken(tb.Context(), jwttest.TokenPair(tb, mgr, fmt.Sprint("user ", i)).AccessToken)
		require.NoError(tb, err)
		request, end := context.WithCancel(tb.Context()) // like net/http
		tb.Cleanup(end)
		requests = append(requests, ginjwt.NewContext(request, token, nil))
	}
	return requests
}

// The memory of a context, without its request and token. The test is not parallel, because it
// measures the heap of the whole program.
func TestBytesOfAContext(t *testing.T) {
	config := jwttest.Config(nil)
	config.Sessions = &ginjwt.MemorySessions{}
	mgr, _ := newManager(t, config)
	const n = 10_000
	requests := requestsOf(t, mgr, n)
	contexts := make([]context.Context, n)
	before := heap()
	for i, request := range requests {
		contexts[i] = ginjwt.SessionContext(request)
	}
	time.Sleep(50 * time.Millisecond) // until all contexts were looked at
	bytes := (heap() - before) / n
	t.Log(bytes, "bytes")
	assert.Less(t, bytes, int64(1024))
	runtime.KeepAlive(contexts)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The cost of a burst of revocations while many sockets are open: the processor time for a second
// in which a thousand other IDs are revoked.
func BenchmarkRevocationsBesideContexts(b *testing.B) {
	for _, sockets := range []int{0, 10_000} {
		b.Run(fmt.Sprint(sockets), func(b *testing.B) {
			list := &ginjwt.MemoryBlocklist{}
			config := jwttest.Config(nil)
			config.Sessions, config.Blocklist = &ginjwt.MemorySessions{}, list
			mgr := ginjwt.New(config)
			require.NoError(b, mgr.InitApp(nil))
			for _, request := range requestsOf(b, mgr, sockets) {
				ginjwt.SessionContext(request)
			}
			used := func() time.Duration {
				var u syscall.Rusage
				require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
				return time.Duration(u.Utime.Nano() + u.Stime.Nano())
			}
			start, n := used(), 0
			for b.Loop() {
				for range 1000 {
					n++
					require.NoError(b, list.Add(b.Context(), fmt.Sprint(n), time.Now().Add(time.Minute)))
					time.Sleep(time.Millisecond - time.Duration(time.Now().UnixNano()%int64(time.Millisecond)))
				}
			}
			b.ReportMetric(float64((used()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}
