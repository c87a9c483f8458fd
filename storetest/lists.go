package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// texts are all different, although some look alike.
var texts = []string{
	"alice", "Alice", "alice ", " alice", "alicé", "alice\u0301", "ali%", "ali_e", "alice{x}", "alice'--", `alice"`, `alice\`,
	"🙂", "🙃", "a:b", "a*", "[a]", "ａlice", "ß", "ss", "\t", "\n", "İ", "i",
}

func testIdentities(t *testing.T, store ginjwt.SessionStore) {
	ids := map[string]string{}
	for _, identity := range texts {
		ids[identity] = create(t, store, newSession(identity)).ID
	}
	for _, identity := range texts {
		assert.Equal(t, []string{ids[identity]}, list(t, store, identity), "%q", identity)
	}
}

func testRealms(t *testing.T, store ginjwt.SessionStore) {
	realms := append([]string{""}, texts...)
	ids := map[string]string{}
	for _, realm := range realms {
		s := newSession("alice")
		s.Realm = realm
		ids[realm] = create(t, store, s).ID
	}
	for _, realm := range realms {
		assert.Equal(t, []string{ids[realm]}, listIn(t, store, realm, "alice"), "%q", realm)
	}
	assert.Empty(t, listIn(t, store, "another", "alice"))
}

// Realm and identity are compared as two texts, not as one concatenated text.
func testUsers(t *testing.T, store ginjwt.SessionStore) {
	users := []struct{ realm, identity string }{
		{"", "abc"}, {"a", "bc"}, {"ab", "c"}, {"abc", "abc"}, {"c", "ab"}, {"", "a:bc"}, {"a:", "bc"}, {"a", ":bc"},
		{"", "1:abc"}, {"1:a", "bc"}, {"", `"a" "bc"`}, {"a\n", "bc"}, {"a", "\nbc"}, {"", `a\x00bc`},
	}
	sessions := map[string]ginjwt.Session{}
	for _, u := range users {
		s := newSession(u.identity)
		s.Realm = u.realm
		sessions[s.ID] = create(t, store, s)
	}
	for id, s := range sessions {
		assert.Equal(t, []string{id}, listIn(t, store, s.Realm, s.Identity), "%q %q", s.Realm, s.Identity)
		requireStored(t, store, s)
	}
	for id, s := range sessions {
		replaced, err := store.Replace(t.Context(), s, rotated(s, time.Second))
		require.NoError(t, err)
		require.True(t, replaced)
		assert.Equal(t, []string{id}, listIn(t, store, s.Realm, s.Identity), "%q %q", s.Realm, s.Identity)
		deleted, err := store.Delete(t.Context(), id)
		require.NoError(t, err)
		require.True(t, deleted)
		assert.Empty(t, listIn(t, store, s.Realm, s.Identity), "%q %q", s.Realm, s.Identity)
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
		deleted, err := store.Delete(t.Context(), ids[i])
		assert.NoError(t, err)
		assert.True(t, deleted)
	})
	assert.Equal(t, ids[10:], list(t, store, "alice"))
}

// A store that drops expired sessions must keep a session whose expiry was prolonged.
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
