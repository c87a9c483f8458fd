// Package storetest tests your own [ginjwt.SessionStore], [ginjwt.Blocklist] or
// [ginjwt.Once]. [Sessions], [Blocklist], [Replicas] and [Once] test everything that
// the comments of these interfaces promise, also with many callers at a time. [Plays]
// tests whole sessions while calls of the store fail. Run the tests with the race
// detector, against the real server:
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

// eventually is how long a test waits for something that should happen immediately. It is
// long because the machine may be busy.
const eventually = time.Minute

// Option changes how much a test tries.
type Option func(*settings)

type settings struct{ rounds, plays int }

// Rounds sets how many rounds [Sessions] has. In each round, 64 callers exchange one
// refresh token at the same time. The default is 200. With -short it is at most 20.
func Rounds(n int) Option {
	return func(s *settings) { s.rounds = n }
}

// PlayCount sets how many plays [Plays] has for each kind of browser. It has 30 times
// as many plays of requests at the same time. The default is 12. With -short it is at
// most 2.
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

// newID returns a random UUID, like the IDs of tokens and sessions.
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
