// Package listmodel models the protocol of the replicated blocklist (internal/replica) as a
// small program, and tries every order of events. It has tests only.
//
// # What must hold
//
// Followers keep copies of a list of revoked keys on a server. At any time the server may
// lose everything, or everything after some moment.
//
//   - Safety: one tick after Add has returned, no lookup at any follower accepts the key.
//     After a loss it takes one tick more, because a copy that was complete just before
//     the loss was noticed is still used for a tick. This holds as long as the key is on
//     the list, or a running follower knows it. It also holds if the follower that knows
//     it stalls for a short time, and a follower that takes part in the restoration knows
//     that follower.
//   - Progress: if all followers run, the list becomes whole, all followers know that, and
//     every key that a follower knows is on the list. Nothing gets stuck.
//
// # What a follower knows
//
// Each key that a follower knows is in one of three states: it is the follower's own and
// has not been read back since it was added, or it was read up to the follower's position,
// or it will be compared with the list. So a loss cannot hide a key:
//
//   - The position is set before the first page of a load. A load uses only entries that
//     are not after the position. A load that fails keeps the position.
//   - A follower adds its own key again in each round until it reads the key back.
//   - After each load, every known key must have been read. The comparison stays due while
//     the list is being restored, and after a failed Begin.
//
// # A restoration
//
// A follower that finds a loss calls Begin, unless the list is being restored already.
// Before it joins, it puts the followers that it expects on the roll. A line that vanished
// from the roll stays expected until it has been silent for too long, as seen by a follower
// that has itself read regularly. A follower that has given back everything is no longer
// the giver. A restoration takes at least two ticks: the time in which every running
// follower notices it and says which followers it expects.
//
// # Time
//
// A tick is MaxStaleness. In each tick every follower that can makes a whole round. A loss,
// a crash or a stall can happen between any two calls. A time below a tick may take up to a
// tick here, so everything that can happen by real clocks can also happen in the model. A
// lookup takes no time.
//
// # The files
//
//   - server_test.go: the data that can be lost
//   - follower_test.go, restoration_test.go: the steps of a round
//   - world_test.go: all followers and the server, and what must hold
//   - moves_test.go: what can happen next
//   - explorer_test.go, explored_test.go: the search through every order, and its starts
//   - mistakes_test.go: proof that the search finds wrong rules
//   - walks_test.go: larger, random plays
//
// To try more:
//
//	go test ./internal/listmodel -worlds 10000000 -walks 100000
//	go test ./internal/listmodel -worlds 10000000 -rounds 2
package listmodel
