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
		asked := questions(1, entries, false)
		lookups := func(list store.Blocklist) time.Duration {
			began := time.Now()
			for _, ids := range asked {
				_, _ = list.Contains(t.Context(), ids...)
			}
			return time.Since(began)
		}
		readings := func() time.Duration {
			began := time.Now()
			for range asked {
				_ = time.Now()
			}
			return time.Since(began)
		}
		var ratios []float64
		for range 101 {
			ratios = append(ratios, float64(lookups(c))/float64(lookups(memory)+readings()))
		}
		slices.Sort(ratios)
		t.Logf("%d entries: %.2f", entries, ratios[len(ratios)/2])
		assert.Less(t, ratios[len(ratios)/2], 1.5, "%d entries", entries)
	}
}
