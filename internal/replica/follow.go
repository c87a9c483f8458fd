package replica

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// follow brings the copy up to date again and again.
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

// restoringPause leaves a server that is given very many entries some time for
// that.
const restoringPause = 100 * time.Millisecond

// waitForMore keeps why it could not wait. That counts if all else works.
func (c *Copy) waitForMore(ctx context.Context, most time.Duration) {
	c.waited = nil
	if err := c.log.Wait(ctx, c.at, most); err != nil {
		c.waited = &err
	}
}

// catchUp is one round: it reads what is new. It reports true if the copy is
// complete as of the moment at which the server was asked where it stands.
func (c *Copy) catchUp(ctx context.Context) (complete bool, err error) {
	asked := time.Now()
	head, err := c.log.Head(ctx)
	if err != nil {
		return false, err
	}
	c.clocks.note(head.Now, asked)
	if c.epoch == "" || c.standing().isLoss(head) {
		return false, c.enter(ctx, head)
	}
	switch err := c.read(ctx, head.At); {
	case errors.Is(err, ErrLost):
		return false, c.begin(ctx, head)
	case errors.Is(err, ErrDropped):
		c.loaded = false // and after a pause: a log that nobody can read must not be loaded on and on
		return false, err
	case err != nil:
		return false, err
	}
	if head.Restoring {
		return false, c.restore(ctx, head, asked)
	}
	return c.finish(ctx, head, asked)
}

// finish ends a round in which the copy took over all of a list that is whole.
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

// audited is how many entries are looked for each time.
const audited = 50

// audit looks for some entries that should be on the list, by chance: what is removed
// from the middle of it moves no number. Those that soon expire may be gone: processes
// of before purge by their own clock.
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

// read reads all up to head.
func (c *Copy) read(ctx context.Context, head Position) error {
	if !c.loaded {
		if err := c.load(ctx, head); err != nil {
			return err
		}
	}
	return c.readUpTo(ctx, head)
}

// load reads the whole list, as of head, and compares it with what was known before.
// What is added meanwhile comes after head, and some of it is known by then: it is
// lost if the server goes back to before it. So the copy reads on to where the load
// ended, and that must be as it was.
func (c *Copy) load(ctx context.Context, head Position) error {
	c.compareAll()
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

// take takes over an entry of the server.
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
