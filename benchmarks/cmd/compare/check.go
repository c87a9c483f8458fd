package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/processor"
)

const (
	tolerated     = 1.5 // how much larger than recorded a ratio may be
	checkRounds   = 15
	checkAttempts = 4 // another program can disturb an attempt
	checkBatch    = 8 * time.Millisecond
)

var errSlower = errors.New("slower than recorded, beside a peer")

// duel is a work of this library and of a peer, in this process, and the names of what was
// recorded for them.
type duel struct {
	name               string
	floor, ours, peer  func() // floor may be nil
	oursCost, peerCost cost
}

// check compares this library with peers again, briefly. It fails if a ratio is much larger
// than recorded.
func check(docs string, duels []duel) error {
	r, err := read(docs)
	if err != nil {
		return err
	}
	// On one core, the collection of garbage is part of the work that made the garbage.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	failed := false
	for _, d := range duels {
		recorded, ok := r.ratio(d.oursCost, d.peerCost)
		if !ok {
			return fmt.Errorf("%s: was not recorded", d.name)
		}
		lowest, ok := d.holds(recorded, processor.Time)
		fmt.Printf("%-8s %.3f of %s, recorded %.3f\n", d.name, lowest, d.peerCost.name, recorded)
		failed = failed || !ok
	}
	if failed {
		return errSlower
	}
	return nil
}

func read(docs string) (*results, error) {
	raw, err := os.ReadFile(filepath.Join(docs, "performance", "results.json"))
	if err != nil {
		return nil, err
	}
	var r results
	return &r, json.Unmarshal(raw, &r)
}

// holds reports whether the ratio is not much larger than recorded in some attempt, and the
// lowest ratio of all attempts.
func (d duel) holds(recorded float64, clock func() time.Duration) (lowest float64, ok bool) {
	for attempt := range checkAttempts {
		ratio := d.ratio(clock)
		if attempt == 0 || ratio < lowest {
			lowest = ratio
		}
		if lowest <= tolerated*recorded {
			return lowest, true
		}
	}
	return lowest, false
}

// ratio returns the median of the ratios of interleaved rounds.
func (d duel) ratio(clock func() time.Duration) float64 {
	works := []func(){d.floor, d.ours, d.peer}
	counts := make([]int, len(works))
	for i, work := range works {
		counts[i] = countFor(checkBatch, work, clock)
	}
	ratios := make([]float64, checkRounds)
	for round := range ratios {
		var each [3]float64
		for i := range works {
			i = (i + round) % len(works)
			each[i] = timeOf(counts[i], works[i], clock)
		}
		ratios[round] = (each[1] - each[0]) / (each[2] - each[0])
	}
	return page.Median(ratios)
}

// countFor returns how many times work can be done in a duration.
func countFor(batch time.Duration, work func(), clock func() time.Duration) int {
	for n := 16; ; n *= 4 {
		took := timeOf(n, work, clock) * float64(n)
		if took > float64(batch)/8 || work == nil {
			return max(1, int(float64(n)*float64(batch)/max(took, 1)))
		}
	}
}

// timeOf returns the nanoseconds for one work, from n of them. They begin without the
// garbage of others.
func timeOf(n int, work func(), clock func() time.Duration) float64 {
	if work == nil {
		return 0
	}
	runtime.GC()
	start := clock()
	for range n {
		work()
	}
	return float64(clock()-start) / float64(n)
}

// duels are what is checked.
func duels() []duel {
	keys := contender.NewKeys("HS256")
	peerMap := contender.Named(contender.Map)
	request := func(h http.Handler, token string, succeeds bool) func() {
		c := contender.NewClient(h, http.MethodGet, "/protected")
		c.Authorize("Bearer " + token)
		return expecting(c, succeeds)
	}
	good := func(c contender.Contender) func() { return request(c.Protected(keys), c.Token(keys), true) }
	forged := func(c contender.Contender) func() { return request(c.Protected(keys), c.Forged(keys), false) }
	large := func(c contender.Contender) func() {
		return request(c.Protected(keys), strings.Repeat("a", 1_000_000), false)
	}
	expired := func(c contender.Contender) func() {
		h, token := c.ExpiredKnown(keys)
		return request(h, token, false)
	}
	login := func(c contender.Contender) func() {
		return expecting(contender.NewClient(c.Login(keys), http.MethodPost, "/login"), true)
	}
	create := func(c contender.Contender) func() {
		make := c.Create(keys)
		return func() {
			if _, err := make(); err != nil {
				panic(err)
			}
		}
	}
	both := func(name string, work func(contender.Contender) func(), benchmark string, peer contender.Contender) duel {
		return duel{name, nil, work(ours), work(peer), cost{name: benchmark + ours.Name}, cost{name: benchmark + peer.Name}}
	}
	return []duel{
		{"known", good(bare), good(ours), good(ginJWT), protectedCost("HS256", ours), protectedCost("HS256", ginJWT)},
		{"unknown", good(bare), good(noHits), good(ginJWT), protectedCost("HS256", noHits), protectedCost("HS256", ginJWT)},
		both("forged", forged, "Forged/HS256/", ginJWT),
		both("expired", expired, "Expired/HS256/", ginJWT),
		both("megabyte", large, "Hostile/MegabyteHeader/", ginJWT),
		both("login", login, "Login/HS256/", ginJWT),
		both("create", create, "Create/HS256/", peerMap),
	}
}

// expecting returns a request that must succeed, or must be refused.
func expecting(c contender.Client, succeeds bool) func() {
	return func() {
		if status, body := c.Do(); succeeds != (status == http.StatusOK) || status >= http.StatusInternalServerError {
			panic(fmt.Sprintf("responded %d %s", status, body))
		}
	}
}
