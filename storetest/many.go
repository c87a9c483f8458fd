package storetest

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	sessionstore "github.com/gin-jwt-extended/ginjwt/store"
)

func deleterOf(t *testing.T, store ginjwt.SessionStore) sessionstore.SessionsDeleter {
	t.Helper()
	deleter, ok := sessionstore.DeleterOf(store)
	if !ok {
		t.Skip("the store does not implement store.SessionsDeleter: sessions are deleted one by one")
	}
	return deleter
}

func adderOf(t *testing.T, b ginjwt.Blocklist) sessionstore.BlocklistAdder {
	t.Helper()
	adder, ok := sessionstore.AdderOf(b)
	if !ok {
		t.Skip("the blocklist does not implement store.BlocklistAdder: IDs are added one by one")
	}
	return adder
}

// turned returns all in a different order for each caller, to find stores whose callers
// lock in different orders and deadlock.
func turned[T any](all []T, caller int) []T {
	n := caller * len(all) / 16
	own := slices.Concat(all[n:], all[:n])
	if caller%2 == 1 {
		slices.Reverse(own)
	}
	return own
}

// createMany creates sessions of alice with several callers at the same time.
func createMany(t *testing.T, store ginjwt.SessionStore, n int) []ginjwt.Session {
	t.Helper()
	const callers = 10
	sessions := make([]ginjwt.Session, n)
	at(callers, func(caller int) {
		for i := caller; i < n; i += callers {
			sessions[i] = newSession("alice")
			created, err := store.Create(t.Context(), sessions[i])
			assert.NoError(t, err)
			assert.True(t, created)
		}
	})
	return sessions
}

func testManyDeleted(t *testing.T, store ginjwt.SessionStore) {
	deleter := deleterOf(t, store)
	many := createMany(t, store, sessionstore.MaxBatch+2)
	bob, inRealm := newSession("bob"), newSession("alice")
	inRealm.Realm = "north"
	create(t, store, bob)
	create(t, store, inRealm)
	require.NoError(t, deleter.DeleteMany(t.Context(), nil))
	require.NoError(t, deleter.DeleteMany(t.Context(), []ginjwt.Session{newSession("alice"), newSession("nobody")}), "there are none")

	first, last := many[:sessionstore.MaxBatch], many[sessionstore.MaxBatch:]
	for range 2 {
		require.NoError(t, deleter.DeleteMany(t.Context(), first))
		ids := []string{last[0].ID, last[1].ID}
		slices.Sort(ids)
		assert.Equal(t, ids, list(t, store, "alice"))
	}
	requireStored(t, store, last[0])
	requireStored(t, store, bob)
	requireStored(t, store, inRealm)
	deleted, err := store.Delete(t.Context(), first[0].ID)
	require.NoError(t, err)
	assert.False(t, deleted)
	replaced, err := store.Replace(t.Context(), first[1], rotated(first[1], time.Second))
	require.NoError(t, err)
	assert.False(t, replaced)

	require.NoError(t, deleter.DeleteMany(t.Context(), []ginjwt.Session{inRealm, last[0], bob}), "of several users")
	assert.Equal(t, []string{last[1].ID}, list(t, store, "alice"))
	assert.Empty(t, listIn(t, store, "north", "alice"))
	assert.Empty(t, list(t, store, "bob"))
	create(t, store, first[0])
	requireStored(t, store, first[0])
}

func testManyDeletedAtOnce(t *testing.T, store ginjwt.SessionStore) {
	deleter := deleterOf(t, store)
	for range 5 {
		many := createMany(t, store, 100)
		others := createMany(t, store, 10)
		var told [10]atomic.Int64
		at(12, func(i int) {
			mine := turned(many, i)
			switch {
			case i < 6:
				assert.NoError(t, deleter.DeleteMany(t.Context(), mine))
			case i < 9:
				for n := range told {
					deleted, err := store.Delete(t.Context(), many[n].ID)
					assert.NoError(t, err)
					if deleted {
						told[n].Add(1)
					}
				}
			default:
				for _, s := range append(mine[:20:20], others...) {
					_, err := store.Replace(t.Context(), s, rotated(s, time.Second))
					assert.NoError(t, err)
				}
			}
		})
		for n := range told {
			assert.LessOrEqual(t, told[n].Load(), int64(1))
		}
		for _, s := range many {
			_, ok, err := store.Get(t.Context(), s.ID)
			require.NoError(t, err)
			assert.False(t, ok)
		}
		assert.Len(t, list(t, store, "alice"), 10)
		require.NoError(t, deleter.DeleteMany(t.Context(), others))
	}
	assert.Empty(t, list(t, store, "alice"))
}

// testAllEnded ends all sessions of a user with several callers, while other callers
// rotate them. No token of them may be accepted afterwards.
func testAllEnded(t *testing.T, store ginjwt.SessionStore) {
	mgr, clock := newManager(t, store)
	bob, err := mgr.CreateTokenPair(t.Context(), "bob")
	require.NoError(t, err)
	pairs := make([]ginjwt.TokenPair, 24)
	for i := range pairs {
		pairs[i], err = mgr.CreateTokenPair(t.Context(), "alice")
		require.NoError(t, err)
	}
	clock.Advance(tradeAge)
	next := make([]ginjwt.TokenPair, len(pairs))
	at(len(pairs)+4, func(i int) {
		if i >= len(pairs) {
			assert.NoError(t, mgr.EndSessions(t.Context(), "alice"))
			return
		}
		var err error
		if next[i], err = mgr.RotateTokens(t.Context(), decode(t, mgr, pairs[i].RefreshToken)); err != nil {
			assert.True(t, isEnded(err), "%v", err)
		}
	})
	for _, p := range append(pairs, next...) {
		if p.AccessToken == "" {
			continue
		}
		_, err := mgr.VerifyToken(t.Context(), p.AccessToken)
		assert.ErrorIs(t, err, ginjwt.ErrRevokedToken)
		_, err = mgr.RotateTokens(t.Context(), decode(t, mgr, p.RefreshToken))
		assert.True(t, isEnded(err), "%v", err)
	}
	assert.Empty(t, list(t, store, "alice"))
	_, err = mgr.RotateTokens(t.Context(), decode(t, mgr, bob.RefreshToken))
	require.NoError(t, err)
}

// revocationsOf returns new entries, as many as one call may add.
func revocationsOf(expires time.Time) []sessionstore.Revocation {
	revocations := make([]sessionstore.Revocation, sessionstore.MaxBatch)
	for i := range revocations {
		revocations[i] = sessionstore.Revocation{ID: newID(), Expires: expires}
	}
	return revocations
}

func testManyAdded(t *testing.T, b ginjwt.Blocklist) {
	adder := adderOf(t, b)
	hour := time.Now().Add(time.Hour)
	require.NoError(t, adder.AddMany(t.Context(), nil))
	many := revocationsOf(hour)
	many[1].ID, many[2].Expires, many[3] = "not a UUID", time.Time{}, many[0]
	add(t, b, many[4].ID, hour)
	for range 2 {
		require.NoError(t, adder.AddMany(t.Context(), many))
		for _, r := range many {
			assert.True(t, contains(t, b, newID(), r.ID), "in the process that added it, immediately")
		}
	}
	assert.False(t, contains(t, b, newID()))
	at(8, func(i int) {
		mine := turned(many, i)
		for i := range mine[:50] {
			mine[i].ID = newID()
		}
		assert.NoError(t, adder.AddMany(t.Context(), mine))
		for _, r := range mine {
			blocked, err := b.Contains(t.Context(), r.ID)
			assert.NoError(t, err)
			assert.True(t, blocked)
		}
	})
}

// testManyReplicated adds many entries in one process and looks them up in all.
func testManyReplicated(t *testing.T, lists []ginjwt.Blocklist) {
	for _, b := range lists {
		many := revocationsOf(time.Now().Add(time.Hour))
		require.NoError(t, adderOf(t, b).AddMany(t.Context(), many))
		for _, other := range lists {
			for _, r := range many {
				require.Eventually(t, func() bool { return contains(t, other, r.ID) }, eventually, time.Millisecond)
			}
		}
	}
}
