package rotationmodel

import "fmt"

// maxSessions is how many sessions a play may have.
const maxSessions = 3

// server is what all processes share, and what must always hold of it.
type server struct {
	rules    *rules
	sessions [maxSessions]session // of one identity
	old      oldToken             // that becomes session 0
	blocked  [maxSessions]tick    // until when
	seen     history
	broken   string // what does not hold
}

// history is what an onlooker knows, and a store does not.
type history struct {
	spent    int32   // an Idempotency-Key that has made a generation before
	made     int32   // the newest generation of session 0 there ever was
	out      [2]tick // when it, and the one before, was handed out
	sessions [maxSessions]fate
}

// fate is what became of a session.
type fate struct {
	answered  bool // somebody was given tokens of it
	access    tick // when the last of its access tokens expires
	loggedOut bool // a logout has succeeded
	stolen    bool // somebody was told that it was stolen
	told      int8 // how often OnReuse was
	unsure    bool // by one that does not know whether it has deleted the session
	removed   bool // it was not a theft that has removed it
}

func newServer(r *rules) server {
	v := server{rules: r}
	for i := range maxSessions {
		v.blocked[i], v.seen.sessions[i].access = notYet, notYet
	}
	v.seen.out = [2]tick{notYet, notYet}
	return v
}

// put is a session that was there before.
func (v *server) put(sid int8, s session) {
	v.sessions[sid] = s
	v.seen.sessions[sid].answered = true
	if sid == 0 {
		v.seen.made, v.seen.out, v.seen.spent = s.gen, [2]tick{s.handed, notYet}, s.key
	}
}

func (v *server) breaks(format string, args ...any) {
	if v.broken == "" {
		v.broken = fmt.Sprintf(format, args...)
	}
}

// contains, add, create, replace and remove are the calls, once they have their effect.

func (v *server) contains(sid int8, clock tick) bool { return v.blocked[sid] > clock }

func (v *server) add(sid int8, until tick) { v.blocked[sid] = max(v.blocked[sid], until) }

func (v *server) create(sid int8, s session) bool {
	stored := &v.sessions[sid]
	if stored.state == live {
		return false
	}
	over := stored.state != absent
	*stored = s
	if !over {
		v.makes(sid, s)
	} else if v.blocked[sid]-v.rules.spread < s.expires {
		v.breaks("a token has become a second session")
	}
	return true
}

func (v *server) replace(sid int8, old, next session) bool {
	stored := &v.sessions[sid]
	same := stored.gen == old.gen && stored.rotated == old.rotated && stored.handed == old.handed
	if v.rules.mistake == comparesGenerations {
		same = stored.gen == old.gen
	}
	if stored.state != live || !same {
		return false
	}
	if next.gen != stored.gen {
		v.makes(sid, next)
	}
	*stored = next
	return true
}

func (v *server) remove(sid int8) bool {
	if v.sessions[sid].state != live {
		return false
	}
	v.sessions[sid].state = ended
	return true
}

// makes notes a new generation.
func (v *server) makes(sid int8, s session) {
	if sid != 0 {
		return
	}
	if s.gen <= v.seen.made {
		v.breaks("a generation was made twice")
	}
	v.seen.out = [2]tick{notYet, v.seen.out[0]}
	v.seen.made = s.gen
}

// handsOut notes that the grace of the newest generation was stored by a call
// that did nothing else, at a time.
func (v *server) handsOut(sid int8, now tick) {
	if sid == 0 && v.seen.out[0] == notYet {
		v.seen.out[0] = now
	}
}

// tells is OnReuse.
func (v *server) tells(sid int8, unsure bool) {
	f := &v.seen.sessions[sid]
	f.told++
	f.unsure = f.unsure || unsure
}

// check looks at what must hold at every moment.
func (v *server) check() {
	for i, s := range v.sessions {
		f := v.seen.sessions[i]
		access := f.access != notYet && v.blocked[i]-v.rules.spread < f.access+v.rules.leeway
		over := f.loggedOut || f.stolen
		switch {
		case s.state == ended && access:
			v.breaks("a session was deleted, and an access token of it is good")
		case over && access:
			v.breaks("a session is over, and an access token of it is good")
		case over && s.state == live && v.blocked[i]-v.rules.spread < s.expires:
			v.breaks("a session is over, and comes back when it is no longer blocked")
		case f.told > 1 && !f.unsure:
			v.breaks("OnReuse is told twice")
		}
	}
}

// checkMax looks at the sessions when a login was answered.
func (v *server) checkMax() {
	n := 0
	for i, s := range v.sessions {
		if s.state == live && v.seen.sessions[i].answered && v.blocked[i] == notYet {
			n++
		}
	}
	if v.rules.maxSessions > 0 && n > v.rules.maxSessions {
		v.breaks("there are more sessions than there may be")
	}
}

// isLate reports whether a token is a copy without doubt: its successor was
// traded, or was handed out long ago and nobody has the key.
func (v *server) isLate(r *request, now tick) bool {
	s, out := v.sessions[0], v.seen.out[0]
	key := r.key != 0 && r.key == s.key && s.keyGen == s.gen && r.key != v.seen.spent
	switch d := r.gen - s.gen; {
	case r.sid != 0 || s.state != live:
		return false
	case d == -1 && v.rules.grace >= 0:
		return !key && out != notYet && now-out >= v.rules.grace+v.rules.spread
	default:
		return d < 0
	}
}

// checkTheft is asked when somebody is taken for a thief: the successor of the
// token must have been handed out, for at least as long as may pass in which a
// client repeats a request that was lost.
func (v *server) checkTheft(r *request, now tick) {
	out := v.seen.out[0]
	if r.gen == v.seen.made-2 {
		out = v.seen.out[1]
	}
	if v.rules.grace >= 0 && r.sid == 0 && r.gen >= v.seen.made-2 &&
		(out == notYet || now-out < min(v.rules.grace, v.rules.young)-v.rules.spread) {
		v.breaks("a token is said to be stolen, and its successor was not handed out long ago")
	}
}

// judge looks at an answer. A call that failed is no answer; only the start of
// the grace, and the deletion of what is blocked, may fail.
func (v *server) judge(r *request) {
	unknown := r.failedAt == handOutNow || r.failedAt == lookAgain
	forgiven := r.failedAt == 0 || r.result == unavailable || r.result == nothing ||
		r.result == tokens && unknown || r.failedAt == remove && r.result == reused || r.failedAt == undo
	if !forgiven {
		v.breaks("%s has failed, and that was taken for an answer", callNames[r.failedAt])
	}
	switch f := &v.seen.sessions[r.sid]; r.result {
	case done:
		f.loggedOut = f.loggedOut || r.kind == logout
	case reused:
		f.stolen = true
		if f.told == 0 && !f.removed {
			v.breaks("a theft was answered, and OnReuse was not told")
		}
	case tokens:
		v.judgeTokens(r, unknown)
	}
}

func (v *server) judgeTokens(r *request, unknown bool) {
	s := v.sessions[r.sid]
	grace := r.kind != refresh || s.state != live || s.handed != notYet || s.gen > r.answered
	switch {
	case r.late:
		v.breaks("tokens are given for one that must not be good any more")
	case r.sid == 0 && r.answered > v.seen.made:
		v.breaks("tokens are given of a generation that was not made")
	case r.cancelled && !grace:
		v.breaks("tokens are given to who has gone away, and the grace was not stored")
	case !unknown && !grace:
		v.breaks("tokens are given, and the grace was not stored")
	}
	f := &v.seen.sessions[r.sid]
	f.answered, f.access = true, max(f.access, r.issued+v.rules.access)
	if r.kind == login || r.gen == 0 && r.kind == refresh {
		v.checkMax()
	}
}
