package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

var (
	confirm = ginjwt.Purpose{Name: "confirm-address"}
	reset   = ginjwt.Purpose{Name: "reset-password", OnlyNewest: true}
)

// switchedOnce is a store of used IDs in memory that a test can switch off.
type switchedOnce struct {
	ginjwt.MemoryOnce
	down   atomic.Bool
	claims atomic.Int64
	during func(ctx context.Context) // called by Claim, if it is set
}

func (o *switchedOnce) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	o.claims.Add(1)
	if o.during != nil {
		o.during(ctx)
	}
	if o.down.Load() {
		return false, errStoreDown
	}
	return o.MemoryOnce.Claim(ctx, id, until)
}

// linksApp is an application that sends links. It has an observer, and stores that other managers
// can share.
type linksApp struct {
	*recorder
	clock *jwttest.Clock
	list  *switchedBlocklist
	once  *switchedOnce
	mgr   *ginjwt.JWTManager
}

func newLinksApp(t *testing.T, configure ...func(*ginjwt.Config)) *linksApp {
	t.Helper()
	a := &linksApp{recorder: &recorder{}, clock: &jwttest.Clock{}, list: &switchedBlocklist{}, once: &switchedOnce{}}
	a.list.Now, a.once.Now = a.clock.Now, a.clock.Now
	a.mgr = a.manager(t, append([]func(*ginjwt.Config){func(c *ginjwt.Config) { c.Observer = a.recorder }}, configure...)...)
	return a
}

// manager returns another manager on the stores of a.
func (a *linksApp) manager(t *testing.T, configure ...func(*ginjwt.Config)) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(a.clock)
	config.Blocklist, config.Once = a.list, a.once
	for _, fn := range configure {
		fn(&config)
	}
	mgr, _ := newManager(t, config)
	return mgr
}

func purposeToken(t *testing.T, mgr *ginjwt.JWTManager, p ginjwt.Purpose, identity any, opts ...ginjwt.PurposeOption) string {
	t.Helper()
	encoded, err := mgr.CreatePurposeToken(t.Context(), p, identity, opts...)
	require.NoError(t, err)
	return encoded
}

// consumed uses a token up, and requires that this works.
func consumed(t *testing.T, mgr *ginjwt.JWTManager, p ginjwt.Purpose, encoded string, bound ...ginjwt.Binding) *ginjwt.PurposeToken {
	t.Helper()
	token, err := mgr.ConsumePurposeToken(t.Context(), p, encoded, bound...)
	require.NoError(t, err)
	return token
}

// refusedPurpose requires that both peek and consume refuse a token.
func refusedPurpose(t *testing.T, mgr *ginjwt.JWTManager, p ginjwt.Purpose, encoded string, kind error, reason string, bound ...ginjwt.Binding) {
	t.Helper()
	for name, use := range map[string]func(context.Context, ginjwt.Purpose, string, ...ginjwt.Binding) (*ginjwt.PurposeToken, error){
		"peek": mgr.PeekPurposeToken, "consume": mgr.ConsumePurposeToken,
	} {
		token, err := use(t.Context(), p, encoded, bound...)
		assert.Nil(t, token, name)
		require.ErrorIs(t, err, kind, name)
		var refused *ginjwt.Error
		require.ErrorAs(t, err, &refused, name)
		assert.Equal(t, kind, refused.Kind, name)
		assert.Equal(t, reason, refused.Reason, name)
		if len(encoded) > 20 {
			assert.NotContains(t, fmt.Sprintf("%v %+v %s", err, err, refused.Message), encoded[len(encoded)-20:], name)
		}
	}
}

func TestAPurposeTokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) {
		c.EncodeIssuer, c.DecodeIssuer = "https://own.example/", "https://own.example/"
		c.DecodeAudience, c.RequiredClaims = []string{"shop"}, []string{"tenant"}
	})
	encoded := purposeToken(t, a.mgr, confirm, "alice", ginjwt.WithClaims(ginjwt.Claims{"address": "a@example.com", "try": 3}))
	now := a.clock.Now()
	want := &ginjwt.PurposeToken{
		Purpose: "confirm-address", Identity: "alice", IssuedAt: now, ExpiresAt: now.Add(30 * time.Minute),
		Claims: ginjwt.Claims{"address": "a@example.com", "try": json.Number("3")},
	}
	for range 3 {
		looked, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded)
		require.NoError(t, err)
		require.Len(t, looked.ID, 36)
		want.ID = looked.ID
		assert.Equal(t, want, looked)
	}
	assert.Equal(t, want, consumed(t, a.mgr, confirm, encoded))
	refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrConsumed, "token_consumed")
	refusedPurpose(t, a.manager(t, func(c *ginjwt.Config) { c.EncodeIssuer = "https://own.example/" }), confirm, encoded, ginjwt.ErrConsumed, "token_consumed")
	assert.Equal(t, want.Identity, consumed(t, a.mgr, confirm, purposeToken(t, a.mgr, confirm, "alice")).Identity, "another one is good")
}

func TestWhatAPurposeTokenSays(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.Realm, c.EncodeIssuer = "a:b c", "me" })
	encoded := purposeToken(t, a.mgr, ginjwt.Purpose{Name: "x.y_z-1", Expires: time.Hour}, 42, ginjwt.WithExpires(time.Minute))
	assert.Equal(t, ginjwt.Header{"alg": "HS256", "typ": "purpose+jwt"}, headerOf(t, encoded))
	claims := claimsIn(t, encoded)
	now := a.clock.Now().Unix()
	assert.Len(t, claims["jti"], 36)
	delete(claims, "jti")
	number := func(n int64) json.Number { return json.Number(fmt.Sprint(n)) }
	assert.Equal(t, map[string]any{
		"fresh": false, "iat": number(now), "nbf": number(now), "exp": number(now + 60), "type": "purpose", "sub": "42", "iss": "me",
		"aud": "urn:ginjwt:purpose:a%3Ab+c:x.y_z-1", "at": number(now),
	}, map[string]any(claims))
}

// Of many requests at once, to several processes, one uses the token.
func TestManyConsumersAtOnce(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	managers := []*ginjwt.JWTManager{a.mgr, a.manager(t), a.manager(t)}
	encoded := purposeToken(t, a.mgr, reset, "alice", ginjwt.BoundTo("hash"))
	var winners, losers atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range 1000 {
		wg.Go(func() {
			<-start
			switch _, err := managers[i%3].ConsumePurposeToken(context.Background(), reset, encoded, ginjwt.BoundTo("hash")); {
			case err == nil:
				winners.Add(1)
			case errors.Is(err, ginjwt.ErrConsumed):
				losers.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	assert.Equal(t, []int64{1, 999}, []int64{winners.Load(), losers.Load()})
}

// If the store of used IDs loses its data, a used token is still refused.
func TestAConsumedTokenStaysConsumed(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = 10 * time.Second })
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	consumed(t, a.mgr, confirm, encoded)
	emptied := a.manager(t, func(c *ginjwt.Config) {
		c.Once, c.DecodeLeeway = &ginjwt.MemoryOnce{Now: a.clock.Now}, 10*time.Second
	})
	refusedPurpose(t, emptied, confirm, encoded, ginjwt.ErrConsumed, "token_consumed")

	a.clock.Advance(30*time.Minute + 9*time.Second)
	for _, mgr := range []*ginjwt.JWTManager{a.mgr, emptied} {
		refusedPurpose(t, mgr, confirm, encoded, ginjwt.ErrConsumed, "token_consumed")
	}
	a.clock.Advance(time.Second)
	refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrExpiredToken, "token_expired")
}

func TestAPurposeTokenExpires(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	lenient := a.manager(t, func(c *ginjwt.Config) { c.DecodeLeeway = 5 * time.Second })
	encoded := purposeToken(t, a.mgr, confirm, "alice", ginjwt.WithExpires(time.Minute))
	a.clock.Advance(time.Minute - time.Second)
	_, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded)
	require.NoError(t, err)
	a.clock.Advance(time.Second)
	refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrExpiredToken, "token_expired")
	_, err = lenient.PeekPurposeToken(t.Context(), confirm, encoded)
	require.NoError(t, err)
	a.clock.Advance(5 * time.Second)
	refusedPurpose(t, lenient, confirm, encoded, ginjwt.ErrExpiredToken, "token_expired")
	assert.Zero(t, a.once.claims.Load(), "what is refused uses nothing up")
}

// A purpose token works only for its purpose, realm, issuer and key.
func TestPurposeTokensOfOthers(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuer = "me", "me" })
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	for name, test := range map[string]struct {
		purpose   ginjwt.Purpose
		configure func(*ginjwt.Config)
		reason    string
	}{
		"purpose":          {reset, func(*ginjwt.Config) {}, "token_claims_invalid"},
		"realm":            {confirm, func(c *ginjwt.Config) { c.Realm = "b" }, "token_claims_invalid"},
		"realm in a name":  {ginjwt.Purpose{Name: "address"}, func(c *ginjwt.Config) { c.Realm = ":confirm-" }, "token_claims_invalid"},
		"issuer":           {confirm, func(c *ginjwt.Config) { c.DecodeIssuer = "you" }, "token_claims_invalid"},
		"key":              {confirm, func(c *ginjwt.Config) { c.SecretKey = otherSecret }, "signature_invalid"},
		"name of the type": {confirm, func(c *ginjwt.Config) { c.TypeClaim = "token_type" }, "token_claims_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusedPurpose(t, a.manager(t, test.configure), test.purpose, encoded, ginjwt.ErrInvalidToken, test.reason)
		})
	}
	assert.Zero(t, a.once.claims.Load())
}

// An issuer with the manager's key cannot make links for the manager's users.
func TestPurposeTokensOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.EncodeIssuer = issuerA })
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	trusting := a.manager(t, func(c *ginjwt.Config) {
		c.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{{ID: "a", Sign: []byte(appSecret())}}, IdentityPrefix: "a:"}}
	})
	refusedPurpose(t, trusting, confirm, encoded, ginjwt.ErrInvalidToken, "token_claims_invalid")
}

func TestPurposesThatAreNone(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	for name, p := range map[string]ginjwt.Purpose{
		`Purpose.Name: "" must have`:  {},
		`Purpose.Name: "Reset" must`:  {Name: "Reset"},
		`Purpose.Name: "a b" must`:    {Name: "a b"},
		`Purpose.Name: "a:b" must`:    {Name: "a:b"},
		`Purpose.Name: "é" must`:      {Name: "é"},
		`Purpose.Name: "aaaaa`:        {Name: strings.Repeat("a", 65)},
		`Purpose.Expires is 720h0m1s`: {Name: "a", Expires: 30*24*time.Hour + time.Second},
		`Purpose.Expires is 1ms`:      {Name: "a", Expires: time.Millisecond},
		`Purpose.Expires is -1ns`:     {Name: "a", Expires: ginjwt.NeverExpires},
	} {
		_, err := a.mgr.CreatePurposeToken(t.Context(), p, "alice")
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, a.mgr.RevokePurposeTokens(t.Context(), p, "alice"), name)
		_, err = a.mgr.PeekPurposeToken(t.Context(), p, "x")
		require.ErrorContains(t, err, name)
		_, err = a.mgr.ConsumePurposeToken(t.Context(), p, "x")
		require.ErrorContains(t, err, name)
		require.ErrorIs(t, err, ginjwt.ErrCallback)
	}
	for _, e := range a.take() {
		assert.Empty(t, e.Purpose, "what is no name is no label")
	}
	for _, p := range []ginjwt.Purpose{{Name: strings.Repeat("z", 64), Expires: time.Second}, {Name: "0", Expires: 30 * 24 * time.Hour}} {
		assert.Equal(t, p.Expires, consumedLifetime(t, a.mgr, p))
	}
}

func consumedLifetime(t *testing.T, mgr *ginjwt.JWTManager, p ginjwt.Purpose) time.Duration {
	t.Helper()
	token := consumed(t, mgr, p, purposeToken(t, mgr, p, "alice"))
	return token.ExpiresAt.Sub(token.IssuedAt)
}

func TestOptionsOfPurposeTokens(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.EncodeIssuer = "me" })
	for name, opt := range map[string]ginjwt.PurposeOption{
		"WithFresh":           ginjwt.WithFresh(),
		"WithFresh ":          ginjwt.WithFreshFor(time.Minute),
		"WithFresh  ":         ginjwt.WithFreshUntil(time.Now()),
		"WithID":              ginjwt.WithID("1"),
		"WithIssuer":          ginjwt.WithIssuer("you"),
		"WithIssuer ":         ginjwt.WithIssuer(""),
		"WithAudience":        ginjwt.WithAudience("shop"),
		"WithNotBefore":       ginjwt.WithNotBefore(time.Now()),
		"WithHeaders":         ginjwt.WithHeaders(ginjwt.Header{"typ": "JWT"}),
		"WithIdempotencyKey":  ginjwt.WithIdempotencyKey("k"),
		"WithDevice":          ginjwt.WithDevice("d"),
		"WithSessionClaims":   ginjwt.WithSessionClaims(ginjwt.Claims{"a": 1}),
		"WithIdleLifetime":    ginjwt.WithIdleLifetime(time.Hour),
		"WithSessionLifetime": ginjwt.WithSessionLifetime(time.Hour),
	} {
		_, err := a.mgr.CreatePurposeToken(t.Context(), confirm, "alice", opt)
		assert.EqualError(t, err, "ginjwt: CreatePurposeToken: "+strings.TrimSpace(name)+" is not for purpose tokens: use WithExpires, WithClaims, BoundTo or BoundBy")
	}
	for _, lifetime := range []time.Duration{ginjwt.NeverExpires, time.Millisecond, 30*time.Minute + 1} {
		_, err := a.mgr.CreatePurposeToken(t.Context(), confirm, "alice", ginjwt.WithExpires(lifetime))
		assert.ErrorIs(t, err, ginjwt.ErrLifetime)
	}
	for _, claim := range []string{"sub", "iat", "exp", "nbf", "jti", "aud", "iss", "csrf", "type", "fresh", "sid", "gen", "upstream", "at", "bnd"} {
		_, err := a.mgr.CreatePurposeToken(t.Context(), confirm, "alice", ginjwt.WithClaims(ginjwt.Claims{claim: "x"}))
		assert.ErrorIs(t, err, ginjwt.ErrReservedClaim, claim)
		assert.ErrorContains(t, err, claim)
	}
	_, err := a.mgr.CreatePurposeToken(t.Context(), confirm, "alice", ginjwt.WithClaims(ginjwt.Claims{"big": strings.Repeat("a", 20000)}))
	assert.ErrorIs(t, err, ginjwt.ErrTokenTooLarge)
	_, err = a.mgr.CreatePurposeToken(t.Context(), confirm, "")
	assert.ErrorIs(t, err, ginjwt.ErrIdentity)
	assert.Empty(t, a.take(), "nothing was signed")
}

// The loaders of identities, headers and keys are called. The loader of claims is not.
func TestLoadersOfPurposeTokens(t *testing.T) {
	t.Parallel()
	type user struct{ id string }
	config := jwttest.Config(nil)
	config.RequiredClaims = []string{"tenant"}
	failing := errors.New("down")
	var headersErr error
	mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.UserIdentityLoader(func(_ context.Context, u any) (string, error) { return u.(user).id, nil })
		mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, failing })
		mgr.AdditionalHeadersLoader(func(_ context.Context, u any) (ginjwt.Header, error) {
			return ginjwt.Header{"x": u.(user).id, "typ": "at+jwt"}, headersErr
		})
		mgr.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return true, failing })
		mgr.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return nil, failing })
		mgr.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, failing })
	})
	first, second := purposeToken(t, mgr, confirm, user{"alice"}), purposeToken(t, mgr, confirm, user{"alice"})
	assert.Equal(t, ginjwt.Header{"alg": "HS256", "typ": "purpose+jwt", "x": "alice"}, headerOf(t, first))
	assert.Equal(t, "alice", consumed(t, mgr, confirm, first).Identity)
	require.NoError(t, mgr.RevokePurposeTokens(t.Context(), confirm, user{"alice"}))
	refusedPurpose(t, mgr, confirm, second, ginjwt.ErrRevokedToken, "token_revoked")
	headersErr = failing
	_, err := mgr.CreatePurposeToken(t.Context(), confirm, user{"alice"})
	assert.ErrorIs(t, err, failing)
}

func TestPurposeTokensBeforeInitApp(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	_, err := mgr.CreatePurposeToken(t.Context(), confirm, "alice")
	require.ErrorIs(t, err, ginjwt.ErrNotInitialized)
	_, err = mgr.PeekPurposeToken(t.Context(), confirm, "x")
	require.ErrorIs(t, err, ginjwt.ErrNotInitialized)
	_, err = mgr.ConsumePurposeToken(t.Context(), confirm, "x")
	require.ErrorIs(t, err, ginjwt.ErrNotInitialized)
	require.ErrorIs(t, mgr.RevokePurposeTokens(t.Context(), confirm, "alice"), ginjwt.ErrNotInitialized)
}

func TestPurposeTokensWithoutStores(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ginjwt.Config){
		"no sessions": func(*ginjwt.Config) {},
		"sessions":    func(c *ginjwt.Config) { c.Sessions = &ginjwt.MemorySessions{} },
		"no cache":    func(c *ginjwt.Config) { c.TokenCacheSize = -1 },
	} {
		config := jwttest.Config(nil)
		change(&config)
		mgr, _ := newManager(t, config)
		encoded := purposeToken(t, mgr, reset, "alice")
		consumed(t, mgr, reset, encoded)
		refusedPurpose(t, mgr, reset, encoded, ginjwt.ErrConsumed, "token_consumed")
		assert.Contains(t, mgr.Config().String(), "Once: *store.MemoryOnce", name)
	}
}
