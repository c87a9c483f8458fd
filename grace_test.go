package ginjwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// outcome is what a refresh token gets.
type outcome string

const (
	tradedFor      outcome = "a new pair of the generation after it"
	keeps          outcome = "a new access token, and nothing is stored"
	startsKeeps    outcome = "a new access token, and the grace starts"
	successor      outcome = "the successor, and nothing is stored"
	startsRepeated outcome = "the successor, and the grace starts"
	theft          outcome = "nothing, and the session ends"
)

const never = time.Duration(-1 << 63) // the age of tokens that were not handed out yet

// Two things decide what a refresh token gets: the distance of its generation from the
// newest generation, and the time since the newest tokens were handed out.
func TestWhatARefreshTokenGets(t *testing.T) {
	t.Parallel()
	const ms, second = time.Millisecond, time.Second
	for _, test := range []struct {
		grace    time.Duration // 0: a minute
		idle     time.Duration // lifetime of the session; 0: 30 days
		distance int64
		age      time.Duration
		want     outcome
	}{
		// The store was restored to older data.
		{0, 0, 1, never, tradedFor},
		{0, 0, 1, 0, tradedFor},
		{0, 0, 1, grace, tradedFor},
		{0, 0, 1, time.Hour, tradedFor},
		{0, 0, 7, 0, tradedFor},
		{0, 0, 7, -2 * time.Minute, tradedFor},

		// The newest generation.
		{0, 0, 0, never, startsKeeps},
		{0, 0, 0, 0, keeps},
		{0, 0, 0, grace, keeps},
		{0, 0, 0, tradable - ms, keeps},
		{0, 0, 0, tradable, tradedFor},
		{0, 0, 0, 24 * time.Hour, tradedFor},

		// The previous generation.
		{0, 0, -1, never, startsRepeated},
		{0, 0, -1, 0, successor},
		{0, 0, -1, grace - ms, successor},
		{0, 0, -1, grace, theft},
		{0, 0, -1, 24 * time.Hour, theft},

		// Older generations.
		{0, 0, -2, never, theft},
		{0, 0, -2, 0, theft},
		{0, 0, -2, -2 * time.Minute, theft},
		{0, 0, -4, 0, theft},

		// Clocks differ by up to a minute. A time further in the future does not count.
		{0, 0, 0, -ms, keeps},
		{0, 0, 0, -time.Minute, keeps},
		{0, 0, 0, -time.Minute - ms, startsKeeps},
		{0, 0, -1, -ms, successor},
		{0, 0, -1, -time.Minute, successor},
		{0, 0, -1, -time.Minute - ms, startsRepeated},

		// Other grace periods: tokens are traded at twice the grace period.
		{second, 0, 0, 2*second - ms, keeps},
		{second, 0, 0, 2 * second, tradedFor},
		{second, 0, -1, second - ms, successor},
		{second, 0, -1, second, theft},
		{5 * time.Minute, 0, 0, 10*time.Minute - ms, keeps},
		{5 * time.Minute, 0, 0, 10 * time.Minute, tradedFor},
		{5 * time.Minute, 0, -1, 5*time.Minute - ms, successor},

		// Tokens are traded at a quarter of the idle lifetime at the latest.
		{0, 4 * time.Minute, 0, time.Minute - ms, keeps},
		{0, 4 * time.Minute, 0, time.Minute, tradedFor},
		{0, 8 * time.Minute, 0, tradable - ms, keeps},
		{0, 8 * time.Minute, 0, tradable, tradedFor},
		{0, 4 * second, 0, second - ms, keeps},
		{0, 4 * second, 0, second, tradedFor},
		{0, 4 * second, -1, 2 * second, successor},

		// Without a grace period nothing is repeated.
		{-1, 0, 1, 0, tradedFor},
		{-1, 0, 0, never, tradedFor},
		{-1, 0, 0, 0, tradedFor},
		{-1, 0, 0, time.Hour, tradedFor},
		{-1, 0, 0, -2 * time.Minute, tradedFor},
		{-1, 0, -1, never, theft},
		{-1, 0, -1, 0, theft},
		{-1, 0, -1, -2 * time.Minute, theft},
		{-1, 0, -2, 0, theft},
	} {
		t.Run(fmt.Sprint("grace ", test.grace, ", idle ", test.idle, ", distance ", test.distance, ", age ", test.age), func(t *testing.T) {
			t.Parallel()
			a := newGraceApp(t, func(c *ginjwt.Config) { c.SessionGrace = test.grace })
			pair := newPair(t, a.mgr, ginjwt.WithIdleLifetime(test.idle))
			handedOut := a.clock.Now().Add(-test.age).UTC()
			if test.age == never {
				handedOut = time.Time{}
			}
			before := a.put(t, pair.SessionID, 5, handedOut)
			sent := a.ofGeneration(t, pair.RefreshToken, 5+test.distance)
			got, err := rotate(t, a.mgr, sent)
			if test.want == theft {
				require.ErrorIs(t, err, ginjwt.ErrSessionReused)
				require.Zero(t, got)
				assert.Equal(t, []string{"alice"}, a.told)
				a.gone(t, pair.SessionID)
				return
			}
			require.NoError(t, err)
			assert.Empty(t, a.told)
			a.check(t, test.want, before, sent, got)
		})
	}
}

// graceApp is a manager with a store that the tests can read and change.
type graceApp struct {
	clock  *jwttest.Clock
	store  *switchedSessions
	mgr    *ginjwt.JWTManager
	writes int      // calls of Replace
	told   []string // who was stolen from
}

func newGraceApp(t *testing.T, change func(*ginjwt.Config)) *graceApp {
	t.Helper()
	a := &graceApp{clock: &jwttest.Clock{}, store: &switchedSessions{}}
	a.store.Now = a.clock.Now
	a.store.replace = func() { a.writes++ }
	config := jwttest.Config(a.clock)
	config.Sessions = a.store
	if change != nil {
		change(&config)
	}
	a.mgr, _ = newManager(t, config, func(m *ginjwt.JWTManager) {
		m.OnReuse(func(_ context.Context, s ginjwt.Session, _ *ginjwt.Token) { a.told = append(a.told, s.Identity) })
	})
	return a
}

func (a *graceApp) stored(t *testing.T, id string) ginjwt.Session {
	t.Helper()
	s, ok, err := a.store.MemorySessions.Get(t.Context(), id)
	require.NoError(t, err)
	require.True(t, ok)
	return s
}

func (a *graceApp) gone(t *testing.T, id string) {
	t.Helper()
	_, ok, err := a.store.MemorySessions.Get(t.Context(), id)
	require.NoError(t, err)
	assert.False(t, ok)
}

// put changes the newest generation of a session.
func (a *graceApp) put(t *testing.T, id string, generation int64, handedOut time.Time) ginjwt.Session {
	t.Helper()
	s := a.stored(t, id)
	next := s
	next.Generation, next.HandedOutAt = generation, handedOut
	done, err := a.store.MemorySessions.Replace(t.Context(), s, next)
	require.NoError(t, err)
	require.True(t, done)
	return next
}

// ofGeneration returns a copy of a refresh token with another generation.
func (a *graceApp) ofGeneration(t *testing.T, encoded string, generation int64) string {
	t.Helper()
	claims := claimsIn(t, encoded)
	claims["gen"] = generation
	return signedWith(t, appSecret(), claims)
}

// generationIn returns the "gen" of a token.
func generationIn(t *testing.T, encoded string) int64 {
	t.Helper()
	n, err := claimsIn(t, encoded)["gen"].(json.Number).Int64()
	require.NoError(t, err)
	return n
}

// check compares a pair and the stored session with the expected outcome.
func (a *graceApp) check(t *testing.T, want outcome, before ginjwt.Session, sent string, got ginjwt.TokenPair) {
	t.Helper()
	now, after := a.clock.Now().UTC(), a.stored(t, before.ID)
	generation := before.Generation
	expected := before
	switch want {
	case tradedFor:
		generation = generationIn(t, sent) + 1
		expected.Generation, expected.RotatedAt, expected.HandedOutAt = generation, now, now
	case startsKeeps, startsRepeated:
		expected.HandedOutAt = now
	case keeps, successor:
		assert.Zero(t, a.writes)
	}
	assert.Equal(t, expected, after)
	assert.Equal(t, generation, generationIn(t, got.AccessToken))
	assert.Equal(t, generation, generationIn(t, got.RefreshToken))
	kept := want == keeps || want == startsKeeps
	assert.Equal(t, kept, got.RefreshToken == sent, "the refresh token that was sent")
	assert.Equal(t, kept, got.KeepsRefreshToken)
	accepted(t, a.mgr, got.AccessToken)
	accepted(t, a.mgr, got.RefreshToken)
}

// A generation has one refresh token, even if it is handed out several times.
func TestSuccessorsHaveOneID(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	first := newPair(t, a.mgr)
	a.clock.Advance(tradable)
	second := mustRotate(t, a.mgr, first.RefreshToken)
	a.clock.Advance(grace / 2)
	again := mustRotate(t, a.mgr, first.RefreshToken)
	for _, name := range []string{"jti", "sid", "gen", "exp", "csrf"} {
		assert.Equal(t, claimsIn(t, second.RefreshToken)[name], claimsIn(t, again.RefreshToken)[name], name)
	}
	assert.NotEqual(t, claimsIn(t, second.AccessToken)["jti"], claimsIn(t, again.AccessToken)["jti"])
}

// ImplicitRefresh does not use the refresh token, so it does not change the end of the
// grace period.
func TestImplicitRefreshDoesNotRestartTheGrace(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, func(c *ginjwt.Config) { c.SessionGrace = 3 * time.Minute })
	a.clock.Advance(11 * time.Minute)
	a.rotate(t, a.pair.RefreshToken)
	before := a.session(t)
	a.clock.Advance(2 * time.Minute)
	require.NotEmpty(t, renewedIn(t, a.get("/page")))
	assert.Equal(t, before.HandedOutAt, a.session(t).HandedOutAt)
	a.clock.Advance(time.Minute)
	token, err := a.mgr.DecodeToken(t.Context(), a.pair.RefreshToken)
	require.NoError(t, err)
	_, err = a.mgr.RotateTokens(t.Context(), token)
	assert.ErrorIs(t, err, ginjwt.ErrSessionReused)
}

// onceTraded puts a session where a generation has been made, and nobody was answered.
func (a *graceApp) onceTraded(t *testing.T, id string) { a.put(t, id, 2, time.Time{}) }

// A client that disconnects before the store records the hand-out gets no tokens. It can
// repeat the request at any later time.
func TestCancelledBeforeTheGraceStarts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before func(a *graceApp, t *testing.T, id string)
		cancel int // in which call of Replace; 0: before any
	}{
		{"a trade, while the generation is made", nil, 1},
		{"a repetition, from the beginning", (*graceApp).onceTraded, 0},
		{"the newest, from the beginning", func(a *graceApp, t *testing.T, id string) { a.put(t, id, 1, time.Time{}) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newGraceApp(t, nil)
			pair := newPair(t, a.mgr)
			a.clock.Advance(tradable)
			if test.before != nil {
				test.before(a, t, pair.SessionID)
			}
			got, err := a.rotateCancelled(t, pair.RefreshToken, test.cancel)
			require.ErrorIs(t, err, ginjwt.ErrUnavailable)
			require.ErrorIs(t, err, context.Canceled)
			require.Zero(t, got)
			assert.True(t, a.stored(t, pair.SessionID).HandedOutAt.IsZero())

			a.clock.Advance(24 * time.Hour)
			got = mustRotate(t, a.mgr, pair.RefreshToken)
			accepted(t, a.mgr, got.AccessToken)
			assert.Equal(t, a.clock.Now().UTC(), a.stored(t, pair.SessionID).HandedOutAt)
			assert.Empty(t, a.told)
		})
	}
}

// A client that disconnects while the store records the hand-out gets an answer, and the
// grace period starts. The store may have recorded the hand-out, so a client that was told
// to try again could look like a thief after the grace period.
func TestCancelledWhileTheGraceStarts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before func(a *graceApp, t *testing.T, id string)
		cancel int // in which call of Replace
	}{
		{"a trade", nil, 2},
		{"a repetition", (*graceApp).onceTraded, 1},
		{"the newest", func(a *graceApp, t *testing.T, id string) { a.put(t, id, 1, time.Time{}) }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newGraceApp(t, nil)
			pair := newPair(t, a.mgr)
			a.clock.Advance(tradable)
			if test.before != nil {
				test.before(a, t, pair.SessionID)
			}
			a.store.cancels = true
			got, err := a.rotateCancelled(t, pair.RefreshToken, test.cancel)
			require.NoError(t, err)
			accepted(t, a.mgr, got.AccessToken)
			accepted(t, a.mgr, got.RefreshToken)
			assert.Equal(t, a.clock.Now().UTC(), a.stored(t, pair.SessionID).HandedOutAt)
		})
	}
}

// rotateCancelled rotates while the client disconnects during a call of Replace, or before.
func (a *graceApp) rotateCancelled(t *testing.T, encoded string, in int) (ginjwt.TokenPair, error) {
	t.Helper()
	token, err := a.mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.store.replace = func() {
		if a.writes++; a.writes == in {
			cancel()
		}
	}
	if in == 0 {
		cancel()
	}
	return a.mgr.RotateTokens(ctx, token)
}

// If the store fails there, the client still gets the answer. The previous tokens stay
// valid until the new tokens are traded.
func TestStoreThatFailsBeforeTheGraceStarts(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	first := newPair(t, a.mgr)
	a.clock.Advance(tradable)
	a.store.replace = func() {
		a.writes++
		a.store.down.Store(true) // after this one
	}
	second := mustRotate(t, a.mgr, first.RefreshToken)
	a.store.down.Store(false)
	assert.Equal(t, 1, a.writes)
	a.store.replace = nil
	assert.True(t, a.stored(t, first.SessionID).HandedOutAt.IsZero())
	accepted(t, a.mgr, second.AccessToken)

	a.clock.Advance(7 * 24 * time.Hour)
	again := mustRotate(t, a.mgr, first.RefreshToken)
	assert.Equal(t, idOf(t, a.mgr, second.RefreshToken), idOf(t, a.mgr, again.RefreshToken))
	a.clock.Advance(tradable)
	mustRotate(t, a.mgr, second.RefreshToken)
	refusedWith(t, a.mgr, first.RefreshToken, ginjwt.ErrSessionReused)
}

// crowdedSessions answers reads only after all clients have asked.
type crowdedSessions struct {
	ginjwt.SessionStore
	crowd *sync.WaitGroup // nil: there is none
}

func (c *crowdedSessions) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	s, ok, err := c.SessionStore.Get(ctx, id)
	if c.crowd != nil {
		c.crowd.Done()
		c.crowd.Wait()
	}
	return s, ok, err
}

// OnReuse is called once, even if many requests of the thief and the owner read the session
// before any of them ends it.
func TestOnReuseIsToldOnce(t *testing.T) {
	t.Parallel()
	const crowd = 50
	var told atomic.Int64
	config, clock := sessionsConfig()
	store := &crowdedSessions{SessionStore: config.Sessions}
	config.Sessions = store
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.OnReuse(func(context.Context, ginjwt.Session, *ginjwt.Token) { told.Add(1) })
	})
	stolen := newPair(t, mgr)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, stolen.RefreshToken)
	clock.Advance(grace)
	token, err := mgr.DecodeToken(t.Context(), stolen.RefreshToken)
	require.NoError(t, err)
	store.crowd = &sync.WaitGroup{}
	store.crowd.Add(crowd)
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			pair, err := mgr.RotateTokens(context.Background(), token)
			assert.ErrorIs(t, err, ginjwt.ErrSessionReused)
			assert.Zero(t, pair)
		})
	}
	all.Wait()
	assert.Equal(t, int64(1), told.Load())
	revoked(t, mgr, second.AccessToken)
}

// Fifty concurrent clients make one generation, in any order of their calls.
func TestManyTradesMakeOneGeneration(t *testing.T) {
	t.Parallel()
	const crowd = 50
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr)
	clock.Advance(tradable)
	token, err := mgr.DecodeToken(t.Context(), first.RefreshToken)
	require.NoError(t, err)
	pairs := make(chan ginjwt.TokenPair, crowd)
	for range crowd {
		go func() {
			pair, err := mgr.RotateTokens(context.Background(), token)
			assert.NoError(t, err)
			pairs <- pair
		}()
	}
	ids := map[string]bool{}
	for _, pair := range collect(pairs) {
		ids[idOf(t, mgr, pair.RefreshToken)] = true
		assert.Equal(t, int64(2), generationIn(t, pair.AccessToken))
	}
	assert.Len(t, ids, 1)
}

// Until it is certain that the tokens of a stolen session are refused, the answer is 503,
// and the next request detects the theft again.
func TestReuseWhileTheBlocklistIsDown(t *testing.T) {
	t.Parallel()
	blocked := &switchedBlocklist{}
	a := newGraceApp(t, func(c *ginjwt.Config) { blocked.Now, c.Blocklist = c.Now, &halfDown{switchedBlocklist: blocked} })
	first := newPair(t, a.mgr)
	a.clock.Advance(tradable)
	second := mustRotate(t, a.mgr, first.RefreshToken)
	a.clock.Advance(grace)
	blocked.down.Store(true)
	for range 2 {
		refusedWith(t, a.mgr, first.RefreshToken, ginjwt.ErrUnavailable)
		a.stored(t, first.SessionID)
		assert.Empty(t, a.told)
	}
	blocked.down.Store(false)
	refusedWith(t, a.mgr, first.RefreshToken, ginjwt.ErrSessionReused)
	assert.Equal(t, []string{"alice"}, a.told)
	a.gone(t, first.SessionID)
	revoked(t, a.mgr, second.AccessToken)
}

// halfDown is a blocklist that can be read but not written.
type halfDown struct{ *switchedBlocklist }

func (b *halfDown) Contains(ctx context.Context, ids ...string) (bool, error) {
	return b.MemoryBlocklist.Contains(ctx, ids...)
}
