package main

import (
	"encoding/json"
	"runtime"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// results are all that was measured.
type results struct {
	Go          string                        `json:"go"`
	Platform    string                        `json:"platform"`
	Cores       int                           `json:"cores"`
	Pinned      bool                          `json:"pinned"`
	ClientCores int                           `json:"client_cores"`
	Rounds      int                           `json:"rounds"`
	Time        string                        `json:"time"`
	Measured    map[string]*series            `json:"results"`
	Profiles    map[string]map[string]float64 `json:"profiles"` // shares of the processor time, by part

	runs map[string][]load
}

// series is one measurement: medians over the rounds.
type series struct {
	PerSecond float64 `json:"requests_per_second"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	CPU       float64 `json:"cpu_ns_per_request"`
	Bytes     float64 `json:"bytes_per_request"`
	Server    float64 `json:"server_busy"`
	Client    float64 `json:"client_busy"`

	Throughput ratio `json:"throughput_by_bare"`
	Processor  ratio `json:"cpu_by_bare"`
}

// ratio is the median of ratios, and between what half of them are. Each ratio divides two
// figures of the same round.
type ratio struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// off is by how much a single round typically differs from the median, in parts of it.
func (r ratio) off() float64 { return (r.High - r.Low) / 2 / r.Median }

func newResults(limits settings, cores cores) *results {
	return &results{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(),
		Pinned: cores.pinned, ClientCores: cores.client,
		Rounds: limits.rounds, Time: limits.time.String(),
		Measured: map[string]*series{}, Profiles: map[string]map[string]float64{},
		runs: map[string][]load{},
	}
}

// summarize computes the medians of all runs.
func (r *results) summarize() {
	for _, scene := range scenes() {
		bare := r.runs[scene.of(contender.Bare)]
		for _, name := range names {
			runs := r.runs[scene.of(name)]
			r.Measured[scene.of(name)] = &series{
				PerSecond: median(runs, func(l load) float64 { return l.perSecond }),
				P50:       median(runs, func(l load) float64 { return float64(l.p50.Microseconds()) }),
				P99:       median(runs, func(l load) float64 { return float64(l.p99.Microseconds()) }),
				CPU:       median(runs, func(l load) float64 { return l.cpu }),
				Bytes:     median(runs, func(l load) float64 { return l.bytes }),
				Server:    median(runs, func(l load) float64 { return l.server }),
				Client:    median(runs, func(l load) float64 { return l.client }),

				Throughput: paired(runs, bare, func(l load) float64 { return l.perSecond }),
				Processor:  paired(runs, bare, func(l load) float64 { return l.cpu }),
			}
		}
	}
}

func median(runs []load, of func(load) float64) float64 {
	values := make([]float64, len(runs))
	for i, run := range runs {
		values[i] = of(run)
	}
	return page.Median(values)
}

// paired compares two contenders round by round.
func paired(runs, by []load, of func(load) float64) ratio {
	ratios := make([]float64, len(runs))
	for i := range runs {
		ratios[i] = of(runs[i]) / of(by[i])
	}
	return ratio{page.Median(ratios), page.Quantile(ratios, 0.25), page.Quantile(ratios, 0.75)}
}

func (r *results) json() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "\t")
	return append(b, '\n'), err
}
