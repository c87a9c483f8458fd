package listmodel

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var secs = flag.Int("secs", 5, "")

func big(n int, many bool) play {
	p := play{adders: [keys]keySet{7, 7}, budget: budget{losses: 2, snapshots: 2, crashes: 1, stalls: 2, outages: 1, failures: 1, junk: 2}, silence: 3, rounds: 1, losesRows: true, many: many}
	for i := range n {
		p.start[i] = live
	}
	p.budget.starts = int8(followers - n)
	return p
}

func hunt(p play, d time.Duration) (e explored, walks int) {
	end := time.Now().Add(d)
	best := explored{}
	for seed := uint64(0); time.Now().Before(end); seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		q := p
		q.rounds = int8(1 + rng.IntN(2))
		// a random share of the budget
		for _, b := range []*int8{&q.budget.losses, &q.budget.snapshots, &q.budget.crashes, &q.budget.stalls, &q.budget.outages, &q.budget.failures, &q.budget.junk} {
			*b = int8(rng.IntN(int(*b) + 1))
		}
		n := rng.IntN(4)
		q.start = [followers]life{}
		for i := range n {
			q.start[i] = live
		}
		q.budget.starts = int8(followers - n)
		e := q.walk(rng, 20+rng.IntN(160))
		walks++
		if e.broken != nothing && (best.broken == nothing || len(e.way) < len(best.way)) {
			best = e
		}
	}
	return best, walks
}

func TestHunt(t *testing.T) {
	p := big(2, *first)
	for m, n := range mistakeNames {
		if *wrong != "" && strings.Contains(*wrong, n) {
			p.wrong |= m
		}
	}
	e, n := hunt(p, time.Duration(*secs)*time.Second)
	t.Log(n, e)
}

func TestHuntMatrix(t *testing.T) {
	for m := mistakes(1); mistakeNames[m] != ""; m <<= 1 {
		for _, many := range []bool{false, true} {
			p := big(2, many)
			p.wrong = m
			e, n := hunt(p, time.Duration(*secs)*time.Second)
			t.Log(mistakeNames[m], many, ":", n, violations[e.broken], len(e.way))
			if e.broken != nothing {
				break
			}
		}
	}
}
