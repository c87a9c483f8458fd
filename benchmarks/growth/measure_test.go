package growth

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

// operation is what a user or an application does once. It panics if the outcome is not
// what it should be.
type operation func()

// shape is how the cost of an operation may grow.
type shape int

const (
	constant shape = iota
	linear
)

// row is one kind of operation, at all sizes of its dimension.
type row struct {
	title string
	shape shape
	setup func(tb testing.TB, size int) operation
	few   []int // the sizes of the test; nil: those of the dimension
}

// dimension is something that grows.
type dimension struct {
	name  string // of the marks in the page
	note  string
	unit  string           // of the sizes
	label func(int) string // of a size; nil: the number
	sizes []int            // of the page
	few   []int            // of the test
	rows  []row

	// relative compares each column with its first row. Otherwise each row is compared with
	// its first column.
	relative bool

	// longer is how many times as long its batches are on the page: as long as many
	// collections. Zero means once.
	longer int

	// enter changes the program for a size, and returns what undoes it. It may be nil.
	enter func(size int) (leave func())
}

// cell is the cost of one operation at one size. Time is a ratio.
type cell struct {
	Size   int     `json:"size"`
	Time   float64 `json:"time"`
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
}

// effort is how much to measure.
type effort struct {
	rounds int
	batch  time.Duration
}

// candidate is an operation with its measurements.
type candidate struct {
	op    operation
	size  int
	enter func(size int) (leave func())
	batch int // calls that are measured together

	ns, allocs, bytes []float64 // of one call, in each round
}

// calibrate finds how many calls take as long as a batch. It takes the shortest of some
// times, because the first calls are slower.
func (c *candidate) calibrate(length time.Duration) {
	for c.batch = 1; ; c.batch *= 2 {
		if took := min(c.run(), c.run(), c.run()); took >= length/4 {
			c.batch = max(1, int(int64(c.batch)*int64(length)/int64(took)))
			return
		}
	}
}

func (c *candidate) run() time.Duration {
	began := used()
	for range c.batch {
		c.op()
	}
	return used() - began
}

func (c *candidate) measure() {
	if c.enter != nil {
		defer c.enter(c.size)()
	}
	var before, after runtime.MemStats
	c.op() // a pool may be empty
	runtime.ReadMemStats(&before)
	took := c.run()
	runtime.ReadMemStats(&after)
	n := float64(c.batch)
	c.ns = append(c.ns, float64(took)/n)
	c.allocs = append(c.allocs, float64(after.Mallocs-before.Mallocs)/n)
	c.bytes = append(c.bytes, float64(after.TotalAlloc-before.TotalAlloc)/n)
}

// measure measures all rows, each at its sizes, in rounds: each operation once, in random
// order. So what disturbs the machine for a while disturbs all alike.
func (d dimension) measure(tb testing.TB, sizes func(row) []int, e effort) [][]cell {
	tb.Helper()
	all := make([][]*candidate, len(d.rows))
	var order []*candidate
	for i, r := range d.rows {
		for _, size := range sizes(r) {
			c := &candidate{op: r.setup(tb, size), size: size, enter: d.enter}
			c.calibrate(e.batch)
			all[i] = append(all[i], c)
			order = append(order, c)
		}
	}
	for range e.rounds {
		runtime.GC() // no operation pays for what the setup has left
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, c := range order {
			c.measure()
		}
	}
	cells := make([][]cell, len(all))
	for i, r := range all {
		for j, c := range r {
			by := r[0]
			if d.relative {
				by = all[0][j]
			}
			cells[i] = append(cells[i], cell{c.size, ratio(c.ns, by.ns), median(c.allocs), median(c.bytes)})
		}
	}
	return cells
}

// all returns the sizes of the page.
func (d dimension) all(row) []int { return d.sizes }

// some returns the sizes of the test.
func (d dimension) some(r row) []int {
	if r.few != nil {
		return r.few
	}
	return d.few
}

func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// ratio is the median of the ratios in each round.
func ratio(times, by []float64) float64 {
	ratios := make([]float64, len(times))
	for i := range times {
		ratios[i] = times[i] / by[i]
	}
	return median(ratios)
}
