package ginjwt_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// idsApp has managers that share a blocklist, and an issuer whose tokens they accept.
type idsApp struct {
	mgr, north, issuer *ginjwt.JWTManager
	clock              *jwttest.Clock
	mallory            ginjwt.TokenPair
	bystanders         map[string]string // tokens of others, by IDs that could be taken for theirs
}

func newIDsApp(t *testing.T) *idsApp {
	t.Helper()
	config, clock := sessionsConfig()
	foreign := parsed(t, keytest.Generate(t).P256Private)
	foreign.ID = "1"
	config.Blocklist = &ginjwt.MemoryBlocklist{Now: clock.Now}
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{foreign}, IdentityPrefix: "a:"}}
	a := &idsApp{clock: clock}
	a.mgr, _ = newManager(t, config)
	config.Realm = "north"
	a.north, _ = newManager(t, config)
	a.issuer = issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{foreign}, Now: clock.Now})

	var err error
	a.mallory, err = a.mgr.CreateTokenPair(t.Context(), "mallory")
	require.NoError(t, err)
	alice := newPair(t, a.mgr)
	old := jwttest.RefreshToken(t, a.mgr, "alice", ginjwt.WithID("old"))
	adopted := mustRotate(t, a.mgr, old)
	a.bystanders = map[string]string{
		strconv.Quote(issuerA) + ` "an id"`: jwttest.AccessToken(t, a.issuer, "alice", ginjwt.WithID("an id")),
		`jti "" "an id"`:                    jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithID("an id")),
		`jti "north" "an id"`:               jwttest.AccessToken(t, a.north, "alice", ginjwt.WithID("an id")),
	}
	for _, pair := range []ginjwt.TokenPair{alice, adopted, a.mallory} {
		a.bystanders[pair.SessionID] = pair.AccessToken
		a.bystanders[`jti "" "`+pair.SessionID+`"`] = pair.AccessToken
	}
	return a
}

// managerOf returns the manager that the tokens of the other issuer are for.
func (a *idsApp) managerOf(id string) *ginjwt.JWTManager {
	if strings.HasPrefix(id, `jti "north"`) {
		return a.north
	}
	return a.mgr
}

func (a *idsApp) allPass(t *testing.T, but string) {
	t.Helper()
	for id, encoded := range a.bystanders {
		if id != but {
			_, err := a.managerOf(id).VerifyToken(t.Context(), encoded)
			require.NoError(t, err, id)
		}
	}
}

// A client that can choose the ID of a token and revoke the token revokes nothing else: no
// session, and no token of another issuer or realm.
func TestChosenIDsRevokeOnlyTheirToken(t *testing.T) {
	t.Parallel()
	for id := range newIDsApp(t).bystanders {
		if strings.Contains(id, "an id") { // session IDs are different each time
			chosenIDRevokesOnlyItself(t, func(*idsApp) string { return id })
		}
	}
	chosenIDRevokesOnlyItself(t, func(a *idsApp) string { return a.mallory.SessionID })
	for _, wrap := range []func(string) string{
		func(id string) string { return id },
		func(id string) string { return `jti "" "` + id + `"` },
		func(id string) string { return strings.ToUpper(id) },
	} {
		for _, version := range []byte{'2', '8'} { // of a session, and of one that a token became
			chosenIDRevokesOnlyItself(t, func(a *idsApp) string {
				for id := range a.bystanders {
					if len(id) == 36 && id[14] == version && id != a.mallory.SessionID {
						return wrap(id)
					}
				}
				require.Fail(t, "there is no such session")
				return ""
			})
		}
	}
}

func chosenIDRevokesOnlyItself(t *testing.T, choose func(*idsApp) string) {
	t.Helper()
	for name, create := range map[string]func(t *testing.T, m *ginjwt.JWTManager, id string) string{
		"access token": func(t *testing.T, m *ginjwt.JWTManager, id string) string {
			return jwttest.AccessToken(t, m, "mallory", ginjwt.WithID(id))
		},
		"refresh token": func(t *testing.T, m *ginjwt.JWTManager, id string) string {
			return jwttest.RefreshToken(t, m, "mallory", ginjwt.WithID(id))
		},
		"access token of a session": func(t *testing.T, m *ginjwt.JWTManager, id string) string {
			return jwttest.TokenPair(t, m, "mallory", ginjwt.WithID(id)).AccessToken
		},
	} {
		a := newIDsApp(t)
		id := choose(a)
		encoded := create(t, a.mgr, id)
		accepted(t, a.mgr, encoded)
		token, err := a.mgr.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		require.Equal(t, id, token.ID)
		require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
		revoked(t, a.mgr, encoded)
		a.allPass(t, "")
		again := create(t, a.mgr, id)
		_, err = a.mgr.VerifyToken(t.Context(), again, ginjwt.AnyType())
		require.ErrorIs(t, err, ginjwt.ErrRevokedToken, "%s: tokens with one ID are revoked together", name)
	}
}

// Refresh tokens of a session and tokens of another issuer are revoked one by one. A "jti"
// that nobody chose is on the list as it is.
func TestWhatTokensAreRevokedBy(t *testing.T) {
	t.Parallel()
	for _, id := range []string{strconv.Quote(issuerA) + ` "an id"`, `jti "north" "an id"`} {
		a := newIDsApp(t)
		require.NoError(t, a.mgr.Config().Blocklist.Add(t.Context(), id, time.Time{}))
		_, err := a.managerOf(id).VerifyToken(t.Context(), a.bystanders[id])
		require.ErrorIs(t, err, ginjwt.ErrRevokedToken, id)
		a.allPass(t, id)
	}
	a := newIDsApp(t)
	pair := newPair(t, a.mgr)
	token, err := a.mgr.DecodeToken(t.Context(), pair.RefreshToken)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
	refusedWith(t, a.mgr, pair.RefreshToken, ginjwt.ErrRevokedToken)
	accepted(t, a.mgr, pair.AccessToken)
	for _, id := range []string{"", "an id", "9b2c8c0e-3c1e-4b7f-8d4b-1c2d3e4f5a6b"} { // as other libraries do
		encoded := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithID(id))
		require.NoError(t, a.mgr.Config().Blocklist.Add(t.Context(), idOf(t, a.mgr, encoded), time.Time{}))
		revoked(t, a.mgr, encoded)
	}
}

// The package makes UUIDs with a different version for each kind of ID.
func TestVersionsOfIDs(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	pair, old := newPair(t, mgr), jwttest.RefreshToken(t, mgr, "alice")
	for _, test := range []struct {
		id      string
		version string
	}{
		{pair.SessionID, "2"},
		{mustRotate(t, mgr, old).SessionID, "8"},
		{idOf(t, mgr, pair.AccessToken), "4"},
		{idOf(t, mgr, pair.RefreshToken), "8"},
		{idOf(t, mgr, old), "4"},
	} {
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-`+test.version+`[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, test.id)
	}
}
