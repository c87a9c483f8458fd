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
	sessionstore "github.com/gin-jwt-extended/ginjwt/store"
)

// Sessions tests a store of sessions. open returns a store without sessions. It is
// called once for each test; the tests run in parallel.
func Sessions(t *testing.T, open func(t *testing.T) ginjwt.SessionStore, opts ...Option) {
	rounds := roundsOf(opts)
	for name, test := range map[string]func(*testing.T, ginjwt.SessionStore){
		"a session is kept as it is":                 testKept,
		"there is no session with an unknown ID":     testUnknown,
		"one ID is one session":                      testCreatedOnce,
		"a session is replaced if it is the old one": testReplaced,
		"one that is not the old one stays":          testNotReplaced,
		"of replacements at once one wins":           testOneReplacement,
		"every field is replaced":                    testFieldsReplaced,
		"replacements of the same differ in nothing": testReplacedByTheSame,
		"of creations at once one wins":              testOneCreation,
		"a deleted session is gone":                  testDeleted,
		"of deletions at once one deletes":           testOneDeletion,
		"a deleted session can be created again":     testCreatedAgain,
		"many sessions are deleted in one call":      testManyDeleted,
		"many are deleted by many callers":           testManyDeletedAtOnce,
		"identities are compared byte by byte":       testIdentities,
		"realms are compared byte by byte":           testRealms,
		"users of two realms are two":                testUsers,
		"sessions of one identity are listed":        testListed,
		"a replaced session stays on the list":       testListedAfterReplace,
		"of rotations at once one makes a generation": func(t *testing.T, store ginjwt.SessionStore) {
			testRotations(t, store, rounds)
		},
		"a logout and a rotation at once":       testLogoutAndRotation,
		"a logout everywhere while all refresh": testAllEnded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// newSession returns a session that began just now.
func newSession(identity string) ginjwt.Session {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return ginjwt.Session{
		ID:          newID(),
		Identity:    identity,
		Device:      "Firefox on Linux",
		Generation:  1,
		CreatedAt:   now,
		RotatedAt:   now,
		HandedOutAt: now.Add(time.Millisecond),
		ExpiresAt:   now.Add(time.Hour).Truncate(time.Second),
		EndsAt:      now.Add(24 * time.Hour),
		KeyHash:     "fTkQ1x0hZ8m2:1",
		Data:        `{"claims":{"plan":"<&>\u00e9"},"idle":3600}`,
		Upstream:    sessionstore.Upstream{Issuer: "https://id.example.com", SID: "08a5019c", Subject: "24400320"},
		JKT:         "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
	}
}

// rotated returns s after a rotation at a time d later.
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

// inUTC returns s with all times in UTC, so that sessions can be compared.
func inUTC(s ginjwt.Session) ginjwt.Session {
	for _, at := range []*time.Time{&s.CreatedAt, &s.RotatedAt, &s.HandedOutAt, &s.ExpiresAt, &s.EndsAt} {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	return s
}

// list returns the IDs of the sessions of an identity without a realm.
func list(t *testing.T, store ginjwt.SessionStore, identity string) (ids []string) {
	t.Helper()
	return listIn(t, store, "", identity)
}

func listIn(t *testing.T, store ginjwt.SessionStore, realm, identity string) (ids []string) {
	t.Helper()
	sessions, err := store.List(t.Context(), realm, identity)
	require.NoError(t, err)
	for _, s := range sessions {
		assert.Equal(t, realm, s.Realm)
		assert.Equal(t, identity, s.Identity)
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

func testKept(t *testing.T, store ginjwt.SessionStore) {
	ordinary := newSession("alice")
	inRealm := newSession("alice")
	inRealm.Realm = "https://tenant.example.com"
	now := ordinary.CreatedAt
	bare := ginjwt.Session{ID: newID(), Identity: "b", Generation: 1, CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour)}
	large := newSession("large")
	large.Generation = 1 << 62
	far := newSession("far")
	far.CreatedAt = time.UnixMilli(0).UTC()
	far.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	far.HandedOutAt, far.EndsAt = far.ExpiresAt, far.ExpiresAt
	soon := newSession("soon")
	soon.HandedOutAt, soon.EndsAt = far.CreatedAt, far.CreatedAt
	for _, s := range []ginjwt.Session{ordinary, inRealm, bare, longest(), large, far, soon} {
		create(t, store, s)
		requireStored(t, store, s)
		sessions, err := store.List(t.Context(), s.Realm, s.Identity)
		require.NoError(t, err)
		require.Len(t, sessions, 1)
		require.Equal(t, inUTC(s), inUTC(sessions[0]))
	}
}

// longest returns a session whose texts have the largest allowed lengths.
func longest() ginjwt.Session {
	const maxText, maxData = sessionstore.MaxText, sessionstore.MaxData
	s := newSession(strings.Repeat("é", maxText/2) + "x")
	s.Realm = strings.Repeat("é", maxText/2) + "y"
	s.Device = strings.Repeat("x", maxText-4) + "🙂"
	s.KeyHash = strings.Repeat("k", maxText)
	s.Data = `{"claims":"` + strings.Repeat("🙂", (maxData-13)/4) + `xxx"}`
	s.Upstream = sessionstore.Upstream{
		Issuer: strings.Repeat("i", maxText), SID: strings.Repeat(`\`, maxText), Subject: strings.Repeat("'", maxText),
	}
	s.JKT = strings.Repeat("ß", maxText/2) + " "
	return s
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
	deleted, err := store.Delete(t.Context(), none.ID)
	require.NoError(t, err)
	assert.False(t, deleted)
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

// tradeAge is more than the age from which a manager exchanges a refresh token.
const tradeAge = 2 * time.Minute

func newManager(t *testing.T, store ginjwt.SessionStore) (*ginjwt.JWTManager, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = store
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return mgr, clock
}

func decode(t *testing.T, mgr *ginjwt.JWTManager, encoded string) *ginjwt.Token {
	t.Helper()
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	return token
}

const rotationCallers = 64

// testRotations lets 64 callers refresh with one token at the same time, again and
// again. All must get tokens of the same next generation, as two tabs would.
func testRotations(t *testing.T, store ginjwt.SessionStore, rounds int) {
	mgr, clock := newManager(t, store)
	pair, err := mgr.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	for round := range rounds {
		clock.Advance(tradeAge)
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

// testLogoutAndRotation ends a session while other callers rotate it. No token of it may
// be accepted afterwards, in any order.
func testLogoutAndRotation(t *testing.T, store ginjwt.SessionStore) {
	mgr, clock := newManager(t, store)
	for range 20 {
		pair, err := mgr.CreateTokenPair(t.Context(), "alice")
		require.NoError(t, err)
		clock.Advance(tradeAge)
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
