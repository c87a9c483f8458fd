package listmodel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each wrong rule breaks a promise of the protocol.
func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct {
		rule   mistakes
		play   string
		broken violation
	}{
		{trustsTheBroken, "rows", accepted},
		{ignoresTheEpoch, "a loss", endless},
		{ignoresTheHead, "positions, stalled", accepted},
		{ignoresMarks, "positions, stalled", accepted},
		{neverCompares, "stalled, and fails", accepted},
		{comparesTheDropped, "stalled, and fails", accepted},
		{keepsNothingOfItsOwn, "two rollbacks", accepted},
		{forgetsOwn, "two rollbacks", accepted},
		{positionLast, "a load fails", livelock},
		{loadsAll, "a new one loads", accepted},
		{holdsNothing, "stalled", accepted},
		{completesWhileRestoring, "stalled", accepted},
		{asksNobody, "stalled", accepted},
		{expectsNobody, "stalled", accepted},
		{joinsInSilence, "a third begins", accepted},
		{hasNoMinimum, "a third begins", accepted},
		{wholeAsRead, "a third begins, one wakes", accepted},
		{forgetsLines, "lost between Head and Roll", accepted},
		{gaveTooEarly, "parts, and a stall", accepted},
		{gaveIsForEver, "stalled again", accepted},
		{removesNobody, "parts, and a crash", livelock},
		{countsWhileAway, "an outage and a stall", accepted},
		{removesTheBeating, "back just in time", accepted},
		{keepsTheGiver, "parts, and a crash", livelock},
		{neverReleases, "parts, and a crash", livelock},
		{forgetsTheLoss, "dropped, and fails", accepted},
		{noFence, "rows", livelock},
	} {
		t.Run(mistakeNames[wrong.rule], func(t *testing.T) {
			t.Parallel()
			p := plays[wrong.play]
			p.wrong = wrong.rule
			e := p.explore(*worldCount)
			if e.broken != wrong.broken && mostWorlds < 60_000 {
				t.Skip("it needs more worlds than are looked at with the race detector")
			}
			require.Equal(t, violations[wrong.broken], violations[e.broken], "%s", e)
			t.Log(e)
		})
	}
}

// These rules only avoid needless restorations, or refuse a little earlier. Without one of
// them the list is as safe.
func TestRulesThatOnlySpare(t *testing.T) {
	t.Parallel()
	for _, rule := range []mistakes{beginsInAnyCase, createsAgain, lookupIgnoresEpoch, lookupIgnoresHead, resetsPosition, joinsTheWhole} {
		t.Run(mistakeNames[rule], func(t *testing.T) {
			t.Parallel()
			for name, p := range plays {
				p.wrong = rule
				e := p.explore(*worldCount / 60)
				require.Empty(t, violations[e.broken], "%s: %s", name, e)
			}
		})
	}
}
