package rotationmodel

import "fmt"

// maxSessions is how many sessions a play may have at most.
const maxSessions = 3

// server is the data that all processes share, and its history.
type server struct {
	rules    *rules
	sessions [maxSessions]session // of one identity
	old      oldToken             // the old token that becomes session 0
	blocked  [maxSessions]tick    // until when each is blocked
	seen     history
	broken   string // the promise that is broken
}

// history is what the checks know and the store does not.
type history struct {
	spent    int32   // an Idempotency-Key that has made a generation before
	made     int32   // the newest generation that session 0 ever had
	out      [2]tick // when that generation and the previous one were handed out
	sessions [maxSessions]fate
}

// fate is what happened to a session.
type fate struct {
	answered  bool // a client got tokens of it
	access    tick // when the last of its access tokens expires
	loggedOut bool // a logout has succeeded
	stolen    bool // a client was told that it was stolen
	told      int8 // how often OnReuse was called
	unsure    bool // OnReuse was called by a request that does not know whether it deleted the session
	removed   bool // it was removed, but not because of a theft
}

func newServer(r *rules) server {
	v := server{rules: r}
	for i := range maxSessions {
		v.blocked[i], v.seen.sessions[i].access = notYet, notYet
	}
	v.seen.out = [2]tick{notYet, notYet}
	return v
}

// put stores a session before the play.
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

// contains, add, create, replace and remove are the effects of the store calls.

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

// handsOut notes when a call that did nothing else started the grace period of the newest
// generation.
func (v *server) handsOut(sid int8, now tick) {
	if sid == 0 && v.seen.out[0] == notYet {
		v.seen.out[0] = now
	}
}

// tells calls OnReuse.
func (v *server) tells(sid int8, unsure bool) {
	f := &v.seen.sessions[sid]
	f.told++
	f.unsure = f.unsure || unsure
}

// check checks what must hold at every moment.
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

// checkMax checks MaxSessions when a login was answered.
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

// isLate reports whether a token is certainly a copy: its successor was traded, or was handed
// out long ago and the client does not have the key.
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

// checkTheft checks the answer to a suspected thief: the successor of the token must have
// been handed out for at least the time in which a client may repeat a lost request.
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

// judge checks an answer. If a call failed, the answer must be 503. Only the start of the
// grace period, and the deletion of a blocked session, may fail.
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
