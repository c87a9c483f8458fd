package listmodel

import (
	"flag"
	"fmt"
	"sort"
	"strings"
	"testing"
)

var most = flag.Int("most", 3000000, "")
var first = flag.Bool("first", false, "")
var rounds = flag.Int("rounds", 2, "")
var wrong = flag.String("wrong", "", "")

func two() play {
	return play{start: [followers]life{live, live}, adders: [keys]keySet{1, 0}, budget: budget{losses: 1}, silence: 3, rounds: 2, most: 3_000_000}
}

func with(p play, change func(*play)) play {
	change(&p)
	return p
}

var plays = map[string]play{
	"load": with(two(), func(p *play) {
		p.budget.snapshots = 1
		p.budget.crashes = 1
		p.start = [followers]life{live}
		p.budget.starts = 1
		p.adders = [keys]keySet{1}
	}),
	"fresh":           with(two(), func(p *play) { p.start = [followers]life{}; p.budget.starts = 2; p.adders = [keys]keySet{1, 2} }),
	"two losses":      with(two(), func(p *play) { p.budget.losses = 2; p.budget.snapshots = 1 }),
	"many3":           with(two(), func(p *play) { p.many = true; p.adders = [keys]keySet{1, 2}; p.budget.snapshots = 1 }),
	"one loss":        two(),
	"rollback":        with(two(), func(p *play) { p.budget.snapshots = 1 }),
	"rows":            with(two(), func(p *play) { p.losesRows = true }),
	"one loss, start": with(two(), func(p *play) { p.budget.starts = 1 }),
	"stall":           with(two(), func(p *play) { p.budget.stalls = 1 }),
	"crash":           with(two(), func(p *play) { p.budget.crashes = 1 }),
	"many":            with(two(), func(p *play) { p.many = true; p.adders = [keys]keySet{1, 2} }),
	"junk":            with(two(), func(p *play) { p.budget.junk = 1; p.budget.snapshots = 1 }),
	"outage":          with(two(), func(p *play) { p.budget.outages = 1 }),
	"failure":         with(two(), func(p *play) { p.budget.failures = 1 }),
}

func TestMatrix(t *testing.T) {
	for m := mistakes(1); mistakeNames[m] != ""; m <<= 1 {
		found := ""
		var names []string
		for name := range plays {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			p := plays[name]
			p.wrong = m
			p.most, p.rounds = *most, int8(*rounds)
			e := p.explore()
			if e.broken != nothing {
				found += fmt.Sprintf("%s (%d, %d: %s); ", name, e.worlds, len(e.way), violations[e.broken])
				if *first {
					break
				}
			}
		}
		t.Log(mistakeNames[m], ": ", found)
	}
}

func TestAll(t *testing.T) {
	for name, p := range plays {
		t.Run(name, func(t *testing.T) {
			for m, n := range mistakeNames {
				if *wrong != "" && strings.Contains(*wrong, n) {
					p.wrong |= m
				}
			}
			p.most, p.rounds = *most, int8(*rounds)
			e := p.explore()
			t.Log(e.all, e)
		})
	}
}
