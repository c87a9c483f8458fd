package replica

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// A list that has lost entries is restored in an epoch of its own:
//
//  1. Whoever notices begins it. Everybody on the roll that it knows is expected.
//  2. All others notice that the epoch is another, and join it: they add whom they
//     expect, read the whole list, and compare it with what they know. Meanwhile
//     nobody answers from a copy what is not on it.
//  3. Each gives back what it knows and did not read. Where that is much, one
//     gives it, latest expiry first, which is on the whole what was revoked last,
//     and the others read it.
//  4. Who has nothing left to give says so on the roll. When all have, but not
//     before maxStaleness, in which those come who are on nobody's roll, the list
//     is whole.
//
// Who has been silent for long is struck from the roll. If it comes back and
// knows something, it begins another restoration.

// enter goes to the list of another epoch than the one that was followed.
func (c *Copy) enter(ctx context.Context, head Head) error {
	switch isNew := c.epoch == "" || head.Epoch != c.epoch && !c.knowsAny(); {
	case head.Broken:
		return c.begin(ctx, head)
	case head.Epoch == "" && isNew:
		return c.log.Found(ctx, rand.Text())
	case isNew:
		c.join(head)
		return nil
	case head.Epoch != c.epoch && head.Restoring:
		// Whom others do not know of is expected, too. As the epoch is another by now,
		// this begins nothing.
		if err := c.log.Begin(ctx, c.epoch, rand.Text(), c.roll.expected()); err != nil {
			return err
		}
		c.join(head)
		return nil
	}
	return c.begin(ctx, head)
}

// begin begins a restoration. The next round joins it, or that of another who was
// faster.
func (c *Copy) begin(ctx context.Context, head Head) error {
	c.setRestoring(true)
	return c.log.Begin(ctx, head.Epoch, rand.Text(), c.roll.expected())
}

// join starts to read the list of an epoch from scratch.
func (c *Copy) join(head Head) {
	isLoss := c.epoch != "" && head.Restoring
	c.mu.Lock()
	c.epoch, c.at = head.Epoch, Position{}
	if isLoss {
		c.losses++
	}
	c.mu.Unlock()
	c.loaded, c.joined = false, time.Now()
	c.setRestoring(head.Restoring)
	if isLoss {
		c.tell(store.ListEvent{Kind: store.ListLost})
	}
}

// compareAll compares what is known, if anything, with what is read from now on.
func (c *Copy) compareAll() {
	c.gave, c.giving = false, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.set.Empty() {
		c.seen = new(idset.Set)
	}
}

func (c *Copy) stopComparing() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = nil
}

func (c *Copy) isRestoring() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.restoring
}

// setRestoring reports whether the list was being restored.
func (c *Copy) setRestoring(restoring bool) (was bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, c.restoring = c.restoring, restoring
	return was
}

// knowsAny reports whether anything is known that may be live by any clock.
func (c *Copy) knowsAny() bool {
	for range c.set.Live(c.clocks.bothPast()) {
		return true
	}
	return false
}

// missing returns what is known, was live at a time, and is not on the list that was
// read. What this process has added, and not read yet, is not part of it.
func (c *Copy) missing(at time.Time) (missing []idset.Entry) {
	for known := range c.set.Live(at) {
		c.mu.Lock()
		for _, e := range known {
			if _, unread := c.own[e.Key]; !unread && c.seen != nil && !c.seen.Holds(e) {
				missing = append(missing, e)
			}
		}
		c.mu.Unlock()
	}
	return missing
}

// restore is the part of a round in which the list is not known to be whole.
func (c *Copy) restore(ctx context.Context, head Head, asked time.Time) error {
	c.setRestoring(true)
	if err := c.callRoll(ctx); err != nil { // first: who cannot give lives all the same
		return err
	}
	if err := c.repeatOwn(ctx, asked); err != nil {
		return err
	}
	if !c.gave {
		if err := c.giveBack(ctx, head.Giver); err != nil {
			return err
		}
	}
	if head.Giver != "" && !c.roll.has(head.Giver) {
		return c.log.PassGiver(ctx, head.Epoch, head.Giver, "")
	}
	if c.gave && c.roll.allGave(c.epoch) && time.Since(c.joined) >= c.maxStaleness {
		return c.log.End(ctx, head.Epoch)
	}
	return nil
}

const (
	freelyGiven = 500    // what everybody may give at once
	givenARound = 10_000 // by the giver, who shows that it lives in between
)

// giveBack gives back what is missing.
func (c *Copy) giveBack(ctx context.Context, giver string) error {
	me := c.roll.me.ID
	if giver != "" && giver != me {
		return nil
	}
	if len(c.giving) == 0 {
		c.giving = c.missing(c.clocks.bothPast())
		slices.SortFunc(c.giving, func(a, b idset.Entry) int { return cmp.Compare(b.Until, a.Until) })
	}
	switch {
	case len(c.giving) == 0 && giver == me:
		return c.log.PassGiver(ctx, c.epoch, me, "")
	case len(c.giving) == 0:
		c.gave = !c.hasOwnOfBefore()
		return nil
	case len(c.giving) > freelyGiven && giver == "":
		c.giving = nil
		return c.log.PassGiver(ctx, c.epoch, "", me)
	}
	part := c.giving[:min(givenARound, len(c.giving))]
	if err := c.log.GiveBack(ctx, part); err != nil {
		return err
	}
	c.giving = c.giving[len(part):]
	return nil
}
