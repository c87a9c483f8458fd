package replica

import (
	"fmt"
	"sync"
	"time"
)

// No entry is dropped until it has been expired for the margin by two clocks: the clock of
// this process and the clock of the server. So a clock skew of up to MaxSkew does no harm.
const (
	MaxSkew = 30 * time.Second
	margin  = time.Minute
)

// Skew returns how far a server's clock is ahead. server is the time that it has just
// answered, and asked is when it was asked. The answer is assumed to be half as old as the
// question.
func Skew(server, asked time.Time) time.Duration { return server.Sub(midway(asked).Round(0)) }

func midway(asked time.Time) time.Time { return asked.Add(time.Since(asked) / 2) }

// CheckSkew returns an error if the clocks are too far apart. skew is how far the server's
// clock is ahead.
func CheckSkew(skew time.Duration) error {
	if skew.Abs() <= MaxSkew {
		return nil
	}
	order := "ahead of"
	if skew < 0 {
		order = "behind"
	}
	return fmt.Errorf("the server's clock is %v %s the clock of this process, and may differ by %v: synchronise both (NTP)",
		skew.Abs().Round(time.Second), order, MaxSkew)
}

// clocks are the clock of this process, and the server's clock as it was last read.
type clocks struct {
	local func() time.Time

	mu     sync.Mutex
	server time.Time
	read   time.Time // by the monotonic clock, because the wall clock can be set meanwhile
	apart  time.Duration
	latest time.Time // the latest bothPast since the last load, without a monotonic reading
}

// note records the server's time, which was asked for at asked.
func (c *clocks) note(server, asked time.Time) {
	read := midway(asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server, c.read = server, read
	c.apart = server.Sub(c.local().Add(-time.Since(read)).Round(0))
}

// skew returns how far the server's clock was ahead.
func (c *clocks) skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.apart
}

// bothPast returns a time that is past by both clocks and the margin. It is in 1970 if the
// server was never asked.
func (c *clocks) bothPast() time.Time {
	local, server := c.times()
	if server.IsZero() {
		return time.Unix(0, 0)
	}
	past := earlier(local, server).Add(-margin).Round(0) // a monotonic reading would hide that a clock was set back
	c.mu.Lock()
	defer c.mu.Unlock()
	if past.After(c.latest) {
		c.latest = past
	}
	return past
}

// wentBack reports whether the copy may have dropped an entry that has not expired: both
// clocks were ahead, and were set right. Both are one clock if the server runs on the
// machine of the process.
func (c *clocks) wentBack() bool {
	local, server := c.times()
	c.mu.Lock()
	defer c.mu.Unlock()
	return earlier(local, server).Round(0).Before(c.latest)
}

// forgetLatest is called before a load, which finds what was dropped.
func (c *clocks) forgetLatest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = time.Time{}
}

// theirPast returns a time that is past by the server's clock and the margin. No process
// has purged an entry that was live then, whatever its own clock shows.
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
