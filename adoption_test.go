package ginjwt_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A token without a session can start a session until one minute before it expires, with
// any leeway. Later, the session could expire before the token, and the token would start
// a second session.
func TestUntilWhenATokenStartsASession(t *testing.T) {
	t.Parallel()
	for _, leeway := range []time.Duration{0, time.Minute, 24 * time.Hour} {
		for _, test := range []struct {
			left   time.Duration
			starts bool
		}{
			{time.Hour, true},
			{time.Minute, true},
			{time.Minute - time.Millisecond, false},
			{time.Second, false},
			{0, false},
			{-30 * time.Second, false},
			{-time.Hour, false},
		} {
			if test.left <= -leeway {
				continue // it has expired
			}
			t.Run(fmt.Sprint(test.left, " before it expires, leeway ", leeway), func(t *testing.T) {
				t.Parallel()
				a := newGraceApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = leeway })
				old := jwttest.RefreshToken(t, a.mgr, "alice", ginjwt.WithExpires(2*time.Hour))
				a.clock.Advance(2*time.Hour - test.left)
				pair, err := rotate(t, a.mgr, old)
				sessions, listErr := a.mgr.Sessions(t.Context(), "alice")
				require.NoError(t, listErr)
				if test.starts {
					require.NoError(t, err)
					assert.Equal(t, int64(1), generationIn(t, pair.RefreshToken))
					assert.Len(t, sessions, 1)
					return
				}
				require.ErrorIs(t, err, ginjwt.ErrSessionEnded)
				assert.Empty(t, sessions)
			})
		}
	}
}

// The refresh that started the session can be repeated until the token expires.
func TestLastMinuteOfATokenThatStartedASession(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	old := jwttest.RefreshToken(t, a.mgr, "alice", ginjwt.WithExpires(time.Hour))
	a.clock.Advance(time.Hour - time.Minute)
	pair := mustRotate(t, a.mgr, old)
	a.clock.Advance(time.Minute - time.Second)
	again := mustRotate(t, a.mgr, old)
	assert.Equal(t, idOf(t, a.mgr, pair.RefreshToken), idOf(t, a.mgr, again.RefreshToken))
}

// A token without a session is generation zero in the table of what a refresh gets.
func TestRepetitionsOfATokenWithoutASession(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		grace time.Duration
		again func(a *graceApp) []ginjwt.TokenOption
		want  error
	}{
		{"at the end of the grace", 0, func(a *graceApp) []ginjwt.TokenOption {
			a.clock.Advance(grace - time.Millisecond)
			return nil
		}, nil},
		{"after the grace", 0, func(a *graceApp) []ginjwt.TokenOption {
			a.clock.Advance(grace)
			return nil
		}, ginjwt.ErrSessionReused},
		{"after the grace, with the key", 0, func(a *graceApp) []ginjwt.TokenOption {
			a.clock.Advance(7 * 24 * time.Hour)
			return []ginjwt.TokenOption{ginjwt.WithIdempotencyKey(key)}
		}, nil},
		{"without a grace", -1, func(*graceApp) []ginjwt.TokenOption {
			return []ginjwt.TokenOption{ginjwt.WithIdempotencyKey(key)}
		}, ginjwt.ErrSessionReused},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newGraceApp(t, func(c *ginjwt.Config) { c.SessionGrace = test.grace })
			old := jwttest.RefreshToken(t, a.mgr, "alice")
			a.clock.Advance(time.Hour)
			pair := mustRotate(t, a.mgr, old, ginjwt.WithIdempotencyKey(key))
			s := a.stored(t, pair.SessionID)
			assert.Equal(t, int64(1), s.Generation)
			assert.Equal(t, a.clock.Now().UTC(), s.HandedOutAt)
			assert.Equal(t, a.clock.Now().Add(-time.Hour).UTC(), s.CreatedAt, "it began with the token")
			again, err := rotate(t, a.mgr, old, test.again(a)...)
			require.ErrorIs(t, err, test.want)
			if test.want == nil {
				assert.Equal(t, idOf(t, a.mgr, pair.RefreshToken), idOf(t, a.mgr, again.RefreshToken))
			}
		})
	}
}

// MaxSessions is enforced before the answer, even if the first attempt to count the
// sessions failed.
func TestMaxSessionsAfterAListThatFailed(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	store := &failingStore{SessionStore: config.Sessions}
	config.Sessions, config.MaxSessions = store, 2
	mgr, _ := newManager(t, config)
	oldest := newPair(t, mgr)
	clock.Advance(time.Second)
	other := newPair(t, mgr)
	clock.Advance(time.Second)
	old := jwttest.RefreshToken(t, mgr, "alice")
	for range 2 {
		store.failing = map[string]bool{"List": true}
		refusedWith(t, mgr, old, ginjwt.ErrUnavailable)
		store.failing = nil
		clock.Advance(time.Hour)
	}
	pair := mustRotate(t, mgr, old)
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Len(t, sessions, 2)
	refusedWith(t, mgr, oldest.RefreshToken, ginjwt.ErrRevokedToken)
	accepted(t, mgr, pair.AccessToken)
	mustRotate(t, mgr, pair.RefreshToken)
	mustRotate(t, mgr, other.RefreshToken)
}

// If the new session comes from the oldest token, MaxSessions ends the new session itself.
// The client does not get its tokens, now or later.
func TestMaxSessionsAndAnOlderToken(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, -1} {
		t.Run(fmt.Sprint("grace ", grace), func(t *testing.T) {
			t.Parallel()
			config, clock := sessionsConfig()
			config.MaxSessions, config.SessionGrace = 2, grace
			mgr, engine := newManager(t, config)
			engine.POST("/refresh", mgr.RefreshHandler())
			old := jwttest.RefreshToken(t, mgr, "alice")
			clock.Advance(time.Second)
			others := []ginjwt.TokenPair{newPair(t, mgr), newPair(t, mgr)}
			w := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(old))
			assert.Equal(t, 401, w.Code)
			assert.Equal(t, `{"msg":"Session has ended"}`+"\n", w.Body.String())
			for range 3 {
				refusedWith(t, mgr, old, ginjwt.ErrRevokedToken)
				clock.Advance(7 * 24 * time.Hour)
			}
			for _, pair := range others {
				mustRotate(t, mgr, pair.RefreshToken)
			}
		})
	}
}

// SessionLifetime counts from the time at which the token was issued, even if the token
// expires later. The token does not start a second session.
func TestSessionsThatAreShorterThanTheirToken(t *testing.T) {
	t.Parallel()
	for _, forgets := range []bool{false, true} { // whether the store deletes expired sessions
		a := newGraceApp(t, func(c *ginjwt.Config) { c.SessionLifetime = time.Hour })
		old := jwttest.RefreshToken(t, a.mgr, "alice")
		a.clock.Advance(30 * time.Minute)
		pair := mustRotate(t, a.mgr, old)
		assert.Equal(t, a.clock.Now().Add(30*time.Minute).UTC(), pair.RefreshExpiresAt.UTC())
		assert.Equal(t, a.clock.Now().Add(30*time.Minute).UTC(), a.stored(t, pair.SessionID).ExpiresAt)
		a.clock.Advance(30 * time.Minute)
		if forgets {
			_, err := a.store.Delete(t.Context(), pair.SessionID)
			require.NoError(t, err)
		}
		for range 10 {
			refusedWith(t, a.mgr, old, ginjwt.ErrSessionEnded)
			a.clock.Advance(24 * time.Hour)
		}
		late := newGraceApp(t, func(c *ginjwt.Config) { c.SessionLifetime = time.Hour })
		old = jwttest.RefreshToken(t, late.mgr, "alice")
		late.clock.Advance(time.Hour)
		refusedWith(t, late.mgr, old, ginjwt.ErrSessionEnded)
	}
}

// A token without "iat" counts as issued one lifetime before it expires, at every refresh.
func TestSessionsOfTokensWithoutIAT(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, func(c *ginjwt.Config) { c.SessionLifetime = 24 * time.Hour })
	claims := claimsIn(t, jwttest.RefreshToken(t, a.mgr, "alice"))
	delete(claims, "iat")
	old, began := signedWith(t, appSecret(), claims), a.clock.Now().UTC()
	a.clock.Advance(time.Hour)
	s := a.stored(t, mustRotate(t, a.mgr, old).SessionID)
	assert.Equal(t, began, s.CreatedAt)
	assert.Equal(t, began.Add(24*time.Hour), s.EndsAt)
	_, err := a.store.Delete(t.Context(), s.ID)
	require.NoError(t, err)
	a.clock.Advance(23 * time.Hour)
	refusedWith(t, a.mgr, old, ginjwt.ErrSessionEnded)
}

// A session lives at least as long as the token that started it.
func TestSessionsThatAreAsLongAsTheirToken(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	const life = 90 * 24 * time.Hour
	old := jwttest.RefreshToken(t, a.mgr, "alice", ginjwt.WithExpires(life))
	expires := a.clock.Now().Add(life).UTC()
	a.clock.Advance(time.Hour)
	assert.Equal(t, expires, a.stored(t, mustRotate(t, a.mgr, old).SessionID).ExpiresAt)
}

// In two realms, one token starts two independent sessions.
func TestTokensWithoutASessionInTwoRealms(t *testing.T) {
	t.Parallel()
	north, south, clock := twoRealms(t, nil)
	old := jwttest.RefreshToken(t, north, "alice")
	mine, theirs := mustRotate(t, north, old), mustRotate(t, south, old)
	assert.NotEqual(t, mine.SessionID, theirs.SessionID)
	require.NoError(t, north.EndSession(t.Context(), mine.SessionID))
	refusedWith(t, north, old, ginjwt.ErrRevokedToken)
	revoked(t, north, mine.AccessToken)
	accepted(t, south, theirs.AccessToken)
	mustRotate(t, south, old)
	clock.Advance(tradable)
	mustRotate(t, south, theirs.RefreshToken)
}
