package keys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestParseOne(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for name, test := range map[string]struct {
		algorithm, pem string
		signs          bool
	}{
		"PKCS 8":         {"RS256", pems.RSAPrivate, true},
		"PKCS 1":         {"PS512", pems.RSAPKCS1, true},
		"PKCS 1, public": {"RS256", pems.RSAPublicPKCS1, false},
		"SEC 1":          {"ES256", pems.P256SEC1, true},
		"PKIX":           {"ES256", pems.P256Public, false},
		"certificate":    {"ES256", pems.Certificate, false},
		"Ed25519":        {"EdDSA", pems.Ed25519Private, true},
		"no algorithm":   {"", pems.Ed25519Private, true},
	} {
		key, err := keys.ParseOne("k1", test.algorithm, []byte(test.pem))
		require.NoError(t, err, name)
		assert.Equal(t, "k1", key.ID)
		assert.Equal(t, test.algorithm, key.Algorithm)
		assert.Equal(t, test.signs, key.Sign != nil, name)
	}
	for name, test := range map[string]struct{ algorithm, pem, says string }{
		"nothing":        {"RS256", "", "neither a key in PEM form nor a JWK found"},
		"secret":         {"HS256", pems.RSAPrivate, "needs a key for HMAC, not an RSA key (algorithm HS256)"},
		"other type":     {"RS256", pems.P256Private, "needs a key for RSA, not an EC key (algorithm RS256)"},
		"other curve":    {"ES384", pems.P256Private, "needs a key on the curve P-384 (algorithm ES384)"},
		"small":          {"RS256", pems.RSASmall, "has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		"no algorithm":   {"none", pems.RSAPrivate, `"none" is not a signing algorithm of this package`},
		"damaged":        {"RS256", keytest.Encode("PRIVATE KEY", []byte("x")), "the private key is damaged or of an unknown kind"},
		"encrypted":      {"RS256", keytest.Encode("ENCRYPTED PRIVATE KEY", []byte("x")), "the key is encrypted; decrypt it first: openssl pkey -in FILE -out key.pem"},
		"something else": {"RS256", keytest.Encode("X509 CRL", []byte("x")), `a PEM block of the type "X509 CRL" is not a key`},
	} {
		_, err := keys.ParseOne("", test.algorithm, []byte(test.pem))
		assert.EqualError(t, err, "keys: "+test.says, name)
	}
}

func TestUnreadablePEMSaysWhatItIs(t *testing.T) {
	t.Parallel()
	pem := strings.TrimSpace(keytest.Generate(t).Ed25519Private)
	for name, test := range map[string]struct{ text, says string }{
		"cut off":          {pem[:60], "a PEM block has no END line; the text is cut off"},
		"first of two":     {pem[:60] + pem, "a PEM block has no END line; the text is cut off"},
		"two in one":       {strings.Replace(pem, "END PRIVATE", "END PUBLIC", 1), "a PEM block has an END line that does not match its BEGIN line"},
		"damaged":          {strings.Replace(pem, "M", "!", 1), "a PEM block is damaged"},
		"nothing in it":    {keytest.Encode("PRIVATE KEY", nil), "a PEM block is damaged"},
		"dashes of a text": {strings.ReplaceAll(pem, "-----", "—"), "a PEM block needs five plain dashes on each side of BEGIN"},
	} {
		_, err := keys.ParseOne("", "EdDSA", []byte(test.text))
		assert.EqualError(t, err, "keys: "+test.says, name)
		_, err = keys.Parse([]byte(test.text))
		assert.EqualError(t, err, "keys: "+test.says, name)
	}
}

func TestAKeyIDIsText(t *testing.T) {
	t.Parallel()
	_, err := keys.ParseOne("\xff", "ES256", []byte(keytest.Generate(t).P256Private))
	assert.EqualError(t, err, "keys: the ID is not valid UTF-8")
}

func TestKeysAreNotMarshalled(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(keys.Key{ID: "k1", Algorithm: "HS256", Sign: []byte("secret")})
	require.NoError(t, err)
	assert.Equal(t, `"keys.Key{ID: \"k1\", Algorithm: \"HS256\", signs}"`, string(b))
}

// TestWeakEd25519Keys shows that each key is refused, and why: a few tries find a signature for
// it, without a private key.
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
		point := keytest.Must(hex.DecodeString(text))
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
		_, err := keys.NewSet(keys.Key{Verify: ed25519.PublicKey(point)})
		assert.ErrorContains(t, err, "is a point of small order, which anybody can sign for (algorithm EdDSA)", "%x", point)
		assert.True(t, forgeable(point), "%x", point)
	}
	assert.False(t, forgeable(keytest.Must(hex.DecodeString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))))
}

func TestHalvesOfAKeyBelongTogether(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	ec := *parsed(t, pems.P256Private).Sign.(*ecdsa.PrivateKey)
	ec.PublicKey = keytest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey
	ed := slices.Clone(parsed(t, pems.Ed25519Private).Sign.(ed25519.PrivateKey))
	copy(ed[32:], parsed(t, pems.Ed25519Other).Sign.(ed25519.PrivateKey)[32:])
	rsaKey := *parsed(t, pems.RSAPrivate).Sign.(*rsa.PrivateKey)
	rsaKey.D = new(big.Int).Add(rsaKey.D, big.NewInt(2))
	three := *parsed(t, pems.RSAPrivate).Sign.(*rsa.PrivateKey)
	three.Primes = append(slices.Clone(three.Primes), big.NewInt(3))
	for want, key := range map[string]any{
		"not a valid EC key": &ec, "not a valid Ed25519 key": ed, "not a valid RSA key": &rsaKey, "not a valid RSA key ": &three,
	} {
		_, err := keys.NewSet(keys.Key{Sign: key, ID: "k"})
		assert.EqualError(t, err, "keys: "+strings.TrimSpace(want))
	}
}

func parsed(t *testing.T, text string) keys.Key {
	t.Helper()
	list, err := keys.Parse([]byte(text))
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

func TestBoundKeysAreNotPrinted(t *testing.T) {
	t.Parallel()
	const secret = "Gx7qPzM3vT9cLr2WbY5nKd8sFh4jUe6A"
	bound, err := keys.Options{}.Bind(keys.Key{ID: "k1", Algorithm: "HS256", Sign: []byte(secret)})
	require.NoError(t, err)
	const want = `keys.Key{ID: "k1", Algorithm: "HS256", signs}`
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, want, fmt.Sprintf(verb, bound), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, *bound), verb)
	}
	b, err := json.Marshal(map[string]any{"key": bound})
	require.NoError(t, err)
	assert.NotContains(t, string(b), secret)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("made", "key", bound)
	assert.Contains(t, logged.String(), "k1")
	assert.NotContains(t, logged.String(), secret)
}
