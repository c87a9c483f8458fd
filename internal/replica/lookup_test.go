package replica_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// idOf returns a UUID whose bits are spread as those of random ones are.
func idOf(i int) string {
	const odd = 0x9e3779b97f4a7c15
	n := uint64(i+1) * odd
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(n>>32), uint16(n>>16), n&0xfff, n>>52, n*odd>>16)
}

// bothLists returns a list in memory and a fresh copy, with the entries 0 to n-1.
func bothLists(tb testing.TB, n int) (memory *store.MemoryBlocklist, c *replica.Copy) {
	tb.Helper()
	memory = &store.MemoryBlocklist{}
	s := newServer()
	for i := range n {
		e := idset.EntryOf(idOf(i), time.Time{})
		require.NoError(tb, memory.Add(tb.Context(), idOf(i), time.Time{}))
		s.data.entries[e.Key] = e.Until
	}
	c = replica.New(tb.Context(), s, time.Hour)
	require.NoError(tb, c.Ready(tb.Context()))
	return memory, c
}

// questions are the IDs of 4096 tokens: n of each, from the list or not.
func questions(n, entries int, onList bool) [][]string {
	all := make([][]string, 4096)
	for i := range all {
		for j := range n {
			all[i] = append(all[i], idOf(entries+j+i*131))
		}
		if onList {
			all[i][n-1] = idOf(i * 131 % entries)
		}
	}
	return all
}

// A lookup in a copy, beside one in a list in memory with the same entries. A request asks
// for one ID, or for two if its token belongs to a session. For ten million entries see
// benchmarks/stores.
//
//	go test ./internal/replica -run - -bench Lookup
func BenchmarkLookup(b *testing.B) {
	for _, entries := range []int{0, 1000, 100_000, 1_000_000} {
		memory, c := bothLists(b, entries)
		for _, ids := range []int{1, 2} {
			benchmarkLookups(b, fmt.Sprintf("entries=%d/ids=%d/valid", entries, ids), questions(ids, entries, false), false, memory, c)
			if entries > 0 {
				benchmarkLookups(b, fmt.Sprintf("entries=%d/ids=%d/revoked", entries, ids), questions(ids, entries, true), true, memory, c)
			}
		}
	}
}

func benchmarkLookups(b *testing.B, name string, questions [][]string, want bool, memory, c store.Blocklist) {
	for _, list := range []struct {
		name string
		store.Blocklist
	}{{"memory", memory}, {"copy", c}} {
		b.Run(name+"/"+list.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx, i := b.Context(), 0
			for b.Loop() {
				if got, err := list.Contains(ctx, questions[i%len(questions)]...); got != want || err != nil {
					b.Fatal(got, err)
				}
				i++
			}
		})
	}
}

func TestALookupAllocatesNothing(t *testing.T) {
	memory, c := bothLists(t, 1000)
	for name, list := range map[string]store.Blocklist{"memory": memory, "copy": c} {
		for _, ids := range [][]string{
			{idOf(1000)},
			{idOf(1000), idOf(1001)},
			{idOf(0)},
			{idOf(1000), idOf(0)},
			{"no UUID", "another one, which is longer than a UUID is"},
			nil,
		} {
			assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = list.Contains(t.Context(), ids...) }), "%s: %q", name, ids)
		}
	}
}

// The arguments of a call through an interface would be allocated if they were a slice.
func TestALookupAtAReadingAllocatesNothing(t *testing.T) {
	_, c := bothLists(t, 1000)
	var aging interface {
		ContainsAt(ctx context.Context, now time.Time, id, other string) (bool, error)
	} = c
	for _, ids := range [][2]string{{idOf(1000)}, {idOf(1000), idOf(1001)}, {idOf(0)}, {idOf(1000), idOf(0)}, {"no UUID", "another"}} {
		now := time.Now()
		assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = aging.ContainsAt(t.Context(), now, ids[0], ids[1]) }), "%q", ids)
	}
}
