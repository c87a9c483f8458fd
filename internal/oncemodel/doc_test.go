// Package oncemodel is the protocol by which package redisstore claims an ID once, as a
// small program, apart from the code that carries it out. It has tests only.
//
// # What must hold
//
// Several callers, in processes of their own, claim one ID until the same time.
//
//   - At most one of them is told that it is first.
//   - Nobody is told to be second unless another caller's command has claimed the ID. So
//     the one that has claimed it is told first, or gets an error.
//
// # The rules
//
// A call makes a mark, and sends a command with it to a server that says it is the master.
// The client library sends the command again if the connection breaks; then the first may
// have been carried out, or not, or may be so later. A call ends with an answer, or with
// an error at any time.
//
//	the key is there, with another mark   second
//	otherwise                             set mark and time; first, as soon as so many
//	                                      replicas as there are have it
//
// The key expires a minute after the later of two times: the time that was asked for, by
// the server's clock, and as much time from now on as the caller has seen left.
//
// # Servers
//
// Replicas copy the master's key at any time. A replica takes over when the master is
// dead, or hangs; a master that hangs comes back and believes that it still is one, until
// it follows the new one. Replicas that follow the old one go on doing so for a while.
//
// # Time
//
// A tick is half a minute: by so much the clock of a server and that of a process may
// differ. A call takes at most a tick. A caller calls as long as the time has not passed
// by its own clock.
//
// # The parts
//
// rules_test.go has the rules, server_test.go the servers, claimant_test.go the callers,
// explorer_test.go goes through every order of what can happen. explored_test.go has what
// is explored; mistakes_test.go shows that wrong rules are found out, and that what is not
// promised does happen.
package oncemodel
