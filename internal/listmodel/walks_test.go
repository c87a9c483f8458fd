package listmodel

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var walkCount = flag.Int("walks", mostWorlds/200, "how many ways through a large play are gone by chance")

// walker takes one random way through what can happen.
type walker struct {
	*play
	rng   *rand.Rand
	world world
	way   []move
}

// chance returns a random play of three followers with many events. Some followers start
// later.
func chance(rng *rand.Rand) *walker {
	n := func(most int) int8 { return int8(rng.IntN(most + 1)) }
	p := &play{adders: [keys]keySet{7, 7}, silence: 4, rounds: 1 + n(1), rowsOnly: true, many: n(1) > 0}
	p.budget = budget{losses: n(2), snapshots: n(2), crashes: n(1), stalls: n(2), outages: n(1), failures: n(1), junk: n(2)}
	running := n(followers)
	for i := range running {
		p.start[i] = live
	}
	p.budget.starts = followers - running
	return &walker{play: p, rng: rng, world: p.first()}
}

// step makes one of the given moves.
func (r *walker) step(all []move) violation {
	m := all[r.rng.IntN(len(all))]
	r.way = append(r.way, m)
	r.world = r.next(r.world, m)
	return r.world.broken
}

// wander makes random moves; moves without a fault are more likely.
func (r *walker) wander(length int) violation {
	for range length {
		all := r.moves(&r.world)
		if calm := calmOf(all); len(calm) > 0 && r.rng.IntN(8) > 0 {
			all = calm
		}
		if len(all) == 0 {
			return nothing
		}
		if v := r.step(all); v != nothing {
			return v
		}
	}
	return nothing
}

// settle ends all faults, makes only moves without a fault, and waits until the list is
// whole and stays whole.
func (r *walker) settle() violation {
	const long, enough = 1500, 80
	good := 0
	for range long {
		if good++; !r.world.isGood() {
			good = 0
		}
		if good > enough {
			return nothing
		}
		all := calmOf(r.moves(&r.world))
		if len(all) == 0 {
			return stuck
		}
		if v := r.step(all); v != nothing {
			return v
		}
	}
	return livelock
}

func calmOf(all []move) (calm []move) {
	for _, m := range all {
		if m.isCalm() || m.what == wakes || m.what == comesBack {
			calm = append(calm, m)
		}
	}
	return calm
}

func (w *world) isAlive() bool {
	for i := range w.f {
		if w.f[i].life == live {
			return true
		}
	}
	return false
}

func TestWalks(t *testing.T) {
	t.Parallel()
	for seed := range *walkCount {
		r := chance(rand.New(rand.NewPCG(uint64(seed), 0)))
		broken := r.wander(20 + r.rng.IntN(200))
		if broken == nothing && r.world.isAlive() {
			broken = r.settle()
		}
		require.Empty(t, violations[broken], "%s", explored{broken: broken, way: r.tell(r.way)})
	}
}
