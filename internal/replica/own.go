package replica

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// addition is an entry that this process added and has not read back yet.
type addition struct {
	until uint32
	epoch string    // the epoch that the process knew when it sent the entry
	taken time.Time // when the server accepted it; zero if that is not known
}

// underWay is the value of taken while Add has not returned. The follower does not repeat
// such an entry.
var underWay = time.Unix(1<<40, 0)

// Add blocks id on the server. After an error it is not known whether the server has it.
// This process refuses id in any case, and repeats the Add until the server accepts it.
func (c *Copy) Add(ctx context.Context, id string, expires time.Time) error {
	return c.AddAll(ctx, []Revocation{{id, expires}})
}

// Revocation is an ID to block.
type Revocation struct {
	ID      string
	Expires time.Time // zero: never
}

// AddAll is Add for many IDs at once. After an error it is not known which of them the
// server has.
func (c *Copy) AddAll(ctx context.Context, revocations []Revocation) error {
	entries := make([]idset.Entry, len(revocations))
	for i, r := range revocations {
		entries[i] = idset.EntryOf(r.ID, r.Expires)
	}
	c.noteAdditions(entries)
	err := c.log.Append(ctx, entries)
	taken := time.Now()
	if err != nil {
		taken = time.Time{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		if a, unread := c.own[e.Key]; unread {
			a.taken = taken
			c.own[e.Key] = a
		}
	}
	return err
}

// noteAdditions refuses entries from now on. The follower then looks out for the entries
// that it has not read yet. The server gives no new number to the others.
func (c *Copy) noteAdditions(entries []idset.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		if !c.isRead(e) {
			c.own[e.Key] = addition{max(e.Until, c.own[e.Key].until), c.epoch, underWay}
		}
		c.set.Add(e, c.clocks.bothPast)
	}
}

// isRead reports whether the follower has read an entry from the list.
func (c *Copy) isRead(e idset.Entry) bool {
	if c.seen != nil {
		return c.seen.Holds(e)
	}
	_, unread := c.own[e.Key]
	return !unread && c.set.Holds(e)
}

// repeatOwn appends again the entries that should have been read by now: the server did
// not accept them, or lost them. It repeats them until they are read.
func (c *Copy) repeatOwn(ctx context.Context, asked time.Time) error {
	entries := c.unread(asked)
	if len(entries) == 0 {
		return nil
	}
	epoch := c.epoch
	if err := c.log.Append(ctx, entries); err != nil {
		return err
	}
	taken := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		if a, unread := c.own[e.Key]; unread && a.taken != underWay {
			c.own[e.Key] = addition{a.until, epoch, taken}
		}
	}
	return nil
}

func (c *Copy) unread(asked time.Time) (entries []idset.Entry) {
	past := c.clocks.bothPast()
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, a := range c.own {
		e := idset.Entry{Key: key, Until: a.until}
		switch {
		case a.taken == underWay:
		case !e.IsLive(past):
			delete(c.own, key)
		case a.taken.Before(asked) || a.epoch != c.epoch:
			entries = append(entries, e)
		}
	}
	return entries
}

// hasOwnOfBefore reports whether this process added an entry in an earlier epoch and has
// not read it in the current one.
func (c *Copy) hasOwnOfBefore() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.own {
		if a.epoch != c.epoch {
			return true
		}
	}
	return false
}
