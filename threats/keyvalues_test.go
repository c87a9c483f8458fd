package threats_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Who hands keys over may wipe them, or use the memory again.
func TestThreatKeysAreCopied(t *testing.T) {
	t.Parallel()
	chain := newKeyChain()
	for _, later := range []bool{false, true} {
		secret, private := slices.Clone(chain.secret), slices.Clone(chain.ed25519)
		public := slices.Clone(chain.ed25519.Public().(ed25519.PublicKey))
		list := []keys.Key{{ID: "hs", Sign: secret}, {ID: "ed", Sign: private}, {ID: "pub", Verify: public}}
		config := listConfig(list...)
		config.TokenCacheSize = -1
		v := newVictim(t, config)
		if later {
			require.NoError(t, v.mgr.SetKeys(list...))
		}
		clear(secret)
		clear(private)
		clear(public)
		runtime.GC() // what a pool holds goes with the second
		runtime.GC()
		v.accepted(t, seal("HS256", chain.secret, kidHeader("HS256", `"hs"`), aliceClaims()), "alice")
		v.accepted(t, seal("EdDSA", chain.ed25519, kidHeader("EdDSA", `"ed"`), aliceClaims()), "alice")
		v.accepted(t, seal("EdDSA", chain.ed25519, kidHeader("EdDSA", `"pub"`), aliceClaims()), "alice")
		v.refused(t, seal("HS256", make([]byte, len(chain.secret)), kidHeader("HS256", `"hs"`), aliceClaims()), msgSignature)
	}
}

// A set of keys that is printed shows none.
func TestThreatKeySetIsPrinted(t *testing.T) {
	t.Parallel()
	set := must(keys.NewSet(listedKeys(ownKeys())...))
	for name, v := range map[string]any{
		"set": set, "in a struct": struct{ Keys *keys.Set }{set}, "as a source": ginjwt.Issuer{KeySource: set}, "in a list": []*keys.Set{set},
		"config": ginjwt.Config{Issuers: []ginjwt.Issuer{{KeySource: set}}},
	} {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		_ = json.NewEncoder(&b).Encode(v)
		for key, secret := range privateNumbers(ownKeys()) {
			for _, form := range []string{string(secret), b64(string(secret)), fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint(secret), "[]"), strings.Trim(fmt.Sprintf("%#v", secret[:4]), "[]byte{}")} {
				assert.False(t, strings.Contains(b.String(), form), "%s shows %s", name, key)
			}
		}
	}
}

// A nil set is a mistake in the settings, and no panic.
func TestThreatNilKeySet(t *testing.T) {
	t.Parallel()
	var none *keys.Set
	assert.NotPanics(t, func() {
		assert.Equal(t, "ginjwt: Issuers[0].KeySource: is a nil pointer",
			initError(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: "a", KeySource: none}}}))
	})
}

// Keys that are half there are refused, and panic nowhere.
func TestThreatHalfKeys(t *testing.T) {
	t.Parallel()
	c := ownKeys()
	halves := map[string]any{
		"nothing": nil, "RSA": c.rsa, "EC": c.p256, "Ed25519": c.ed25519, "secret": c.secret,
		"nil RSA": (*rsa.PrivateKey)(nil), "nil public RSA": (*rsa.PublicKey)(nil), "nil EC": (*ecdsa.PrivateKey)(nil), "nil public EC": (*ecdsa.PublicKey)(nil),
		"empty RSA": &rsa.PrivateKey{}, "empty public RSA": &rsa.PublicKey{}, "empty EC": &ecdsa.PrivateKey{}, "empty public EC": &ecdsa.PublicKey{},
		"EC, a curve alone":        &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256()}},
		"public EC, a curve alone": &ecdsa.PublicKey{Curve: elliptic.P256()},
		"RSA without primes":       &rsa.PrivateKey{PublicKey: c.rsa.PublicKey, D: c.rsa.D},
		"Ed25519 cut short":        c.ed25519[:5], "public Ed25519 cut short": ed25519.PublicKey(c.ed25519[:5]),
		"empty Ed25519": ed25519.PrivateKey{}, "an RSA key by value": rsa.PrivateKey{}, "text": "x", "number": 5, "map": map[string]int(nil),
	}
	good := []string{"RSA", "EC", "Ed25519", "secret"}
	for signs, sign := range halves {
		for verifies, verify := range halves {
			if slices.Contains(good, signs) && verifies == "nothing" || signs == "secret" && verifies == "secret" || signs == "nothing" && verifies == "secret" {
				continue
			}
			for _, alg := range []string{"", "HS256", "ES256"} {
				k := keys.Key{ID: "1", Algorithm: alg, Sign: sign, Verify: verify}
				assert.NotPanics(t, func() {
					_, err := keys.NewSet(k)
					assert.Error(t, err)
					_ = k.String()
					if alg == "" {
						_, _ = k.Thumbprint()
						_, _ = k.MarshalJWK()
						_, _ = k.MarshalPublicJWK()
					}
				}, "%s, %s, %s", signs, verifies, alg)
			}
		}
	}
}

// A key for one type of token makes and proves nothing else.
func TestThreatKeyOfOneTokenType(t *testing.T) {
	t.Parallel()
	chain := alienKeys()
	access := keys.Key{ID: "a", Sign: chain.p256, TokenType: keys.AccessToken, AllowMissingKeyID: true}
	refresh := keys.Key{ID: "r", Sign: chain.ed25519, TokenType: keys.RefreshToken, AllowMissingKeyID: true}
	v := newVictim(t, listConfig(access, refresh))
	claims := func(typ string) string { return `{"sub":"alice","exp":253402300799` + typ + `}` }
	for range 2 {
		for _, header := range []string{kidHeader("ES256", `"a"`), headerFor("ES256")} {
			v.accepted(t, seal("ES256", chain.p256, header, claims("")), "alice")
			v.refused(t, seal("ES256", chain.p256, header, claims(`,"type":"refresh"`)), msgSignature)
			v.refused(t, seal("ES256", chain.p256, header, claims(`,"type":"id"`)), msgSignature)
		}
		for _, header := range []string{kidHeader("EdDSA", `"r"`), headerFor("EdDSA")} {
			for _, typ := range []string{"", `,"type":"access"`, `,"type":"Refresh"`, `,"type":null`, `,"type":["refresh"]`} {
				v.refused(t, seal("EdDSA", chain.ed25519, header, claims(typ)), msgSignature)
			}
			v.refusedAt(t, "/access", seal("EdDSA", chain.ed25519, header, claims(`,"type":"refresh"`)), "Only non-refresh tokens are allowed")
		}
	}
	remembered := seal("ES256", chain.p256, kidHeader("ES256", `"a"`), claims(""))
	access.TokenType, refresh.TokenType = keys.RefreshToken, "access"
	require.NoError(t, v.mgr.SetKeys(access, refresh))
	v.refused(t, remembered, msgSignature)
}

// The key of before there was a list proves tokens without a name, and no
// others; with a loader, no list proves anything.
func TestThreatListBesideOtherKeys(t *testing.T) {
	t.Parallel()
	config := listConfig(keys.Key{ID: "new", Sign: alienKeys().p256})
	config.SecretKey = string(ownKeys().secret)
	v := newVictim(t, config)
	good := seal("ES256", alienKeys().p256, kidHeader("ES256", `"new"`), aliceClaims())
	for range 2 {
		v.accepted(t, good, "alice")
		v.accepted(t, own("HS256", aliceClaims()), "alice")
		v.accepted(t, seal("HS256", ownKeys().secret, kidHeader("HS256", `""`), aliceClaims()), "alice") // an empty kid is none
		for _, kid := range []string{`"old"`, `"HS256"`} {
			v.refused(t, seal("HS256", ownKeys().secret, kidHeader("HS256", kid), aliceClaims()), msgSignature)
		}
		v.refused(t, seal("HS256", ownKeys().secret, kidHeader("HS256", `"new"`), aliceClaims()), msgAlg)
		v.refused(t, seal("ES256", alienKeys().p256, headerFor("ES256"), aliceClaims()), msgAlg)
		v.refused(t, seal("HS256", []byte(publicPEM(alienKeys().p256.Public())), headerFor("HS256"), aliceClaims()), msgSignature)
	}
	require.NoError(t, v.mgr.SetKeys(keys.Key{ID: "new", Sign: alienKeys().p256}))
	v.accepted(t, good, "alice")
	v.refused(t, own("HS256", aliceClaims()), msgSignature)

	loaded := newVictim(t, config, func(m *ginjwt.JWTManager) {
		m.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) {
			return keys.Key{Algorithm: "EdDSA", Verify: ownKeys().ed25519.Public()}, nil
		})
	})
	loaded.accepted(t, own("EdDSA", aliceClaims()), "alice")
	for range 2 {
		loaded.refused(t, good, msgAlg)
		loaded.refused(t, own("HS256", aliceClaims()), msgAlg)
		require.NoError(t, loaded.mgr.SetKeys(keys.Key{ID: "new", Sign: alienKeys().p256}))
	}
}

// A set of keys that is printed by value shows none.
func TestThreatKeySetValueIsPrinted(t *testing.T) {
	t.Parallel()
	set := *must(keys.NewSet(keys.Key{ID: "a", Sign: ownKeys().secret}))
	assert.Less(t, len(fmt.Sprintf("%+v", set)), 50)
}
