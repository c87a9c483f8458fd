package page

import (
	"math"
	"slices"
	"strconv"
)

// Significant writes a ratio with two significant digits, and with at most three after the
// point.
func Significant(v float64) string {
	if math.Abs(v) >= 10 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	digits := 1
	for limit := 1.0; digits < 3 && math.Abs(v) < limit; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// Median returns the median of values, which it does not sort in place.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// Quantile returns the value below which a share of values lies. Between two values, it
// interpolates.
func Quantile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := share * float64(len(sorted)-1)
	below, above := int(math.Floor(at)), int(math.Ceil(at))
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
