package ginjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// pemKeys are keys made for one run of the tests, as PEM texts.
type pemKeys struct {
	rsaPrivate, rsaPublic, rsaSmall, rsaPKCS1, rsaPublicPKCS1 string
	p256Private, p256Public, p256SEC1                         string
	p384Private, p521Private                                  string
	ed25519Private, ed25519Public, ed25519Other               string
	certificate                                               string // of the P-256 key
}

var generateKeys = sync.OnceValues(func() (keys pemKeys, err error) {
	defer func() { err, _ = recover().(error) }()
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	keys.rsaPrivate, keys.rsaPublic = private(rsaKey), public(&rsaKey.PublicKey)
	keys.rsaPKCS1 = encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	keys.rsaPublicPKCS1 = encode("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey))
	keys.rsaSmall = private(must(rsa.GenerateKey(rand.Reader, 1024)))
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	keys.p256Private, keys.p256Public = private(p256), public(&p256.PublicKey)
	keys.p256SEC1 = encode("EC PARAMETERS", []byte{6, 8}) + encode("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256)))
	keys.p384Private = private(must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)))
	keys.p521Private = private(must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)))
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	must(edPublic, err)
	keys.ed25519Private, keys.ed25519Public = private(edPrivate), public(edPublic)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	keys.ed25519Other = private(must(other, err))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	keys.certificate = encode("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, template, template, &p256.PublicKey, p256)))
	return keys, nil
})

func testKeys(t *testing.T) pemKeys {
	t.Helper()
	keys, err := generateKeys()
	require.NoError(t, err)
	return keys
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func private(key any) string { return encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))) }
func public(key any) string  { return encode("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(key))) }

// keyLoader and unverifiedKeyLoader bring a key that is in no settings.
func keyLoader() func(context.Context, any) (ginjwt.Key, error) {
	return func(context.Context, any) (ginjwt.Key, error) {
		return ginjwt.Key{Sign: []byte(strings.Repeat("k", 32))}, nil
	}
}

func unverifiedKeyLoader() func(context.Context, *ginjwt.Token) (ginjwt.Key, error) {
	return func(context.Context, *ginjwt.Token) (ginjwt.Key, error) {
		return ginjwt.Key{Sign: []byte(strings.Repeat("k", 32))}, nil
	}
}

func TestEveryAlgorithmSignsAndVerifies(t *testing.T) {
	t.Parallel()
	keys := testKeys(t)
	for algorithm, config := range map[string]ginjwt.Config{
		"HS256": {SecretKey: strings.Repeat("k", 32)}, "HS384": {SecretKey: strings.Repeat("k", 48)}, "HS512": {SecretKey: strings.Repeat("k", 64)},
		"RS256": {PrivateKey: keys.rsaPrivate}, "RS384": {PrivateKey: keys.rsaPrivate}, "RS512": {PrivateKey: keys.rsaPKCS1},
		"PS256": {PrivateKey: keys.rsaPrivate}, "PS384": {PrivateKey: keys.rsaPrivate}, "PS512": {PrivateKey: keys.rsaPrivate},
		"ES256": {PrivateKey: keys.p256SEC1}, "ES384": {PrivateKey: keys.p384Private}, "ES512": {PrivateKey: keys.p521Private},
		"EdDSA": {PrivateKey: keys.ed25519Private, PublicKey: keys.ed25519Public},
	} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			config.Algorithm = algorithm
			mgr, engine := newManager(t, config)
			engine.GET("/", mgr.JWTRequired(), identify)
			encoded := jwttest.AccessToken(t, mgr, "alice")
			header, err := ginjwt.GetUnverifiedJWTHeaders(encoded)
			require.NoError(t, err)
			assert.Equal(t, ginjwt.Header{"alg": algorithm, "typ": "JWT"}, header)
			assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Body.String())

			last := encoded[len(encoded)-10]
			forged := encoded[:len(encoded)-10] + string(rune(last^1)) + encoded[len(encoded)-9:]
			assert.Equal(t, 422, jwttest.Do(engine, "GET", "/", jwttest.Bearer(forged)).Code)
		})
	}
}

func TestAPublicKeyAloneOnlyVerifies(t *testing.T) {
	t.Parallel()
	keys := testKeys(t)
	signer, _ := newManager(t, ginjwt.Config{Algorithm: "ES256", PrivateKey: keys.p256Private})
	for _, public := range []string{keys.p256Public, keys.certificate} {
		verifier, _ := newManager(t, ginjwt.Config{Algorithm: "ES256", PublicKey: public})
		token, err := verifier.DecodeToken(t.Context(), jwttest.AccessToken(t, signer, "alice"))
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Identity)
		_, err = verifier.CreateAccessToken(t.Context(), "alice")
		require.ErrorIs(t, err, ginjwt.ErrNoSigningKey)
		assert.EqualError(t, err, "ginjwt: no signing key: set PrivateKey; a PublicKey only verifies")
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	keys := testKeys(t)
	for name, test := range map[string]struct {
		algorithm, pem string
		signs          bool
	}{
		"PKCS 8":         {"RS256", keys.rsaPrivate, true},
		"PKCS 1":         {"PS512", keys.rsaPKCS1, true},
		"PKCS 1, public": {"RS256", keys.rsaPublicPKCS1, false},
		"SEC 1":          {"ES256", keys.p256SEC1, true},
		"PKIX":           {"ES256", keys.p256Public, false},
		"certificate":    {"ES256", keys.certificate, false},
		"Ed25519":        {"EdDSA", keys.ed25519Private, true},
		"no algorithm":   {"", keys.ed25519Private, true},
	} {
		key, err := ginjwt.ParseKey("k1", test.algorithm, []byte(test.pem))
		require.NoError(t, err, name)
		assert.Equal(t, "k1", key.ID)
		assert.Equal(t, test.algorithm, key.Algorithm)
		assert.Equal(t, test.signs, key.Sign != nil, name)
	}
	for name, test := range map[string]struct{ algorithm, pem, says string }{
		"nothing":        {"RS256", "", "no key in PEM form found"},
		"secret":         {"HS256", keys.rsaPrivate, "needs a key for HMAC, not an RSA key (algorithm HS256)"},
		"other type":     {"RS256", keys.p256Private, "needs a key for RSA, not an EC key (algorithm RS256)"},
		"other curve":    {"ES384", keys.p256Private, "needs a key on the curve P-384 (algorithm ES384)"},
		"small":          {"RS256", keys.rsaSmall, "has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		"no algorithm":   {"none", keys.rsaPrivate, `"none" is not a signing algorithm of this package`},
		"damaged":        {"RS256", encode("PRIVATE KEY", []byte("x")), "the private key is damaged, encrypted or of an unknown kind"},
		"encrypted":      {"RS256", encode("ENCRYPTED PRIVATE KEY", []byte("x")), "the key is encrypted; decrypt it first (openssl pkey)"},
		"something else": {"RS256", encode("X509 CRL", []byte("x")), `a PEM block of the type "X509 CRL" is no key`},
	} {
		_, err := ginjwt.ParseKey("", test.algorithm, []byte(test.pem))
		assert.EqualError(t, err, "ginjwt: ParseKey: "+test.says, name)
	}
}

func TestAKeyIDIsText(t *testing.T) {
	t.Parallel()
	_, err := ginjwt.ParseKey("\xff", "ES256", []byte(testKeys(t).p256Private))
	assert.EqualError(t, err, "ginjwt: ParseKey: the ID is not valid UTF-8")
}

func TestKeysAreNotMarshalled(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(ginjwt.Key{ID: "k1", Algorithm: "HS256", Sign: []byte("secret")})
	require.NoError(t, err)
	assert.Equal(t, `"ginjwt.Key{ID: \"k1\", Algorithm: \"HS256\", signs}"`, string(b))
}

func TestKeyLoaders(t *testing.T) {
	t.Parallel()
	tenants := map[string]ginjwt.Key{
		"a": {ID: "a", Algorithm: "HS256", Sign: []byte(strings.Repeat("a", 32))},
		"b": must(ginjwt.ParseKey("b", "ES256", []byte(testKeys(t).p256Private))),
		"c": {ID: "c", Sign: []byte("too short")},
	}
	mgr, engine := newManager(t, ginjwt.Config{}, func(mgr *ginjwt.JWTManager) {
		mgr.EncodeKeyLoader(func(_ context.Context, identity any) (ginjwt.Key, error) {
			return tenants[identity.(string)], nil
		})
		mgr.DecodeKeyLoader(func(_ context.Context, unverified *ginjwt.Token) (ginjwt.Key, error) {
			switch kid, _ := unverified.Header()["kid"].(string); kid {
			case "down":
				return ginjwt.Key{}, ginjwt.ErrUnavailable
			case "failed":
				return ginjwt.Key{}, errors.New("disk is full")
			case "refused":
				return ginjwt.Key{}, ginjwt.ErrInvalidToken
			default:
				return tenants[kid], nil
			}
		})
	})
	engine.GET("/", mgr.JWTRequired(), identify)

	a, b := jwttest.AccessToken(t, mgr, "a"), jwttest.AccessToken(t, mgr, "b")
	assert.Equal(t, "a", jwttest.Do(engine, "GET", "/", jwttest.Bearer(a)).Body.String())
	assert.Equal(t, "b", jwttest.Do(engine, "GET", "/", jwttest.Bearer(b)).Body.String())

	other, _ := newManager(t, ginjwt.Config{SecretKey: strings.Repeat("a", 64), Algorithm: "HS512"})
	for kid, want := range map[string]struct {
		status int
		body   string
	}{
		"a":       {422, "The specified alg value is not allowed"},
		"c":       {422, "The specified alg value is not allowed"},
		"unknown": {422, "Signature verification failed"},
		"refused": {422, "Signature verification failed"},
		"down":    {503, "Service unavailable"},
		"failed":  {500, "Internal server error"},
	} {
		w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, other, "x", ginjwt.WithHeaders(ginjwt.Header{"kid": kid}))))
		assert.Equal(t, want.status, w.Code, kid)
		assert.Equal(t, `{"msg":"`+want.body+`"}`+"\n", w.Body.String(), kid)
	}

	_, err := mgr.CreateAccessToken(t.Context(), "c")
	assert.EqualError(t, err, "ginjwt: EncodeKeyLoader: has 9 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32")
	_, err = mgr.CreateAccessToken(t.Context(), "nobody")
	assert.ErrorContains(t, err, "ginjwt: EncodeKeyLoader:")
}

// TestWeakEd25519Keys shows for each key that it is refused, and why: anybody
// finds a signature for it, without a private key, after a few tries.
func TestWeakEd25519Keys(t *testing.T) {
	t.Parallel()
	var points [][]byte
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point := must(hex.DecodeString(text))
		points = append(points, point, append(slices.Clone(point[:31]), point[31]|0x80))
	}
	forgeable := func(key ed25519.PublicKey) bool {
		for i := range 200 {
			for _, r := range points {
				if ed25519.Verify(key, []byte{byte(i)}, append(slices.Clone(r), make([]byte, 32)...)) {
					return true
				}
			}
		}
		return false
	}
	for _, point := range points {
		_, err := ginjwt.NewKeySet(ginjwt.Key{Verify: ed25519.PublicKey(point)})
		assert.ErrorContains(t, err, "is a point of small order, which anybody can sign for (algorithm EdDSA)", "%x", point)
		assert.True(t, forgeable(point), "%x", point)
	}
	assert.False(t, forgeable(must(hex.DecodeString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))))
}

func TestHalvesOfAKeyBelongTogether(t *testing.T) {
	t.Parallel()
	keys := testKeys(t)
	ec := *parsed(t, keys.p256Private).Sign.(*ecdsa.PrivateKey)
	ec.PublicKey = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey
	ed := slices.Clone(parsed(t, keys.ed25519Private).Sign.(ed25519.PrivateKey))
	copy(ed[32:], parsed(t, keys.ed25519Other).Sign.(ed25519.PrivateKey)[32:])
	rsaKey := *parsed(t, keys.rsaPrivate).Sign.(*rsa.PrivateKey)
	rsaKey.D = new(big.Int).Add(rsaKey.D, big.NewInt(2))
	three := *parsed(t, keys.rsaPrivate).Sign.(*rsa.PrivateKey)
	three.Primes = append(slices.Clone(three.Primes), big.NewInt(3))
	for want, key := range map[string]any{
		"not a valid EC key": &ec, "not a valid Ed25519 key": ed, "not a valid RSA key": &rsaKey, "not a valid RSA key ": &three,
	} {
		_, err := ginjwt.NewKeySet(ginjwt.Key{Sign: key, ID: "k"})
		assert.EqualError(t, err, "ginjwt: NewKeySet: "+strings.TrimSpace(want))
	}
}
