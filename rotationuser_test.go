package ginjwt_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A rotation is for the user of the traded token, even if the request belongs to another
// user. The loaders are asked about the traded token, unless the request has already
// verified it.
func TestARotationAsksForTheUserOfItsToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		by, trades string
		again      bool // decoded anew
		asked      []string
	}{
		"the token of the request":     {"alice", "alice", false, []string{"alice"}},
		"the same token decoded again": {"alice", "alice", true, []string{"alice", "alice"}},
		"the token of another user":    {"alice", "bob", true, []string{"alice", "bob"}},
		"by nobody":                    {"", "bob", true, []string{"bob"}},
	} {
		var asked, verified []string
		var claimsFor []any
		clock := &jwttest.Clock{}
		config := jwttest.Config(clock)
		config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
		mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
			mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
				asked = append(asked, token.Identity)
				return &account{token.Identity}, nil
			})
			mgr.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
				verified = append(verified, token.Identity)
				return true, nil
			})
			mgr.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
				claimsFor = append(claimsFor, identity)
				return nil, nil
			})
		})
		pairs := map[string]ginjwt.TokenPair{"alice": jwttest.TokenPair(t, mgr, "alice"), "bob": jwttest.TokenPair(t, mgr, "bob")}
		clock.Advance(2 * time.Minute) // so that both tokens are traded
		asked, claimsFor = nil, nil
		engine.POST("/", mgr.RefreshRequired(ginjwt.Optional()), func(c *gin.Context) {
			token, _ := ginjwt.GetToken(c)
			if test.again {
				var err error
				token, err = mgr.DecodeToken(c, pairs[test.trades].RefreshToken)
				require.NoError(t, err)
			}
			pair, err := mgr.RotateTokens(c, token)
			require.NoError(t, err)
			access, err := mgr.DecodeToken(c, pair.AccessToken)
			require.NoError(t, err)
			assert.Equal(t, test.trades, access.Identity, name)
			assert.Equal(t, test.by, ginjwt.GetJWTIdentity(c), name)
			c.Status(http.StatusNoContent)
		})
		var opts []jwttest.RequestOption
		if test.by != "" {
			opts = append(opts, jwttest.Bearer(pairs[test.by].RefreshToken))
		}
		assert.Equal(t, 204, jwttest.Do(engine, "POST", "/", opts...).Code, name)
		assert.Equal(t, test.asked, asked, name)
		assert.Equal(t, test.asked, verified, name)
		assert.Equal(t, []any{&account{test.trades}, &account{test.trades}}, claimsFor, "%s: access and refresh token", name)
	}
}

// The argument of a claims loader if no user was loaded.
func TestARotationWithoutUsersIsForTheIdentityOfItsToken(t *testing.T) {
	t.Parallel()
	var claimsFor []any
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
			claimsFor = append(claimsFor, identity)
			return nil, nil
		})
	})
	alice, err := mgr.DecodeToken(t.Context(), jwttest.TokenPair(t, mgr, "alice").RefreshToken)
	require.NoError(t, err)
	bob, err := mgr.DecodeToken(t.Context(), jwttest.TokenPair(t, mgr, "bob").RefreshToken)
	require.NoError(t, err)
	clock.Advance(2 * time.Minute) // so that both tokens are traded
	claimsFor = nil
	_, err = mgr.RotateTokens(ginjwt.NewContext(t.Context(), alice, &account{"alice"}), bob)
	require.NoError(t, err)
	assert.Equal(t, []any{"bob", "bob"}, claimsFor)
}

// At the login, the UserLookupLoader gets an unsigned token. An application that keeps it
// cannot trade it.
func TestTheTokenOfALoginIsNotTraded(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	var shown *ginjwt.Token
	mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			shown = token
			return &account{token.Identity}, nil
		})
		mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, nil })
	})
	pair := newPair(t, mgr)
	require.NotNil(t, shown)
	assert.Equal(t, pair.SessionID, shown.SessionID)
	_, err := mgr.RotateTokens(t.Context(), shown)
	require.ErrorContains(t, err, "another manager")
}

// NewContext checks nothing, and another manager does not ask the loaders of this one. So a
// rotation asks its own loaders.
func TestARotationBehindNoCheckOfItsManagerAsksItsLoaders(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	refuse := func(_ context.Context, token *ginjwt.Token) (bool, error) { return token.Identity != "alice", nil }
	mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) { mgr.TokenVerificationLoader(refuse) })
	token, err := mgr.DecodeToken(t.Context(), jwttest.TokenPair(t, mgr, "alice").RefreshToken)
	require.NoError(t, err)
	for _, user := range []any{nil, &account{"alice"}} {
		_, err = mgr.RotateTokens(ginjwt.NewContext(t.Context(), token, user), token)
		require.ErrorIs(t, err, ginjwt.ErrVerification)
	}
}
