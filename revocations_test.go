package ginjwt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Sessions alone do not log those out whose tokens have no ID.
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

// A token without an ID is known by that of its session.
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

// A refresh token that cannot become a session is not traded.
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
	require.ErrorIs(t, err, ginjwt.ErrSessionEnded)
	assert.Zero(t, pair)
	for _, path := range []string{"/refresh", "/required"} {
		w := jwttest.Do(engine, "POST", path, jwttest.Bearer(encoded))
		assert.Equal(t, 401, w.Code, path)
		assert.Equal(t, `{"msg":"Session has ended"}`+"\n", w.Body.String(), path)
	}
	started, err := sessions.List(t.Context(), "", "alice")
	require.NoError(t, err)
	assert.Empty(t, started)
}
