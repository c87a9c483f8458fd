package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// results are all measurements of one algorithm, by contender and number of
// clients, round by round.
type results map[key][]load

type key struct {
	name    string
	clients int
}

func newResults() results { return results{} }

func (r results) add(name string, clients int, l load) {
	k := key{name, clients}
	r[k] = append(r[k], l)
}

// table returns the medians over the rounds.
func (r results) table(algorithm string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%-18s %8s %12s %8s %10s %10s\n", algorithm, "", "clients", "requests/s", "× bare", "p50", "p99")
	for _, clients := range concurrencies {
		for _, name := range names {
			runs, bare := r[key{name, clients}], r[key{contender.Bare, clients}]
			ratios := make([]float64, len(runs))
			for i := range runs {
				ratios[i] = runs[i].perSecond / bare[i].perSecond
			}
			fmt.Fprintf(&b, "%-18s %8d %12.0f %8.2f %10s %10s\n", name, clients,
				median(each(runs, func(l load) float64 { return l.perSecond })), median(ratios),
				median(each(runs, func(l load) time.Duration { return l.p50 })).Round(time.Microsecond),
				median(each(runs, func(l load) time.Duration { return l.p99 })).Round(time.Microsecond))
		}
	}
	return b.String()
}

func each[T any](runs []load, of func(load) T) (values []T) {
	for _, run := range runs {
		values = append(values, of(run))
	}
	return values
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
