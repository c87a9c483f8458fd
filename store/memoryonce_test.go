package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// claims claims id for a time from now on.
func claims(t *testing.T, m *store.MemoryOnce, id string, d time.Duration) (bool, error) {
	t.Helper()
	return m.Claim(t.Context(), id, m.Now().Add(d))
}

func requireFirst(t *testing.T, m *store.MemoryOnce, id string, d time.Duration) {
	t.Helper()
	first, err := claims(t, m, id, d)
	require.NoError(t, err, id)
	require.True(t, first, id)
}

func TestClaimsThatAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Now()
	const past = "the time until which to remember a used ID has passed"
	for name, c := range map[string]struct {
		id    string
		until time.Time
		want  string
	}{
		"good":        {strings.Repeat("x", 255), now.Add(1), ""},
		"empty":       {"", now.Add(time.Hour), "a used ID is empty"},
		"too long":    {strings.Repeat("secret", 43), now.Add(time.Hour), "a used ID has more than 255 bytes"},
		"over now":    {"secret", now, past},
		"over before": {"secret", now.Add(-time.Hour), past},
		"no time":     {"secret", time.Time{}, past},
	} {
		m := &store.MemoryOnce{Now: func() time.Time { return now }}
		first, err := m.Claim(t.Context(), c.id, c.until)
		if c.want == "" {
			assert.NoError(t, err, name)
			assert.True(t, first, name)
			assert.NoError(t, store.CheckClaim(c.id, c.until, now), name)
			continue
		}
		assert.False(t, first, name)
		assert.EqualError(t, err, "store: "+c.want, name)
		assert.EqualError(t, store.CheckClaim(c.id, c.until, now), c.want, name)
	}
}

// A full store refuses new IDs, and remembers claimed IDs, until an ID has expired.
func TestMemoryOnceIsFull(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	m := &store.MemoryOnce{Max: 3, Now: func() time.Time { return now }}
	requireFirst(t, m, "a", time.Hour)
	requireFirst(t, m, "b", 2*time.Hour)
	requireFirst(t, m, "c", 3*time.Hour)
	for range 3 {
		first, err := claims(t, m, "d", 9*time.Hour)
		require.ErrorIs(t, err, store.ErrOnceFull)
		require.EqualError(t, err, "store: the store of used IDs is full")
		require.False(t, first)
		for _, id := range []string{"a", "b", "c"} {
			first, err = claims(t, m, id, time.Hour)
			require.NoError(t, err)
			require.False(t, first, id)
		}
	}
	now = now.Add(time.Hour + 2*time.Second)
	requireFirst(t, m, "d", 9*time.Hour)
	_, err := claims(t, m, "e", time.Hour)
	require.ErrorIs(t, err, store.ErrOnceFull)

	now = now.Add(time.Hour)
	requireFirst(t, m, "b", time.Hour) // takes its own place
	_, err = claims(t, m, "e", time.Hour)
	require.ErrorIs(t, err, store.ErrOnceFull)
}

func TestMemoryOnceHasRoomForNone(t *testing.T) {
	t.Parallel()
	_, err := claims(t, &store.MemoryOnce{Max: -1, Now: time.Now}, "a", time.Hour)
	require.ErrorIs(t, err, store.ErrOnceFull)
}

// Only live IDs need memory, however many expired ones there were. The test is not parallel,
// because it measures the heap of the whole program.
func TestMemoryOnceDropsWhatHasExpired(t *testing.T) {
	now := time.Now()
	m := &store.MemoryOnce{Now: func() time.Time { return now }}
	before := heap()
	requireFirst(t, m, "long", time.Hour)
	for i := range 200_000 {
		requireFirst(t, m, fmt.Sprint("short ", i), time.Second)
		if i%1000 == 0 {
			now = now.Add(3 * time.Second)
		}
	}
	assert.Less(t, heap()-before, int64(1<<20))
	first, err := claims(t, m, "long", time.Hour)
	require.NoError(t, err)
	assert.False(t, first)
}

// The doc comment says how many bytes an ID takes. It is not parallel either.
func TestBytesOfAClaim(t *testing.T) {
	for _, n := range []int{10_000, 60_000, 250_000} {
		before := heap()
		m := &store.MemoryOnce{Now: time.Now}
		long := strings.Repeat("x", 200)
		until := time.Now().Add(time.Hour)
		for i := range n {
			if first, err := m.Claim(t.Context(), fmt.Sprint(long, i), until); !first || err != nil {
				require.Fail(t, "not first", err)
			}
		}
		bytes := (heap() - before) / int64(n)
		t.Logf("%d IDs: %d bytes each", n, bytes)
		assert.Less(t, bytes, int64(50), "%d IDs", n)
		runtime.KeepAlive(m)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
