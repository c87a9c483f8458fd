package ginjwt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// A login on a process whose clock is behind still counts as the newest: MaxSessions ends
// the oldest session, not the new one.
func TestMaxSessionsWithAClockThatIsBehind(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2} {
		for _, behind := range []time.Duration{time.Millisecond, 30 * time.Second, 5 * time.Minute} {
			t.Run(fmt.Sprint(limit, " sessions, ", behind, " behind"), func(t *testing.T) {
				t.Parallel()
				config, clock := sessionsConfig()
				config.MaxSessions = limit
				config.Blocklist = &ginjwt.MemoryBlocklist{Now: clock.Now}
				ahead, _ := newManager(t, config)
				config.Now = func() time.Time { return clock.Now().Add(-behind) }
				late, _ := newManager(t, config)

				others := make([]ginjwt.TokenPair, 0, limit)
				for range limit {
					others = append(others, newPair(t, ahead))
					clock.Advance(time.Millisecond)
				}
				for range 2 {
					pair := newPair(t, late)
					accepted(t, late, pair.AccessToken)
					accepted(t, ahead, pair.AccessToken)
					mustRotate(t, late, pair.RefreshToken)
					sessions, err := ahead.Sessions(t.Context(), "alice")
					require.NoError(t, err)
					require.Len(t, sessions, limit)
					assert.Equal(t, pair.SessionID, sessions[0].ID)
				}
				revoked(t, ahead, others[0].AccessToken)
			})
		}
	}
}

// strangers is a store whose List also returns sessions of other users.
type strangers struct {
	ginjwt.SessionStore
	more []ginjwt.Session
}

func (s *strangers) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	all, err := s.SessionStore.List(ctx, realm, identity)
	return append(all, s.more...), err
}

// Sessions that a store returns by mistake are not shown, counted or ended.
func TestListsWithSessionsOfOthers(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	store := &strangers{SessionStore: config.Sessions}
	config.Sessions, config.MaxSessions = store, 2
	mgr, _ := newManager(t, config)
	config.Realm = "elsewhere"
	elsewhere, _ := newManager(t, config)
	bob, err := mgr.CreateTokenPair(t.Context(), "bob")
	require.NoError(t, err)
	upper, err := mgr.CreateTokenPair(t.Context(), "ALICE")
	require.NoError(t, err)
	other := newPair(t, elsewhere)
	for _, id := range []string{bob.SessionID, upper.SessionID, other.SessionID} {
		s, _, err := store.Get(t.Context(), id)
		require.NoError(t, err)
		store.more = append(store.more, s)
	}
	clock.Advance(time.Second)
	pairs := []ginjwt.TokenPair{newPair(t, mgr), newPair(t, mgr)}
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Len(t, sessions, 2)
	for _, pair := range pairs {
		accepted(t, mgr, pair.AccessToken)
	}
	require.NoError(t, mgr.EndSessions(t.Context(), "alice"))
	for _, pair := range pairs {
		revoked(t, mgr, pair.AccessToken)
	}
	mustRotate(t, mgr, bob.RefreshToken)
	mustRotate(t, mgr, upper.RefreshToken)
	mustRotate(t, elsewhere, other.RefreshToken)
}
