package replica

import (
	"fmt"
	"sync"
	"time"
)

// Nothing is dropped before it has expired for the margin by two clocks, that of
// this process and that of the server. A clock that differs from others by up to
// MaxSkew then does no harm.
const (
	MaxSkew = 30 * time.Second
	margin  = time.Minute
)

// Skew is by how much the clock of a server is ahead that has just told the time,
// and was asked for it then. The answer is taken to be half as old as the question.
func Skew(server, asked time.Time) time.Duration { return server.Sub(midway(asked).Round(0)) }

func midway(asked time.Time) time.Time { return asked.Add(time.Since(asked) / 2) }

// CheckSkew returns an error for clocks that are too far apart. skew is by how
// much the server's is ahead.
func CheckSkew(skew time.Duration) error {
	if skew.Abs() <= MaxSkew {
		return nil
	}
	order := "ahead of"
	if skew < 0 {
		order = "behind"
	}
	return fmt.Errorf("the server's clock is %v %s that of this process, and may be %v: synchronise both (NTP)",
		skew.Abs().Round(time.Second), order, MaxSkew)
}

// clocks are that of this process, and that of the server as it was last read.
type clocks struct {
	local func() time.Time

	mu     sync.Mutex
	server time.Time
	read   time.Time // by the monotonic clock: the other one can be set meanwhile
	apart  time.Duration
}

// note takes over the time that the server told when it was asked.
func (c *clocks) note(server, asked time.Time) {
	read := midway(asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server, c.read = server, read
	c.apart = server.Sub(c.local().Add(-time.Since(read)).Round(0))
}

// skew is by how much the server's clock was ahead.
func (c *clocks) skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.apart
}

// bothPast is a time that is past by both clocks, by the margin; the year 1970
// if the server was never asked.
func (c *clocks) bothPast() time.Time {
	local, server := c.times()
	if server.IsZero() {
		return time.Unix(0, 0)
	}
	return earlier(local, server).Add(-margin)
}

// theirPast is a time that is past by the server's clock, by the margin. What is live
// then, nobody has purged, whatever their own clocks show.
func (c *clocks) theirPast() time.Time {
	_, server := c.times()
	return server.Add(-margin)
}

func (c *clocks) times() (local, server time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.server.IsZero() {
		server = c.server.Add(time.Since(c.read))
	}
	return c.local(), server
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
