package rotationmodel

// kind is the kind of a request.
type kind int8

const (
	refresh kind = iota
	renewal      // ImplicitRefresh
	logout
	login
)

var kindNames = [...]string{"refresh", "renewal", "logout", "login"}

// call is the next store call of a request.
type call int8

const (
	contains call = iota + 1
	get
	create
	askAgain // a Contains: a logout may have come before the Create
	list
	replace    // the trade, or the renewal
	handOutNow // a Replace too
	lookAgain  // a Get, after another request has replaced the session
	add
	remove
	undo // a Delete of a session that should not have been created
)

var callNames = [...]string{
	"", "Contains", "Get", "Create", "Contains (again)", "List", "Replace", "Replace (hand out)", "Get (once more)", "Add", "Delete", "Delete (undo)",
}

// outcome is the outcome of a call.
type outcome int8

const (
	succeeds outcome = iota
	failsBefore
	failsAfter
)

// result is the answer to a client.
type result int8

const (
	pending result = iota
	tokens
	done // of a logout
	over // the session has ended
	reused
	revoked
	unavailable // 503
	nothing     // the process has ended
)

var resultNames = [...]string{"", "tokens", "done", "ended", "theft", "revoked", "503", "no answer"}

// request is one request, between two store calls.
type request struct {
	kind  kind
	sid   int8
	gen   int32 // of its token; 0: a token from before
	key   int32
	clock tick // how far the clock of its process is ahead

	began     tick // by its clock
	issued    tick // the time in its tokens
	next      call
	seen      session // the session that was read or written
	want      session // the session to write
	ending    int8    // the session that it ends
	stolen    bool    // it ends the session because of a theft
	cancelled bool
	result    result
	answered  int32 // the generation of the tokens in its answer
	cookie    bool  // the answer sets the refresh cookie

	failedAt call // for the checks only
	late     bool // its token must be refused
}

// begin starts a request, before its first call.
func (r *request) begin(v *server, now tick) {
	r.began = now + r.clock
	switch r.next = contains; r.kind {
	case logout:
		r.startEnding(v, r.sid)
	case login:
		r.next = create
	}
	r.late = v.seen.sessions[r.sid].loggedOut || v.seen.sessions[r.sid].stolen || r.kind == refresh && v.isLate(r, now)
	if r.kind == login {
		r.want = session{state: live, gen: 1, created: r.began, rotated: r.began, handed: r.began, expires: r.began + v.rules.idle}
	}
}

// step makes the next call. It models everything that the code does.
func (r *request) step(v *server, now tick, o outcome) {
	clock, s := now+r.clock, &v.sessions[r.sid]
	failed, made := o != succeeds, o != failsBefore
	if failed {
		r.failedAt = r.next
	}
	switch r.next {
	case contains:
		switch {
		case failed && v.rules.mistake != takesErrorsForAnswers:
			r.end(v, now, unavailable)
		case !failed && v.contains(r.sid, clock):
			r.end(v, now, revoked)
		default:
			r.next = get
		}
	case get:
		if failed {
			r.end(v, now, unavailable)
			return
		}
		r.seen = *s
		r.decide(v, now)
	case create:
		created := made && v.create(r.sid, r.want)
		switch {
		case failed:
			r.end(v, now, unavailable)
		case !created:
			r.next = get
		default:
			r.seen = r.want
			r.startEnforcing(v)
		}
	case askAgain:
		switch {
		case failed:
			r.end(v, now, unavailable)
		case v.contains(r.sid, clock):
			r.next = undo
		default:
			r.next = list
		}
	case list:
		r.enforce(v, now, failed)
	case add, remove:
		r.endSession(v, now, failed, made)
	case undo:
		if made && v.remove(r.sid) {
			v.seen.sessions[r.sid].removed = true
		}
		if r.kind == refresh {
			r.end(v, now, revoked)
			return
		}
		r.end(v, now, unavailable)
	case replace:
		replaced := made && v.replace(r.sid, r.seen, r.want)
		switch {
		case failed:
			r.end(v, now, unavailable)
		case r.kind == renewal && replaced:
			r.end(v, now, tokens)
		case r.kind == renewal:
			r.end(v, now, done)
		case replaced || v.rules.mistake == answersBeforeTheTrade:
			r.seen = r.want
			r.hand(v, now)
		default:
			r.next = get
		}
	case handOutNow, lookAgain:
		r.handOut(v, now, failed, made)
	}
}

// decide chooses what to do after a Get.
func (r *request) decide(v *server, now tick) {
	clock := now + r.clock
	var ok bool
	switch {
	case r.kind == renewal:
		r.renew(v, now)
		return
	case r.seen.state != live && r.gen > 0:
		r.end(v, now, over)
		return
	case r.seen.state != live:
		if r.want, ok = v.rules.adopted(v.old, clock); !ok {
			r.end(v, now, over)
			return
		}
		r.next = create
		return
	case r.seen.expires <= clock:
		r.end(v, now, over)
		return
	}
	switch v.rules.decide(r.seen, r.gen, r.key, clock) {
	case trade:
		r.want, r.next = v.rules.successor(r.seen, r.gen, r.key, clock), replace
	case handOut:
		// The request that began to adopt the token may not have ended the oldest session.
		if r.next = handOutNow; r.gen == 0 && v.rules.mistake != enforcesOnce {
			r.startEnforcing(v)
		}
	case asStored:
		r.end(v, now, tokens)
	case theft:
		v.checkTheft(r, now)
		r.stolen = true
		r.startEnding(v, r.sid)
	}
}

func (r *request) renew(v *server, now tick) {
	clock := now + r.clock
	if r.seen.state != live || r.seen.expires <= clock || clock <= r.seen.rotated {
		r.end(v, now, done)
		return
	}
	r.want = r.seen
	r.want.rotated, r.want.expires = clock, max(r.seen.expires, clock+v.rules.idle)
	if v.rules.mistake == renewsTheGrace {
		r.want.handed = clock
	}
	r.next = replace
}

// hand continues after a trade, or after an adoption that ended the oldest session.
func (r *request) hand(v *server, now tick) {
	if r.seen.handed != notYet {
		r.end(v, now, tokens)
		return
	}
	r.next = handOutNow
}

// handOut starts the grace period, right before the answer.
func (r *request) handOut(v *server, now tick, failed, made bool) {
	clock, s := now+r.clock, v.sessions[r.sid]
	replaced := false
	if r.next == handOutNow {
		started := r.seen
		started.handed = clock
		if replaced = made && v.replace(r.sid, r.seen, started); replaced {
			v.handsOut(r.sid, now)
		}
	}
	switch {
	case failed && r.cancelled && v.rules.mistake != answersWhoIsGone:
		r.end(v, now, unavailable)
	case failed || replaced:
		r.end(v, now, tokens)
	case r.next == handOutNow:
		r.next = lookAgain
	case s.state != live:
		r.end(v, now, over)
	case s.gen != r.seen.gen || v.rules.isOut(s, clock):
		r.end(v, now, tokens)
	default:
		r.seen, r.next = s, handOutNow
	}
}

// startEnforcing runs before the answer to a login or an adoption. An old token may have
// been logged out while it was adopted.
func (r *request) startEnforcing(v *server) {
	r.next = list
	if r.kind == refresh && v.rules.mistake != asksNoMore {
		r.next = askAgain
	}
}

// enforce ends the oldest sessions beyond MaxSessions, one after the other.
func (r *request) enforce(v *server, now tick, failed bool) {
	oldest, n := int8(-1), 0
	for i, s := range v.sessions {
		if s.state != live || s.expires <= now+r.clock {
			continue
		}
		n++
		if oldest < 0 || s.created < v.sessions[oldest].created {
			oldest = int8(i)
		}
	}
	switch {
	case failed && r.kind == login:
		r.next = undo
	case failed:
		r.end(v, now, unavailable)
	case v.rules.maxSessions > 0 && n > v.rules.maxSessions:
		r.startEnding(v, oldest)
	default:
		r.hand(v, now)
	}
}

// startEnding blocks the tokens before it deletes the session: if the block fails, the
// session can be ended again.
func (r *request) startEnding(v *server, sid int8) {
	r.ending = sid
	r.next = add
	if v.rules.mistake == blocksAfterDeleting {
		r.next = remove
	}
}

// endSession ends a session: by a logout, a theft, or MaxSessions.
func (r *request) endSession(v *server, now tick, failed, made bool) {
	first := r.next == add
	if v.rules.mistake == blocksAfterDeleting {
		first = !first
	}
	deleted := false
	switch {
	case made && r.next == add:
		v.add(r.ending, v.rules.blockedUntil(now+r.clock, r.comesBack(v, now)))
	case made:
		deleted = v.remove(r.ending)
	}
	if r.stolen && r.next == remove {
		switch { // if it is not known which request deleted the session, each calls OnReuse
		case failed && v.rules.mistake != tellsOnlyIfSure, v.rules.mistake == tellsWithoutDeleting:
			v.tells(r.ending, failed)
		case deleted && !failed:
			v.tells(r.ending, false)
		}
	} else if deleted {
		v.seen.sessions[r.ending].removed = true
	}
	switch {
	case first && !failed && r.next == add:
		r.next = remove
	case first && !failed:
		r.next = add
	case failed && r.kind == login:
		r.next = undo
	case failed && !(r.stolen && r.next == remove):
		r.end(v, now, unavailable)
	case r.stolen:
		r.end(v, now, reused)
	case r.kind == logout:
		r.end(v, now, done)
	default:
		r.next = list
	}
}

// comesBack returns until when the ended session could be used if its tokens were not
// blocked.
func (r *request) comesBack(v *server, now tick) tick {
	switch {
	case r.stolen && v.rules.mistake == blocksTheStolenBriefly:
		return r.seen.expires
	case r.stolen, r.ending == 0 && v.old.expires > 0:
		return max(v.old.expires, now+r.clock+v.rules.idle)
	}
	return notYet
}

// end answers the request, and checks the answer.
func (r *request) end(v *server, now tick, answer result) {
	if answer == unavailable && r.cancelled { // no client reads it
		answer = nothing
	}
	r.result = answer
	if answer == tokens {
		r.issued = r.began
		if v.rules.mistake == datesTokensLate {
			r.issued = now + r.clock
		}
		r.answered = r.seen.gen
		r.cookie = r.kind == refresh && (r.seen.gen != r.gen || v.rules.mistake == repeatsTheCookie)
	}
	v.judge(r)
}

// heeds reports whether the next call fails if the client has disconnected. A reuse is
// detected in any case.
func (r *request) heeds() bool {
	switch r.next {
	case contains, get:
		return r.kind != refresh
	case undo:
		return false
	}
	return !r.stolen
}
