//go:build !race

package replica_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// A lookup in a copy is a lookup in memory and one reading of the clock. A second reading
// would be twice as much in an empty list, and the bound is half of one. Whatever else the
// machine does slows down both sides of a round.
func TestALookupReadsTheClockOnce(t *testing.T) {
	for _, entries := range []int{0, 1000} {
		memory, c := bothLists(t, entries)
		cost := costs(t, entries, memory, func(ids []string) { _, _ = c.Contains(t.Context(), ids...) })
		assert.Less(t, cost, 1.5, "%d entries", entries)
	}
}

// A lookup with a reading of the clock makes none. The bound is half of one.
func TestALookupAtAReadingReadsNoClock(t *testing.T) {
	for _, entries := range []int{0, 1000} {
		memory, c := bothLists(t, entries)
		now := time.Now()
		cost := costs(t, entries, memory, func(ids []string) { _, _ = c.ContainsAt(t.Context(), now, ids[0], "") })
		assert.Less(t, cost, 0.75, "%d entries", entries)
	}
}

// costs returns the cost of a lookup. One in memory and a reading of the clock cost 1.
func costs(t *testing.T, entries int, memory store.Blocklist, lookup func(ids []string)) float64 {
	t.Helper()
	asked := questions(1, entries, false)
	timed := func(lookup func(ids []string)) time.Duration {
		began := time.Now()
		for _, ids := range asked {
			lookup(ids)
		}
		return time.Since(began)
	}
	var ratios []float64
	for range 101 {
		inMemory := timed(func(ids []string) { _, _ = memory.Contains(t.Context(), ids...) })
		readings := timed(func([]string) { _ = time.Now() })
		ratios = append(ratios, float64(timed(lookup))/float64(inMemory+readings))
	}
	slices.Sort(ratios)
	t.Logf("%d entries: %.2f", entries, ratios[len(ratios)/2])
	return ratios[len(ratios)/2]
}
