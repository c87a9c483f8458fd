package stores

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// idOf returns a UUID whose bits are spread as those of random ones are. The
// servers make the same with md5.
func idOf(i int) string {
	sum := md5.Sum(fmt.Appendf(nil, "id %d", i))
	text := hex.EncodeToString(sum[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// quantile is 0.5 for the median.
func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func median(times []time.Duration) time.Duration { return quantile(times, 0.5) }

// ratio is the median of times in the same round.
func ratio(times, by []time.Duration) float64 {
	ratios := make([]float64, len(times))
	for i := range times {
		ratios[i] = float64(times[i]) / float64(by[i])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// interleaved lets all measure in turn, round by round, so that what disturbs
// the machine for a while disturbs all alike. It returns the times of each.
func interleaved(rounds int, all ...func() time.Duration) [][]time.Duration {
	times := make([][]time.Duration, len(all))
	for range rounds {
		for i, measure := range all {
			times[i] = append(times[i], measure())
		}
	}
	return times
}

// timed returns how long f takes.
func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// heap returns what is in use after a collection.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // also what the first one found dead, and swept later
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func megabytes(bytes float64) string { return page.Significant(bytes/1e6) + " MB" }

func TestIDs(t *testing.T) {
	require.Len(t, idOf(0), 36)
	require.NotEqual(t, idOf(0), idOf(1))
}

func TestQuantiles(t *testing.T) {
	times := []time.Duration{5, 1, 4, 2, 3}
	require.Equal(t, time.Duration(3), median(times))
	require.Equal(t, time.Duration(5), quantile(times, 0.99))
	require.InDelta(t, 2, ratio([]time.Duration{2, 8, 6}, []time.Duration{1, 2, 3}), math.SmallestNonzeroFloat64)
}
