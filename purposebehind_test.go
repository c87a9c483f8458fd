package ginjwt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// copiedList is a list with a replica in this process. The replica is behind until the test
// updates it.
type copiedList struct {
	ginjwt.MemoryBlocklist // the replica
	all                    *ginjwt.MemoryBlocklist
	behind                 bool
}

func (l *copiedList) Add(ctx context.Context, id string, until time.Time) error {
	return l.AddMany(ctx, []store.Revocation{{ID: id, Expires: until}})
}

func (l *copiedList) AddMany(ctx context.Context, entries []store.Revocation) error {
	_ = l.all.AddMany(ctx, entries)
	return l.MemoryBlocklist.AddMany(ctx, entries)
}

func (l *copiedList) Contains(ctx context.Context, ids ...string) (bool, error) {
	if l.behind {
		return l.MemoryBlocklist.Contains(ctx, ids...)
	}
	return l.all.Contains(ctx, ids...)
}

func (l *copiedList) ContainsNow(ctx context.Context, ids ...string) (bool, error) {
	return l.all.Contains(ctx, ids...)
}

func (l *copiedList) Self() any { return l }

// A process with a replica that is behind revokes the same tokens as any other process, and
// creates no token that is revoked from the start.
func TestPurposeTokensOfAProcessThatIsBehind(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, time.Second, -time.Second, 30 * time.Second, -30 * time.Second} {
		for _, observer := range []ginjwt.Observer{nil, &recorder{}} {
			t.Run(fmt.Sprint(skew, observer != nil), func(t *testing.T) {
				t.Parallel()
				a := newLinksApp(t)
				all := &ginjwt.MemoryBlocklist{Now: a.clock.Now}
				behind := &copiedList{all: all, behind: true}
				process := func(list ginjwt.Blocklist, skew time.Duration) *ginjwt.JWTManager {
					return a.manager(t, func(c *ginjwt.Config) {
						c.Blocklist, c.Observer, c.DecodeLeeway = list, observer, time.Minute
						c.Now = func() time.Time { return a.clock.Now().Add(skew) }
					})
				}
				ahead, mgr := process(&copiedList{all: all}, 0), process(behind, skew)

				require.NoError(t, ahead.RevokePurposeTokens(t.Context(), confirm, "alice"))
				later := purposeToken(t, ahead, confirm, "alice")
				require.NoError(t, mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
				newer := purposeToken(t, mgr, confirm, "alice")
				var older string
				for range 70 {
					older = purposeToken(t, ahead, reset, "alice")
				}
				newest := purposeToken(t, mgr, reset, "alice")

				behind.behind = false
				for _, mgr := range []*ginjwt.JWTManager{ahead, mgr} {
					assert.Zero(t, goodOnes(t, mgr, confirm, later))
					assert.Equal(t, 1, goodOnes(t, mgr, confirm, newer))
					assert.Zero(t, goodOnes(t, mgr, reset, older))
					assert.Equal(t, 1, goodOnes(t, mgr, reset, newest))
				}
			})
		}
	}
}

// A token that another process has revoked a moment ago passes a peek, but is not consumed.
func TestRevokedTokensAreNotUsedByAProcessThatIsBehind(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	all := &ginjwt.MemoryBlocklist{Now: a.clock.Now}
	with := func(list ginjwt.Blocklist) *ginjwt.JWTManager {
		return a.manager(t, func(c *ginjwt.Config) { c.Blocklist = list })
	}
	ahead, behind := with(&copiedList{all: all}), with(&copiedList{all: all, behind: true})
	encoded := purposeToken(t, ahead, confirm, "alice")
	require.NoError(t, ahead.RevokePurposeTokens(t.Context(), confirm, "alice"))
	_, err := behind.PeekPurposeToken(t.Context(), confirm, encoded)
	require.NoError(t, err)
	_, err = behind.ConsumePurposeToken(t.Context(), confirm, encoded)
	require.ErrorIs(t, err, ginjwt.ErrRevokedToken)
}

// A flood of requests for links does not fill the store of used IDs.
func TestAFloodOfNewestTokensIsBounded(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	later := a.manager(t, func(c *ginjwt.Config) { c.Now = func() time.Time { return a.clock.Now().Add(59 * time.Minute) } })
	purposeToken(t, later, reset, "alice") // as after 3540 requests
	created := 0
	var err error
	for ; err == nil; created++ {
		_, err = a.mgr.CreatePurposeToken(t.Context(), reset, "alice")
	}
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	assert.ErrorContains(t, err, "limit how many mails an address may get")
	assert.Equal(t, 61, created, "60 for the rest of the hour, and the one that failed")
	purposeToken(t, a.mgr, reset, "bob")
	a.clock.Advance(time.Second)
	purposeToken(t, a.mgr, reset, "alice")
}

// After many revocations a user can still get a new link.
func TestManyRevocationsOfPurposeTokens(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	var older []string
	for range 200 {
		older = append(older, purposeToken(t, a.mgr, reset, "alice"))
		require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), reset, "alice"))
	}
	newest := purposeToken(t, a.mgr, reset, "alice")
	assert.Zero(t, goodOnes(t, a.mgr, reset, older...))
	assert.Equal(t, 1, goodOnes(t, a.mgr, reset, newest))
}
