package ginjwt

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// meet reports whether a lookup of the asked IDs finds the IDs that a logout added.
func meet[T comparable](added, asked []T) bool {
	return slices.ContainsFunc(asked, func(v T) bool { return slices.Contains(added, v) })
}

func TestSpansHoldTheTimesUpToALogout(t *testing.T) {
	t.Parallel()
	const all = 300
	for last := range int64(all) {
		for at := range int64(all) {
			assert.Equal(t, at <= last, meet(spansUntil(last), spansWith(at)), "%d, %d", last, at)
		}
	}
}

func TestSpansOfAnyTimes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const end = 1<<timeBits - 1
	check := func(last, at int64) {
		assert.Equal(t, at <= last, meet(spansUntil(last), spansWith(at)), "%d, %d", last, at)
	}
	for range 20_000 {
		last := random.Int64N(end)
		check(last, random.Int64N(end))
		for _, near := range []int64{last - 1, last, last + 1, last - random.Int64N(1<<random.IntN(timeBits)), last ^ 1<<random.IntN(timeBits-1)} {
			if isTime(near) {
				check(last, near)
			}
		}
	}
	for _, edge := range []int64{0, 1, 1<<31 - 1, 1 << 31, 1 << 32, end - 1} {
		for _, at := range []int64{0, 1, 1<<31 - 1, 1 << 31, 1 << 32, end - 1} {
			check(edge, at)
		}
	}
	for seconds, is := range map[int64]bool{-1: false, 0: true, end - 1: true, end: false, 1 << 62: false} {
		assert.Equal(t, is, isTime(seconds), seconds)
	}
}

// A logout adds an entry for each bit that is 1 in its time, and a token asks for each
// that is 0.
func TestWhatALogoutCosts(t *testing.T) {
	t.Parallel()
	const year2026, days = 1_780_000_000, 365 * 86400
	random := rand.New(rand.NewPCG(3, 4))
	entries, questions := 0, 0
	const n = 10_000
	for range n {
		at := year2026 + random.Int64N(days)
		added, asked := len(spansUntil(at)), len(spansWith(at))
		assert.Equal(t, bits.OnesCount64(uint64(at)+1), added)
		assert.Equal(t, timeBits-bits.OnesCount64(uint64(at)), asked)
		entries, questions = entries+added, questions+asked
	}
	assert.InDelta(t, 15.5, float64(entries)/n, 2)
	assert.InDelta(t, 17.5, float64(questions)/n, 2)
}

// What is refused after a logout: one rule each, without the intervals of the list.
func refusedAfter(logout, began store.Upstream, logoutAt, at int64) bool {
	switch {
	case logout.Issuer != began.Issuer:
		return false
	case logout.SID != "" && began.SID != "":
		return logout.SID == began.SID
	}
	return logout.Subject == began.Subject && at <= logoutAt
}

func TestLogoutsEndWhatTheModelSays(t *testing.T) {
	t.Parallel()
	var all []store.Upstream
	for _, issuer := range []string{"https://a", "https://b"} {
		for _, sid := range []string{"", "s", "t"} {
			for _, subject := range []string{"", "s", "alice"} {
				all = append(all, store.Upstream{Issuer: issuer, SID: sid, Subject: subject})
			}
		}
	}
	times := []int64{0, 1_780_000_000, 1_780_000_001, 1_780_003_600}
	for _, logout := range all {
		for _, began := range all {
			if logout.SID == "" && logout.Subject == "" || began.Subject == "" {
				continue // there are no such
			}
			for _, logoutAt := range times {
				for _, at := range times {
					ended := meet(logoutIDs("", logout, logoutAt, false), originOf("", began, at).ids())
					assert.Equal(t, refusedAfter(logout, began, logoutAt, at), ended, "%v at %d, %v at %d", logout, logoutAt, began, at)
					if began.SID != "" { // every token of this issuer has a "sid"
						short := meet(logoutIDs("", logout, logoutAt, true), originOf("", began, at).ids())
						assert.Equal(t, ended, short, "%v at %d, %v at %d", logout, logoutAt, began, at)
					}
					assert.False(t, meet(logoutIDs("realm", logout, logoutAt, false), originOf("", began, at).ids()), "of another realm")
				}
			}
		}
	}
}

func TestOriginsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, u := range []store.Upstream{
		{Issuer: "https://a", SID: "s", Subject: "alice"},
		{Issuer: "https://a", Subject: "alice"},
	} {
		o := originOf("realm", u, 1_780_000_000)
		read, ok := parseOrigin(o.claim())
		assert.True(t, ok)
		assert.Equal(t, o, read)
		assert.NotContains(t, o.claim(), "alice")
	}
	id := derivedID("x")
	for _, bad := range []string{"", "..", "." + id + ".", "." + id + ".-1", "." + id + ".8589934591", "." + id + ".1.", id + "..1", "x." + id + ".1", "." + id + "x.1"} {
		_, ok := parseOrigin(bad)
		assert.False(t, ok, bad)
	}
}

// Nobody can choose such an ID as "jti": its revocation would log out other users.
func TestIDsOfLogoutsAreNobodysJTI(t *testing.T) {
	t.Parallel()
	for _, id := range logoutIDs("", store.Upstream{Issuer: "https://a", SID: "s", Subject: "alice"}, 1_780_000_000, false) {
		assert.NotEqual(t, id, or(revocationID("", id), id))
	}
}
