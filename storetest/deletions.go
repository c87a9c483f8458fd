package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

func testDeleted(t *testing.T, store ginjwt.SessionStore) {
	s, other := create(t, store, newSession("alice")), create(t, store, newSession("alice"))
	for _, want := range []bool{true, false, false} {
		deleted, err := store.Delete(t.Context(), s.ID)
		require.NoError(t, err)
		require.Equal(t, want, deleted)
	}
	_, ok, err := store.Get(t.Context(), s.ID)
	require.NoError(t, err)
	assert.False(t, ok)
	replaced, err := store.Replace(t.Context(), s, rotated(s, time.Second))
	require.NoError(t, err)
	assert.False(t, replaced)
	assert.Equal(t, []string{other.ID}, list(t, store, "alice"))
	requireStored(t, store, other)
}

func testOneDeletion(t *testing.T, store ginjwt.SessionStore) {
	for range 50 {
		s := create(t, store, newSession("alice"))
		var winners atomic.Int64
		at(16, func(int) {
			deleted, err := store.Delete(t.Context(), s.ID)
			if assert.NoError(t, err) && deleted {
				winners.Add(1)
			}
		})
		require.EqualValues(t, 1, winners.Load())
	}
	assert.Empty(t, list(t, store, "alice"))
}

// After a deletion the ID is free for a new session, which shares nothing with the old one.
func testCreatedAgain(t *testing.T, store ginjwt.SessionStore) {
	s := newSession("alice")
	for range 3 {
		create(t, store, s)
		requireStored(t, store, s)
		assert.Equal(t, []string{s.ID}, list(t, store, "alice"))
		next := rotated(s, time.Second)
		replaced, err := store.Replace(t.Context(), s, next)
		require.NoError(t, err)
		require.True(t, replaced)
		deleted, err := store.Delete(t.Context(), s.ID)
		require.NoError(t, err)
		require.True(t, deleted)
		replaced, err = store.Replace(t.Context(), next, rotated(next, time.Second))
		require.NoError(t, err)
		require.False(t, replaced)
	}
	assert.Empty(t, list(t, store, "alice"))
}
