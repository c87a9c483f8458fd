// Package rotationmodel is the protocol of refresh token rotation as a small
// program, apart from the code that carries it out. It has tests only.
//
// # The rules
//
// A session is one record in a store that all processes share. Its refresh
// tokens are numbered; the record says which generation is the newest, when that
// one was handed out, and which Idempotency-Key made it. What a refresh token
// gets is decided by d, its generation less that of the session, and by a, the
// time since the newest generation was handed out. G is the grace, M the time
// for which a generation is young, which is no less than G.
//
//	d > 0                                      trade
//	d = 0   not handed out yet                 hand out, the same generation
//	d = 0   a < M                              the same generation
//	d = 0   otherwise                          trade
//	d = −1  not handed out yet                 hand out, the successor
//	d = −1  a < G, or the key that made it     the successor
//	d = −1  otherwise                          theft
//	d ≤ −2                                     theft
//	no session, a token from before sessions   adopt, as generation 1
//
// An answer at d = 0 brings no refresh cookie. A negative a counts as zero, and
// one of more than a minute below as "not handed out yet". Where G is negative
// nothing is repeated: d = 0 is a trade, d = −1 a theft.
//
// # The calls
//
// A request is a sequence of store calls. Between any two of them others make
// theirs, the process may end, and the client may go away; each call may fail,
// before or after it had its effect.
//
//	refresh   Contains → Get → decide
//	 trade    Replace(generation + 1, not handed out); lost: Get → decide
//	          then hand out
//	 hand out Replace(handed out now); lost: Get, and again unless it was
//	          handed out or traded meanwhile; an error there keeps the tokens
//	          back only if the client has gone away
//	 adopt    Create(generation 1, not handed out); lost: Get → decide
//	          then Contains, since a logout may have come before the Create;
//	          List, end those beyond MaxSessions, hand out
//	 theft    Add → Delete; OnReuse is told by who has deleted, or does not know
//	logout    Add → Delete
//	renewal   Contains → Get → Replace(used now)
//	login     Create → List, end those beyond MaxSessions
//
// The times in tokens are as of the moment before the first call. A request takes
// less than a minute, and so do clocks differ by less.
//
// # The parts
//
// rules_test.go has the table, request_test.go the calls, server_test.go the
// store and what must always hold. explorer_test.go goes through every order of
// the calls of two or three requests; explored_test.go are those requests, and
// mistakes_test.go shows that wrong rules are found out. plays_test.go has
// clients that keep tokens for days, and thieves. For more of everything:
//
//	go test ./internal/rotationmodel -plays 300
package rotationmodel
