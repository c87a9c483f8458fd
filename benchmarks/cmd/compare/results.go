package main

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// results are all that was measured. Pages and charts are made of them alone.
type results struct {
	Go        string             `json:"go"`
	Platform  string             `json:"platform"`
	Cores     int                `json:"cores"`
	Rounds    int                `json:"rounds"`
	Benchtime string             `json:"benchtime"`
	Figures   map[string]string  `json:"figures"`  // in the prose of pages
	Versions  map[string]string  `json:"versions"` // of contenders
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
	r := &results{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(),
		Rounds: rounds, Benchtime: benchtime.String(), Versions: map[string]string{}, Measured: map[string]*series{},
	}
	for _, c := range contender.All {
		if v := version(c); v != "" {
			r.Versions[c.Name] = v
		}
	}
	return r
}

// version is that of a contender in this very build.
func version(c contender.Contender) string {
	info, ok := debug.ReadBuildInfo()
	if !ok || c.Module == "" {
		return ""
	}
	for _, module := range info.Deps {
		if module.Path == c.Module && strings.HasPrefix(module.Version, "v") && module.Replace == nil {
			return module.Version
		}
	}
	return ""
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

// include takes in the results of another run, which must have been made in the same way.
func (r *results) include(other *results) error {
	if r.Go != other.Go || r.Platform != other.Platform || r.Cores != other.Cores || r.Rounds != other.Rounds || r.Benchtime != other.Benchtime {
		return errors.New("the recorded results are of another machine, or of other rounds")
	}
	maps.Copy(r.Measured, other.Measured)
	return nil
}

func (r *results) json() ([]byte, error) {
	r.Figures = r.figures()
	b, err := json.MarshalIndent(r, "", "\t")
	return append(b, '\n'), err
}

// cost is the time of a benchmark, less that of its floor if it has one.
type cost struct{ name, floor string }

// protectedCost is the time of a protected request, less that of the bare handler.
func protectedCost(algorithm string, c contender.Contender) cost {
	return cost{nameOf("Protected", algorithm, c.Name), nameOf("Protected", algorithm, c.Over())}
}

// of returns the cost in each round. It is not ok where something was not measured.
func (r *results) of(c cost) (rounds []float64, ok bool) {
	all := r.Measured[c.name]
	if all == nil {
		return nil, false
	}
	rounds = slices.Clone(all.Rounds)
	if c.floor == "" {
		return rounds, true
	}
	floor := r.Measured[c.floor]
	if floor == nil {
		return nil, false
	}
	for i := range rounds {
		rounds[i] -= floor.Rounds[i]
	}
	return rounds, true
}

// ratio returns the median, over the rounds, of one cost by another in the same round. It
// is not ok where one of them was not measured.
func (r *results) ratio(a, b cost) (ratio float64, ok bool) {
	ratios, ok := r.of(a)
	by, also := r.of(b)
	if !ok || !also {
		return 0, false
	}
	for i := range ratios {
		ratios[i] /= by[i]
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
