package replica

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// follow updates the copy until ctx ends.
func (c *Copy) follow(ctx context.Context) {
	pause := max(c.maxStaleness/4, 10*time.Millisecond)
	for ctx.Err() == nil {
		caughtUp, err := c.catchUp(ctx)
		switch {
		case err != nil:
			c.noteFailure(err)
			c.waited = nil
			wait(ctx, min(pause, time.Second))
		case caughtUp:
			c.failure.Store(nil)
			c.polling.Store(c.waited)
			c.waitForMore(ctx, pause)
		case c.isRestoring():
			wait(ctx, min(pause, restoringPause))
		}
	}
	c.leave(context.WithoutCancel(ctx))
}

// restoringPause is a pause between rounds, so that a server that gets very many entries
// back has time for them.
const restoringPause = 100 * time.Millisecond

// waitForMore waits for new entries, and keeps the reason if it cannot. Status reports the
// reason once the next round succeeds.
func (c *Copy) waitForMore(ctx context.Context, most time.Duration) {
	c.waited = nil
	if err := c.log.Wait(ctx, c.at, most); err != nil {
		c.waited = &err
	}
}

// catchUp is one round: it reads new entries. It reports whether the copy is complete as
// of the moment at which it asked the server for its head.
func (c *Copy) catchUp(ctx context.Context) (complete bool, err error) {
	asked := time.Now()
	head, err := c.log.Head(ctx)
	if err != nil {
		return false, err
	}
	c.clocks.note(head.Now, asked)
	if c.loaded && c.clocks.wentBack() {
		c.loaded = false
		c.endFreshness()
	}
	if c.epoch == "" || c.standing().isLoss(head) {
		return false, c.enter(ctx, head)
	}
	switch err := c.read(ctx, head.At); {
	case errors.Is(err, ErrLost):
		return false, c.begin(ctx, head)
	case errors.Is(err, ErrDropped):
		c.loaded = false // load again after a pause, not in a tight loop
		return false, err
	case err != nil:
		return false, err
	}
	if head.Restoring {
		return false, c.restore(ctx, head, asked)
	}
	return c.finish(ctx, head, asked)
}

// finish ends a round in which the copy has read all of a whole list.
func (c *Copy) finish(ctx context.Context, head Head, asked time.Time) (complete bool, err error) {
	if c.seen != nil {
		if len(c.missing(c.clocks.theirPast())) > 0 {
			return false, c.begin(ctx, head)
		}
		c.stopComparing()
	}
	due := time.Since(c.roll.called) >= c.maxStaleness
	if due {
		if err := c.callRoll(ctx); errors.As(err, new(Unfit)) {
			return false, err
		} else if err != nil {
			c.noteComplete(asked)
			return true, err
		}
	}
	c.noteComplete(asked)
	if err := c.repeatOwn(ctx, asked); err != nil || !due {
		return true, err
	}
	return true, c.audit(ctx, head)
}

// audited is how many entries an audit looks up.
const audited = 50

// audit looks up random entries of the copy on the server: a removal from the middle of
// the list changes neither head nor epoch. It leaves out entries that soon expire, because
// processes of the previous version purge by their own clock.
func (c *Copy) audit(ctx context.Context, head Head) error {
	entries := c.set.Sample(audited, c.clocks.theirPast().Add(2*margin))
	c.mu.Lock()
	entries = slices.DeleteFunc(entries, func(e idset.Entry) bool { _, unread := c.own[e.Key]; return unread })
	c.mu.Unlock()
	if len(entries) == 0 {
		return nil
	}
	if lacks, err := c.log.Lacks(ctx, entries); err != nil || !lacks {
		return err
	}
	return c.begin(ctx, head)
}

// read reads all entries up to head.
func (c *Copy) read(ctx context.Context, head Position) error {
	if !c.loaded {
		if err := c.load(ctx, head); err != nil {
			return err
		}
	}
	return c.readUpTo(ctx, head)
}

// load reads the whole list as of head, and prepares to compare it with what the copy
// knew before. The load may also return entries that were added after head. If the server
// then goes back to a state before them, they are lost. So the copy reads on to the
// position where the load ended, and that entry must still be the same.
func (c *Copy) load(ctx context.Context, head Position) error {
	c.compareAll()
	c.clocks.forgetLatest()
	last, err := c.log.Load(ctx, c.take)
	if err != nil {
		return err
	}
	c.setPosition(head)
	if err := c.readUpTo(ctx, last); err != nil {
		return err
	}
	if c.at != last {
		answer, err := c.log.Contains(ctx, nil, last)
		switch {
		case err != nil:
			return err
		case !answer.Intact:
			return ErrDropped
		}
	}
	c.loaded = true
	return nil
}

// readUpTo reads the entries up to head.
func (c *Copy) readUpTo(ctx context.Context, head Position) error {
	for c.at.Seq < head.Seq {
		last, err := c.log.Since(ctx, c.at, c.take)
		if err != nil {
			return err
		}
		if last.Seq <= c.at.Seq {
			return ErrDropped
		}
		c.setPosition(last)
	}
	return nil
}

func (c *Copy) setPosition(at Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// take adds an entry of the server to the copy.
func (c *Copy) take(e idset.Entry) {
	if !e.IsLive(c.clocks.bothPast()) {
		return
	}
	c.set.Add(e, c.clocks.bothPast)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen != nil {
		c.seen.Add(e, c.clocks.bothPast)
	}
	if a, unread := c.own[e.Key]; unread && a.until <= e.Until {
		delete(c.own, e.Key)
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
