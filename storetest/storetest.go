// Package storetest tests implementations of [ginjwt.SessionStore], [ginjwt.Blocklist]
// and [ginjwt.Once]: what their comments promise, and that it holds for many callers at
// once. [Plays] tests what is built on them: that sessions survive clients, networks and
// servers as they are. Run them with the race detector, against the real server:
//
//	func TestSessions(t *testing.T) {
//		storetest.Sessions(t, func(t *testing.T) ginjwt.SessionStore {
//			return mystore.NewSessions(emptyDatabase(t))
//		})
//	}
package storetest

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"
)

// eventually is how long a test waits for what should happen at once, on a
// machine with much else to do.
const eventually = time.Minute

// An Option changes how a store is tested.
type Option func(*settings)

type settings struct{ rounds, plays int }

// Rounds is how often 64 callers trade one refresh token at once: 200 times
// otherwise, and 20 times with -short.
func Rounds(n int) Option {
	return func(s *settings) { s.rounds = n }
}

// PlayCount is how many plays of each browser [Plays] has, and a thirtieth of those of
// requests that come at once: 12 otherwise, and 2 with -short.
func PlayCount(n int) Option {
	return func(s *settings) { s.plays = n }
}

func playsOf(opts []Option) int {
	s := settings{plays: 12}
	for _, opt := range opts {
		opt(&s)
	}
	if testing.Short() {
		return min(s.plays, 2)
	}
	return s.plays
}

func roundsOf(opts []Option) int {
	s := settings{rounds: 200}
	for _, opt := range opts {
		opt(&s)
	}
	if testing.Short() {
		return min(s.rounds, 20)
	}
	return s.rounds
}

// newID returns a random UUID, as those of tokens and sessions are.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// at runs n functions at the same moment and waits for them.
func at(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}
