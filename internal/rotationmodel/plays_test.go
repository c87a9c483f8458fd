package rotationmodel

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// playCount is for a long run: go test -run Plays -v -plays 300
var playCount = flag.Int("plays", 0, "how many plays there are of each scene")

// seeds are fixed seeds, and a few random ones.
func seeds(t *testing.T, n int) []uint64 {
	if n = max(n, *playCount); testing.Short() || mostWorlds < 1<<40 {
		n = 2
	}
	var all []uint64
	for i := range n {
		all = append(all, uint64(i))
	}
	for range max(1, n/10) {
		all = append(all, rand.Uint64())
	}
	t.Logf("%d plays, of which at random: %d", len(all), all[n:])
	return all
}

// No innocent client is logged out, in two cases: a request, its repetitions, an answer,
// another request and the clock skew together take less than G, or the client repeats lost
// answers with its key. A client waits for a failing store as long as it takes.
var scenes = []scene{
	{name: "tabs, 3 s", tabs: 10, access: 3 * second, hours: 2},
	{name: "tabs, 3 s, slow", tabs: 10, access: 3 * second, slow: .05, slowest: 25 * second, hours: 2},
	{name: "tabs, 1 min, slow", tabs: 10, access: 60 * second, slow: .05, slowest: 25 * second, hours: 24},
	{name: "tabs, 15 min, slow", tabs: 10, access: 900 * second, slow: .05, slowest: 25 * second, hours: 240},
	{name: "tabs in the background", tabs: 10, access: 3 * second, slow: .05, slowest: 25 * second, hours: 24, timers: true},
	{name: "answers are lost", tabs: 3, access: 900 * second, lost: .2, retry: [2]tick{second, 12 * second}, hours: 240},
	{name: "a phone, answers are lost for hours, keys", tabs: 1, access: 900 * second, lost: .05, retry: [2]tick{60 * second, 8 * hour}, hours: 240, keys: true},
	{name: "tabs, answers are lost for an hour, keys", tabs: 3, access: 900 * second, lost: .4, retry: [2]tick{60 * second, hour}, hours: 240, keys: true},
	{name: "processes end", tabs: 3, access: 900 * second, crashes: .01, retry: [2]tick{60 * second, hour}, hours: 240},
	{name: "the store fails", tabs: 3, access: 900 * second, outages: .01, retry: [2]tick{5 * second, 120 * second}, hours: 240},
	{name: "the store fails, keys", tabs: 3, access: 900 * second, outages: .01, retry: [2]tick{5 * second, 120 * second}, hours: 240, keys: true},
	{name: "clocks are a second apart", tabs: 10, access: 60 * second, clocks: second, slow: .02, slowest: 10 * second, hours: 24},
	{name: "clocks are half a minute apart", tabs: 10, access: 60 * second, clocks: 30 * second, slow: .02, slowest: 10 * second, hours: 24},
	{name: "a token from before", tabs: 10, access: 3 * second, slow: .05, slowest: 5 * second, hours: 1, old: true},

	{name: "a phone, answers are lost for hours, no keys", tabs: 1, access: 900 * second, lost: .05, retry: [2]tick{60 * second, 8 * hour}, hours: 240, broken: true},
	{name: "tabs, slower than the grace", tabs: 10, access: 60 * second, slow: .05, slowest: 90 * second, hours: 24, broken: true},
}

func TestPlaysOfInnocents(t *testing.T) {
	t.Parallel()
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			r := defaults
			r.access, r.spread = sc.access, max(second, sc.clocks)
			out, trades := 0, 0
			for _, seed := range seeds(t, 5) {
				b := innocent(r, sc, seed)
				trades += int(b.sessions[0].gen)
				if sc.broken {
					out += count(b.out)
					continue
				}
				assert.Empty(t, b.server.broken, "seed %d", seed)
				assert.False(t, b.out, "seed %d: %s", seed, resultNames[b.refused])
			}
			t.Logf("%d trades, %d logged out", trades, out)
			if sc.broken {
				assert.Positive(t, out, "the play can fail")
			}
		})
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestPlaysOfThieves(t *testing.T) {
	t.Parallel()
	for _, how := range []struct {
		name   string
		keys   bool
		caught bool // always, within a week
	}{
		{"blind", false, true},
		{"blind", true, true},
		{"old copy", false, true},
		{"old copy", true, true},
		{"known key", true, true},
		{"constant key", true, true},
		{"schedule", false, false},
		{"follower", false, false},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			var after, got []tick
			all := seeds(t, 100)
			for _, seed := range all {
				p := thief(defaults, how.name, how.keys, seed)
				assert.Empty(t, p.server.broken, "seed %d", seed)
				if p.seen {
					after = append(after, p.after)
				} else if how.caught {
					assert.Fail(t, "not seen", "seed %d", seed)
				}
				got = append(got, tick(p.got))
			}
			slices.Sort(after)
			slices.Sort(got)
			t.Logf("%d of %d are seen; access tokens: %d in the middle, %d at the most", len(after), len(all), got[len(got)/2], got[len(got)-1])
			if len(after) > 0 {
				t.Logf("after %d min in the middle, %d min at the most", after[len(after)/2]/(60*second), after[len(after)-1]/(60*second))
			}
		})
	}
}
