package jwks_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// withZero returns a key whose x begins with a zero byte.
func withZero(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	for {
		key := newEC(t, curve)
		if point, err := key.PublicKey.Bytes(); err == nil && point[1] == 0 {
			return key
		}
	}
}

func unbase64(t *testing.T, text any) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text.(string))
	require.NoError(t, err)
	return b
}

// publishedKey is a key as an issuer publishes it, and what is wrong with it.
type publishedKey struct {
	name   string
	key    members
	method jwt.SigningMethod
	signer any
	defect string // empty: nothing is reported
}

// publishedKeys are valid keys in unusual forms.
func publishedKeys(t *testing.T) []publishedKey {
	t.Helper()
	short256, short521 := withZero(t, elliptic.P256()), withZero(t, elliptic.P521())
	p256 := public(t, &short256.PublicKey, "x", "ES256")
	p521 := public(t, &short521.PublicKey, "x", "ES512")
	rs := public(t, &rsaKey().PublicKey, "x", "RS256")
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ed := public(t, edPublic, "x", "EdDSA")
	padded := func(m members, name string) members {
		return m.with(name, base64.URLEncoding.EncodeToString(unbase64(t, m[name])))
	}
	trimmed := func(m members, name string) members {
		return m.with(name, base64url([]byte(strings.TrimLeft(string(unbase64(t, m[name])), "\x00"))))
	}
	zeros := func(m members, name string, n int) members {
		return m.with(name, base64url(append(make([]byte, n), unbase64(t, m[name])...)))
	}
	const leftAside = `the certificate in "x5c" is ignored: `
	const noThumbprint = ` is ignored: it is not a hash of the right length in base64url`
	certificate := certificateOf(t, rsaKey(), 1)
	other, err := base64.StdEncoding.DecodeString(certificate[0])
	require.NoError(t, err)
	null := json.RawMessage("null")
	return []publishedKey{
		{"its certificate", rs.with("x5c", certificate), jwt.SigningMethodRS256, rsaKey(), ""},
		{"certificate with a negative serial number", rs.with("x5c", certificateOf(t, rsaKey(), -1)), jwt.SigningMethodRS256, rsaKey(), leftAside + "it is damaged"},
		{"certificate in base64url", rs.with("x5c", []string{base64.RawURLEncoding.EncodeToString(other) + "-_"}), jwt.SigningMethodRS256, rsaKey(), leftAside + "it is not base64"},
		{"certificate of nothing", rs.with("x5c", []string{"AAAA"}), jwt.SigningMethodRS256, rsaKey(), leftAside + "it is damaged"},
		{"certificate as a text", rs.with("x5c", certificate[0]), jwt.SigningMethodRS256, rsaKey(), leftAside + "it is not an array"},
		{"no certificates", rs.with("x5c", []string{}), jwt.SigningMethodRS256, rsaKey(), ""},
		{"certificate that is a number", rs.with("x5c", []int{1}), jwt.SigningMethodRS256, rsaKey(), leftAside + "it is not base64"},
		{"thumbprint of the wrong length", rs.with("x5t", "AAAA"), jwt.SigningMethodRS256, rsaKey(), `the thumbprint in "x5t"` + noThumbprint},
		{"thumbprint in hexadecimal", rs.with("x5t#S256", strings.Repeat("ab", 32)), jwt.SigningMethodRS256, rsaKey(), `the thumbprint in "x5t#S256"` + noThumbprint},
		{"thumbprint that is a number", rs.with("x5t", 1), jwt.SigningMethodRS256, rsaKey(), `the thumbprint in "x5t"` + noThumbprint},
		{"thumbprint of another certificate", rs.with("x5c", certificate).with("x5t", base64url(repeated(1, 20))), jwt.SigningMethodRS256, rsaKey(), `the thumbprint in "x5t" is ignored: it is of another certificate`},
		{"thumbprint with padding", rs.with("x5t", base64.URLEncoding.EncodeToString(repeated(1, 20))), jwt.SigningMethodRS256, rsaKey(), ""},
		{"zeros before the modulus", zeros(rs, "n", 1), jwt.SigningMethodRS256, rsaKey(), ""},
		{"zeros before the exponent", zeros(rs, "e", 5), jwt.SigningMethodRS256, rsaKey(), ""},
		{"padding, RSA", padded(padded(rs, "n"), "e"), jwt.SigningMethodRS256, rsaKey(), ""},
		{"padding, EC", padded(padded(p256, "x"), "y"), jwt.SigningMethodES256, short256, ""},
		{"padding, Ed25519", padded(ed, "x"), jwt.SigningMethodEdDSA, edPrivate, ""},
		{"short coordinate, P-256", trimmed(p256, "x"), jwt.SigningMethodES256, short256, ""},
		{"short coordinate, P-521", trimmed(p521, "x"), jwt.SigningMethodES512, short521, ""},
		{"long coordinates", zeros(zeros(p256, "x", 1), "y", 3), jwt.SigningMethodES256, short256, ""},
		{"Ed25519 by its newer name", ed.with("alg", "Ed25519"), jwt.SigningMethodEdDSA, edPrivate, ""},
		{"P-521 by PyJWT's name", p521.with("alg", "ES521"), jwt.SigningMethodES512, short521, ""},
		{"null for what is not there", rs.with("x5c", null).with("x5t", null).with("d", null).with("use", null).with("key_ops", null), jwt.SigningMethodRS256, rsaKey(), ""},
		{"operations twice", rs.with("key_ops", []string{"verify", "verify"}), jwt.SigningMethodRS256, rsaKey(), ""},
		{"dates and members of ours", rs.with("exp", 1).with("nbf", "x").with("token_type", 1), jwt.SigningMethodRS256, rsaKey(), ""},
	}
}

func TestKeysAreReadAsTheyArePublished(t *testing.T) {
	t.Parallel()
	for _, test := range publishedKeys(t) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				var errs errorLog
				issuer.serveSet(test.key, newKey(t, "y"))
				remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
				assert.Equal(t, []string{"x", "y"}, remote.Status().Keys)
				token := sign(t, test.method, test.signer, members{"kid": "x"})
				for name, service := range services(t, remote) {
					w := jwttest.Do(service, "GET", "/me", jwttest.Bearer(token))
					assert.Equal(t, 200, w.Code, "%s: %s", name, w.Body)
				}
				if test.defect == "" {
					assert.Empty(t, errs.texts())
					return
				}
				require.Len(t, errs.errs, 1)
				require.ErrorIs(t, errs.errs[0], jwks.ErrKeyDefect)
				require.NotErrorIs(t, errs.errs[0], jwks.ErrKeySkipped)
				assert.Equal(t, []string{`jwks: key is used, with a defect: number 1 of the set, "kid" "x": ` + test.defect}, errs.texts())
				require.NoError(t, remote.Refresh(t.Context()))
				assert.Empty(t, errs.texts(), "reported once")
			})
		})
	}
}

// The same rules read a set from the network and from a file.
func TestNetworkAndFileAgree(t *testing.T) {
	t.Parallel()
	good := newKey(t, "good")
	texts := []string{
		setOf(), setOf(good), setOf(good, good), setOf(good.with("kid", nil)), setOf(newKey(t, "twin"), newKey(t, "twin"), good),
		setOf(newKey(t, ""), newKey(t, ""), good), setOf(public(t, &rsaKey().PublicKey, "good", "RS256"), good),
		setOf(good.with("use", "enc"), good.with("kty", "AKP"), good.with("d", "AA")),
		"\ufeff" + setOf(good), "\ufeff", "\ufeff\ufeff" + setOf(good), `{"keys":[1,null,{}]}`, `{"keys":null}`, `{}`, `[]`, `null`, ``, `{"keys":[]}x`, `{"keys":[],"keys":[]}`, good.text(),
	}
	for _, k := range publishedKeys(t) {
		texts = append(texts, setOf(k.key, good))
	}
	for _, text := range texts {
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			var errs errorLog
			issuer.serveText(text)
			remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
			list, problems, err := keys.ParseSet([]byte(text))
			if err != nil {
				want := strings.Replace(err.Error(), "keys: ", "jwks: the JWK Set of issuer.example: ", 1)
				assert.Equal(t, []string{want}, errs.texts(), text)
				return
			}
			var ids, said []string
			for _, k := range list {
				ids = append(ids, k.ID)
			}
			for _, problem := range problems {
				kind := map[bool]error{true: jwks.ErrKeyDefect, false: jwks.ErrKeySkipped}[problem.Used]
				said = append(said, kind.Error()+": "+problem.Error())
			}
			slices.Sort(ids)
			assert.Equal(t, slices.Compact(ids), remote.Status().Keys, text)
			assert.Equal(t, said, errs.texts(), text)
		})
	}
}

// "kid" and "alg" name a key: RFC 7517 §4.5 allows one "kid" for different types.
func TestOneIDForTwoTypes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		ec, other := newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
		issuer.serveSet(public(t, &rsaKey().PublicKey, "k", "RS256"), public(t, &ec.PublicKey, "k", "ES256"))
		remote := follow(t, &issuer, jwks.Options{})
		for name, service := range services(t, remote) {
			status := func(method jwt.SigningMethod, key any) int {
				return jwttest.Do(service, "GET", "/me", jwttest.Bearer(sign(t, method, key, members{"kid": "k"}))).Code
			}
			assert.Equal(t, 200, status(jwt.SigningMethodRS256, rsaKey()), name)
			assert.Equal(t, 200, status(jwt.SigningMethodES256, ec), name)
			assert.Equal(t, 422, status(jwt.SigningMethodPS256, rsaKey()), name)
			assert.Equal(t, 422, status(jwt.SigningMethodES256, other), name)
		}
	})
}

// During a rotation of an issuer without "kid", its set has both keys.
func TestSeveralKeysWithoutID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		first, second, named := newEC(t, elliptic.P256()), newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
		unnamed := func(key *ecdsa.PrivateKey) members { return public(t, &key.PublicKey, "", "ES256").with("kid", nil) }
		issuer.serveSet(unnamed(first), unnamed(second), public(t, &rsaKey().PublicKey, "", "RS256"), public(t, &named.PublicKey, "n", "ES256"))
		remote := follow(t, &issuer, jwks.Options{})
		manager := newService(t, ginjwt.New(ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerName, KeySource: remote, IdentityPrefix: "idp:"}}}))
		for name, test := range map[string]struct {
			method jwt.SigningMethod
			key    any
			header members
			status int
		}{
			"first":              {jwt.SigningMethodES256, first, nil, 200},
			"second":             {jwt.SigningMethodES256, second, nil, 200},
			"RSA":                {jwt.SigningMethodRS256, rsaKey(), nil, 200},
			"empty name":         {jwt.SigningMethodES256, second, members{"kid": ""}, 200},
			"named":              {jwt.SigningMethodES256, named, members{"kid": "n"}, 200},
			"named, not by name": {jwt.SigningMethodES256, named, nil, 422},
			"name of another":    {jwt.SigningMethodES256, first, members{"kid": "n"}, 422},
			"other algorithm":    {jwt.SigningMethodPS256, rsaKey(), nil, 422},
			"somebody else":      {jwt.SigningMethodES256, newEC(t, elliptic.P256()), nil, 422},
		} {
			w := jwttest.Do(manager, "GET", "/me", jwttest.Bearer(sign(t, test.method, test.key, test.header)))
			assert.Equal(t, test.status, w.Code, "%s: %s", name, w.Body)
		}
		key, err := remote.DecodeKey(t.Context(), issuerName, map[string]any{"alg": "RS256"})
		require.NoError(t, err)
		assert.True(t, rsaKey().PublicKey.Equal(key.Verify))
		key, err = remote.DecodeKey(t.Context(), issuerName, map[string]any{"alg": "ES256"})
		require.NoError(t, err)
		assert.True(t, key.IsZero(), "a loader gives one key, and nobody knows which")
	})
}

// RFC 9864 calls EdDSA with Ed25519 "Ed25519". It is read in tokens and settings.
func TestEd25519InTokensAndSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		issuer.serveSet(public(t, edPublic, "a", "Ed25519"))
		for _, algorithm := range []string{"Ed25519", "EdDSA"} {
			remote := follow(t, &issuer, jwks.Options{Algorithms: []string{algorithm}})
			service := newService(t, ginjwt.New(ginjwt.Config{Issuers: []ginjwt.Issuer{
				{Name: issuerName, KeySource: remote, IdentityPrefix: "idp:", Algorithms: []string{algorithm}},
			}}))
			for _, header := range []string{"Ed25519", "EdDSA"} {
				token := sign(t, jwt.SigningMethodEdDSA, edPrivate, members{"kid": "a", "alg": header})
				assert.Equal(t, 200, jwttest.Do(service, "GET", "/me", jwttest.Bearer(token)).Code, "%s for %s", header, algorithm)
				key, err := remote.DecodeKey(t.Context(), issuerName, map[string]any{"kid": "a", "alg": header})
				require.NoError(t, err)
				assert.Equal(t, "EdDSA", key.Algorithm)
			}
		}
	})
}

// SPIFFE marks its token keys with their own "use", in a bundle that also has certificate keys.
func TestSPIFFEBundle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		ec := newEC(t, elliptic.P256())
		svid := public(t, &ec.PublicKey, "svid", "ES256").with("use", "jwt-svid")
		authority := public(t, &rsaKey().PublicKey, "", "").with("kid", nil).with("alg", nil).with("use", "x509-svid").with("x5c", certificateOf(t, rsaKey(), 1))
		issuer.serveText(members{"keys": []members{authority, svid}, "spiffe_sequence": 7, "spiffe_refresh_hint": 300}.text())
		remote := follow(t, &issuer, jwks.Options{Use: []string{"jwt-svid"}, OnError: errs.add})
		assert.Equal(t, []string{"svid"}, remote.Status().Keys)
		assert.Equal(t, []string{`jwks: key is not used: number 1 of the set, "kid" "": is for the use "x509-svid"`}, errs.texts())

		remote = follow(t, &issuer, jwks.Options{})
		assert.Empty(t, remote.Status().Keys, "nobody asked for this use")
	})
}

// Google publishes the keys of Firebase as certificates by their "kid".
func TestCertificateMap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		ec := newEC(t, elliptic.P256())
		encoded := func(key crypto.Signer) string {
			der, err := base64.StdEncoding.DecodeString(certificateOf(t, key, 1)[0])
			require.NoError(t, err)
			return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		}
		certificate := encoded(rsaKey())
		private, err := ec.Bytes()
		require.NoError(t, err)
		issuer.serveText(members{
			"a": certificate, "b": encoded(ec), "c": 1, "d": "no key", "": certificate,
			"e": string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})),
		}.text())
		remote := follow(t, &issuer, jwks.Options{CertificateMap: true, OnError: errs.add})
		assert.Equal(t, []string{"a", "b"}, remote.Status().Keys)
		assert.Len(t, errs.texts(), 4)
		for name, service := range services(t, remote) {
			token := sign(t, jwt.SigningMethodRS256, rsaKey(), members{"kid": "a"})
			assert.Equal(t, 200, jwttest.Do(service, "GET", "/me", jwttest.Bearer(token)).Code, name)
			token = sign(t, jwt.SigningMethodRS256, rsaKey(), members{"kid": "b"})
			assert.Equal(t, 422, jwttest.Do(service, "GET", "/me", jwttest.Bearer(token)).Code, name)
		}
		for text, why := range map[string]string{
			setOf(newKey(t, "a")): `is a JWK Set, not certificates by their "kid"`,
			`{"a":"x","a":"y"}`:   "is not valid JSON, or has a member twice",
			`["a"]`:               "is not a JSON object",
		} {
			issuer.serveText(text)
			assert.EqualError(t, remote.Refresh(t.Context()), "jwks: the JWK Set of issuer.example: "+why)
			assert.Equal(t, []string{"a", "b"}, remote.Status().Keys)
		}
	})
}
