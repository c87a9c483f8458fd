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

// The processes restore a list that has lost entries. A restoration has its own epoch:
//
//  1. The first process that notices the loss begins it. It puts every process that it
//     knows on the roll: the restoration waits for all of them.
//  2. All others notice the new epoch and join it. They also put the processes that they
//     know on the roll, read the whole list, and compare it with their copies. Meanwhile
//     no copy that is too old answers that an ID is not on the list.
//  3. Each process gives back the entries that it knows and did not read. If they are
//     many, one process, the giver, gives them back, and the others read them. It starts
//     with the latest expiry: these entries were mostly revoked last.
//  4. A process that has nothing left to give back says so on the roll. The list is whole
//     when all have said so, but not before maxStaleness has passed: in this time
//     processes arrive that no roll names.
//
// A process that is silent for too long is struck from the roll. If it comes back with
// entries that the list does not have, it begins another restoration.

// enter switches to a list whose epoch differs from the followed one.
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
		// This adds processes that others do not know to the roll. It begins no
		// restoration, because the epoch has changed already.
		if err := c.log.Begin(ctx, c.epoch, rand.Text(), c.roll.expected()); err != nil {
			return err
		}
		c.join(head)
		return nil
	}
	return c.begin(ctx, head)
}

// begin begins a restoration. The next round joins it, or the restoration of a process
// that was faster.
func (c *Copy) begin(ctx context.Context, head Head) error {
	c.setRestoring(true)
	return c.log.Begin(ctx, head.Epoch, rand.Text(), c.roll.expected())
}

// join starts to read the list of an epoch from the beginning. A new process that finds a
// restoration reports the loss too: there may be no other process that does.
func (c *Copy) join(head Head) {
	c.mu.Lock()
	c.epoch, c.at = head.Epoch, Position{}
	if head.Restoring {
		c.losses++
	}
	c.mu.Unlock()
	c.loaded, c.joined = false, time.Now()
	c.setRestoring(head.Restoring)
	if head.Restoring {
		c.tell(store.ListEvent{Kind: store.ListLost})
	}
}

// compareAll starts to record what is read, to compare it with what is known.
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

// setRestoring sets whether the list is being restored, and returns what it was.
func (c *Copy) setRestoring(restoring bool) (was bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, c.restoring = c.restoring, restoring
	return was
}

// knowsAny reports whether the copy has an entry that may be live by either clock.
func (c *Copy) knowsAny() bool {
	for range c.set.Live(c.clocks.bothPast()) {
		return true
	}
	return false
}

// missing returns the known entries that were live at a time and are not on the list that
// was read. It leaves out entries that this process added and has not read yet.
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

// restore is the rest of a round while the list is being restored.
func (c *Copy) restore(ctx context.Context, head Head, asked time.Time) error {
	c.setRestoring(true)
	if err := c.callRoll(ctx); err != nil { // first, so that a process that cannot give back shows that it lives
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
	freelyGiven = 500    // entries that each process may give back without being the giver
	givenARound = 10_000 // entries that the giver gives back between two signs of life
)

// giveBack gives back missing entries, or some of them.
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
