package replica

import (
	"context"
	"time"
)

// silence is how many times maxStaleness a follower may show no sign of life before it is
// struck from the roll. It shows one in each maxStaleness.
const silence = 4

// roll is the list of followers, as this follower last read it.
type roll struct {
	me      Member
	called  time.Time // when it was last read
	members map[string]sign
	absent  map[string]sign // followers that vanished from the roll, until their silence is over
}

// sign is the last sign of life of a member.
type sign struct {
	member Member
	at     time.Time // when it was first seen, by the monotonic clock
}

// note records the roll that was read. A follower that did not read for a while has missed
// signs of life, so after such a gap every member gets the whole time again. A member that
// vanished from the roll may have been lost with other data, so it is kept as absent.
func (r *roll) note(members []Member, now time.Time, maxStaleness time.Duration) {
	late := now.Sub(r.called) > 2*maxStaleness
	signs, absent := make(map[string]sign, len(members)), map[string]sign{}
	for _, m := range members {
		at := now
		if last, ok := r.members[m.ID]; ok && last.member.Beat == m.Beat && !late {
			at = last.at
		}
		signs[m.ID] = sign{m, at}
	}
	for _, before := range []map[string]sign{r.absent, r.members} {
		for id, s := range before {
			if _, there := signs[id]; !there && now.Sub(s.at) <= silence*maxStaleness {
				absent[id] = s
			}
		}
	}
	r.members, r.absent, r.called = signs, absent, now
}

// expected returns the IDs of all followers that may know entries.
func (r *roll) expected() []string {
	ids := []string{r.me.ID}
	for _, known := range []map[string]sign{r.members, r.absent} {
		for id := range known {
			if id != r.me.ID {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func (r *roll) has(id string) bool {
	_, ok := r.members[id]
	return ok
}

func (r *roll) allGave(epoch string) bool {
	for _, s := range r.members {
		if s.member.Gave != epoch {
			return false
		}
	}
	return true
}

// silent returns a member that has shown no sign of life for longer than most.
func (r *roll) silent(now time.Time, most time.Duration) (m Member, ok bool) {
	for id, s := range r.members {
		if id != r.me.ID && now.Sub(s.at) > most {
			return s.member, true
		}
	}
	return m, false
}

// callRoll shows a sign of life of this follower, and reads the roll.
func (c *Copy) callRoll(ctx context.Context) error {
	c.roll.me.Beat++
	c.roll.me.Gave = ""
	if c.gave {
		c.roll.me.Gave = c.epoch
	}
	members, epoch, err := c.log.Call(ctx, c.roll.me)
	if err != nil {
		return err
	}
	if epoch != c.epoch {
		return nil // the roll may have been lost with the list: keep the members that are known
	}
	c.roll.note(members, time.Now(), c.maxStaleness)
	c.mu.Lock()
	c.followers = len(members)
	c.mu.Unlock()
	if m, ok := c.roll.silent(time.Now(), silence*c.maxStaleness); ok {
		return c.log.Strike(ctx, m)
	}
	return nil
}

// leave strikes this follower from the roll, so that no restoration waits for it.
func (c *Copy) leave(ctx context.Context) {
	if c.roll.me.Beat > 0 {
		_ = c.log.Strike(ctx, c.roll.me) // if this fails, the others strike it later
	}
}
