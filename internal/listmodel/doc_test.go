// Package listmodel is the protocol of the replicated blocklist as a small program,
// apart from the code that carries it out. It has tests only.
//
// # What must hold
//
// Followers keep copies of a list of revoked keys on a server, which may lose
// everything, or everything after some moment, at any time.
//
//   - Once Add has returned, no lookup anywhere accepts the key from one tick
//     later on. After a loss it is a tick more, as a copy that was complete just
//     before somebody noticed is used for a tick. This holds as long as the key is
//     on the list, or a follower knows it that runs, or that stalls for a short
//     time and is known to one that takes part in the restoration.
//   - If all run, the list becomes whole, everybody knows that, and everything that
//     anybody knows is on it. It cannot take for ever, and nothing gets stuck.
//
// # What a follower knows
//
// Each key that a follower knows is its own, as it has not been read back since it
// was added, or was read up to the follower's position, or is going to be compared
// with the list. That is why a loss cannot hide one:
//
//   - The position is set before the first page of a load, and a load takes over
//     only what is not after it. A load that fails keeps the position.
//   - An own key is repeated in each round until it is read back.
//   - After each load, what is known must have been read. The comparison stays to
//     be made while the list is being restored, and when Begin has failed.
//
// # A restoration
//
// Who finds a loss calls Begin, unless the list is being restored already. Before
// it joins, it adds those to the roll that it expects. A line that has gone from the
// roll is still expected until it has been silent for too long, by a follower that
// has itself read regularly. Who has given everything is no longer the giver.
// A restoration takes as long, at least, as everybody who runs needs to notice it
// and to say whom it expects: two ticks.
//
// # Time
//
// A tick is MaxStaleness. Within a tick each follower that can makes a round, from
// its beginning to its end; a loss, a crash and a stall fall between any two calls.
// A time of less than a tick is taken for at most a tick, so all that happens by
// real clocks happens here, too. A lookup takes no time.
//
// # The parts
//
// server_test.go is what can be lost, follower_test.go and restoration_test.go are a
// round, world_test.go is everybody and what must hold, moves_test.go what can
// happen. explorer_test.go goes
// through every order; explored_test.go has what it starts from, and
// mistakes_test.go shows that wrong rules are found out. walks_test.go goes through
// larger plays by chance. For more of everything:
//
//	go test ./internal/listmodel -worlds 10000000 -walks 100000
//	go test ./internal/listmodel -worlds 10000000 -rounds 2
package listmodel
