package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func contains(t *testing.T, b ginjwt.Blocklist, ids ...string) bool {
	t.Helper()
	blocked, err := b.Contains(t.Context(), ids...)
	require.NoError(t, err)
	return blocked
}

func TestMemoryBlocklist(t *testing.T) {
	t.Parallel()
	var b ginjwt.MemoryBlocklist
	const id = "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b"
	assert.False(t, contains(t, &b))
	assert.False(t, contains(t, &b, id, "other"))
	require.NoError(t, b.Add(t.Context(), id, time.Now().Add(time.Hour)))
	require.NoError(t, b.Add(t.Context(), "not a UUID", time.Time{}))
	assert.True(t, contains(t, &b, id))
	assert.True(t, contains(t, &b, "other", id))
	assert.True(t, contains(t, &b, "not a UUID"))
	assert.False(t, contains(t, &b, "9F6C3A52-5D0E-4B7E-9A51-0C1D2E3F4A5B"), "another spelling is another ID")
	assert.False(t, contains(t, &b, "not a uuid"))
	assert.False(t, contains(t, &b, ""))
}

func TestMemoryBlocklistForgetsWhatHasExpired(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	b := ginjwt.MemoryBlocklist{Now: clock.Now}
	add := func(prefix string, expires time.Time) {
		for i := range 100_000 {
			require.NoError(t, b.Add(t.Context(), fmt.Sprint(prefix, i), expires))
		}
	}
	require.NoError(t, b.Add(t.Context(), "forever", time.Time{}))
	require.NoError(t, b.Add(t.Context(), "year 3000", time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)))
	require.NoError(t, b.Add(t.Context(), "extended", clock.Now().Add(2*time.Hour)))
	require.NoError(t, b.Add(t.Context(), "extended", clock.Now().Add(time.Minute)))
	add("short", clock.Now().Add(time.Minute))
	assert.True(t, contains(t, &b, "short0"))

	clock.Advance(time.Hour)
	add("long", clock.Now().Add(time.Hour))
	add("more", clock.Now().Add(time.Hour))
	kept := 0
	for i := range 100_000 {
		if contains(t, &b, fmt.Sprint("short", i)) {
			kept++
		}
		assert.True(t, contains(t, &b, fmt.Sprint("long", i)))
	}
	assert.Zero(t, kept, "expired entries are dropped as the list grows")
	assert.True(t, contains(t, &b, "forever"))
	assert.True(t, contains(t, &b, "year 3000"))
	assert.True(t, contains(t, &b, "extended"), "the later time is kept")
}

func TestMemoryBlocklistIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var b ginjwt.MemoryBlocklist
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				id := fmt.Sprint(worker, "-", i)
				assert.NoError(t, b.Add(t.Context(), id, time.Now().Add(time.Hour)))
				blocked, err := b.Contains(t.Context(), "other", id)
				assert.NoError(t, err)
				assert.True(t, blocked)
			}
		})
	}
	wg.Wait()
}

func TestRevokeToken(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(), identify)
	engine.GET("/unchecked", mgr.JWTRequired(ginjwt.SkipRevocationCheck()), identify)
	alice, other := jwttest.AccessToken(t, mgr, "alice"), jwttest.AccessToken(t, mgr, "alice")
	token, err := mgr.DecodeToken(t.Context(), alice)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))

	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(alice))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has been revoked"}`+"\n", w.Body.String())
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(other)).Code)
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/unchecked", jwttest.Bearer(alice)).Code)
}

// recordingBlocklist records the added IDs, and fails on request.
type recordingBlocklist struct {
	id      string
	expires time.Time
	err     error
}

func (b *recordingBlocklist) Add(_ context.Context, id string, expires time.Time) error {
	b.id, b.expires = id, expires
	return b.err
}

func (b *recordingBlocklist) Contains(context.Context, ...string) (bool, error) { return false, b.err }

func TestRevokedTokensStayUntilTheyHaveExpired(t *testing.T) {
	t.Parallel()
	list := &recordingBlocklist{}
	config := fixedConfig()
	config.Blocklist, config.DecodeLeeway = list, time.Minute
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)

	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.Equal(t, token.ID, list.id)
	assert.Equal(t, int64(1700000900+60+60), list.expires.Unix(), "with the leeway, and a minute for clocks that differ")

	token, err = mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires)))
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.True(t, list.expires.IsZero())

	assert.ErrorIs(t, mgr.RevokeToken(t.Context(), nil), ginjwt.ErrNoID)
	assert.ErrorIs(t, mgr.RevokeToken(t.Context(), &ginjwt.Token{}), ginjwt.ErrNoID)
	list.err = errors.New("disk is full")
	err = mgr.RevokeToken(t.Context(), token)
	assert.ErrorIs(t, err, ginjwt.ErrUnavailable)
	assert.ErrorIs(t, err, list.err)

	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())
}

// prefixingBlocklist changes the slice of IDs that it gets, which a blocklist is allowed to do.
type prefixingBlocklist struct{ ginjwt.MemoryBlocklist }

func (b *prefixingBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	return b.MemoryBlocklist.Add(ctx, "jti:"+id, expires)
}

func (b *prefixingBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	for i := range ids {
		ids[i] = "jti:" + ids[i]
	}
	return b.MemoryBlocklist.Contains(ctx, ids...)
}

func TestABlocklistMayChangeTheIDsItIsGiven(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Blocklist = &prefixingBlocklist{}
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	encoded := jwttest.AccessToken(t, mgr, "alice")
	for range 3 {
		assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code)
	}
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	for range 3 {
		assert.Equal(t, 401, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code)
	}
}
