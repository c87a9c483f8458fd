package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// The store looks for expired sessions at the 1024th login, and again whenever it has
// doubled. Sessions of one realm do not appear in another.
func TestMemorySessionsDropWhatHasExpired(t *testing.T) {
	t.Parallel()
	now := time.Now()
	m := &store.MemorySessions{Now: func() time.Time { return now }}
	create := func(id, realm string, expires time.Time) {
		created, err := m.Create(t.Context(), store.Session{ID: id, Realm: realm, Identity: "alice", ExpiresAt: expires})
		require.NoError(t, err)
		require.True(t, created)
	}
	for i := range 512 {
		create(fmt.Sprint("short ", i), fmt.Sprint("realm ", i%4), now.Add(time.Minute))
		create(fmt.Sprint("long ", i), fmt.Sprint("realm ", i%2), now.Add(time.Hour))
	}
	now = now.Add(2 * time.Minute)
	create("last", "", now.Add(time.Hour))

	for i, want := range []int{256, 256, 0, 0} {
		sessions, err := m.List(t.Context(), fmt.Sprint("realm ", i), "alice")
		require.NoError(t, err)
		assert.Len(t, sessions, want)
	}
	for i := range 512 {
		_, ok, _ := m.Get(t.Context(), fmt.Sprint("short ", i))
		assert.False(t, ok)
		deleted, _ := m.Delete(t.Context(), fmt.Sprint("long ", i))
		assert.True(t, deleted)
	}
}
