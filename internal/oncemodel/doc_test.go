// Package oncemodel models the protocol by which package redisstore claims an ID once, as a
// small program, and tries every order of events. It has tests only.
//
// # What must hold
//
// Several callers, each in its own process, claim one ID until the same time.
//
//   - At most one caller is told that it is first.
//   - A caller is told that it is second only if the command of another caller has claimed
//     the ID. That other caller is told that it is first, or gets an error.
//
// # The rules
//
// A call makes a mark, and sends it in a command to a server that says it is the master. If
// the connection breaks, the client library sends the command again. The server may have
// run the first command, or not, or may run it later. A call ends with an answer, or with an
// error at any time.
//
//	the key is there, with another mark   second
//	otherwise                             set mark and time; first, as soon as all
//	                                      replicas have it
//
// The key expires a minute after the later of two times: the requested time, by the server's
// clock, and the end of the time that was left by the caller's clock.
//
// # Servers
//
// A replica copies the key of its master at any time. A replica takes over when the master
// is dead or hangs. A master that hangs comes back, and believes that it is still the master
// until it follows the new one. Replicas of the old master keep following it for a while.
//
// # Time
//
// A tick is half a minute: the largest clock skew between a server and a process. A call
// takes at most a tick. Callers call only while the time has not passed by their own clock.
//
// # The files
//
//   - rules_test.go, server_test.go, claimant_test.go: the rules, the servers, the callers
//   - explorer_test.go, explored_test.go: the search through every order, and its starts
//   - mistakes_test.go: proof that the search finds wrong rules, and that losses which are
//     not excluded by the documentation do happen
package oncemodel
