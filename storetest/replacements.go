package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	sessionstore "github.com/gin-jwt-extended/ginjwt/store"
)

func testReplaced(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	next := rotated(s, time.Minute)
	handedOut := next
	handedOut.HandedOutAt = next.RotatedAt.Add(10 * time.Second)
	renewed := handedOut
	renewed.RotatedAt = handedOut.RotatedAt.Add(time.Millisecond)
	ahead := rotated(renewed, time.Second)
	ahead.Generation = 17
	for _, step := range []struct{ old, next ginjwt.Session }{{s, next}, {next, handedOut}, {handedOut, renewed}, {renewed, ahead}} {
		replaced, err := store.Replace(t.Context(), step.old, step.next)
		require.NoError(t, err)
		require.True(t, replaced)
		requireStored(t, store, step.next)
	}
}

func testNotReplaced(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	earlier, later, generation, handedOut, notYet := s, s, s, s, s
	earlier.RotatedAt = s.RotatedAt.Add(-time.Millisecond)
	later.RotatedAt = s.RotatedAt.Add(time.Millisecond)
	generation.Generation = 2
	handedOut.HandedOutAt = s.HandedOutAt.Add(time.Millisecond)
	notYet.HandedOutAt = time.Time{}
	for _, old := range []ginjwt.Session{earlier, later, generation, handedOut, notYet} {
		replaced, err := store.Replace(t.Context(), old, rotated(old, time.Second))
		require.NoError(t, err)
		assert.False(t, replaced)
		requireStored(t, store, s)
	}
}

// Each field is changed alone, and then set to zero if it may be zero.
func testFieldsReplaced(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	long := longest()
	for _, change := range []func(next *ginjwt.Session){
		func(next *ginjwt.Session) { next.Data = long.Data },
		func(next *ginjwt.Session) { next.Data = "" },
		func(next *ginjwt.Session) { next.Data = `{"claims":{}}` },
		func(next *ginjwt.Session) { next.KeyHash = long.KeyHash },
		func(next *ginjwt.Session) { next.KeyHash = "" },
		func(next *ginjwt.Session) { next.Upstream.Issuer = long.Upstream.Issuer },
		func(next *ginjwt.Session) { next.Upstream.SID = long.Upstream.SID },
		func(next *ginjwt.Session) { next.Upstream.Subject = long.Upstream.Subject },
		func(next *ginjwt.Session) { next.Upstream = sessionstore.Upstream{} },
		func(next *ginjwt.Session) { next.JKT = long.JKT },
		func(next *ginjwt.Session) { next.JKT = "" },
		func(next *ginjwt.Session) { next.EndsAt = next.EndsAt.Add(-time.Hour) },
		func(next *ginjwt.Session) { next.EndsAt = time.Time{} },
		func(next *ginjwt.Session) { next.EndsAt = next.ExpiresAt.Add(time.Millisecond) },
		func(next *ginjwt.Session) { next.ExpiresAt = next.ExpiresAt.Add(time.Minute) },
		func(next *ginjwt.Session) { next.Generation = 1 << 53 },
		func(next *ginjwt.Session) { next.RotatedAt = next.RotatedAt.Add(time.Millisecond) },
		func(next *ginjwt.Session) { next.HandedOutAt = time.Time{} },
		func(next *ginjwt.Session) { next.HandedOutAt = next.CreatedAt.Add(time.Second) },
	} {
		next := s
		change(&next)
		require.NotEqual(t, s, next)
		replaced, err := store.Replace(t.Context(), s, next)
		require.NoError(t, err)
		require.True(t, replaced)
		requireStored(t, store, next)
		s = next
	}
	assert.Equal(t, []string{s.ID}, list(t, store, "alice"))
}

// Replace succeeds if old matches, even if next changes nothing.
func testReplacedByTheSame(t *testing.T, store ginjwt.SessionStore) {
	s := create(t, store, newSession("alice"))
	next := s
	next.Data = `{"claims":{"plan":"other"}}`
	for range 3 {
		replaced, err := store.Replace(t.Context(), s, next)
		require.NoError(t, err)
		require.True(t, replaced)
		requireStored(t, store, next)
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
