package ginjwt_test

import (
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// twoRealms returns managers that differ only in their realm.
func twoRealms(t *testing.T, change func(*ginjwt.Config)) (north, south *ginjwt.JWTManager, clock *jwttest.Clock) {
	t.Helper()
	config, clock := sessionsConfig()
	config.Blocklist = &ginjwt.MemoryBlocklist{Now: clock.Now}
	if change != nil {
		change(&config)
	}
	config.Realm = "north"
	north, _ = newManager(t, config)
	config.Realm = "south"
	south, _ = newManager(t, config)
	return north, south, clock
}

func TestSessionsOfOneRealmAreUnknownInOthers(t *testing.T) {
	t.Parallel()
	north, south, clock := twoRealms(t, func(c *ginjwt.Config) { c.MaxSessions = 1 })
	mine, theirs := newPair(t, north), newPair(t, south)
	for mgr, pair := range map[*ginjwt.JWTManager]ginjwt.TokenPair{north: mine, south: theirs} {
		sessions, err := mgr.Sessions(t.Context(), "alice")
		require.NoError(t, err)
		require.Len(t, sessions, 1)
		assert.Equal(t, pair.SessionID, sessions[0].ID)
		assert.Equal(t, mgr.Config().Realm, sessions[0].Realm)
	}
	require.NoError(t, south.EndSession(t.Context(), mine.SessionID))
	accepted(t, north, mine.AccessToken)
	mustRotate(t, north, mine.RefreshToken)
	clock.Advance(tradable)
	mustRotate(t, north, mine.RefreshToken)

	require.NoError(t, north.EndSessions(t.Context(), "alice"))
	revoked(t, north, mine.AccessToken)
	accepted(t, south, theirs.AccessToken)
	mustRotate(t, south, theirs.RefreshToken)
}

// A refresh token of another realm is refused, and does not count as theft.
func TestRefreshTokensOfOtherRealms(t *testing.T) {
	t.Parallel()
	north, south, clock := twoRealms(t, nil)
	first := newPair(t, north)
	clock.Advance(tradable)
	mustRotate(t, north, first.RefreshToken)
	clock.Advance(grace)
	refusedWith(t, south, first.RefreshToken, ginjwt.ErrInvalidToken)
	sessions, err := north.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Len(t, sessions, 1)
}

// A page of another realm does not extend the session.
func TestImplicitRefreshOfOtherRealms(t *testing.T) {
	t.Parallel()
	north, south, clock := twoRealms(t, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InCookies} })
	pair := newPair(t, north)
	clock.Advance(12 * time.Minute)
	for mgr, renews := range map[*ginjwt.JWTManager]bool{south: false, north: true} {
		engine := gin.New()
		require.NoError(t, mgr.InitApp(engine))
		engine.GET("/", mgr.ImplicitRefresh(5*time.Minute), mgr.JWTRequired(), identify)
		w := jwttest.Do(engine, "GET", "/", jwttest.Header("Cookie", "access_token_cookie="+pair.AccessToken))
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, renews, renewedIn(t, w) != "", mgr.Config().Realm)
	}
}

func TestRevokedTokensOfOtherRealms(t *testing.T) {
	t.Parallel()
	north, south, _ := twoRealms(t, nil)
	for _, id := range []string{"", "a chosen ID"} {
		encoded := jwttest.AccessToken(t, north, "alice", ginjwt.WithID(id))
		token, err := north.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		require.NoError(t, north.RevokeToken(t.Context(), token))
		revoked(t, north, encoded)
		accepted(t, south, encoded)
	}
}
