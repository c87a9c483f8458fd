package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func newBlocklist(t *testing.T) (blocklist, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	// A directory with everything that means something in a URL.
	dir := filepath.Join(t.TempDir(), "a b?c#d%41")
	require.NoError(t, makeDataDir(dir))
	db, err := openDatabase(t.Context(), filepath.Join(dir, "test.db"))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "test.db"))
	t.Cleanup(func() { _ = db.Close() })
	return blocklist{db, clock.Now}, clock
}

func (b blocklist) rows(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRowContext(t.Context(), "SELECT count(*) FROM revoked_tokens").Scan(&n))
	return n
}

func TestBlocklist(t *testing.T) {
	t.Parallel()
	b, clock := newBlocklist(t)
	require.NoError(t, b.Add(t.Context(), "one", clock.Now().Add(time.Minute)))
	require.NoError(t, b.Add(t.Context(), "for ever", time.Time{}))
	for _, tt := range []struct {
		ids  []string
		want bool
	}{
		{nil, false},
		{[]string{"two"}, false},
		{[]string{"ONE"}, false},
		{[]string{"one"}, true},
		{[]string{"two", "one"}, true},
		{[]string{"for ever"}, true},
	} {
		blocked, err := b.Contains(t.Context(), tt.ids...)
		require.NoError(t, err)
		assert.Equal(t, tt.want, blocked, tt.ids)
	}
}

func TestBlocklistKeepsTheLaterTime(t *testing.T) {
	t.Parallel()
	b, clock := newBlocklist(t)
	later := clock.Now().Add(time.Hour)
	for id, times := range map[string][]time.Time{
		"longer first":   {later, clock.Now()},
		"shorter first":  {clock.Now(), later},
		"for ever first": {{}, later},
	} {
		for _, expires := range times {
			require.NoError(t, b.Add(t.Context(), id, expires))
		}
	}
	clock.Advance(time.Hour)
	require.NoError(t, b.purge(t.Context()))
	assert.Equal(t, 3, b.rows(t))

	clock.Advance(2 * time.Second)
	require.NoError(t, b.purge(t.Context()))
	assert.Equal(t, 1, b.rows(t))
}

func TestBlocklistPurgesInSteps(t *testing.T) {
	t.Parallel()
	b, clock := newBlocklist(t)
	_, err := b.db.ExecContext(t.Context(), `
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 250)
		INSERT INTO revoked_tokens SELECT 'old' || i, ? FROM n`, clock.Now().Unix())
	require.NoError(t, err)
	clock.Advance(time.Minute)
	for i, want := range []int{151, 52, 3, 4} {
		require.NoError(t, b.Add(t.Context(), fmt.Sprint(i), clock.Now().Add(time.Hour)))
		assert.Equal(t, want, b.rows(t))
	}
}

func TestBlocklistAtTheSameTime(t *testing.T) {
	t.Parallel()
	b, clock := newBlocklist(t)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			id := fmt.Sprint(i)
			assert.NoError(t, b.Add(t.Context(), id, clock.Now().Add(time.Hour)))
			blocked, err := b.Contains(t.Context(), id)
			assert.NoError(t, err)
			assert.True(t, blocked)
		})
	}
	group.Wait()
	assert.Equal(t, 20, b.rows(t))
}

func TestBlocklistFailures(t *testing.T) {
	t.Parallel()
	b, clock := newBlocklist(t)
	require.NoError(t, b.db.Close())
	require.EqualError(t, b.Add(t.Context(), "one", clock.Now()), "sql: database is closed")
	_, err := b.Contains(t.Context(), "one")
	require.EqualError(t, err, "sql: database is closed")
}
