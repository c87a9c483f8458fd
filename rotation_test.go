package ginjwt_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestRotateTokens(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
			return ginjwt.Claims{"loaded for": identity}, nil
		})
	})
	first := newPair(t, mgr, ginjwt.WithFresh(), ginjwt.WithClaims(ginjwt.Claims{"role": "admin"}))
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken, ginjwt.WithClaims(ginjwt.Claims{"tab": 2}))

	access, err := mgr.VerifyToken(t.Context(), second.AccessToken)
	require.NoError(t, err)
	assert.False(t, access.Fresh, "nobody has typed a password")
	assert.Equal(t, first.SessionID, access.SessionID)
	assert.Equal(t, first.SessionID, second.SessionID)
	assert.Equal(t, "alice", access.Claims()["loaded for"])
	assert.Contains(t, access.Claims(), "tab")
	assert.NotContains(t, access.Claims(), "role", "claims are not carried over")
	refresh, err := mgr.VerifyToken(t.Context(), second.RefreshToken, ginjwt.Refresh())
	require.NoError(t, err)
	assert.Equal(t, "2", fmt.Sprint(refresh.Claims()["gen"]))
	assert.Equal(t, "2", fmt.Sprint(access.Claims()["gen"]))
	assert.Equal(t, clock.Now().Add(30*24*time.Hour), refresh.ExpiresAt, "the time without use begins anew")
	assert.NotContains(t, refresh.Claims(), "tab")
	accepted(t, mgr, first.AccessToken)

	clock.Advance(tradable)
	third := mustRotate(t, mgr, second.RefreshToken)
	assert.Contains(t, payloadOf(t, third.RefreshToken), `"gen":3`)
}

func TestWhatCannotBeRotated(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	pair := newPair(t, mgr)
	refusedWith(t, mgr, pair.AccessToken, ginjwt.ErrWrongToken)
	_, err := mgr.RotateTokens(t.Context(), nil)
	require.ErrorIs(t, err, ginjwt.ErrNoAuthorization)
	_, err = rotate(t, mgr, pair.RefreshToken, ginjwt.WithFresh())
	require.EqualError(t, err, "ginjwt: WithFresh: a rotated token is never fresh, because nobody typed a password")
	_, err = rotate(t, mgr, pair.RefreshToken, ginjwt.WithDevice("Firefox"))
	require.EqualError(t, err, "ginjwt: WithDevice is for CreateTokenPair: it applies when a session begins")
	_, err = rotate(t, mgr, pair.RefreshToken, ginjwt.WithExpires(time.Hour))
	require.ErrorIs(t, err, ginjwt.ErrLifetime)

	clock.Advance(30 * 24 * time.Hour)
	expired, err := mgr.DecodeToken(t.Context(), pair.RefreshToken, ginjwt.AllowExpired())
	require.NoError(t, err)
	_, err = mgr.RotateTokens(t.Context(), expired)
	require.ErrorIs(t, err, ginjwt.ErrExpiredToken)
}

func TestGrace(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken)
	clock.Advance(grace - time.Millisecond)
	again := mustRotate(t, mgr, first.RefreshToken)
	assert.Equal(t, idOf(t, mgr, second.RefreshToken), idOf(t, mgr, again.RefreshToken), "the same successor")
	assert.NotEqual(t, idOf(t, mgr, first.RefreshToken), idOf(t, mgr, again.RefreshToken))

	clock.Advance(time.Millisecond)
	refusedWith(t, mgr, first.RefreshToken, ginjwt.ErrSessionReused)
	for _, pair := range []ginjwt.TokenPair{first, second, again} {
		revoked(t, mgr, pair.AccessToken)
		refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrRevokedToken)
	}
}

func idOf(t *testing.T, mgr *ginjwt.JWTManager, encoded string) string {
	t.Helper()
	id, err := mgr.GetJTI(t.Context(), encoded)
	require.NoError(t, err)
	return id
}

// Retries do not prolong the grace.
func TestGraceIsNotProlonged(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr)
	clock.Advance(tradable)
	for range 60 {
		mustRotate(t, mgr, first.RefreshToken)
		clock.Advance(time.Second)
	}
	refusedWith(t, mgr, first.RefreshToken, ginjwt.ErrSessionReused)
}

// In a session that lives for two minutes without use, tokens are traded when they
// are half a minute old, and the grace before is not over.
func TestTradeOfTheSuccessorEndsTheGrace(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr, ginjwt.WithIdleLifetime(2*time.Minute))
	clock.Advance(30 * time.Second)
	second := mustRotate(t, mgr, first.RefreshToken)
	clock.Advance(30*time.Second - time.Millisecond)
	assert.Equal(t, second.RefreshToken, mustRotate(t, mgr, second.RefreshToken).RefreshToken)
	mustRotate(t, mgr, first.RefreshToken) // for a new access token the successor was not traded
	clock.Advance(time.Millisecond)
	third := mustRotate(t, mgr, second.RefreshToken)
	mustRotate(t, mgr, second.RefreshToken)
	refusedWith(t, mgr, first.RefreshToken, ginjwt.ErrSessionReused)
	revoked(t, mgr, third.AccessToken)
}

func TestReuse(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	var told []string
	mgr, engine := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.OnReuse(func(ctx context.Context, s ginjwt.Session, token *ginjwt.Token) {
			assert.NoError(t, ctx.Err())
			told = append(told, fmt.Sprint(s.ID, " ", s.Identity, " ", s.Device, " ", s.Generation, " ", token.Claims()["gen"]))
		})
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	stolen, other := newPair(t, mgr, ginjwt.WithDevice("phone")), newPair(t, mgr)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, stolen.RefreshToken)
	clock.Advance(tradable)
	third := mustRotate(t, mgr, second.RefreshToken)

	w := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(stolen.RefreshToken))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, "{\"msg\":\"Refresh token has already been used\"}\n", w.Body.String())
	assert.Equal(t, []string{stolen.SessionID + " alice phone 3 1"}, told)
	revoked(t, mgr, third.AccessToken)
	refusedWith(t, mgr, third.RefreshToken, ginjwt.ErrRevokedToken)
	refusedWith(t, mgr, stolen.RefreshToken, ginjwt.ErrRevokedToken)
	assert.Len(t, told, 1)
	accepted(t, mgr, other.AccessToken)
	mustRotate(t, mgr, other.RefreshToken)
}

// RefreshRequired alone, with a handler that makes an access token, takes no
// token that was used before, either.
func TestReuseOnRefreshRequired(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshRequired(), identify)
	first := newPair(t, mgr)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken)
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(first.RefreshToken)).Code, "within the grace")
	clock.Advance(grace)
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(second.RefreshToken)).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(first.RefreshToken)).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(second.RefreshToken)).Code)
}

func TestIdleAndAbsoluteLifetime(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.RefreshTokenExpires = time.Hour
	config.SessionLifetime = 150 * time.Minute
	mgr, _ := newManager(t, config)
	start := clock.Now()
	pair := newPair(t, mgr)
	for _, lives := range []time.Duration{time.Hour, 110 * time.Minute, 150 * time.Minute} {
		refresh, err := mgr.DecodeToken(t.Context(), pair.RefreshToken)
		require.NoError(t, err)
		assert.Equal(t, start.Add(lives), refresh.ExpiresAt)
		clock.Advance(50 * time.Minute)
		if lives < config.SessionLifetime {
			pair = mustRotate(t, mgr, pair.RefreshToken)
		}
	}
	refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrExpiredToken)

	pair = newPair(t, mgr)
	clock.Advance(59 * time.Minute)
	pair = mustRotate(t, mgr, pair.RefreshToken)
	clock.Advance(59 * time.Minute)
	pair = mustRotate(t, mgr, pair.RefreshToken)
	clock.Advance(25 * time.Minute)
	last := mustRotate(t, mgr, pair.RefreshToken)
	assert.EqualValues(t, 7*60, last.ExpiresIn, "no access token outlives the session")
	access, err := mgr.DecodeToken(t.Context(), last.AccessToken)
	require.NoError(t, err)
	assert.Equal(t, clock.Now().Add(7*time.Minute), access.ExpiresAt)

	idle := newPair(t, mgr)
	clock.Advance(time.Hour)
	refusedWith(t, mgr, idle.RefreshToken, ginjwt.ErrExpiredToken)
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
}

func TestUsersAreLookedUpAgain(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	gone, lookups := false, 0
	mgr, engine := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			lookups++
			if gone {
				return nil, nil
			}
			return "user " + token.Identity, nil
		})
		m.UserIdentityLoader(func(context.Context, any) (string, error) { return "alice", nil })
		m.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
			return ginjwt.Claims{"of": identity}, nil
		})
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	pair := newPair(t, mgr)
	assert.Equal(t, 1, lookups, "once a login")
	w := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	require.Equal(t, 200, w.Code)
	assert.Equal(t, 2, lookups, "once a request")
	pair = mustRotate(t, mgr, pair.RefreshToken)
	token, err := mgr.DecodeToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	assert.Equal(t, "user alice", token.Claims()["of"])
	gone = true
	refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrUserLookup)
	gone = false
	mustRotate(t, mgr, pair.RefreshToken)
}

// Tokens that were made before there were sessions, perhaps by another library,
// go on to work.
func TestTokensWithoutASession(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	old := jwttest.RefreshToken(t, mgr, "alice")
	clock.Advance(time.Hour)
	pair := mustRotate(t, mgr, old)
	again := mustRotate(t, mgr, old)
	assert.Equal(t, pair.SessionID, again.SessionID)
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	assert.Equal(t, clock.Now().Add(-time.Hour).UTC(), sessions[0].CreatedAt, "it began with the token")
	clock.Advance(tradable)
	next := mustRotate(t, mgr, pair.RefreshToken)
	refusedWith(t, mgr, old, ginjwt.ErrSessionReused)
	revoked(t, mgr, next.AccessToken)

	other := jwttest.RefreshToken(t, mgr, "alice")
	pair = mustRotate(t, mgr, other)
	require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
	for range 29 { // it starts no other session, as long as it lives
		refusedWith(t, mgr, other, ginjwt.ErrRevokedToken)
		clock.Advance(24 * time.Hour)
	}
	clock.Advance(24 * time.Hour)
	refusedWith(t, mgr, other, ginjwt.ErrExpiredToken)

	endless := jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires))
	refusedWith(t, mgr, endless, ginjwt.ErrSessionEnded)
	loggedOut := jwttest.RefreshToken(t, mgr, "alice")
	token, err := mgr.DecodeToken(t.Context(), loggedOut)
	require.NoError(t, err)
	require.NoError(t, mgr.EndSessionForToken(t.Context(), token))
	refusedWith(t, mgr, loggedOut, ginjwt.ErrRevokedToken)
}

// Tokens with one chosen ID are not of one session if they are not of one user.
func TestSessionsOfTokensWithOneID(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	alice := mustRotate(t, mgr, jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithID("one")))
	bob := mustRotate(t, mgr, jwttest.RefreshToken(t, mgr, "bob", ginjwt.WithID("one")))
	assert.NotEqual(t, alice.SessionID, bob.SessionID)
}

// A store that lost its last writes, in a failover to a replica, logs nobody
// out: what it lost is proven by the signed token.
func TestStoreThatWentBack(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	store := config.Sessions
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr)
	backup, _, err := store.Get(t.Context(), first.SessionID)
	require.NoError(t, err)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken)
	clock.Advance(tradable)
	third := mustRotate(t, mgr, second.RefreshToken)
	_, err = store.Delete(t.Context(), first.SessionID)
	require.NoError(t, err)
	_, err = store.Create(t.Context(), backup)
	require.NoError(t, err)

	fourth := mustRotate(t, mgr, third.RefreshToken)
	assert.Contains(t, payloadOf(t, fourth.RefreshToken), `"gen":4`)
	refusedWith(t, mgr, second.RefreshToken, ginjwt.ErrSessionReused)
}

// faultyStore fails in its nth call: before anything is done, or after, when
// the answer is lost. All calls after it fail before, until it is mended.
type faultyStore struct {
	ginjwt.SessionStore
	calls, failAt int
	after, down   bool
}

func (f *faultyStore) mend() { f.calls, f.failAt, f.down = 0, 0, false }

// fault tells a call whether it fails, and whether it is made all the same.
func (f *faultyStore) fault() (fails, made bool) {
	f.calls++
	if f.down {
		return true, false
	}
	f.down = f.calls == f.failAt
	return f.down, !f.down || f.after
}

func (f *faultyStore) Create(ctx context.Context, s ginjwt.Session) (ok bool, err error) {
	fails, made := f.fault()
	if made {
		ok, err = f.SessionStore.Create(ctx, s)
	}
	if fails {
		return false, errDown
	}
	return ok, err
}

func (f *faultyStore) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	if fails, _ := f.fault(); fails {
		return ginjwt.Session{}, false, errDown
	}
	return f.SessionStore.Get(ctx, id)
}

func (f *faultyStore) Replace(ctx context.Context, old, next ginjwt.Session) (ok bool, err error) {
	fails, made := f.fault()
	if made {
		ok, err = f.SessionStore.Replace(ctx, old, next)
	}
	if fails {
		return false, errDown
	}
	return ok, err
}

// Whatever call of a rotation fails, and whether it was made or not: either good
// tokens come out, or none, and then the client can repeat it for as long as it
// takes, and is never taken for a thief; and there is one generation, not two.
func TestRotationsThatFailInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"session", "token without a session", "repeated"} {
		for _, after := range []bool{false, true} {
			for failAt := 1; ; failAt++ {
				name := fmt.Sprint(start, ", call ", failAt, ", made: ", after)
				config, clock := sessionsConfig()
				store := &faultyStore{SessionStore: config.Sessions, after: after}
				config.Sessions = store
				mgr, _ := newManager(t, config)
				refresh := newPair(t, mgr).RefreshToken
				clock.Advance(tradable)
				if start == "token without a session" {
					refresh = jwttest.RefreshToken(t, mgr, "alice")
				}
				if start == "repeated" {
					mustRotate(t, mgr, refresh)
				}
				store.mend()
				store.failAt = failAt
				pair, err := rotate(t, mgr, refresh)
				if !store.down {
					require.NoError(t, err, name)
					require.Greater(t, failAt, 1, "calls of a rotation")
					break
				}
				if err == nil { // the rotation was made, only its grace was not started
					store.mend()
					s, _, err := store.Get(t.Context(), pair.SessionID)
					require.NoError(t, err)
					require.Equal(t, after, !s.HandedOutAt.IsZero(), name)
					clock.Advance(24 * time.Hour)
					if !after {
						again := mustRotate(t, mgr, refresh) // which is good until the successor is traded
						require.Equal(t, idOf(t, mgr, pair.RefreshToken), idOf(t, mgr, again.RefreshToken), name)
						clock.Advance(tradable)
					}
					mustRotate(t, mgr, pair.RefreshToken)
					refusedWith(t, mgr, refresh, ginjwt.ErrSessionReused)
					continue
				}
				require.ErrorIs(t, err, ginjwt.ErrUnavailable, name)
				require.Zero(t, pair, name)
				refusedWith(t, mgr, refresh, ginjwt.ErrUnavailable)

				store.mend()
				if start != "repeated" {
					clock.Advance(24 * time.Hour) // a long outage, or a long tunnel
				}
				pair, err = rotate(t, mgr, refresh)
				require.NoError(t, err, name)
				again := mustRotate(t, mgr, refresh)
				require.Equal(t, idOf(t, mgr, pair.RefreshToken), idOf(t, mgr, again.RefreshToken), name)
				clock.Advance(grace)
				refusedWith(t, mgr, refresh, ginjwt.ErrSessionReused)
			}
		}
	}
}

// A session is ended also where its store fails once: the caller is told, and
// tries again.
func TestEndingFailsAndIsRepeated(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	store := &failingStore{SessionStore: config.Sessions}
	config.Sessions = store
	mgr, _ := newManager(t, config)
	for _, method := range []string{"Get", "Delete"} {
		pair := newPair(t, mgr)
		store.failing = map[string]bool{method: true}
		require.ErrorIs(t, mgr.EndSession(t.Context(), pair.SessionID), ginjwt.ErrUnavailable)
		store.failing = nil
		require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
		revoked(t, mgr, pair.AccessToken)
		refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrRevokedToken)
	}
}

// A theft ends the session even if the store cannot remove it, also when the
// block of an ordinary logout would be over.
func TestReuseWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	store := &failingStore{SessionStore: config.Sessions}
	config.Sessions = store
	told := 0
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.OnReuse(func(context.Context, ginjwt.Session, *ginjwt.Token) { told++ })
	})
	first := newPair(t, mgr)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken)
	clock.Advance(grace)
	store.failing = map[string]bool{"Delete": true}
	refusedWith(t, mgr, first.RefreshToken, ginjwt.ErrSessionReused)
	assert.Equal(t, 1, told)
	revoked(t, mgr, second.AccessToken)
	clock.Advance(24 * time.Hour)
	refusedWith(t, mgr, second.RefreshToken, ginjwt.ErrRevokedToken)
}

// replacing calls before ahead of the next Replace.
type replacing struct {
	failingStore
	before func()
}

func (r *replacing) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	if before := r.before; before != nil {
		r.before = nil
		before()
	}
	return r.SessionStore.Replace(ctx, old, next)
}

// punctual is a Blocklist that forgets an ID as soon as it may.
type punctual struct {
	now   func() time.Time
	until map[string]time.Time
}

func (p punctual) Add(_ context.Context, id string, expires time.Time) error {
	p.until[id] = expires
	return nil
}

func (p punctual) Contains(_ context.Context, ids ...string) (bool, error) {
	return slices.ContainsFunc(ids, func(id string) bool { return p.until[id].After(p.now()) }), nil
}

// A rotation that is under way prolongs the session of a theft that the store does
// not remove. The session stays over for as long as that lives.
func TestReuseDuringARotationWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	store := &replacing{failingStore: failingStore{SessionStore: config.Sessions}}
	config.Sessions, config.Blocklist = store, punctual{clock.Now, map[string]time.Time{}}
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr)
	clock.Advance(time.Hour)
	second := mustRotate(t, mgr, first.RefreshToken)
	clock.Advance(29 * 24 * time.Hour)
	store.before = func() {
		store.failing = map[string]bool{"Delete": true}
		refusedWith(t, mgr, first.RefreshToken, ginjwt.ErrSessionReused)
		store.failing = nil
	}
	third := mustRotate(t, mgr, second.RefreshToken)
	for range 29 {
		clock.Advance(24 * time.Hour)
		refusedWith(t, mgr, third.RefreshToken, ginjwt.ErrRevokedToken)
	}
}

// creating calls before ahead of the next Create.
type creating struct {
	ginjwt.SessionStore
	before func()
}

func (c *creating) Create(ctx context.Context, s ginjwt.Session) (bool, error) {
	if before := c.before; before != nil {
		c.before = nil
		before()
	}
	return c.SessionStore.Create(ctx, s)
}

// A token without a session starts none any more if its user logs out while it does.
func TestLogoutDuringTheStartOfASession(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	store := &creating{SessionStore: config.Sessions}
	config.Sessions = store
	mgr, _ := newManager(t, config)
	old := jwttest.RefreshToken(t, mgr, "alice")
	token, err := mgr.DecodeToken(t.Context(), old)
	require.NoError(t, err)
	store.before = func() {
		mustRotate(t, mgr, old)
		require.NoError(t, mgr.EndSessionForToken(t.Context(), token))
	}
	refusedWith(t, mgr, old, ginjwt.ErrRevokedToken)
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
}
