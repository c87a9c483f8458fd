package faults

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// OwnTime is a clock that advances while this process gets the processor. A machine that
// is busy with others stops it, so it tells what hangs from what starves.
//
// A goroutine counts ticks. However long the process gets no processor, it misses all
// ticks but one.
type OwnTime struct {
	mu      sync.Mutex
	ticks   []time.Time
	watches map[*watch]bool
}

// tickLength is what each tick adds.
const tickLength = 10 * time.Millisecond

// watch is a call that must end before its ticks are over.
type watch struct {
	left int
	hung func()
}

// NewOwnTime returns a clock that runs until t ends.
func NewOwnTime(t testing.TB) *OwnTime {
	o, stop := startOwnTime()
	t.Cleanup(stop)
	return o
}

// Within is OwnTime.Within by a clock of its own.
func Within(t testing.TB, most time.Duration, what string, f func() error) error {
	t.Helper()
	o, stop := startOwnTime()
	defer stop()
	return o.Within(t, most, what, f)
}

func startOwnTime() (o *OwnTime, stop func()) {
	o = new(OwnTime)
	ended := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		ticker := time.NewTicker(tickLength)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				o.tick(time.Now())
			case <-ended:
				return
			}
		}
	})
	return o, func() {
		close(ended)
		ticking.Wait()
	}
}

// tick advances the clock, and tells what hangs.
func (o *OwnTime) tick(now time.Time) {
	var hung []func()
	o.mu.Lock()
	o.ticks = append(o.ticks, now)
	for w := range o.watches {
		if w.left--; w.left < 0 {
			hung = append(hung, w.hung)
			delete(o.watches, w)
		}
	}
	o.mu.Unlock()
	for _, f := range hung {
		f()
	}
}

// Between returns how much of a time this process had the processor.
func (o *OwnTime) Between(from, to time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	first, _ := slices.BinarySearchFunc(o.ticks, from, time.Time.Compare)
	last, _ := slices.BinarySearchFunc(o.ticks, to, time.Time.Compare)
	return time.Duration(max(0, last-first)) * tickLength
}

// Since is Between until now.
func (o *OwnTime) Since(from time.Time) time.Duration { return o.Between(from, time.Now()) }

// After calls hung after a time, unless stop is called before.
func (o *OwnTime) After(d time.Duration, hung func()) (stop func()) {
	w := &watch{int(d / tickLength), hung}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.watches == nil {
		o.watches = map[*watch]bool{}
	}
	o.watches[w] = true
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.watches, w)
	}
}

// Within calls f, and fails the test while f takes longer than most, also if f never
// returns. Call it in the goroutine of the test.
func (o *OwnTime) Within(t testing.TB, most time.Duration, what string, f func() error) error {
	t.Helper()
	done, hung := make(chan error, 1), make(chan string, 1)
	defer o.After(most, func() { hung <- stacks() })()
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case all := <-hung:
		t.Fatalf("%s hangs for longer than %v:\n%s", what, most, all)
		return nil
	}
}

// stacks are those of all goroutines.
func stacks() string {
	all := make([]byte, 1<<20)
	return string(all[:runtime.Stack(all, true)])
}
