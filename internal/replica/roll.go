package replica

import (
	"context"
	"time"
)

// silence is after how many times maxStaleness without a sign of life a follower
// is struck from the roll. It shows one in each.
const silence = 4

// roll is who follows the list, as this follower has read it.
type roll struct {
	me      Member
	called  time.Time // when it was last read
	members map[string]sign
	absent  map[string]sign // who is no longer on it, until they would be struck
}

// sign is the last sign of life of a member.
type sign struct {
	member Member
	at     time.Time // when it was first seen, by the monotonic clock
}

// note takes over what was read. Signs are missed by who does not read: after a
// gap everybody gets the whole time again. Who is not on it any more may have been
// lost with other data.
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

// expected are those who may know something.
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

// silent returns one who has shown no sign of life for longer than most.
func (r *roll) silent(now time.Time, most time.Duration) (m Member, ok bool) {
	for id, s := range r.members {
		if id != r.me.ID && now.Sub(s.at) > most {
			return s.member, true
		}
	}
	return m, false
}

// callRoll shows that this follower lives, and reads who else does.
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
		return nil // the list was lost, and with it the roll: who was on it is expected
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

// leave strikes this follower from the roll, so that nobody waits for it.
func (c *Copy) leave(ctx context.Context) {
	if c.roll.me.Beat > 0 {
		_ = c.log.Strike(ctx, c.roll.me) // else the others do, later
	}
}
