package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/processor"
)

// clockwork is a clock that work moves.
type clockwork struct{ now time.Duration }

func (c *clockwork) time() time.Duration { return c.now }

// work returns work of a duration, which is disturbed now and then.
func (c *clockwork) work(duration time.Duration) func() {
	random := rand.New(rand.NewPCG(1, uint64(duration)))
	return func() {
		c.now += duration
		if random.IntN(1000) == 0 {
			c.now += 100 * duration
		}
	}
}

func (c *clockwork) duel(ours time.Duration) duel {
	return duel{name: "known", floor: c.work(100), ours: c.work(100 + ours), peer: c.work(10_100)}
}

func TestCheckHolds(t *testing.T) {
	t.Parallel()
	var c clockwork
	lowest, ok := c.duel(600).holds(0.06, c.time)
	assert.True(t, ok)
	assert.InDelta(t, 0.06, lowest, 0.01)
}

// Who does the work twice is found out.
func TestCheckFailsForTwiceTheWork(t *testing.T) {
	t.Parallel()
	var c clockwork
	lowest, ok := c.duel(1200).holds(0.06, c.time)
	assert.False(t, ok)
	assert.InDelta(t, 0.12, lowest, 0.02)
}

// The same with real work and the real clock: twice the work of the library is compared with
// the work itself. Not parallel, because other tests would use processor time.
func TestCheckSeesTwiceTheRealWork(t *testing.T) {
	d := duels()[0]
	once := d.ours
	d.peer = once
	assert.InDelta(t, 1, d.ratio(processor.Time), tolerated-1)
	d.ours = func() { once(); once() }
	assert.Greater(t, d.ratio(processor.Time), tolerated)
}

// Everything that is checked was recorded, and works.
func TestDuelsWereRecorded(t *testing.T) {
	t.Parallel()
	r := readResults(t, "../../../docs")
	for _, d := range duels() {
		ratio, ok := r.ratio(d.oursCost, d.peerCost)
		assert.True(t, ok, d.name)
		assert.Positive(t, ratio, d.name)
		for _, work := range []func(){d.floor, d.ours, d.peer} {
			if work != nil {
				assert.NotPanics(t, work, d.name)
			}
		}
	}
}
