package jwks

import "time"

// bucket limits attempts: burst of them together, and one more after each cooldown. It is
// not safe for concurrent use.
type bucket struct {
	cooldown time.Duration
	burst    int
	spent    time.Time // each attempt adds one cooldown; never later than now
}

// take reports whether there may be an attempt now, and counts it.
func (b *bucket) take(now time.Time) bool {
	if full := now.Add(-time.Duration(b.burst) * b.cooldown); b.spent.Before(full) {
		b.spent = full
	}
	if b.spent.After(now) { // the clock was set back
		b.spent = now
	}
	after := b.spent.Add(b.cooldown)
	if after.After(now) {
		return false
	}
	b.spent = after
	return true
}
