package jwks_test

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// A key that cannot be used is skipped and reported. The other key is used.
func TestKeysThatAreSkipped(t *testing.T) {
	t.Parallel()
	ec := newEC(t, elliptic.P256())
	good := public(t, &ec.PublicKey, "x", "ES256")
	d, err := ec.Bytes()
	require.NoError(t, err)
	edPublic, edPrivate, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	ed := public(t, edPublic, "x", "EdDSA")
	modulus := rsaKey().N
	rsaGood := public(t, &rsaKey().PublicKey, "x", "RS256")
	small := public(t, &rsa.PublicKey{N: new(big.Int).Rsh(modulus, 1024), E: 65537}, "x", "RS256")
	even := public(t, &rsa.PublicKey{N: new(big.Int).Sub(modulus, big.NewInt(1)), E: 65537}, "x", "RS256")
	huge := rsaGood.with("n", base64url(repeated(0xff, 4096)))
	p384 := public(t, &newEC(t, elliptic.P384()).PublicKey, "x", "ES256")

	tests := []struct {
		name string
		key  members
		why  string
	}{
		{"T313 secret", members{"kty": "oct", "kid": "x", "alg": "HS256", "k": base64url(d)}, "is a private key or a secret"},
		{"T313 secret without its value", members{"kty": "oct", "kid": "x"}, `is of the type "oct", which is not supported`},
		{"T314 private EC key", good.with("d", base64url(d)), "is a private key or a secret"},
		{"T314 private Ed25519 key", ed.with("d", base64url(edPrivate.Seed())), "is a private key or a secret"},
		{"T314 private RSA key", rsaGood.with("d", base64url(rsaKey().D.Bytes())), "is a private key or a secret"},
		{"T314 prime of an RSA key", rsaGood.with("p", base64url(rsaKey().Primes[0].Bytes())), "is a private key or a secret"},
		{"T314 prime of an RSA key that is null", rsaGood.with("q", []any{nil}), "is a private key or a secret"},
		{"T322 for encryption", rsaGood.with("use", "enc"), `is for the use "enc"`},
		{"T322 for nothing known", rsaGood.with("use", ""), `is for the use ""`},
		{"T322 signs only", good.with("key_ops", []string{"sign"}), `is not for the operation "verify"`},
		{"T322 no operations", good.with("key_ops", []string{}), `is not for the operation "verify"`},
		{"T323 algorithm of another type", rsaGood.with("alg", "ES256"), "needs a key for EC, not an RSA key (algorithm ES256)"},
		{"T323 algorithm of another curve", p384, "needs a key on the curve P-256 (algorithm ES256)"},
		{"T323 secret's algorithm", rsaGood.with("alg", "HS256"), `is for the algorithm "HS256", which is not allowed`},
		{"T323 no algorithm at all", rsaGood.with("alg", "none"), `is for the algorithm "none", which is not allowed`},
		{"T323 encryption's algorithm", rsaGood.with("alg", "RSA-OAEP"), `is for the algorithm "RSA-OAEP", which is not allowed`},
		{"T323 empty algorithm", rsaGood.with("alg", ""), `is for the algorithm "", which is not allowed`},
		{"T324 RSA key of 1024 bits", small, "has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		{"T324 RSA exponent 1", rsaGood.with("e", "AQ"), "has the exponent 1, which is not safe (algorithm RS256)"},
		{"T324 RSA exponent 2", rsaGood.with("e", "Ag"), "has the exponent 2, which is not safe (algorithm RS256)"},
		{"T324 even RSA modulus", even, "has a modulus with small factors (algorithm RS256)"},
		{"T324 RSA key that takes ages", huge, `the member "n" has more than 8192 bits`},
		{"T324 Ed25519 key that anybody can sign for", ed.with("x", base64url(make([]byte, 32))), "is a point of small order, which anybody can sign for (algorithm EdDSA)"},
		{"T325 unknown type", members{"kty": "AKP", "kid": "x", "alg": "ML-DSA-65", "pub": "dGVzdA"}, `is of the type "AKP", which is not supported`},
		{"T325 unknown curve", good.with("crv", "secp256k1"), `the member "crv" must be "P-256", "P-384" or "P-521"`},
		{"T325 key for agreement", ed.with("crv", "X25519"), `the member "crv" must be "Ed25519"`},
		{"T325 no type", good.with("kty", nil), `is of the type "", which is not supported`},
		{"T325 no coordinate", good.with("y", nil), `the member "y" is missing`},
		{"T325 coordinate of something else", good.with("x", "AAAA"), "is not a point on its curve"},
		{"T325 empty coordinate", good.with("x", ""), `the member "x" is empty`},
		{"T325 coordinate too long", good.with("x", base64url(repeated(1, 33))), `the member "x" has more than 32 bytes`},
		{"T325 Ed25519 key too short", ed.with("x", "AAAA"), `the member "x" must have 32 bytes`},
		{"T325 not base64", rsaGood.with("n", "%%%"), `the member "n" is not base64url`},
		{"T325 base64 of another alphabet", rsaGood.with("n", "+/"+rsaGood["n"].(string)[2:]), `the member "n" is not base64url`},
		{"T325 line break", rsaGood.with("e", "AQ\nAB"), `the member "e" is not base64url`},
		{"T325 bits that are left over", rsaGood.with("e", "AQB"), `the member "e" is not base64url`},
		{"T325 too much padding", rsaGood.with("e", "AQAB===="), `the member "e" is not base64url`},
		{"T325 certificate of another key", rsaGood.with("x5c", certificateOf(t, ec, 1)), `the certificate in "x5c" is of another key`},
		{"T325 certificate of another key, which Go does not read", rsaGood.with("x5c", certificateOf(t, ec, -1)), `the certificate in "x5c" is of another key`},
		{"T325 kid is a number", good.with("kid", 7), `the member "kid" must be a string`},
		{"T325 alg is a number", good.with("alg", 7), `the member "alg" must be a string`},
		{"T328 off its curve", good.with("y", good["x"]), "is not a point on its curve"},
		{"T328 at infinity", good.with("x", base64url(make([]byte, 32))).with("y", base64url(make([]byte, 32))), "is not a point on its curve"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				var errs errorLog
				issuer.serveSet(test.key, newKey(t, "good"))
				remote := follow(t, &issuer, jwks.Options{OnError: errs.add})

				assert.Equal(t, []string{"good"}, remote.Status().Keys)
				require.Len(t, errs.errs, 1)
				require.ErrorIs(t, errs.errs[0], jwks.ErrKeySkipped)
				text := errs.texts()[0]
				kid := `"x"`
				if test.key["kid"] == 7 {
					kid = `""`
				}
				assert.Equal(t, `jwks: key is not used: number 1 of the set, "kid" `+kid+": "+test.why, text)
				for _, member := range []string{"d", "p", "k", "n", "x"} {
					if secret, ok := test.key[member].(string); ok && len(secret) > 8 {
						assert.NotContains(t, text, secret)
					}
				}

				advance(20 * time.Minute)
				assert.Empty(t, errs.texts(), "reported once")
			})
		})
	}
}

func TestT325EntriesThatAreNoObjects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		issuer.serveText(`{"keys": [null, 3, "key", [], {}, ` + newKey(t, "good").text() + `]}`)
		remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
		assert.Equal(t, []string{"good"}, remote.Status().Keys)
		assert.Len(t, errs.texts(), 5)
	})
}

// A key is not skipped for anything that an issuer may do.
func TestKeysThatAreUsed(t *testing.T) {
	t.Parallel()
	good := newKey(t, "x")
	edPublic, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	tests := map[string]members{
		"no use":                   good.with("use", nil),
		"verifies and signs":       good.with("key_ops", []string{"sign", "verify"}),
		"members nobody knows":     good.with("x-vendor", members{"d": 1}).with("ext", true),
		"no algorithm, RSA":        public(t, &rsaKey().PublicKey, "x", "").with("alg", nil),
		"no algorithm, EC":         good.with("alg", nil),
		"no algorithm, P-521":      public(t, &newEC(t, elliptic.P521()).PublicKey, "x", "").with("alg", nil),
		"no algorithm, Ed25519":    public(t, edPublic, "x", "").with("alg", nil),
		"PSS":                      public(t, &rsaKey().PublicKey, "x", "PS384"),
		"thumbprint of a document": good.with("x5t", base64url(repeated(1, 20))),
	}
	for name, key := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				var errs errorLog
				issuer.serveSet(key, newKey(t, "y"))
				remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
				assert.Equal(t, []string{"x", "y"}, remote.Status().Keys)
				assert.Empty(t, errs.texts())
			})
		})
	}
}

func TestT321DifferentKeysWithOneID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		issuer.serveSet(newKey(t, "twin"), newKey(t, "good"), newKey(t, "twin"), newKey(t, "twin"))
		remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
		assert.Equal(t, []string{"good"}, remote.Status().Keys)
		assert.Equal(t, []string{`jwks: key is not used: "kid" "twin": names different keys for ES256`}, errs.texts())
	})
}

// The same key twice is one key, even with another use or another algorithm.
func TestOneKeySeveralTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		key := public(t, &rsaKey().PublicKey, "a", "RS256")
		issuer.serveSet(key, key, key.with("alg", "PS256"), newKey(t, "b"))
		remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
		assert.Equal(t, []string{"a", "b"}, remote.Status().Keys)
		assert.Empty(t, errs.texts())
	})
}

// A token cannot mean an encryption key, so another key may have the same name.
func TestKeyForEncryptionWithTheSameID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a").with("use", "enc"), newKey(t, "a"))
		assert.Equal(t, []string{"a"}, follow(t, &issuer, jwks.Options{}).Status().Keys)
	})
}

func TestT078KeysWithoutID(t *testing.T) {
	t.Parallel()
	unnamed := newKey(t, "").with("kid", nil)
	t.Run("beside others", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			var errs errorLog
			issuer.serveSet(unnamed, newKey(t, "a"), newKey(t, ""))
			remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
			assert.Len(t, remote.Status().Keys, 3)
			assert.Empty(t, errs.texts())
		})
	})
	t.Run("too many", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			var errs errorLog
			list := []members{unnamed, newKey(t, "a")}
			for range 9 {
				list = append(list, newKey(t, ""))
			}
			issuer.serveSet(list...)
			remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
			assert.Len(t, remote.Status().Keys, 9)
			skipped := `jwks: key is not used: "kid" "": is beyond the limit of 8 keys without "kid"`
			assert.Equal(t, []string{skipped, skipped}, errs.texts())
		})
	})
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			var errs errorLog
			issuer.serveSet(unnamed)
			remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
			used := remote.Status().Keys
			require.Len(t, used, 1)
			assert.Len(t, used[0], 43, "the thumbprint")
			assert.Empty(t, errs.texts())
		})
	})
}

// Options.Algorithms decides the algorithms of a key that names none.
func TestAllowedAlgorithms(t *testing.T) {
	t.Parallel()
	rsaKey := public(t, &rsaKey().PublicKey, "rsa", "RS256")
	tests := []struct {
		name    string
		allowed []string
		key     members
		used    []string
	}{
		{"all, named", nil, rsaKey, []string{"good", "rsa"}},
		{"all, unnamed", nil, rsaKey.with("alg", nil), []string{"good", "rsa"}},
		{"listed", []string{"RS256", "ES256"}, rsaKey, []string{"good", "rsa"}},
		{"not listed", []string{"PS256", "ES256"}, rsaKey, []string{"good"}},
		{"family listed", []string{"PS256", "PS512", "ES256"}, rsaKey.with("alg", nil), []string{"good", "rsa"}},
		{"family not listed", []string{"ES256", "EdDSA"}, rsaKey.with("alg", nil), []string{"good"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				issuer.serveSet(test.key, newKey(t, "good"))
				remote := follow(t, &issuer, jwks.Options{Algorithms: test.allowed})
				assert.Equal(t, test.used, remote.Status().Keys)
			})
		})
	}
}

func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		allowed := []string{"ES256"}
		remote := open(t, &issuer, jwks.Options{Algorithms: allowed})
		allowed[0] = "RS256"
		synctest.Wait()
		assert.Equal(t, []string{"a"}, remote.Status().Keys)
	})
}

// A set that may be damaged is refused as a whole, and the Remote keeps its keys.
func TestT329SetsThatAreRefused(t *testing.T) {
	t.Parallel()
	key := newKey(t, "new").text()
	many := strings.TrimSuffix(strings.Repeat(key+",", 101), ",")
	tests := []struct{ name, text, why string }{
		{"empty", ``, "is not valid JSON, or has a member twice"},
		{"not JSON", `<html>`, "is not valid JSON, or has a member twice"},
		{"keys twice", `{"keys":[` + key + `],"keys":[` + key + `]}`, "is not valid JSON, or has a member twice"},
		{"kid twice in a key", `{"keys":[` + strings.Replace(key, `{`, `{"kid":"old",`, 1) + `]}`, "is not valid JSON, or has a member twice"},
		{"trailing data", `{"keys":[` + key + `]} {}`, "is not valid JSON, or has a member twice"},
		{"cut off", `{"keys":[` + key, "is not valid JSON, or has a member twice"},
		{"not UTF-8", `{"keys":[` + key + `],"x":"` + "\xff" + `"}`, "is not valid JSON, or has a member twice"},
		{"list", `[` + key + `]`, "is not a JSON object"},
		{"keys is an object", `{"keys":` + key + `}`, `the member "keys" must be an array`},
		{"keys is null", `{"keys":null}`, `has no member "keys"`},
		{"one key", key, `has no member "keys"`},
		{"other spelling", `{"Keys":[` + key + `]}`, `has no member "keys"`},
		{"null", `null`, "is not a JSON object"},
		{"too many keys", `{"keys":[` + many + `]}`, "has more than 100 keys"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				var errs errorLog
				issuer.serveSet(newKey(t, "old"))
				remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
				before, err := remote.KeySet(t.Context(), "old")
				require.NoError(t, err)

				issuer.serveText(test.text)
				require.EqualError(t, remote.Refresh(t.Context()), "jwks: the JWK Set of issuer.example: "+test.why)
				after, err := remote.KeySet(t.Context(), "old")
				require.NoError(t, err)
				assert.Same(t, before, after)
				assert.Equal(t, []string{"old"}, remote.Status().Keys)
				synctest.Wait()
				assert.Equal(t, []string{"jwks: the JWK Set of issuer.example: " + test.why}, errs.texts())
			})
		})
	}
}

func TestOptionsAreAllChecked(t *testing.T) {
	t.Parallel()
	_, err := jwks.New(t.Context(), "http://issuer.example", jwks.Options{
		Algorithms: []string{"RS256", "HS256", "none"},
		Refresh:    -1, MaxStale: -1, Timeout: -1, MaxBytes: -1, MaxKeys: -1, Cooldown: -1, Burst: -1,
	})
	require.EqualError(t, err, strings.Join([]string{
		`jwks: url: is not https`,
		`jwks: Algorithms: "HS256" is not an algorithm with a public key`,
		`jwks: Algorithms: "none" is not an algorithm with a public key`,
		`jwks: Refresh: must be at least 1s (it is -1ns; 15 minutes are 15*time.Minute)`,
		`jwks: Timeout: must be at least 1ms (it is -1ns; 15 minutes are 15*time.Minute)`,
		`jwks: Cooldown: must be at least 1ms (it is -1ns; 15 minutes are 15*time.Minute)`,
		`jwks: MaxBytes: is negative`,
		`jwks: MaxKeys: is negative`,
		`jwks: Burst: is negative`,
	}, "\n"))
	for want, options := range map[string]jwks.Options{
		"jwks: MaxKeys: is more than 100": {MaxKeys: 101},
		"jwks: MaxStale: is shorter than Refresh; make it longer, or keys expire between two fetches": {MaxStale: time.Minute},
		"jwks: Cooldown: is too long for this Burst":                                                  {Cooldown: 1 << 62, Burst: 3},
	} {
		_, err = jwks.New(t.Context(), setURL, options)
		require.EqualError(t, err, want)
	}
}
