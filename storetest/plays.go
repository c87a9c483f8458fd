package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
)

// Plays tests the rotation of refresh tokens on a store. It simulates:
//
//   - requests at the same time: their store calls interleave and fail, processes end,
//     and clients disconnect
//   - browsers and phones that use a session for days and lose responses; the test
//     advances their clock
//   - thieves
//
// open returns the store and its blocklist. A nil blocklist means a blocklist in
// memory. open is called once. Each play has its own user.
func Plays(t *testing.T, open func(t *testing.T) (ginjwt.SessionStore, ginjwt.Blocklist), opts ...Option) {
	sessions, list := open(t)
	play := func(name string, count int, test func(*service)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range seeds(count) {
				t.Run(fmt.Sprint(seed), func(t *testing.T) { test(newService(t, sessions, list, seed)) })
			}
		})
	}
	count := playsOf(opts)
	play("requests at once", 30*count, testOrders)
	play("tokens from before at once", 30*count, testAdoptions)
	for name, scene := range scenes {
		play(name, count, scene.play)
	}
	for name, does := range thieves {
		play("a thief "+name, 1, func(s *service) { testThief(s, does) })
	}
}

// seeds returns count seeds that are always the same, and a random one.
func seeds(count int) []uint64 {
	all := []uint64{rand.Uint64()} //nolint:gosec // it guards nothing
	for i := range count {
		all = append(all, uint64(i))
	}
	return all
}
