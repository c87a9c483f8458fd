package growth

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A cost may be so many times what its shape says. Time is measured on a machine that also
// does other things, and whose caches hold less of what is large.
const (
	mostTime   = 3.0
	mostMemory = 2.0
	noise      = 0.15 // of the first time: so much of a difference may be hidden
)

// check returns an error if a cost grows faster than its shape allows. A relative time is
// compared with another row, whose memory is not compared.
func (r row) check(cells []cell, relative bool) error {
	for i, c := range cells {
		if relative {
			if c.Time > mostTime {
				return fmt.Errorf("%s: at %d, %.3g × the time of the first row", r.title, c.Size, c.Time)
			}
			continue
		}
		time := mostTime * r.shape.expected(cells, i, func(c cell) float64 { return c.Time })
		if c.Time > time {
			return fmt.Errorf("%s: at %d, %.3g × the first time, but at most %.3g is %s", r.title, c.Size, c.Time, time, r.shape)
		}
		allocs := mostMemory*r.shape.expected(cells, i, func(c cell) float64 { return c.Allocs }) + 2
		bytes := mostMemory*r.shape.expected(cells, i, func(c cell) float64 { return c.Bytes }) + 512
		if !raced && (c.Allocs > allocs || c.Bytes > bytes) {
			return fmt.Errorf("%s: at %d, %.0f allocations and %.0f bytes, but at most %.0f and %.0f are %s", r.title, c.Size, c.Allocs, c.Bytes, allocs, bytes, r.shape)
		}
	}
	return nil
}

// expected is the cost at one of the sizes by the first one, or by a line through the first
// two. The second one may be in proportion to the first.
func (s shape) expected(cells []cell, i int, of func(cell) float64) float64 {
	first := of(cells[0])
	if s == constant || i == 0 {
		return first
	}
	size := func(i int) float64 { return float64(cells[i].Size) }
	if i == 1 {
		return first * size(1) / size(0)
	}
	slope := max(of(cells[1])-first, noise*first) / (size(1) - size(0))
	return first + slope*(size(i)-size(0))
}

func (s shape) String() string {
	if s == constant {
		return "constant"
	}
	return "a straight line"
}

var quick = effort{rounds: 15, batch: 500 * time.Microsecond}

// attempts is how often a row is measured. What grows too fast fails each time, but a
// machine is not busy each time.
const attempts = 3

// failures returns why rows grow too fast, even in the last attempt.
func (d dimension) failures(tb testing.TB) (failures []error) {
	tb.Helper()
	for range attempts {
		failures = nil
		cells := d.measure(tb, d.some, quick)
		failed := slices.Clone(d.rows[:0])
		for i, r := range d.rows {
			if err := r.check(cells[i], d.relative); err != nil {
				failures, failed = append(failures, err), append(failed, r)
				tb.Log(err)
			}
		}
		if len(failures) == 0 {
			return nil
		}
		if !d.relative {
			d.rows = failed
		}
	}
	return failures
}

func TestCheck(t *testing.T) {
	costs := func(f func(n float64) float64) (cells []cell) {
		for _, n := range []int{1, 10, 100} {
			cost := f(float64(n)) / f(1)
			cells = append(cells, cell{Size: n, Time: cost, Allocs: 10 * cost, Bytes: 1000 * cost})
		}
		return cells
	}
	for name, test := range map[string]struct {
		f      func(n float64) float64
		shape  shape
		passes bool
	}{
		"constant":               {f: func(float64) float64 { return 1 }, shape: constant, passes: true},
		"logarithmic":            {f: func(n float64) float64 { return 10 + math.Log(n) }, shape: constant, passes: true},
		"a line, not a constant": {f: func(n float64) float64 { return n }, shape: constant},
		"a line":                 {f: func(n float64) float64 { return n }, shape: linear, passes: true},
		"a flat line":            {f: func(n float64) float64 { return 100 + n }, shape: linear, passes: true},
		"n log n":                {f: func(n float64) float64 { return 20 + n*math.Log2(n+1) }, shape: linear, passes: true},
		"a square":               {f: func(n float64) float64 { return n * n }, shape: linear},
		"a flat square":          {f: func(n float64) float64 { return 1000 + n*n }, shape: linear},
	} {
		cells := costs(test.f)
		err := row{shape: test.shape}.check(cells, false)
		assert.Equal(t, test.passes, err == nil, "%s: %v", name, err)
	}
	steep := []cell{{1, 1, 5, 100}, {10, 1, 5, 100}, {100, 1, 5000, 100}}
	if !raced {
		assert.Error(t, row{shape: linear}.check(steep, false), "allocations count, too")
	}
	assert.Error(t, row{shape: constant}.check([]cell{{1, 4, 0, 0}}, true), "slower than the row to compare with")
}

// What is measured is what is checked.
func TestFailures(t *testing.T) {
	sum := 0.0
	spend := func(steps func(n int) int) func(testing.TB, int) operation {
		return func(_ testing.TB, n int) operation {
			return func() {
				for i := range steps(n) {
					sum += math.Sqrt(float64(i))
				}
			}
		}
	}
	d := dimension{few: []int{10, 20, 200}, rows: []row{
		{"same", constant, spend(func(int) int { return 200 }), nil},
		{"once", linear, spend(func(n int) int { return 200 + n }), nil},
		{"twice", linear, spend(func(n int) int { return n * n }), nil},
		{"all", constant, spend(func(n int) int { return 10 * n }), nil},
	}}
	failures := d.failures(t)
	require.Len(t, failures, 2)
	assert.ErrorContains(t, failures[0], "twice: ")
	assert.ErrorContains(t, failures[1], "all: ")
	assert.Positive(t, sum)
}
