package growth

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

var full = flag.Bool("growth", false, "measure in full, and write the figures and the page")

const (
	figures = "../../docs/performance/growth.json"
	tuning  = "../../docs/tuning.md"
)

// dimensions are everything that grows, in the order in which they are measured.
func dimensions() []dimension {
	return []dimension{collector, tokenSize, keyCount, issuerCount, scopeCount, sessionCount, entryCount(), tokenCount, tokenCountES256}
}

// results are all figures of the page.
type results struct {
	Go         string                       `json:"go"`
	Platform   string                       `json:"platform"`
	Cores      int                          `json:"cores"`
	Rounds     int                          `json:"rounds"`
	Batch      string                       `json:"batch"`
	Dimensions map[string]map[string][]cell `json:"dimensions"` // by name, by title of a row
}

var long = effort{rounds: 15, batch: 5 * time.Millisecond}

func TestGrowth(t *testing.T) {
	if !*full {
		for _, d := range dimensions() {
			t.Run(d.name, func(t *testing.T) { assert.Empty(t, d.failures(t)) })
		}
		return
	}
	r := results{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(),
		Rounds: long.rounds, Batch: long.batch.String(), Dimensions: map[string]map[string][]cell{},
	}
	for _, d := range dimensions() {
		r.Dimensions[d.name] = map[string][]cell{}
		e := long
		e.batch *= time.Duration(max(d.longer, 1))
		for i, cells := range d.measure(t, d.all, e) {
			for j := range cells {
				cells[j] = cells[j].rounded()
			}
			r.Dimensions[d.name][d.rows[i].title] = cells
		}
		runtime.GC()
		t.Log(d.name)
	}
	text, err := json.MarshalIndent(r, "", "\t")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(figures, append(text, '\n'), 0o644))
	included, err := r.include(read(t, tuning))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(tuning, included, 0o644))
}

// The page shows the figures that are stored.
func TestPageShowsTheFigures(t *testing.T) {
	var r results
	require.NoError(t, json.Unmarshal(read(t, figures), &r))
	text := read(t, tuning)
	included, err := r.include(text)
	require.NoError(t, err)
	assert.Equal(t, string(included), string(text), "run: go test ./benchmarks/growth -growth")
}

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	text, err := os.ReadFile(path)
	require.NoError(tb, err)
	return text
}

// rounded keeps what says something.
func (c cell) rounded() cell {
	if c.Time > 0 {
		scale := math.Pow(10, 2-math.Floor(math.Log10(c.Time)))
		c.Time = math.Round(c.Time*scale) / scale
	}
	c.Allocs, c.Bytes = math.Round(c.Allocs), math.Round(c.Bytes)
	return c
}

// include puts the tables, and what they were measured on, between their marks in a page.
func (r results) include(text []byte) ([]byte, error) {
	for _, d := range dimensions() {
		table, err := d.markdown(r.Dimensions[d.name])
		if err != nil {
			return nil, err
		}
		if text, err = page.Part(d.name).Include(text, table); err != nil {
			return nil, err
		}
	}
	machine := fmt.Sprintf("%s, %s, %d cores; medians of %d interleaved rounds of %s each.\n", r.Go, r.Platform, r.Cores, r.Rounds, r.Batch)
	return page.Part("machine").Include(text, machine)
}

// markdown returns the table of a dimension.
func (d dimension) markdown(by map[string][]cell) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n| %s |", d.note, d.unit)
	first := by[d.rows[0].title]
	for _, c := range first {
		fmt.Fprintf(&b, " %s |", d.labelOf(c.Size))
	}
	fmt.Fprintf(&b, " allocations | bytes |\n|---|%s\n", strings.Repeat("---:|", len(first)+2))
	for _, r := range d.rows {
		cells := by[r.title]
		if len(cells) == 0 || len(cells) != len(first) {
			return "", fmt.Errorf("%s: there are no figures of the row %q", d.name, r.title)
		}
		fmt.Fprintf(&b, "| %s |", r.title)
		for _, c := range cells {
			fmt.Fprintf(&b, " %s |", page.Significant(c.Time))
		}
		fmt.Fprintf(&b, " %s | %s |\n", span(cells, func(c cell) float64 { return c.Allocs }), span(cells, func(c cell) float64 { return c.Bytes }))
	}
	return b.String(), nil
}

func (d dimension) labelOf(size int) string {
	if d.label == nil {
		return strconv.Itoa(size)
	}
	return d.label(size)
}

// span is a cost at the first and at the last size.
func span(cells []cell, of func(cell) float64) string {
	first, last := fmt.Sprintf("%.0f", of(cells[0])), fmt.Sprintf("%.0f", of(cells[len(cells)-1]))
	if first == last {
		return first
	}
	return first + " → " + last
}

func count(n int) string {
	switch {
	case n >= 1e6:
		return strconv.Itoa(n/1e6) + " M"
	case n >= 1e4:
		return strconv.Itoa(n/1e3) + " k"
	}
	return strconv.Itoa(n)
}

func TestReport(t *testing.T) {
	d := dimension{note: "A note.", unit: "keys", rows: []row{{title: "known"}, {title: "off"}}}
	table, err := d.markdown(map[string][]cell{"known": {{1, 1, 3, 624}, {10, 1.26, 3, 700}}, "off": {{1, 1, 5, 1000}, {10, 23.4, 6, 1000}}})
	require.NoError(t, err)
	assert.Equal(t, "A note.\n\n| keys | 1 | 10 | allocations | bytes |\n|---|---:|---:|---:|---:|\n"+
		"| known | 1.0 | 1.3 | 3 | 624 → 700 |\n| off | 1.0 | 23 | 5 → 6 | 1000 |\n", table)
	_, err = d.markdown(map[string][]cell{"known": {{1, 1, 3, 624}}})
	require.ErrorContains(t, err, "off")
	_, err = results{}.include([]byte("no marks"))
	require.Error(t, err)
	assert.Equal(t, cell{7, 1.23, 3, 12346}, cell{7, 1.2349, 3.2, 12345.6}.rounded())
}
