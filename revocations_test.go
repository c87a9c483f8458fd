package ginjwt_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Turning sessions on does not log out users whose tokens have no ID.
func TestWhoDemandsAnID(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	token := func(claims string) string {
		return signedHS256(`{"alg":"HS256"}`, fmt.Sprintf(`{"sub":"alice","exp":%d,%s}`, time.Now().Add(time.Hour).Unix(), claims), config.SecretKey)
	}
	const missing = `{"msg":"Token is missing the \"jti\" claim"}` + "\n"
	for name, test := range map[string]struct {
		blocklist ginjwt.Blocklist
		sessions  ginjwt.SessionStore
		loader    bool
		answer    string
	}{
		"nothing":                 {nil, nil, false, "alice"},
		"sessions":                {nil, &ginjwt.MemorySessions{}, false, "alice"},
		"blocklist":               {&ginjwt.MemoryBlocklist{}, nil, false, missing},
		"loader":                  {nil, nil, true, missing},
		"blocklist with sessions": {&ginjwt.MemoryBlocklist{}, &ginjwt.MemorySessions{}, false, missing},
		"loader with sessions":    {nil, &ginjwt.MemorySessions{}, true, missing},
	} {
		config.Blocklist, config.Sessions = test.blocklist, test.sessions
		mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
			if test.loader {
				mgr.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, nil })
			}
		})
		engine.GET("/", mgr.JWTRequired(), identify)
		assert.Equal(t, test.answer, jwttest.Do(engine, "GET", "/", jwttest.Bearer(token(`"type":"access"`))).Body.String(), name)
		assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(token(`"jti":"1"`))).Body.String(), name)
	}
}

// datedBlocklist records until when IDs are blocked.
type datedBlocklist struct {
	ginjwt.MemoryBlocklist
	mu    sync.Mutex
	until map[string]time.Time
}

func (b *datedBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until == nil {
		b.until = map[string]time.Time{}
	}
	b.until[id] = expires
	return b.MemoryBlocklist.Add(ctx, id, expires)
}

// added returns the IDs that were blocked since the last call.
func (b *datedBlocklist) added() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	added := map[string]string{}
	for id, expires := range b.until {
		added[id] = expires.UTC().Format(time.RFC3339Nano)
	}
	b.until = nil
	return added
}

// assertAdded checks the IDs that were blocked since the last call: an ID and the ID of the
// cause, until the same time.
func (b *datedBlocklist) assertAdded(t *testing.T, id, until, message string) {
	t.Helper()
	added := b.added()
	assert.Equal(t, until, added[id], message)
	delete(added, id)
	assert.Equal(t, []string{until}, slices.Collect(maps.Values(added)), message)
}

// A session that has ended stays blocked until its last token has expired on every
// clock: for the leeway, and for a minute that the clocks of processes may differ by.
func TestHowLongEndedSessionsAreBlocked(t *testing.T) {
	t.Parallel()
	const access, refresh, leeway, margin = 10 * time.Minute, 24 * time.Hour, 45 * time.Second, time.Minute
	clock := &jwttest.Clock{}
	list := &datedBlocklist{MemoryBlocklist: ginjwt.MemoryBlocklist{Now: clock.Now}}
	config := jwttest.Config(clock)
	config.AccessTokenExpires, config.RefreshTokenExpires, config.DecodeLeeway = access, refresh, leeway
	config.Blocklist, config.Sessions, config.SessionGrace = list, &ginjwt.MemorySessions{Now: clock.Now}, -1
	mgr, _ := newManager(t, config)
	ctx, start := t.Context(), clock.Now()
	after := func(d time.Duration) string { return start.Add(d).UTC().Format(time.RFC3339Nano) }
	decode := func(encoded string) *ginjwt.Token {
		token, err := mgr.DecodeToken(ctx, encoded)
		require.NoError(t, err)
		return token
	}

	first, second, stolen := jwttest.TokenPair(t, mgr, "alice"), jwttest.TokenPair(t, mgr, "bob"), jwttest.TokenPair(t, mgr, "dave")
	before := decode(jwttest.RefreshToken(t, mgr, "carol"))
	adopted, err := mgr.RotateTokens(ctx, before)
	require.NoError(t, err)
	clock.Advance(time.Minute)
	_, err = mgr.RotateTokens(ctx, decode(stolen.RefreshToken))
	require.NoError(t, err)
	clock.Advance(4 * time.Minute)
	require.Empty(t, list.added())
	require.NoError(t, mgr.EndSession(ctx, first.SessionID))
	list.assertAdded(t, first.SessionID, after(5*time.Minute+access+leeway+margin),
		"EndSession: an access token may have been made a moment ago")
	require.NoError(t, mgr.EndSessions(ctx, "bob"))
	list.assertAdded(t, second.SessionID, after(5*time.Minute+access+leeway+margin), "EndSessions")
	require.NoError(t, mgr.EndSession(ctx, adopted.SessionID))
	list.assertAdded(t, adopted.SessionID, after(refresh+leeway+margin),
		"EndSession: the token that became this session must not become it again")
	_, err = mgr.RotateTokens(ctx, decode(stolen.RefreshToken))
	require.ErrorIs(t, err, ginjwt.ErrSessionReused)
	list.assertAdded(t, stolen.SessionID, after(5*time.Minute+refresh+leeway+margin),
		"a theft: for as long as a rotation that is under way can make the session live, also if it cannot be removed")
}

// A token without an ID is revoked by the ID of its session.
func TestATokenWithoutAnIDEndsWithItsSession(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Sessions = &ginjwt.MemorySessions{}
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	pair := jwttest.TokenPair(t, mgr, "alice")
	encoded := signedHS256(`{"alg":"HS256"}`, fmt.Sprintf(`{"sub":"alice","sid":%q}`, pair.SessionID), config.SecretKey)
	assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Body.String())
	require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
	assert.Equal(t, `{"msg":"Token has been revoked"}`+"\n", jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Body.String())
}

// A refresh token that cannot start a session is not traded.
func TestARefreshTokenWithoutAnIDStartsNoSession(t *testing.T) {
	t.Parallel()
	sessions := &ginjwt.MemorySessions{}
	config := jwttest.Config(nil)
	config.Sessions = sessions
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/required", mgr.RefreshRequired(), identify)
	encoded := signedHS256(`{"alg":"HS256"}`, fmt.Sprintf(`{"sub":"alice","type":"refresh","exp":%d}`, time.Now().Add(time.Hour).Unix()), config.SecretKey)
	refresh, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)

	pair, err := mgr.RotateTokens(t.Context(), refresh)
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	assert.Zero(t, pair)
	for _, path := range []string{"/refresh", "/required"} {
		w := jwttest.Do(engine, "POST", path, jwttest.Bearer(encoded))
		assert.Equal(t, 422, w.Code, path)
		assert.Equal(t, `{"msg":"Token is missing the \"jti\" claim"}`+"\n", w.Body.String(), path)
	}
	started, err := sessions.List(t.Context(), "", "alice")
	require.NoError(t, err)
	assert.Empty(t, started)
}
