// Package rotationmodel models refresh token rotation as a small program, and tries every
// order of events. It has tests only.
//
// # The rules
//
// A session is one record in a store that all processes share. Its refresh tokens are
// numbered. The record has the newest generation, when that generation was handed out, and
// the Idempotency-Key that made it. Two values decide what a refresh token gets: d is its
// generation minus the generation of the session, and a is the time since the newest
// generation was handed out. G is the grace period. M is the time for which a generation is
// young; M is at least G.
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
// An answer at d = 0 sets no refresh cookie. A negative a counts as zero; if it is below
// minus one minute, it counts as "not handed out yet". If G is negative, nothing is
// repeated: d = 0 is a trade, and d = −1 is a theft.
//
// # The calls
//
// A request is a sequence of store calls. Between any two calls other requests may make
// their calls, the process may end, and the client may disconnect. Each call may fail,
// before or after its effect.
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
// The times in tokens are the time before the first call. A request takes less than a
// minute, and clocks differ by less than a minute.
//
// # The files
//
//   - rules_test.go: the table
//   - request_test.go: the calls
//   - server_test.go: the store, and what must always hold
//   - explorer_test.go, explored_test.go: the search through every order of the calls of two
//     or three requests, and these requests
//   - mistakes_test.go: proof that the search finds wrong rules
//   - plays_test.go: clients that keep tokens for days, and thieves
//
// To try more:
//
//	go test ./internal/rotationmodel -plays 300
package rotationmodel
