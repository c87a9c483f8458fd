package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// nameOf is the name of a benchmark: Protected/HS256/gin-jwt.
func nameOf(work, variant, contender string) string {
	return work + "/" + variant + "/" + contender
}

// benchmarks returns the names of those that are wanted. What is compared with
// each other stands close together.
func benchmarks(wanted *regexp.Regexp) (names []string) {
	for _, variant := range variants() {
		for _, c := range contender.All {
			for _, work := range contender.Works {
				name := nameOf(work.Name, variant, c.Name)
				if work.Does(variant, c) && wanted.MatchString(name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// variants are those of all works, once each.
func variants() (all []string) {
	for _, work := range contender.Works {
		for _, variant := range work.Variants {
			if !slices.Contains(all, variant) {
				all = append(all, variant)
			}
		}
	}
	return all
}

func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/gin-jwt-extended/ginjwt/benchmarks")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the benchmarks: %w\n%s", err, output)
	}
	return nil
}

// measured is the result of one run of one benchmark.
type measured struct {
	ns, bytes, allocs float64
}

func run(ctx context.Context, binary, name string, benchtime time.Duration) (measured, error) {
	only := "^Benchmark" + strings.ReplaceAll(name, "/", "$/^") + "$"
	cmd := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", only, "-test.benchtime", benchtime.String())
	output, err := cmd.CombinedOutput()
	if err != nil {
		return measured{}, fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	m, err := parse(string(output))
	if err != nil {
		return measured{}, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// parse reads what one benchmark printed.
func parse(output string) (m measured, err error) {
	found := 0
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		found++
		for i := 2; i+1 < len(fields); i += 2 { // after the name and the count: value, unit
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return m, fmt.Errorf("not the result of a benchmark: %q", line)
			}
			switch fields[i+1] {
			case "ns/op":
				m.ns = value
			case "B/op":
				m.bytes = value
			case "allocs/op":
				m.allocs = value
			}
		}
	}
	if found != 1 {
		return m, fmt.Errorf("results of %d benchmarks where one was expected:\n%s", found, output)
	}
	return m, nil
}

// results are all that was measured.
type results struct {
	Go        string             `json:"go"`
	Platform  string             `json:"platform"`
	Cores     int                `json:"cores"`
	Rounds    int                `json:"rounds"`
	Benchtime string             `json:"benchtime"`
	Measured  map[string]*series `json:"results"`
}

// series is one benchmark, round by round, and the medians.
type series struct {
	NS     float64   `json:"ns"`
	Bytes  float64   `json:"bytes"`
	Allocs float64   `json:"allocs"`
	Rounds []float64 `json:"ns_by_round"`

	bytes, allocs []float64
}

func newResults(rounds int, benchtime time.Duration) *results {
	return &results{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(),
		Rounds: rounds, Benchtime: benchtime.String(), Measured: map[string]*series{},
	}
}

func (r *results) add(name string, m measured) {
	s := r.Measured[name]
	if s == nil {
		s = &series{}
		r.Measured[name] = s
	}
	s.Rounds, s.bytes, s.allocs = append(s.Rounds, m.ns), append(s.bytes, m.bytes), append(s.allocs, m.allocs)
	s.NS, s.Bytes, s.Allocs = page.Median(s.Rounds), page.Median(s.bytes), page.Median(s.allocs)
}

func (r *results) json() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "\t")
	return append(b, '\n'), err
}

// ratio returns the median, over the rounds, of one benchmark's time by that of
// another in the same round. What both had in common is taken off before, if it
// has a name. It is not ok where one of them was not measured.
func (r *results) ratio(name, by, common string) (ratio float64, ok bool) {
	a, b, c := r.Measured[name], r.Measured[by], r.Measured[common]
	if a == nil || b == nil || common != "" && c == nil {
		return 0, false
	}
	ratios := make([]float64, len(a.Rounds))
	for i := range ratios {
		off := 0.0
		if c != nil {
			off = c.Rounds[i]
		}
		ratios[i] = (a.Rounds[i] - off) / (b.Rounds[i] - off)
	}
	return page.Median(ratios), true
}

// spread is by how much a single run typically differs from the median of its
// benchmark, in parts of it: what the ratios are worth.
func (r *results) spread() float64 {
	var off []float64
	for _, s := range r.Measured {
		for _, ns := range s.Rounds {
			off = append(off, math.Abs(ns-s.NS)/s.NS)
		}
	}
	return page.Median(off)
}
