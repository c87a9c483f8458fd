package oncemodel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	noMarks             mistake = "a key that is there means second, whoever has set it"
	markOfEachCommand   mistake = "a command that is repeated has another mark"
	oneMarkForAll       mistake = "all calls have the same mark"
	looksThenSets       mistake = "it is looked whether the key is there, and then it is set"
	errorsGoOn          mistake = "a caller goes on after an error"
	writesOnce          mistake = "a command that finds its own mark does not write it again"
	makesRoom           mistake = "the server evicts keys"
	lastsAsProcessSees  mistake = "the key lasts as long as the process sees left"
	marginByProcessOnly mistake = "the key lasts as long as the process sees left, and a minute"
	marginByServerOnly  mistake = "the key lasts until the time by the server's clock, and a minute"
	noMargin            mistake = "the key lasts until the time by both clocks"
)

// Each wrong rule breaks a promise of the protocol.
func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct {
		rule   mistake
		play   string
		broken string
	}{
		{noMarks, "two callers", secondToNobody},
		{markOfEachCommand, "two callers", secondToNobody},
		{oneMarkForAll, "two callers", twoFirsts},
		{looksThenSets, "two callers", twoFirsts},
		{errorsGoOn, "two callers", twoFirsts},
		{writesOnce, "a failover", twoFirsts},
		{makesRoom, "two callers", twoFirsts},
		{lastsAsProcessSees, "clocks", twoFirsts},
		{marginByProcessOnly, "clocks", twoFirsts},
		{marginByServerOnly, "a server far ahead", twoFirsts},
		{noMargin, "clocks, a server", twoFirsts},
	} {
		t.Run(string(wrong.rule), func(t *testing.T) {
			t.Parallel()
			p := plays[wrong.play]
			p.wrong = wrong.rule
			breaks(t, p, wrong.broken)
		})
	}
}

// The losses that the comment of package redisstore names do happen in the model.
func TestWhatIsNotPromised(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*play){
		"no replica has the claim": func(p *play) { p.waits = 0 },
		"not all replicas have it": func(p *play) { p.waits = 1 },
		"a server loses its data":  func(p *play) { p.failovers, p.losses = 0, 1 },
		"clocks differ by a minute": func(p *play) {
			p.waits, p.failovers, p.servers, p.processes, p.lasts = 0, 0, []tick{1}, []tick{1, -1}, 6
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plays["a failover of several"]
			change(&p)
			breaks(t, p, twoFirsts)
		})
	}
}

// breaks fails the test unless a way breaks a promise of the protocol.
func breaks(t *testing.T, p play, what string) {
	t.Helper()
	e := p.explore()
	if e.worlds >= mostWorlds {
		t.Skip("it needs more worlds than are looked at with the race detector")
	}
	require.Equal(t, what, e.broken, "%s", e)
	t.Log(e)
}
