package ginjwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// goodOnes returns how many tokens pass a peek.
func goodOnes(t *testing.T, mgr *ginjwt.JWTManager, p ginjwt.Purpose, tokens ...string) (good int) {
	t.Helper()
	for _, encoded := range tokens {
		if _, err := mgr.PeekPurposeToken(t.Context(), p, encoded); err == nil {
			good++
		} else {
			require.ErrorIs(t, err, ginjwt.ErrRevokedToken)
		}
	}
	return good
}

func TestRevokePurposeTokens(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	other := a.manager(t, func(c *ginjwt.Config) { c.Realm = "b" })
	old := []string{purposeToken(t, a.mgr, confirm, "alice"), purposeToken(t, a.mgr, confirm, "alice")}
	a.clock.Advance(time.Minute)
	old = append(old, purposeToken(t, a.mgr, confirm, "alice"))
	bob, alicesReset, inB := purposeToken(t, a.mgr, confirm, "bob"), purposeToken(t, a.mgr, reset, "alice"), purposeToken(t, other, confirm, "alice")
	require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
	for _, encoded := range old {
		refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrRevokedToken, "token_revoked")
	}
	next := purposeToken(t, a.mgr, confirm, "alice")
	consumed(t, a.mgr, confirm, next)
	consumed(t, a.mgr, confirm, bob)
	consumed(t, a.mgr, reset, alicesReset)
	consumed(t, other, confirm, inB)
}

// Each of several revocations in one second revokes the tokens that were created before it.
func TestRevokePurposeTokensManyTimes(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	for range 20 {
		encoded := purposeToken(t, a.mgr, confirm, "alice")
		require.Equal(t, 1, goodOnes(t, a.mgr, confirm, encoded))
		require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
		require.Zero(t, goodOnes(t, a.mgr, confirm, encoded))
	}
}

// A process with a clock that is ahead has created tokens of later times.
func TestRevokePurposeTokensOfAClockThatIsAhead(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = time.Minute })
	ahead := a.manager(t, func(c *ginjwt.Config) { c.Now = func() time.Time { return a.clock.Now().Add(time.Minute) } })
	encoded := purposeToken(t, ahead, confirm, "alice")
	require.Equal(t, 1, goodOnes(t, a.mgr, confirm, encoded))
	require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
	assert.Zero(t, goodOnes(t, a.mgr, confirm, encoded))
}

// Tokens stay revoked as long as any purpose token can live. Meanwhile new tokens work.
func TestRevokedPurposeTokensStayRevoked(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	long := ginjwt.Purpose{Name: "invitation", Expires: 30 * 24 * time.Hour}
	encoded := purposeToken(t, a.mgr, long, "alice")
	require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), ginjwt.Purpose{Name: "invitation"}, "alice"))
	for range 29 {
		a.clock.Advance(24 * time.Hour)
		require.Zero(t, goodOnes(t, a.mgr, long, encoded))
		require.Equal(t, 1, goodOnes(t, a.mgr, long, purposeToken(t, a.mgr, long, "alice")))
	}
	a.clock.Advance(24*time.Hour - time.Second)
	require.Zero(t, goodOnes(t, a.mgr, long, encoded))
}

// A shorter Expires also limits tokens that exist already.
func TestTheShorterLifetimeHolds(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = 10 * time.Second })
	long, short := ginjwt.Purpose{Name: "invitation", Expires: time.Hour}, ginjwt.Purpose{Name: "invitation", Expires: time.Minute}
	fromBefore, fromAfter := purposeToken(t, a.mgr, long, "alice"), purposeToken(t, a.mgr, short, "alice")
	looked, err := a.mgr.PeekPurposeToken(t.Context(), short, fromBefore)
	require.NoError(t, err)
	assert.Equal(t, a.clock.Now().Add(time.Minute), looked.ExpiresAt)
	a.clock.Advance(time.Minute + 9*time.Second)
	assert.Equal(t, 2, goodOnes(t, a.mgr, short, fromBefore, fromAfter))
	a.clock.Advance(time.Second)
	for _, encoded := range []string{fromBefore, fromAfter} {
		refusedPurpose(t, a.mgr, short, encoded, ginjwt.ErrExpiredToken, "token_expired")
	}
	assert.Equal(t, 1, goodOnes(t, a.mgr, long, fromBefore))
	refusedPurpose(t, a.mgr, long, fromAfter, ginjwt.ErrExpiredToken, "token_expired")
}

// An older token stays revoked until it expires.
func TestOlderPurposeTokensStayRevoked(t *testing.T) {
	t.Parallel()
	for _, expires := range []time.Duration{30 * time.Minute, 24 * time.Hour, 30 * 24 * time.Hour} {
		t.Run(expires.String(), func(t *testing.T) {
			t.Parallel()
			a := newLinksApp(t)
			p := ginjwt.Purpose{Name: "invitation", Expires: expires, OnlyNewest: true}
			older := purposeToken(t, a.mgr, p, "alice")
			a.clock.Advance(expires / 8)
			newest := purposeToken(t, a.mgr, p, "alice")
			for range 7 {
				require.Zero(t, goodOnes(t, a.mgr, p, older))
				require.Equal(t, 1, goodOnes(t, a.mgr, p, newest))
				a.clock.Advance(expires/8 - time.Second)
			}
			require.Zero(t, goodOnes(t, a.mgr, p, older), "it has not expired")
		})
	}
}

func TestOnlyTheNewest(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	first, bob := purposeToken(t, a.mgr, reset, "alice"), purposeToken(t, a.mgr, reset, "bob")
	second := purposeToken(t, a.mgr, reset, "alice") // in the same second
	refusedPurpose(t, a.mgr, reset, first, ginjwt.ErrRevokedToken, "token_revoked")
	a.clock.Advance(time.Minute)
	third := purposeToken(t, a.mgr, reset, "alice")
	assert.Zero(t, goodOnes(t, a.mgr, reset, first, second))
	consumed(t, a.mgr, reset, third)
	consumed(t, a.mgr, reset, bob)
	refusedPurpose(t, a.mgr, reset, third, ginjwt.ErrConsumed, "token_consumed")
	purposeToken(t, a.mgr, reset, "alice")
	refusedPurpose(t, a.mgr, reset, third, ginjwt.ErrConsumed, "token_consumed")
}

func TestOlderOnesStayGoodWithoutOnlyNewest(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	tokens := []string{purposeToken(t, a.mgr, confirm, "alice"), purposeToken(t, a.mgr, confirm, "alice")}
	assert.Equal(t, 2, goodOnes(t, a.mgr, confirm, tokens...))
}

// The newest token is the token that was created last, whichever clock is ahead.
func TestOnlyTheNewestOfTwoClocks(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Second, -time.Second, time.Minute, -time.Minute} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			t.Parallel()
			a := newLinksApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = time.Minute })
			other := a.manager(t, func(c *ginjwt.Config) {
				c.DecodeLeeway, c.Now = time.Minute, func() time.Time { return a.clock.Now().Add(skew) }
			})
			var tokens []string
			for i := range 10 {
				mgr := []*ginjwt.JWTManager{a.mgr, other}[i%2]
				tokens = append(tokens, purposeToken(t, mgr, reset, "alice"))
				for _, judge := range []*ginjwt.JWTManager{a.mgr, other} {
					require.Equal(t, 1, goodOnes(t, judge, reset, tokens[i]))
					require.Zero(t, goodOnes(t, judge, reset, tokens[:i]...))
				}
			}
		})
	}
}

// Of tokens that are created at once, on several processes, exactly one keeps working.
func TestOneIsTheNewestOfMany(t *testing.T) {
	t.Parallel()
	for range 20 {
		a := newLinksApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = 10 * time.Second })
		ahead := a.manager(t, func(c *ginjwt.Config) { c.Now = func() time.Time { return a.clock.Now().Add(time.Second) } })
		tokens := make([]string, 20)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range tokens {
			wg.Go(func() {
				<-start
				tokens[i], _ = []*ginjwt.JWTManager{a.mgr, ahead}[i%2].CreatePurposeToken(context.Background(), reset, "alice")
			})
		}
		close(start)
		wg.Wait()
		require.NotContains(t, tokens, "")
		require.Equal(t, 1, goodOnes(t, a.mgr, reset, tokens...))
	}
}

// However many times are revoked, few questions find the next one.
func TestTimesOfPurposeTokens(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	at := func(encoded string) int64 {
		n, err := claimsIn(t, encoded)["at"].(json.Number).Int64()
		require.NoError(t, err)
		return n
	}
	now := a.clock.Now().Unix()
	require.Equal(t, now, at(purposeToken(t, a.mgr, confirm, "alice")))
	last := now + 59
	for range 300 {
		last++ // at first a minute for other clocks, then one more time
		require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
		a.list.calls.Store(0)
		require.Equal(t, last+1, at(purposeToken(t, a.mgr, confirm, "alice")), "the first time that is not revoked")
		require.LessOrEqual(t, a.list.calls.Load(), int64(28))
	}
	a.clock.Advance(5 * time.Minute)
	require.Equal(t, last+1, at(purposeToken(t, a.mgr, confirm, "alice")))
	a.clock.Advance(time.Hour)
	require.Equal(t, a.clock.Now().Unix(), at(purposeToken(t, a.mgr, confirm, "alice")), "time has caught up")
}

func TestClocksThatAreFarAway(t *testing.T) {
	t.Parallel()
	for _, now := range []time.Time{time.Unix(-1, 0), time.Unix(1<<33, 0)} {
		config := jwttest.Config(nil)
		config.Now = func() time.Time { return now }
		mgr, _ := newManager(t, config)
		for _, p := range []ginjwt.Purpose{confirm, reset} {
			_, err := mgr.CreatePurposeToken(t.Context(), p, "alice")
			assert.EqualError(t, err, "ginjwt: purpose tokens need a clock between 1970 and 2242: check the clock, or Config.Now")
		}
		assert.Error(t, mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
	}
	config := jwttest.Config(nil)
	config.Now = func() time.Time { return time.Unix(0, 0) }
	mgr, _ := newManager(t, config)
	assert.Equal(t, 1, goodOnes(t, mgr, reset, purposeToken(t, mgr, reset, "alice")))
}
