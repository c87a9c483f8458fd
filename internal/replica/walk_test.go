package replica_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

var walks = flag.Int("replica.walks", 150, "how many random walks there are")

// Random walks of the real code, with random pauses between any two calls. The server loses
// everything, goes back to an earlier state, drops old entries and fails, while processes end,
// start and are cut off. The clock is the fake clock of the test.
func TestWalks(t *testing.T) {
	t.Parallel()
	count := *walks
	if testing.Short() {
		count /= 3
	}
	for seed := range count {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWalk(t, uint64(seed)).run() })
		})
	}
}

// walked is MaxStaleness in these walks.
const walked = time.Second

// The longest times of a call: usually, and for a process that is cut off.
const (
	call = 20 * time.Millisecond
	cut  = 300 * time.Millisecond
)

// noticed is the longest time until a loss is noticed: a round each quarter of walked, with a
// few calls, and another round after an error.
const noticed = walked/4 + 50*call

type walk struct {
	t *testing.T
	s *server

	mu        sync.Mutex
	random    *rand.Rand
	processes []*process
	added     []addition
	lostAt    time.Time
	snapshots []func()
	isCalm    bool // calls no longer fail
}

// process is a copy and its connection.
type process struct {
	*server
	walk    *walk
	copy    *replica.Copy
	end     context.CancelFunc
	began   time.Time
	cutFrom time.Time // zero while it is not cut off
	heard   time.Time // since when it is connected
}

type addition struct {
	id string
	at time.Time // when Add had returned without an error
}

func newWalk(t *testing.T, seed uint64) *walk {
	w := &walk{t: t, s: newServer(), random: rand.New(rand.NewPCG(seed, 0))}
	for range 2 + w.pick(2) {
		w.begin()
	}
	return w
}

func (w *walk) pick(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

func (w *walk) pause(most time.Duration) { time.Sleep(time.Duration(w.pick(int(most)))) }

func (w *walk) begin() {
	ctx, end := context.WithCancel(w.t.Context())
	p := &process{server: w.s, walk: w, end: end, began: time.Now(), heard: time.Now()}
	p.copy = replica.New(ctx, p, walked)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.processes = append(w.processes, p)
}

// any returns a random running process.
func (w *walk) any() *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.processes[w.random.IntN(len(w.processes))]
}

func (w *walk) run() {
	var working sync.WaitGroup
	ctx, stop := context.WithCancel(w.t.Context())
	for _, work := range []func(){w.add, w.add, w.ask, w.ask, w.ask, w.harm} {
		working.Go(func() {
			for ctx.Err() == nil {
				work()
			}
		})
	}
	time.Sleep(time.Minute)
	stop()
	working.Wait()
	for _, p := range w.processes {
		p.setCut(false)
	}
	w.mu.Lock()
	w.isCalm = true
	w.mu.Unlock()
	time.Sleep(30 * time.Second)
	w.checkTheEnd()
	for _, p := range w.processes {
		p.end()
	}
	time.Sleep(time.Second) // time in which they leave the roll
}

func (w *walk) add() {
	w.pause(time.Second)
	a := addition{id: fmt.Sprint("id ", w.pick(1<<40))}
	if err := w.any().copy.Add(w.t.Context(), a.id, time.Now().Add(time.Hour)); err != nil {
		return
	}
	a.at = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.added = append(w.added, a)
}

func (w *walk) ask() {
	w.pause(50 * time.Millisecond)
	w.mu.Lock()
	if len(w.added) == 0 {
		w.mu.Unlock()
		return
	}
	a := w.added[w.random.IntN(len(w.added))]
	p := w.processes[w.random.IntN(len(w.processes))]
	w.mu.Unlock()
	asked := time.Now()
	blocked, err := p.copy.Contains(w.t.Context(), a.id)
	if err == nil && !blocked && w.mustBeRefused(a, asked) {
		assert.Fail(w.t, "a revoked ID is accepted", "%s, %v after it was added, %v after the loss", a.id, asked.Sub(a.at), asked.Sub(w.lostAt))
	}
}

// mustBeRefused reports whether a process knew a for all the time in which a should have been
// given back.
func (w *walk) mustBeRefused(a addition, asked time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := later(a.at, w.lostAt)
	for _, p := range w.processes {
		if !p.copy.Knows(a.id) {
			continue
		}
		if p.cutFrom.IsZero() {
			if asked.Sub(later(from, p.heard)) > walked+noticed {
				return true
			}
			continue
		}
		// It is waited for, by those who have read its line.
		isWaitedFor := asked.Sub(p.cutFrom) < 2*walked && p.wasKnown()
		if isWaitedFor && asked.Sub(later(from, p.heard)) > walked+noticed {
			return true
		}
	}
	return false
}

// wasKnown reports whether other processes read the line of p before p was cut off, and have
// run ever since.
func (p *process) wasKnown() bool {
	before := p.cutFrom.Add(-2*walked - noticed)
	if p.began.After(before) || p.heard.After(before) {
		return false
	}
	for _, other := range p.walk.processes {
		if other != p && other.cutFrom.IsZero() && !later(other.began, other.heard).After(before) {
			return true
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// harm makes a random fault of the server or of a process.
func (w *walk) harm() {
	w.pause(4 * time.Second)
	switch w.pick(12) {
	case 0, 1:
		w.lose(w.s.loseAll)
	case 2, 3, 4:
		w.mu.Lock()
		back := w.s.loseAll
		if len(w.snapshots) > 0 {
			back = w.snapshots[w.random.IntN(len(w.snapshots))]
		}
		w.mu.Unlock()
		w.lose(back)
	case 5, 6:
		snapshot := w.s.snapshot()
		w.mu.Lock()
		w.snapshots = append(w.snapshots, snapshot)
		w.mu.Unlock()
	case 7:
		w.s.locked(func() { w.s.dropped = max(w.s.dropped, len(w.s.data.log)-1) })
	case 8:
		w.begin()
	case 9:
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.processes) > 2 {
			w.processes[0].end()
			w.processes = w.processes[1:]
		}
	default:
		p := w.any()
		p.setCut(true)
		w.pause(6 * time.Second)
		p.setCut(false)
	}
}

func (w *walk) lose(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.s.locked(func() { w.s.dropped = w.random.IntN(len(w.s.data.log) + 1) })
	w.lostAt = time.Now()
}

func (p *process) setCut(isCut bool) {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	switch {
	case isCut:
		p.cutFrom = time.Now()
	case !p.cutFrom.IsZero():
		p.cutFrom, p.heard = time.Time{}, time.Now()
	}
}

// checkTheEnd checks that everything works a while after the last fault.
func (w *walk) checkTheEnd() {
	known := map[string]bool{}
	for _, p := range w.processes {
		s := p.copy.Status()
		assert.NoError(w.t, s.Err)
		assert.False(w.t, s.Restoring)
		assert.Less(w.t, time.Since(s.Complete), walked)
		assert.Zero(w.t, s.Pending)
		assert.Equal(w.t, len(w.processes), s.Followers)
		for _, a := range w.added {
			known[a.id] = known[a.id] || p.copy.Knows(a.id)
		}
	}
	for id, isKnown := range known {
		if !isKnown {
			continue
		}
		for _, p := range w.processes {
			assert.True(w.t, p.copy.Knows(id), id)
		}
		answer, err := w.s.Contains(w.t.Context(), []idset.Key{idset.KeyOf(id)}, replica.Position{})
		assert.NoError(w.t, err)
		assert.True(w.t, answer.Found, id)
	}
}

var errCut = errors.New("no answer")

// through makes a call: it takes some time, and may fail before or after its effect.
func through[T any](p *process, ask func() (T, error)) (value T, err error) {
	p.walk.mu.Lock()
	isCut, isCalm := !p.cutFrom.IsZero(), p.walk.isCalm
	p.walk.mu.Unlock()
	if isCut {
		time.Sleep(cut)
		return value, errCut
	}
	p.walk.pause(call / 2)
	fate := p.walk.pick(100)
	if fate == 0 && !isCalm {
		return value, errCut
	}
	value, err = ask()
	p.walk.pause(call / 2)
	if fate == 1 && !isCalm {
		var none T
		return none, errCut
	}
	return value, err
}

func change(p *process, f func() error) error {
	_, err := through(p, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

func (p *process) Head(ctx context.Context) (replica.Head, error) {
	return through(p, func() (replica.Head, error) { return p.server.Head(ctx) })
}

func (p *process) Append(ctx context.Context, entries []idset.Entry) error {
	return change(p, func() error { return p.server.Append(ctx, entries) })
}

func (p *process) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return change(p, func() error { return p.server.GiveBack(ctx, entries) })
}

func (p *process) Contains(ctx context.Context, keys []idset.Key, at replica.Position) (replica.Answer, error) {
	return through(p, func() (replica.Answer, error) { return p.server.Contains(ctx, keys, at) })
}

func (p *process) Lacks(ctx context.Context, entries []idset.Entry) (bool, error) {
	return through(p, func() (bool, error) { return p.server.Lacks(ctx, entries) })
}

func (p *process) Load(ctx context.Context, add func(idset.Entry)) (replica.Position, error) {
	return through(p, func() (replica.Position, error) { return p.server.Load(ctx, add) })
}

func (p *process) Since(ctx context.Context, at replica.Position, add func(idset.Entry)) (replica.Position, error) {
	var read []idset.Entry
	last, err := through(p, func() (replica.Position, error) {
		return p.server.Since(ctx, at, func(e idset.Entry) { read = append(read, e) })
	})
	if err != nil {
		return at, err
	}
	for _, e := range read {
		add(e)
	}
	return last, nil
}

func (p *process) Found(ctx context.Context, epoch string) error {
	return change(p, func() error { return p.server.Found(ctx, epoch) })
}

func (p *process) Begin(ctx context.Context, seen, epoch string, expected []string) error {
	return change(p, func() error { return p.server.Begin(ctx, seen, epoch, expected) })
}

func (p *process) PassGiver(ctx context.Context, epoch, from, to string) error {
	return change(p, func() error { return p.server.PassGiver(ctx, epoch, from, to) })
}

func (p *process) End(ctx context.Context, epoch string) error {
	return change(p, func() error { return p.server.End(ctx, epoch) })
}

func (p *process) Call(ctx context.Context, me replica.Member) (roll []replica.Member, epoch string, err error) {
	err = change(p, func() (err error) { roll, epoch, err = p.server.Call(ctx, me); return err })
	return roll, epoch, err
}

func (p *process) Strike(ctx context.Context, m replica.Member) error {
	return change(p, func() error { return p.server.Strike(ctx, m) })
}
