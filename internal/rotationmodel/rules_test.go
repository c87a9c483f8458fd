package rotationmodel

import "math"

// tick is a time or a duration, in arbitrary units.
type tick = int32

// notYet is the time of an event that has not happened.
const notYet tick = math.MinInt32

// rules are settings, the largest clock skew, and at most one mistake.
type rules struct {
	grace       tick // G
	young       tick // M
	access      tick // how long an access token is valid
	idle        tick // how long an unused session lives
	minute      tick // margin for clock skew
	leeway      tick // for how long an expired token is accepted
	maxSessions int  // zero: any number
	spread      tick // the largest difference of two clocks
	mistake     mistake
}

// mistake is a wrong rule. The zero value means the right rules.
type mistake string

// session is a record in the store.
type session struct {
	state   state
	gen     int32
	created tick
	rotated tick
	handed  tick
	expires tick
	key     int32 // the key that made a generation; zero: none
	keyGen  int32 // the generation that the key made
}

type state int8

const (
	absent state = iota
	live
	ended   // it was deleted
	dropped // it expired, and the store dropped it
)

// verdict is the decision about a refresh token.
type verdict int8

const (
	trade    verdict = iota // the next generation
	handOut                 // the stored generation, which is then handed out
	asStored                // the stored generation
	theft
)

// decide is the table of the package comment.
func (r *rules) decide(s session, gen, key int32, now tick) verdict {
	d, out := gen-s.gen, r.isOut(s, now)
	age := max(r.grace, r.young)
	if out {
		age = now - s.handed
	}
	switch {
	case d > 0 || d == 0 && r.grace < 0:
		return trade
	case d < -1 || r.grace < 0:
		return theft
	case d == 0 && !out && r.mistake != tradesWhatIsNotOut:
		return handOut
	case d == 0 && age < r.young && r.mistake != tradesTheYoung:
		return asStored
	case d == 0:
		return trade
	case !out && r.mistake != repeatsWithoutGrace:
		return handOut
	case age < r.grace || key != 0 && key == s.key && s.gen == s.keyGen || !out || r.mistake == neverLate:
		return asStored
	}
	return theft
}

// isOut reports whether the newest generation counts as handed out. A time far in the
// future, from a wrong clock, does not count.
func (r *rules) isOut(s session, now tick) bool {
	return s.handed != notYet && now >= s.handed-r.minute
}

// successor returns the session that a trade writes. A key makes only one generation: a key
// that is always the same would hide a thief.
func (r *rules) successor(s session, gen, key int32, now tick) session {
	isNew := key != 0 && (key != s.key || r.mistake == constantKeys)
	s.gen = gen + 1
	s.rotated = now
	s.handed = notYet
	if r.grace < 0 || r.mistake == handsOutInTheTrade {
		s.handed = now
	}
	s.expires = max(s.expires, now+r.idle)
	if isNew {
		s.key, s.keyGen = key, s.gen
	}
	return s
}

// oldToken is a refresh token without a session.
type oldToken struct{ issued, expires tick }

// adopted returns the session that an old token starts.
func (r *rules) adopted(token oldToken, now tick) (s session, ok bool) {
	s = session{state: live, gen: 1, created: token.issued, rotated: now, handed: notYet, expires: max(token.expires, now+r.idle)}
	if r.grace < 0 {
		s.handed = now
	}
	last := token.expires - r.minute
	if r.mistake == adoptsInTheLeeway {
		last = token.expires + r.leeway - 1
	}
	return s, now <= last
}

// blockedUntil returns until when the tokens of a session are refused: until the last access
// token has expired, and for as long as the session could come back.
func (r *rules) blockedUntil(now, comesBack tick) tick {
	until := max(now+r.access, comesBack)
	if r.mistake == noMargin {
		return until
	}
	return until + r.leeway + r.minute
}
