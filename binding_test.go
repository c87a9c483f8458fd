package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestBoundTo(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	to := func(states ...string) []ginjwt.Binding { return []ginjwt.Binding{ginjwt.BoundTo(states...)} }
	for name, test := range map[string]struct {
		created, used []ginjwt.Binding
		good          bool
	}{
		"the same":                 {to("hash"), to("hash"), true},
		"several":                  {to("a", "b"), to("a", "b"), true},
		"in two":                   {to("a", "b"), []ginjwt.Binding{ginjwt.BoundTo("a"), ginjwt.BoundTo("b")}, true},
		"another":                  {to("hash"), to("Hash"), false},
		"in another order":         {to("a", "b"), to("b", "a"), false},
		"one less":                 {to("a", "b"), to("a"), false},
		"one more":                 {to("a"), to("a", "b"), false},
		"cut elsewhere":            {to("ab", "c"), to("a", "bc"), false},
		"joined":                   {to("a", "b"), to("a\x00\x00\x00\x00\x00\x00\x00\x01b"), false},
		"an empty one more":        {to("a"), to("a", ""), false},
		"empty":                    {to("a"), to(""), false},
		"no states":                {to("a"), to(), false},
		"a zero binding":           {to("a"), []ginjwt.Binding{{}}, false},
		"without":                  {to("a"), nil, false},
		"not bound":                {nil, to("a"), false},
		"not bound, empty":         {nil, to(""), false},
		"not bound, a zero one":    {nil, []ginjwt.Binding{{}}, false},
		"invalid UTF-8, the same":  {to("\xff"), to("\xff"), true},
		"invalid UTF-8, another":   {to("\xff"), to("\xfe"), false},
		"invalid UTF-8, replaced":  {to("\xff"), to("\ufffd"), false},
		"a very long one, the end": {to(strings.Repeat("a", 1<<16) + "b"), to(strings.Repeat("a", 1<<16) + "c"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []ginjwt.PurposeOption
			for _, b := range test.created {
				opts = append(opts, b)
			}
			encoded := purposeToken(t, a.mgr, confirm, "alice", opts...)
			if test.good {
				_, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded, test.used...)
				require.NoError(t, err)
				consumed(t, a.mgr, confirm, encoded, test.used...)
				return
			}
			refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrNotBound, "binding_mismatch", test.used...)
			consumed(t, a.mgr, confirm, encoded, test.created...) // nothing was used up
		})
	}
}

// The error names the missing binding, for the author of the program.
func TestWhyABindingIsRefused(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	bound, free := purposeToken(t, a.mgr, confirm, "alice", ginjwt.BoundTo("hash-1")), purposeToken(t, a.mgr, confirm, "alice")
	for _, test := range []struct {
		encoded string
		bound   []ginjwt.Binding
		says    string
	}{
		{bound, nil, "the token is bound: pass the BoundTo or BoundBy that it was created with"},
		{free, []ginjwt.Binding{ginjwt.BoundTo("hash-1")}, "the token is not bound: create it with BoundTo or BoundBy, or pass no binding"},
		{bound, []ginjwt.Binding{ginjwt.BoundTo("")}, "a state of a binding is empty, such as the value of a missing cookie: give every binding a state"},
		{bound, []ginjwt.Binding{ginjwt.BoundTo("hash-2")}, "the states differ from those that the token was created with"},
	} {
		_, err := a.mgr.ConsumePurposeToken(t.Context(), confirm, test.encoded, test.bound...)
		require.EqualError(t, err, "ginjwt: token is bound to something else (binding_mismatch): "+test.says)
		var refused *ginjwt.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "Token is bound to something else", refused.Message, "who holds the token is told one thing")
		assert.Equal(t, 422, refused.Status)
	}
}

func TestEmptyStatesBindNothing(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	none := func(context.Context, string) ([]string, error) { return nil, nil }
	for _, binding := range []ginjwt.Binding{ginjwt.BoundTo(), ginjwt.BoundTo(""), ginjwt.BoundTo("a", ""), {}, ginjwt.BoundBy(none)} {
		_, err := a.mgr.CreatePurposeToken(t.Context(), confirm, "alice", ginjwt.BoundTo("a"), binding)
		assert.EqualError(t, err, "ginjwt: BoundTo, BoundBy: a state of a binding is empty, such as the value of a missing cookie: give every binding a state")
	}
	assert.Empty(t, a.take())
}

func TestBoundBy(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	states, asked := map[string]string{"alice": "hash-1", "bob": "hash-1"}, 0
	hash := ginjwt.BoundBy(func(_ context.Context, identity string) ([]string, error) {
		asked++
		return []string{states[identity]}, nil
	})
	encoded := purposeToken(t, a.mgr, reset, "alice", hash, ginjwt.BoundTo("browser"))
	assert.Equal(t, 1, asked)
	_, err := a.mgr.PeekPurposeToken(t.Context(), reset, encoded, hash, ginjwt.BoundTo("browser"))
	require.NoError(t, err)
	assert.Equal(t, 2, asked)
	states["alice"] = "hash-2"
	refusedPurpose(t, a.mgr, reset, encoded, ginjwt.ErrNotBound, "binding_mismatch", hash, ginjwt.BoundTo("browser"))
	delete(states, "alice") // the user is gone
	refusedPurpose(t, a.mgr, reset, encoded, ginjwt.ErrNotBound, "binding_mismatch", hash, ginjwt.BoundTo("browser"))

	asked = 0
	refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrInvalidToken, "token_claims_invalid", hash)
	require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), reset, "alice"))
	refusedPurpose(t, a.mgr, reset, encoded, ginjwt.ErrRevokedToken, "token_revoked", hash)
	assert.Zero(t, asked, "tokens that are not good otherwise ask for nothing")

	states["alice"] = "hash-1"
	encoded = purposeToken(t, a.mgr, reset, "alice", hash)
	consumed(t, a.mgr, reset, encoded, hash)
	states["alice"] = "hash-2"
	refusedPurpose(t, a.mgr, reset, encoded, ginjwt.ErrConsumed, "token_consumed", hash)
}

// The second request finds that the link was used. If the blocklist does not know that yet, it
// finds that the bound state has changed.
func TestTheSecondUserOfALinkThatChangesWhatItIsBoundTo(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	state := "hash-1"
	hash := ginjwt.BoundBy(func(context.Context, string) ([]string, error) { return []string{state}, nil })
	encoded := purposeToken(t, a.mgr, reset, "alice", hash)
	consumed(t, a.mgr, reset, encoded, hash)
	state = "hash-2"
	late := a.manager(t, func(c *ginjwt.Config) { c.Blocklist = &ginjwt.MemoryBlocklist{Now: a.clock.Now} })
	refusedPurpose(t, late, reset, encoded, ginjwt.ErrNotBound, "binding_mismatch", hash)

	require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), reset, "alice"))
	refusedPurpose(t, a.mgr, reset, encoded, ginjwt.ErrConsumed, "token_consumed", hash)
}

func TestBoundByThatFails(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	var answer error
	hash := ginjwt.BoundBy(func(context.Context, string) ([]string, error) { return []string{"hash"}, answer })
	encoded := purposeToken(t, a.mgr, confirm, "alice", hash)
	down := errors.New("the database is down")
	for _, test := range []struct {
		answer, kind error
		reason       string
	}{
		{down, ginjwt.ErrCallback, "internal_error"},
		{fmt.Errorf("%w: %w", ginjwt.ErrUnavailable, down), ginjwt.ErrUnavailable, "store_unavailable"},
		{&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "account_locked", Err: down}, ginjwt.ErrVerification, "account_locked"},
	} {
		answer = test.answer
		refusedPurpose(t, a.mgr, confirm, encoded, test.kind, test.reason, hash)
		_, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded, hash)
		require.ErrorIs(t, err, down)
		_, err = a.mgr.CreatePurposeToken(t.Context(), confirm, "alice", hash)
		require.ErrorIs(t, err, down)
	}
	answer = nil
	consumed(t, a.mgr, confirm, encoded, hash)
}

// The token holds the states as an HMAC that differs for each token.
func TestTheSealTellsNothing(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	seals := map[any]bool{}
	for range 20 {
		claims := claimsIn(t, purposeToken(t, a.mgr, confirm, "alice", ginjwt.BoundTo("1")))
		assert.Len(t, claims["bnd"], 43)
		seals[claims["bnd"]] = true
	}
	assert.Len(t, seals, 20)
	assert.NotContains(t, claimsIn(t, purposeToken(t, a.mgr, confirm, "alice")), "bnd")
}

func TestPrintingABinding(t *testing.T) {
	t.Parallel()
	b := ginjwt.BoundTo("password-hash")
	logged, err := json.Marshal(map[string]any{"b": b})
	require.NoError(t, err)
	for _, printed := range []string{
		fmt.Sprint(b), fmt.Sprintf("%+v %#v %s %q %x", b, b, b, b, &b), string(logged), slog.AnyValue(b).Resolve().String(),
		fmt.Sprintf("%+v", []ginjwt.Binding{b}), fmt.Sprintf("%+v", struct{ B ginjwt.PurposeOption }{b}),
	} {
		assert.NotContains(t, printed, "password-hash")
		assert.Contains(t, printed, "ginjwt.Binding")
	}
}

// The caller may change its slice afterwards.
func TestBoundToCopiesItsStates(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	states := []string{"hash"}
	binding := ginjwt.BoundTo(states...)
	states[0] = "other"
	encoded := purposeToken(t, a.mgr, confirm, "alice", binding)
	consumed(t, a.mgr, confirm, encoded, ginjwt.BoundTo("hash"))
}

// Binding works with every algorithm. Only a holder of the signing key can compare states.
func TestBindingsOfEveryAlgorithm(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for algorithm, config := range map[string]ginjwt.Config{
		"HS256": {SecretKey: strings.Repeat("k", 32)}, "HS512": {SecretKey: strings.Repeat("k", 64)},
		"RS256": {PrivateKey: pems.RSAPrivate, PublicKey: pems.RSAPublic}, "PS256": {PrivateKey: pems.RSAPrivate, PublicKey: pems.RSAPublic},
		"ES256": {PrivateKey: pems.P256SEC1, PublicKey: pems.P256Public}, "EdDSA": {PrivateKey: pems.Ed25519Private, PublicKey: pems.Ed25519Public},
	} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			config.Algorithm = algorithm
			mgr, _ := newManager(t, config)
			encoded := purposeToken(t, mgr, confirm, "alice", ginjwt.BoundTo("hash"))
			refusedPurpose(t, mgr, confirm, encoded, ginjwt.ErrNotBound, "binding_mismatch", ginjwt.BoundTo("other"))
			if config.PublicKey != "" {
				config.PrivateKey = ""
				public, _ := newManager(t, config)
				refusedPurpose(t, public, confirm, encoded, ginjwt.ErrCallback, "internal_error", ginjwt.BoundTo("hash"))
				refusedPurpose(t, public, confirm, encoded, ginjwt.ErrNotBound, "binding_mismatch")
				_, err := public.PeekPurposeToken(t.Context(), confirm, encoded, ginjwt.BoundTo("hash"))
				require.ErrorIs(t, err, ginjwt.ErrNoSigningKey)
				free := purposeToken(t, mgr, confirm, "alice")
				_, err = public.PeekPurposeToken(t.Context(), confirm, free)
				require.NoError(t, err, "what is not bound needs the public key only")
			}
			consumed(t, mgr, confirm, encoded, ginjwt.BoundTo("hash"))
		})
	}
}

// A token works as long as the key that signed it verifies, even if another key signs now.
func TestPurposeTokensWhenKeysChange(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.Keys = []keys.Key{secretKey("a")} })
	bind := ginjwt.BoundTo("hash")
	old, legacy := purposeToken(t, a.mgr, confirm, "alice", bind), purposeToken(t, a.manager(t), confirm, "alice", bind)
	accessOnly := secretKey("b")
	accessOnly.TokenType = keys.AccessToken
	require.NoError(t, a.mgr.SetKeys(accessOnly, secretKey("c"), secretKey("a")))
	next := purposeToken(t, a.mgr, confirm, "alice", bind)
	assert.Equal(t, "b", headerOf(t, next)["kid"], "keys for access tokens sign purpose tokens")
	for _, encoded := range []string{old, next} {
		consumed(t, a.mgr, confirm, encoded, bind)
	}
	refusedPurpose(t, a.mgr, confirm, legacy, ginjwt.ErrInvalidToken, "signature_invalid", bind)

	last := purposeToken(t, a.mgr, confirm, "alice", bind)
	refreshOnly := secretKey("b")
	refreshOnly.TokenType = keys.RefreshToken
	require.NoError(t, a.mgr.SetKeys(secretKey("c"), refreshOnly))
	refusedPurpose(t, a.mgr, confirm, last, ginjwt.ErrInvalidToken, "signature_invalid", bind)

	beside := a.manager(t, func(c *ginjwt.Config) { c.Keys = []keys.Key{secretKey("z")} }) // SecretKey only verifies there
	consumed(t, beside, confirm, legacy, bind)
}

func TestPurposeTokensWithKeyLoaders(t *testing.T) {
	t.Parallel()
	var seen []ginjwt.TokenType
	var claimed []any
	config := jwttest.Config(nil)
	mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.EncodeKeyLoader(keyLoader())
		mgr.DecodeKeyLoader(func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
			seen, claimed = append(seen, unverified.Type), append(claimed, unverified.Claims()["type"])
			return unverifiedKeyLoader()(ctx, unverified)
		})
	})
	bind := ginjwt.BoundTo("hash")
	encoded := purposeToken(t, mgr, confirm, "alice", bind)
	consumed(t, mgr, confirm, encoded, bind)
	assert.Equal(t, []ginjwt.TokenType{ginjwt.AccessToken}, seen)
	assert.Equal(t, []any{"purpose"}, claimed)
	refusedPurpose(t, mgr, confirm, encoded, ginjwt.ErrConsumed, "token_consumed", bind)
	refusedPurpose(t, mgr, confirm, jwttest.AccessToken(t, mgr, "alice"), ginjwt.ErrInvalidToken, "token_unsupported", bind)
}
