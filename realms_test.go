package ginjwt_test

import (
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
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

// A tenant that has its own key can sign any "sid". It ends no session of another realm with
// it, not even a session that its own store of sessions does not have.
func TestChosenSessionIDsOfOtherRealms(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func(*jwttest.Clock) ginjwt.Blocklist{
		"in memory":  func(clock *jwttest.Clock) ginjwt.Blocklist { return &ginjwt.MemoryBlocklist{Now: clock.Now} },
		"in replica": func(clock *jwttest.Clock) ginjwt.Blocklist { return newAgingList(clock) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, clock := sessionsConfig()
			config.Blocklist = list(clock)
			config.Realm, config.SecretKey = "south", "a secret of the south of 32 bytes"
			south, _ := newManager(t, config)
			pair := newPair(t, south)
			alone := jwttest.RefreshToken(t, south, "alice") // it has no session yet
			config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
			twin, _ := newManager(t, config)
			adopted := mustRotate(t, twin, alone).SessionID // what it will have

			for _, realm := range []string{"north", ""} {
				config.Realm, config.SecretKey = realm, "a secret of the north of 32 bytes"
				config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
				north, engine := newManager(t, config)
				engine.POST("/logout", north.LogoutHandler())
				chosen := []string{adopted, `jti "south" sid "` + pair.SessionID + `"`, `jti "south" sid "` + adopted + `"`}
				if realm != "" { // the random IDs of sessions of the empty realm are on the list as they are
					chosen = append(chosen, pair.SessionID)
				}
				for _, id := range chosen {
					forged := signedWith(t, config.SecretKey, jwt.MapClaims{
						"sub": "alice", "jti": id, "sid": id, "gen": 1, "type": "access", "fresh": false,
						"iat": clock.Now().Unix(), "exp": clock.Now().Add(time.Hour).Unix(),
					})
					accepted(t, north, forged)
					w := jwttest.Do(engine, "POST", "/logout", jwttest.Bearer(forged))
					assert.Equal(t, 204, w.Code, w.Body)
					revoked(t, north, forged)
					require.NoError(t, north.EndSession(t.Context(), id))
				}
			}
			accepted(t, south, pair.AccessToken)
			assert.Equal(t, adopted, mustRotate(t, south, alone).SessionID)
			clock.Advance(tradable)
			mustRotate(t, south, pair.RefreshToken)
		})
	}
}

// A list from before sessions that the store does not have got their own IDs, and a session
// that the store has lost.
func TestEndedSessionsOfARealmStayEnded(t *testing.T) {
	t.Parallel()
	for _, realm := range []string{"", "north"} {
		for _, aging := range []bool{false, true} {
			config, clock := sessionsConfig()
			config.Realm, config.Blocklist = realm, &ginjwt.MemoryBlocklist{Now: clock.Now}
			if aging {
				config.Blocklist = newAgingList(clock)
			}
			mgr, _ := newManager(t, config)

			before := newPair(t, mgr)
			require.NoError(t, config.Blocklist.Add(t.Context(), before.SessionID, clock.Now().Add(time.Hour)))
			revoked(t, mgr, before.AccessToken)

			lost := newPair(t, mgr)
			alone := jwttest.RefreshToken(t, mgr, "alice")
			begun := mustRotate(t, mgr, alone)
			for _, id := range []string{lost.SessionID, begun.SessionID} {
				deleted, err := config.Sessions.Delete(t.Context(), id)
				require.NoError(t, err)
				require.True(t, deleted)
				require.NoError(t, mgr.EndSession(t.Context(), id))
			}
			revoked(t, mgr, lost.AccessToken)
			revoked(t, mgr, begun.AccessToken)
			refusedWith(t, mgr, alone, ginjwt.ErrRevokedToken)
			accepted(t, mgr, newPair(t, mgr).AccessToken)
		}
	}
}

func newAgingList(clock *jwttest.Clock) ginjwt.Blocklist {
	return &agingList{MemoryBlocklist: ginjwt.MemoryBlocklist{Now: clock.Now}}
}
