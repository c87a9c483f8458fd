package faults

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Clocks are a list on a server whose clock can be set.
type Clocks struct {
	// Open connects a new process.
	Open func() replica.Log

	// Set makes the clock of the server differ from that of this machine.
	Set func(ahead time.Duration)

	// Tidy has the server drop what has expired.
	Tidy func()

	// Lose makes the server lose all of the list.
	Lose func()
}

// hours is for how long clocks are wrong. What was revoked expires before.
const hours = 3 * time.Hour

// clock is that of a process.
type clock struct{ ahead atomic.Int64 }

func (c *clock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }
func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }

// RunClocks sets clocks, and looks for what is forgotten by that. Each time the list
// is another.
func RunClocks(t *testing.T, open func(t *testing.T) Clocks) {
	for name, ahead := range map[string]struct{ process, server time.Duration }{
		"all are right":            {0, 0},
		"the process is ahead":     {hours, 0},
		"the process is behind":    {-hours, 0},
		"the server is ahead":      {0, hours},
		"the server is behind":     {0, -hours},
		"one is ahead, one behind": {hours, -hours},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &clocksRun{t: t, Clocks: open(t)}
			c.run(ahead.process, ahead.server)
		})
	}
}

type clocksRun struct {
	Clocks
	t     *testing.T
	clock clock
}

func (c *clocksRun) run(process, server time.Duration) {
	t := c.t
	expires := time.Now().Add(hours / 2)
	require.NoError(t, c.Open().Append(t.Context(), []idset.Entry{idset.EntryOf("before", expires)}))
	c.clock.set(process)
	c.Set(server)
	b := c.start(process, server)
	require.NoError(t, b.Add(t.Context(), "meanwhile", expires))
	c.Tidy()
	c.requireAll(b, "by wrong clocks")

	c.Lose()
	require.Eventually(t, func() bool { return b.Status().Losses == 1 }, patience, tickLength)
	requireComplete(t, []*replica.Copy{b})
	c.Tidy()
	c.requireAll(b, "after a loss")

	c.clock.set(0)
	c.Set(0)
	c.Tidy()
	require.Eventually(t, func() bool { return b.Status().ClockSkew.Abs() < slack }, patience, tickLength)
	c.requireAll(b, "by clocks that were set right")
	c.requireAll(c.start(0, 0), "a new process, by clocks that were set right")
}

// start starts a process, which says if clocks are too far apart.
func (c *clocksRun) start(process, server time.Duration) *replica.Copy {
	b := replica.NewByClock(c.t.Context(), c.Open(), MaxStaleness, c.clock.now)
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	require.NoError(c.t, b.Ready(ctx))
	require.EventuallyWithT(c.t, func(t *assert.CollectT) { // a busy machine reads clocks too late, and reads them again
		requireApart(t, server-process, replica.CheckSkew(b.Status().ClockSkew))
	}, patience, tickLength)
	return b
}

// requireApart makes sure that err says how far the clock of the server is ahead.
func requireApart(t require.TestingT, ahead time.Duration, err error) {
	switch {
	case ahead == 0:
		require.NoError(t, err)
	case ahead > 0:
		require.ErrorContains(t, err, fmt.Sprintf("the server's clock is %v ahead of the clock of this process", ahead))
	default:
		require.ErrorContains(t, err, fmt.Sprintf("the server's clock is %v behind the clock of this process", -ahead))
	}
}

func (c *clocksRun) requireAll(b *replica.Copy, when string) {
	c.t.Helper()
	log := c.Open()
	for _, id := range []string{"before", "meanwhile"} {
		blocked, err := b.Contains(c.t.Context(), id)
		require.NoError(c.t, err)
		assert.True(c.t, blocked, "%s: %s is accepted", when, id)
		answer, err := log.Contains(c.t.Context(), []idset.Key{idset.KeyOf(id)}, replica.Position{})
		require.NoError(c.t, err)
		assert.True(c.t, answer.Found, "%s: %s is not on the server", when, id)
	}
}
