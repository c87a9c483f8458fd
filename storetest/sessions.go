package storetest

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Sessions tests a store. open returns a new handle of a store without
// sessions; it is called once for each test.
func Sessions(t *testing.T, open func(t *testing.T) ginjwt.SessionStore, opts ...Option) {
	rounds := roundsOf(opts)
	for name, test := range map[string]func(*testing.T, ginjwt.SessionStore){
		"a session is kept as it is":                 testKept,
		"there is no session with an unknown ID":     testUnknown,
		"one ID is one session":                      testCreatedOnce,
		"a session is replaced if it is the old one": testReplaced,
		"one that is not the old one stays":          testNotReplaced,
		"of replacements at once one wins":           testOneReplacement,
		"of creations at once one wins":              testOneCreation,
		"a deleted session is gone":                  testDeleted,
		"identities are compared byte by byte":       testIdentities,
		"sessions of one identity are listed":        testListed,
		"a replaced session stays on the list":       testListedAfterReplace,
		"of rotations at once one makes a generation": func(t *testing.T, store ginjwt.SessionStore) {
			testRotations(t, store, rounds)
		},
		"a logout and a rotation at once": testLogoutAndRotation,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// newSession returns a session that was made just now.
func newSession(identity string) ginjwt.Session {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return ginjwt.Session{
		ID:          newID(),
		Identity:    identity,
		Device:      "Firefox on Linux",
		Generation:  1,
		CreatedAt:   now,
		RotatedAt:   now,
		HandedOutAt: now,
		ExpiresAt:   now.Add(time.Hour).Truncate(time.Second),
	}
}

// rotated returns what becomes of s after d.
func rotated(s ginjwt.Session, d time.Duration) ginjwt.Session {
	s.Generation++
	s.RotatedAt = s.RotatedAt.Add(d)
	s.HandedOutAt = time.Time{}
	s.ExpiresAt = s.ExpiresAt.Add(d)
	return s
}

func create(t *testing.T, store ginjwt.SessionStore, s ginjwt.Session) ginjwt.Session {
	t.Helper()
	created, err := store.Create(t.Context(), s)
	require.NoError(t, err)
	require.True(t, created)
	return s
}

func requireStored(t *testing.T, store ginjwt.SessionStore, want ginjwt.Session) {
	t.Helper()
	got, ok, err := store.Get(t.Context(), want.ID)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, inUTC(want), inUTC(got))
}

// inUTC makes times comparable.
func inUTC(s ginjwt.Session) ginjwt.Session {
	for _, at := range []*time.Time{&s.CreatedAt, &s.RotatedAt, &s.HandedOutAt, &s.ExpiresAt} {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	return s
}

func list(t *testing.T, store ginjwt.SessionStore, identity string) (ids []string) {
	t.Helper()
	sessions, err := store.List(t.Context(), "", identity)
	require.NoError(t, err)
	for _, s := range sessions {
		assert.Equal(t, identity, s.Identity)
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

func testKept(t *testing.T, store ginjwt.SessionStore) {
	ordinary := newSession("alice")
	bare := newSession("b")
	bare.Device, bare.HandedOutAt = "", time.Time{}
	long := newSession(strings.Repeat("é", 127) + "x")
	long.Device = strings.Repeat("x", 251) + "🙂"
	large := newSession("large")
	large.Generation = 1 << 62
	far := newSession("far")
	far.CreatedAt = time.UnixMilli(0).UTC()
	far.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, s := range []ginjwt.Session{ordinary, bare, long, large, far} {
		create(t, store, s)
		requireStored(t, store, s)
		sessions, err := store.List(t.Context(), "", s.Identity)
		require.NoError(t, err)
		require.Len(t, sessions, 1)
		require.Equal(t, inUTC(s), inUTC(sessions[0]))
	}
}

func testUnknown(t *testing.T, store ginjwt.SessionStore) {
	create(t, store, newSession("alice"))
	none := newSession("nobody")
	_, ok, err := store.Get(t.Context(), none.ID)
	require.NoError(t, err)
	assert.False(t, ok)
	_, ok, err = store.Get(t.Context(), "")
	require.NoError(t, err)
	assert.False(t, ok)
	replaced, err := store.Replace(t.Context(), none, rotated(none, time.Second))
	require.NoError(t, err)
	assert.False(t, replaced)
	_, ok, err = store.Get(t.Context(), none.ID)
	require.NoError(t, err)
	assert.False(t, ok, "a replacement creates nothing")
	_, err = store.Delete(t.Context(), none.ID)
	require.NoError(t, err)
	assert.Empty(t, list(t, store, "nobody"))
}

func testCreatedOnce(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	for _, other := range []ginjwt.Session{s, rotated(s, time.Second)} {
		created, err := store.Create(t.Context(), other)
		require.NoError(t, err)
		assert.False(t, created)
		requireStored(t, store, s)
	}
	assert.Equal(t, []string{s.ID}, list(t, store, "alice"))
}

func testReplaced(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	next := rotated(s, time.Minute)
	grace := next
	grace.HandedOutAt = next.RotatedAt.Add(10 * time.Second)
	renewed := grace
	renewed.RotatedAt = grace.RotatedAt.Add(time.Millisecond)
	ahead := rotated(renewed, time.Second)
	ahead.Generation = 17
	for _, step := range []struct{ old, next ginjwt.Session }{{s, next}, {next, grace}, {grace, renewed}, {renewed, ahead}} {
		replaced, err := store.Replace(t.Context(), step.old, step.next)
		require.NoError(t, err)
		require.True(t, replaced)
		requireStored(t, store, step.next)
	}
}

func testNotReplaced(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	earlier, later, generation, grace, noGrace := s, s, s, s, s
	earlier.RotatedAt = s.RotatedAt.Add(-time.Millisecond)
	later.RotatedAt = s.RotatedAt.Add(time.Millisecond)
	generation.Generation = 2
	grace.HandedOutAt = s.HandedOutAt.Add(time.Millisecond)
	noGrace.HandedOutAt = time.Time{}
	for _, old := range []ginjwt.Session{earlier, later, generation, grace, noGrace} {
		replaced, err := store.Replace(t.Context(), old, rotated(old, time.Second))
		require.NoError(t, err)
		assert.False(t, replaced)
		requireStored(t, store, s)
	}
}

func testOneReplacement(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	for range 50 {
		var winners atomic.Int64
		var winner atomic.Pointer[ginjwt.Session]
		at(16, func(i int) {
			next := rotated(s, time.Duration(i+1)*time.Millisecond)
			replaced, err := store.Replace(t.Context(), s, next)
			if assert.NoError(t, err) && replaced {
				winners.Add(1)
				winner.Store(&next)
			}
		})
		require.EqualValues(t, 1, winners.Load())
		s = *winner.Load()
		requireStored(t, store, s)
	}
}

func testOneCreation(t *testing.T, store ginjwt.SessionStore) {
	for range 20 {
		s := newSession("alice")
		var winner atomic.Pointer[ginjwt.Session]
		var winners atomic.Int64
		at(16, func(i int) {
			own := s
			own.Device = strings.Repeat("x", i)
			created, err := store.Create(t.Context(), own)
			if assert.NoError(t, err) && created {
				winners.Add(1)
				winner.Store(&own)
			}
		})
		require.EqualValues(t, 1, winners.Load())
		requireStored(t, store, *winner.Load())
	}
}

func testDeleted(t *testing.T, store ginjwt.SessionStore) {
	s, other := create(t, store, newSession("alice")), create(t, store, newSession("alice"))
	_, err := store.Delete(t.Context(), s.ID)
	require.NoError(t, err)
	_, err = store.Delete(t.Context(), s.ID)
	require.NoError(t, err)
	_, ok, err := store.Get(t.Context(), s.ID)
	require.NoError(t, err)
	assert.False(t, ok)
	replaced, err := store.Replace(t.Context(), s, rotated(s, time.Second))
	require.NoError(t, err)
	assert.False(t, replaced)
	assert.Equal(t, []string{other.ID}, list(t, store, "alice"))
	requireStored(t, store, other)
}

func testIdentities(t *testing.T, store ginjwt.SessionStore) {
	identities := []string{
		"alice", "Alice", "alice ", " alice", "alicé", "alice\u0301", "ali%", "ali_e", "alice{x}", "alice'--", `alice"`, `alice\`,
		"🙂", "🙃", "a:b", "a*", "[a]", "ａlice", "ß", "ss", "\t", "\n", "İ", "i",
	}
	ids := map[string]string{}
	for _, identity := range identities {
		ids[identity] = create(t, store, newSession(identity)).ID
	}
	for _, identity := range identities {
		assert.Equal(t, []string{ids[identity]}, list(t, store, identity), "%q", identity)
	}
}

func testListed(t *testing.T, store ginjwt.SessionStore) {
	assert.Empty(t, list(t, store, "alice"))
	create(t, store, newSession("bob"))
	var ids []string
	for range 100 {
		ids = append(ids, create(t, store, newSession("alice")).ID)
	}
	slices.Sort(ids)
	assert.Equal(t, ids, list(t, store, "alice"))
	at(10, func(i int) {
		_, err := store.Delete(t.Context(), ids[i])
		assert.NoError(t, err)
	})
	assert.Equal(t, ids[10:], list(t, store, "alice"))
}

// A store that forgets what has expired must not forget what was prolonged.
func testListedAfterReplace(t *testing.T, store ginjwt.SessionStore) {
	s := newSession("alice")
	s.ExpiresAt = s.CreatedAt.Add(2 * time.Second)
	create(t, store, s)
	next := rotated(s, time.Hour)
	replaced, err := store.Replace(t.Context(), s, next)
	require.NoError(t, err)
	require.True(t, replaced)
	short := newSession("alice")
	short.ExpiresAt = s.ExpiresAt
	create(t, store, short)
	require.Eventually(t, func() bool { return time.Now().After(s.ExpiresAt.Add(time.Second)) }, eventually, 100*time.Millisecond)
	create(t, store, newSession("bob"))
	assert.Contains(t, list(t, store, "alice"), s.ID)
	requireStored(t, store, next)
}

func newManager(t *testing.T, store ginjwt.SessionStore) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(nil)
	config.Sessions = store
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return mgr
}

func decode(t *testing.T, mgr *ginjwt.JWTManager, encoded string) *ginjwt.Token {
	t.Helper()
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	return token
}

const rotationCallers = 64

// testRotations refreshes one token by 64 callers at once, again and again. All
// are given tokens of the one next generation, as two tabs would be.
func testRotations(t *testing.T, store ginjwt.SessionStore, rounds int) {
	mgr := newManager(t, store)
	pair, err := mgr.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	for round := range rounds {
		refresh := decode(t, mgr, pair.RefreshToken)
		pairs := make([]ginjwt.TokenPair, rotationCallers)
		at(rotationCallers, func(i int) {
			var err error
			pairs[i], err = mgr.RotateTokens(t.Context(), refresh)
			assert.NoError(t, err)
		})
		require.False(t, t.Failed())
		ids := map[string]bool{}
		for _, p := range pairs {
			ids[decode(t, mgr, p.RefreshToken).ID] = true
		}
		require.Len(t, ids, 1, "generations")
		s, ok, err := store.Get(t.Context(), pair.SessionID)
		require.NoError(t, err)
		require.True(t, ok)
		require.EqualValues(t, round+2, s.Generation)
		require.False(t, s.HandedOutAt.IsZero())
		pair = pairs[0]
	}
}

// testLogoutAndRotation ends a session while it is rotated. Nothing of it
// survives, whoever was first.
func testLogoutAndRotation(t *testing.T, store ginjwt.SessionStore) {
	mgr := newManager(t, store)
	for range 20 {
		pair, err := mgr.CreateTokenPair(t.Context(), "alice")
		require.NoError(t, err)
		refresh := decode(t, mgr, pair.RefreshToken)
		pairs := make([]ginjwt.TokenPair, 8)
		at(9, func(i int) {
			if i == 8 {
				assert.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
				return
			}
			var err error
			if pairs[i], err = mgr.RotateTokens(t.Context(), refresh); err != nil {
				assert.True(t, isEnded(err), "%v", err)
			}
		})
		for _, p := range append(pairs, pair) {
			if p.AccessToken == "" {
				continue
			}
			_, err := mgr.VerifyToken(t.Context(), p.AccessToken)
			assert.ErrorIs(t, err, ginjwt.ErrRevokedToken)
			_, err = mgr.RotateTokens(t.Context(), decode(t, mgr, p.RefreshToken))
			assert.True(t, isEnded(err), "%v", err)
		}
		assert.Empty(t, list(t, store, "alice"))
	}
}
