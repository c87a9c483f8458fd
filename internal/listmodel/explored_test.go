package listmodel

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	worldCount = flag.Int("worlds", mostWorlds, "how many worlds of each play are looked at, the nearest first")
	roundCount = flag.Int("rounds", 1, "how many rounds a follower may begin in a tick")
)

// after returns a play of two followers, A and B, that know each other, after the given
// script.
func after(b budget, script ...string) play {
	return play{start: [followers]life{live, live}, adders: [keys]keySet{1, 0}, budget: b, script: script, silence: 4, rounds: 1}
}

func (p play) with(changes ...func(*play)) play {
	for _, change := range changes {
		change(&p)
	}
	return p
}

func many(p *play)     { p.many = true }
func bothAdd(p *play)  { p.adders = [keys]keySet{1, 2} }
func anyAdds(p *play)  { p.adders = [keys]keySet{1, 1} }
func rowsOnly(p *play) { p.rowsOnly = true }
func alone(p *play)    { p.start = [followers]life{live} }
func nobody(p *play)   { p.start = [followers]life{} }
func patient(p *play)  { p.silence = 6 }

// A has read x back, so it is no longer its own. B does not know it.
var plays = map[string]play{
	"a loss":                     after(budget{losses: 1}),
	"a rollback":                 after(budget{losses: 1, snapshots: 1}),
	"two rollbacks":              after(budget{losses: 2}, "save", "A x"),
	"two losses":                 after(budget{losses: 2}, "A x", "A round"),
	"rows":                       after(budget{losses: 1}).with(rowsOnly),
	"a crash":                    after(budget{losses: 1, crashes: 1}),
	"a stall":                    after(budget{losses: 1, stalls: 1}, "A x", "A round"),
	"a failure":                  after(budget{losses: 1, failures: 1}),
	"an outage":                  after(budget{losses: 1, outages: 1}, "A x", "A round"),
	"an outage and a stall":      after(budget{outages: 1, stalls: 1}, "A x", "A round", "lose", "B round"),
	"stalled":                    after(budget{losses: 1}, "A x", "A round", "A stall"),
	"stalled again":              after(budget{losses: 1, stalls: 1}, "A x", "A round", "lose", "B round", "B round", "A round"),
	"stalled, and fails":         after(budget{failures: 1}, "A x", "A round", "lose", "B round", "B round", "A step", "A step", "A step", "A step", "A stall"),
	"lost between Head and Roll": after(budget{}, "A round", "B round", "tick", "B step", "A x", "A round", "A stall", "lose").with(patient),
	"positions":                  after(budget{losses: 1, junk: 2}, "save", "A x", "A round").with(bothAdd),
	"positions, stalled":         after(budget{junk: 2}, "save", "A x", "A round", "A stall", "B round", "rollback").with(bothAdd),
	"dropped, and fails":         after(budget{failures: 1}, "save", "A x", "A round", "rollback", "junk", "junk"),
	"parts":                      after(budget{losses: 1}).with(many, bothAdd),
	"parts, and a crash":         after(budget{crashes: 1}, "A x", "A round", "lose", "B round").with(many, bothAdd),
	"parts, and a stall":         after(budget{stalls: 1}, "A x", "A round", "B y", "lose", "B round").with(many, bothAdd, patient),
	"a new one":                  after(budget{losses: 1, snapshots: 1, crashes: 1, starts: 1}).with(alone),
	"a new one loads":            after(budget{losses: 1, starts: 1}, "B start", "B step", "save", "A x", "A crash").with(alone),
	"a load fails":               after(budget{losses: 1, failures: 1, starts: 1}, "save", "A x", "A crash").with(alone),
	"the first epoch":            after(budget{losses: 1, starts: 2}, "A start", "A x", "A crash", "B start").with(nobody, bothAdd),
	"a third":                    after(budget{losses: 1, starts: 1}, "A x", "A round", "B round"),
	"back just in time":          after(budget{stalls: 1}, "A x", "A y", "A round", "A stall", "lose", "B round", "B round", "tick", "B round", "tick", "B round", "tick", "B round", "tick", "B step", "B step", "A wake").with(many, anyAdds),
	"a third begins":             after(budget{}, "B round", "C start", "C step", "C step", "C step", "A x", "A round", "tick", "A round", "A stall", "lose").with(patient),
	"a third begins, one wakes":  after(budget{}, "B round", "C start", "C step", "C step", "C step", "A x", "A round", "tick", "A round", "A stall", "lose", "B stall", "C step", "C round", "C round", "tick", "C round", "tick", "B wake").with(patient),
	"a third begins, a stall":    after(budget{stalls: 1}, "B round", "C start", "C step", "C step", "C step", "A x", "A round", "tick", "A round", "A stall", "lose").with(patient),
}

func TestAllOrders(t *testing.T) {
	t.Parallel()
	for name, p := range plays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.rounds = int8(*roundCount)
			e := p.explore(*worldCount)
			t.Logf("%d worlds, all: %t", e.worlds, e.all)
			require.Empty(t, violations[e.broken], "%s", e)
		})
	}
}
