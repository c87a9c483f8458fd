//go:build !race

package ginjwt_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The budgets are exact: a test fails if its work allocates once more. See allocs_test.go for why
// these tests are neither parallel nor run with the race detector.

// requireBudget allows n allocations. With -v it says if the budget can be lower.
func requireBudget(t *testing.T, budget, n float64, name string) {
	t.Helper()
	if n < budget {
		t.Logf("%s: %v allocations, so the budget of %v can be lower", name, n, budget)
	}
	assert.LessOrEqual(t, n, budget, name)
}

// allocations of the request, whose response must have the status and begin with text.
func (s *sender) allocations(tb testing.TB, status int, text string) float64 {
	s.must(tb, status, text)
	return testing.AllocsPerRun(1000, func() { s.must(tb, status, text) })
}

// Every refusal costs 2 allocations: the state of the request, and the error with its entry in
// the list of Gin, its headers and the body. Some also cost the token that was verified, an error
// of their own, or the text of a length of three digits. No budget depends on the length of the
// request.
func TestAllocationsOfEachRefusal(t *testing.T) {
	mgr, engine := protected(t, jwttest.Config(nil))
	for name, test := range map[string]struct {
		sender *sender
		status int
		text   string
		budget float64
	}{
		"no token":            {newSender(engine), 401, `{"msg":"Missing Authorization Header"}`, 3},
		"garbage":             {newSender(engine, jwttest.Bearer("garbage")), 422, `{"msg":"Not enough segments"}`, 2},
		"1 MB":                {newSender(engine, jwttest.Bearer(strings.Repeat("a", 1_000_000))), 422, `{"msg":"Token is too large"}`, 2},
		"ten thousand commas": {newSender(engine, jwttest.Bearer(strings.Repeat("a,", 10_000))), 401, `{"msg":"Missing 'Bearer' type in 'Authorization' header.`, 3},
		"forged":              {newSender(engine, jwttest.Bearer(forged(t, jwttest.AccessToken(t, mgr, "alice")))), 422, `{"msg":"Signature verification failed"}`, 3},
		"nested arrays":       {newSender(engine, jwttest.Bearer(nestedArrays())), 422, `{"msg":"Signature verification failed"}`, 3},
		"expired, known":      {expiredSender(t), 401, `{"msg":"Token has expired"}`, 4},
		"wrong type":          {newSender(engine, jwttest.Bearer(jwttest.RefreshToken(t, mgr, "alice"))), 422, `{"msg":"Only non-refresh tokens are allowed"}`, 9},
	} {
		requireBudget(t, test.budget, test.sender.allocations(t, test.status, test.text), name)
	}
}

// Beside the 2 of every refusal: the token that was verified, and an error about this token.
func TestAllocationsOfARevokedToken(t *testing.T) {
	config := jwttest.Config(nil)
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	mgr, engine := protected(t, config)
	token := jwttest.AccessToken(t, mgr, "alice")
	verified, err := mgr.VerifyToken(t.Context(), token)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), verified))
	requireBudget(t, 5, newSender(engine, jwttest.Bearer(token)).allocations(t, 401, `{"msg":"Token has been revoked"}`), "revoked")
}

// The blocklist costs an accepted request nothing, with entries of others and with the two IDs of
// a token of a session.
func TestAllocationsOfARequestThatAsksABlocklist(t *testing.T) {
	list, config := &ginjwt.MemoryBlocklist{}, jwttest.Config(nil)
	config.Blocklist, config.Sessions = list, &ginjwt.MemorySessions{}
	mgr, engine := protected(t, config)
	require.NoError(t, list.Add(t.Context(), "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b", time.Time{}))
	s := newSender(engine, jwttest.Bearer(jwttest.TokenPair(t, mgr, "alice").AccessToken))
	requireBudget(t, 1, s.allocations(t, 200, "alice"), "not revoked")
}

// A known token costs the same with each algorithm: the state of the request. An unknown token
// also costs its claims and its text, and what the check of its signature costs.
func TestAllocationsOfEachAlgorithm(t *testing.T) {
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		config := configFor(t, algorithm)
		mgr, engine := protected(t, config)
		bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
		requireBudget(t, 1, newSender(engine, bearer).allocations(t, 200, "alice"), algorithm+", known")
		_, engine = protected(t, withoutCache(config))
		requireBudget(t, 3+allocationsOfASignature(t, config), newSender(engine, bearer).allocations(t, 200, "alice"), algorithm+", unknown")
	}
}

// allocationsOfASignature are those of checking a signature.
func allocationsOfASignature(t *testing.T, config ginjwt.Config) float64 {
	key := keys.Key{Algorithm: config.Algorithm, Sign: []byte(config.SecretKey)}
	if config.PrivateKey != "" {
		var err error
		key, err = keys.ParseOne("", config.Algorithm, []byte(config.PrivateKey))
		require.NoError(t, err)
	}
	bound, err := keys.Options{}.Bind(key)
	require.NoError(t, err)
	signed := strings.Repeat("e", 300)
	signature, err := bound.AppendSignature(nil, []byte(signed))
	require.NoError(t, err)
	now := time.Now()
	return testing.AllocsPerRun(1000, func() {
		if err := bound.Verify(signed, signature, now); err != nil {
			panic(err)
		}
	})
}

// Beside a token in a header: the list of cookies with the name, and Cache-Control.
func TestAllocationsOfCookies(t *testing.T) {
	mgr, engine := protected(t, inCookies())
	good := cookieRequest(t, mgr)
	requireBudget(t, 4, newSender(engine, good).allocations(t, 200, "alice"), "good")
	budgets := map[string]float64{"no CSRF value": 3, "wrong CSRF value": 5, "a hundred other cookies": 4, "a hundred tokens": 41}
	for _, h := range hostileCookies {
		requireBudget(t, budgets[h.name], newSender(engine, good, h.change).allocations(t, h.status, h.text), h.name)
	}
}

// A login as a request. A response that is rendered as a pair costs three allocations; the
// JSON encoder needs six more.
func TestAllocationsOfALogin(t *testing.T) {
	engine := loginWithTokens(t, "alice", func(c *gin.Context, access, refresh string) {
		c.JSON(http.StatusOK, map[string]string{"access_token": access, "refresh_token": refresh})
	})
	requireBudget(t, 15, newSender(engine).allocations(t, 200, `{"access_token":"eyJ`), "two tokens in a map")
	engine = loginWithTokens(t, "alice", func(c *gin.Context, access, refresh string) {
		c.Render(http.StatusOK, ginjwt.TokenPair{AccessToken: access, RefreshToken: refresh})
	})
	requireBudget(t, 9, newSender(engine).allocations(t, 200, `{"access_token":"eyJ`), "two tokens as a pair")
}

// The refresh token that was verified, its session, two new tokens, and the response.
func TestAllocationsOfARefresh(t *testing.T) {
	_, engine, pair := refreshRoute(t)
	s := newSender(engine, jwttest.Bearer(pair.RefreshToken))
	requireBudget(t, 27, testing.AllocsPerRun(1000, func() { s.rotate(t) }), "rotation")
}

// A token costs itself and the options of the call; a refusal costs its error instead.
func TestAllocationsOfVerifyToken(t *testing.T) {
	mgr, _ := newManager(t, jwttest.Config(nil))
	off, _ := newManager(t, withoutCache(jwttest.Config(nil)))
	good := jwttest.AccessToken(t, mgr, "alice")
	ctx := t.Context()
	verifying := func(mgr *ginjwt.JWTManager, token string, accepted bool) float64 {
		return testing.AllocsPerRun(1000, func() {
			if _, err := mgr.VerifyToken(ctx, token); (err == nil) != accepted {
				panic(err)
			}
		})
	}
	requireBudget(t, 2, verifying(mgr, good, true), "known")
	requireBudget(t, 4, verifying(off, good, true), "unknown")
	requireBudget(t, 2, verifying(mgr, forged(t, good), false), "forged")
	requireBudget(t, 2, verifying(mgr, "garbage", false), "garbage")
}

// The fields of a token cost nothing. A struct costs itself, its string and its decoder. GetJWT
// copies the map.
func TestAllocationsOfClaims(t *testing.T) {
	mgr, _ := newManager(t, jwttest.Config(nil))
	token, err := mgr.VerifyToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"tenant": "acme"})))
	require.NoError(t, err)
	ctx := ginjwt.NewContext(t.Context(), token, nil)
	reading := func(tenantOf func(ctx context.Context) bool) float64 {
		return testing.AllocsPerRun(1000, func() {
			if !tenantOf(ctx) {
				panic("not acme")
			}
		})
	}
	requireBudget(t, 0, reading(func(ctx context.Context) bool { return ginjwt.GetJWTIdentity(ctx) == "alice" }), "identity")
	requireBudget(t, 3, reading(func(ctx context.Context) bool {
		claims, err := ginjwt.GetJWTClaims[struct {
			Tenant string `json:"tenant"`
		}](ctx)
		return err == nil && claims.Tenant == "acme"
	}), "a struct")
	requireBudget(t, 4, reading(func(ctx context.Context) bool { return ginjwt.GetJWT(ctx)["tenant"] == "acme" }), "a copy of the map")
}
