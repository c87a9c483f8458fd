package ginjwt_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A manager makes no token that it would refuse: whoever forgot a claim is told at
// the login.
func TestTokensWithoutARequiredClaimAreNotMade(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.RequiredClaims = []string{"exp", "tenant"}
	mgr, _ := newManager(t, config)
	says := func(typ string) string {
		return "ginjwt: token lacks a claim of Config.RequiredClaims: the " + typ +
			` token has no "tenant"; add it with an AdditionalClaimsLoader, or in a session with WithSessionClaims`
	}
	tenant := ginjwt.WithClaims(ginjwt.Claims{"tenant": "acme"})
	null := ginjwt.Claims{"tenant": nil}
	for _, test := range []struct {
		name   string
		create func() (any, error)
		says   string
	}{
		{"access token", func() (any, error) { return mgr.CreateAccessToken(t.Context(), "alice") }, says("access")},
		{"access token, null", func() (any, error) { return mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithClaims(null)) }, says("access")},
		{"refresh token", func() (any, error) { return mgr.CreateRefreshToken(t.Context(), "alice") }, says("refresh")},
		{"pair", func() (any, error) { return mgr.CreateTokenPair(t.Context(), "alice") }, says("access")},
		{"pair, in the access token alone", func() (any, error) { return mgr.CreateTokenPair(t.Context(), "alice", tenant) }, says("refresh")},
		{"pair, null", func() (any, error) {
			return mgr.CreateTokenPair(t.Context(), "alice", ginjwt.WithSessionClaims(null))
		}, says("access")},
	} {
		made, err := test.create()
		require.ErrorIs(t, err, ginjwt.ErrRequiredClaim, test.name)
		assert.EqualError(t, err, test.says, test.name)
		assert.Zero(t, made, test.name)
	}
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)

	accepted(t, mgr, jwttest.AccessToken(t, mgr, "alice", tenant))
	accepted(t, mgr, jwttest.RefreshToken(t, mgr, "alice", tenant))
}

func TestWhereRequiredClaimsComeFrom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		loader ginjwt.Claims
		opts   []ginjwt.TokenOption
	}{
		"the loader":  {ginjwt.Claims{"tenant": "acme"}, nil},
		"the session": {nil, []ginjwt.TokenOption{ginjwt.WithSessionClaims(ginjwt.Claims{"tenant": "acme"})}},
		"the session, where the loader has another": {ginjwt.Claims{"tenant": "other"}, []ginjwt.TokenOption{ginjwt.WithSessionClaims(ginjwt.Claims{"tenant": "acme"})}},
	} {
		config, clock := sessionsConfig()
		config.RequiredClaims = []string{"jti", "tenant"}
		mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
			m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return test.loader, nil })
		})
		pair := newPair(t, mgr, test.opts...)
		for range 3 {
			for _, encoded := range []string{pair.AccessToken, pair.RefreshToken} {
				assert.Equal(t, "acme", claimsIn(t, encoded)["tenant"], name)
				accepted(t, mgr, encoded)
			}
			clock.Advance(tradable)
			pair = mustRotate(t, mgr, pair.RefreshToken)
		}
	}
}

// A token from before sessions keeps the claims that every token must have.
func TestRequiredClaimsOfTokensWithoutASession(t *testing.T) {
	t.Parallel()
	for _, loads := range []bool{false, true} {
		config, clock := sessionsConfig()
		config.RequiredClaims = []string{"exp", "tenant"}
		mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
			if loads {
				m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return ginjwt.Claims{"tenant": "loaded"}, nil })
			}
		})
		encoded := jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"tenant": "acme", "other": 1}))
		want := map[bool]string{false: "acme", true: "loaded"}[loads]
		for range 3 {
			pair := mustRotate(t, mgr, encoded)
			for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
				assert.Equal(t, want, claimsIn(t, token)["tenant"])
				assert.NotContains(t, claimsIn(t, token), "other")
			}
			clock.Advance(2 * time.Minute)
			encoded = pair.RefreshToken
		}
	}
}
