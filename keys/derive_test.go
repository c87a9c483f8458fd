package keys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func derived(t *testing.T, k keys.Key, use string) []byte {
	t.Helper()
	bound, err := keys.Options{}.Bind(k)
	require.NoError(t, err)
	b, err := bound.DeriveKey(use)
	require.NoError(t, err)
	require.Len(t, b, 32)
	return b
}

func TestDeriveKeyIsHKDF(t *testing.T) {
	t.Parallel()
	secret := []byte(strings.Repeat("k", 32))
	want, err := hkdf.Key(sha256.New, secret, nil, "ginjwt a", 32)
	require.NoError(t, err)
	assert.Equal(t, want, derived(t, keys.Key{Algorithm: "HS256", Sign: secret}, "a"))
	assert.Equal(t, want, derived(t, keys.Key{Algorithm: "HS256", Verify: secret}, "a"), "a secret is both halves")
	assert.Equal(t, want, derived(t, keys.Key{ID: "1", Algorithm: "HS256", Sign: secret}, "a"), "whatever it is called")
	assert.NotEqual(t, want, derived(t, keys.Key{Algorithm: "HS256", Sign: secret}, "b"))
}

// All forms of a key derive the same key. Another key derives another one. A public key derives
// nothing.
func TestDeriveKeyOfEveryType(t *testing.T) {
	t.Parallel()
	rsaKey := keytest.Must(rsa.GenerateKey(rand.Reader, 2048))
	swapped := &rsa.PrivateKey{PublicKey: rsaKey.PublicKey, D: new(big.Int).Set(rsaKey.D), Primes: []*big.Int{rsaKey.Primes[1], rsaKey.Primes[0]}}
	swapped.Precompute()
	ecKey := keytest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, k := range []struct {
		algorithm            string
		private, same, other any
		public               any
	}{
		{"RS256", rsaKey, swapped, keytest.Must(rsa.GenerateKey(rand.Reader, 2048)), &rsaKey.PublicKey},
		{"ES256", ecKey, keytest.Must(ecdsa.ParseRawPrivateKey(elliptic.P256(), keytest.Must(ecKey.Bytes()))), keytest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), &ecKey.PublicKey},
		{"EdDSA", edKey, ed25519.NewKeyFromSeed(edKey.Seed()), ed25519.NewKeyFromSeed(make([]byte, 32)), edKey.Public()},
	} {
		own := derived(t, keys.Key{Algorithm: k.algorithm, Sign: k.private}, "a")
		assert.Equal(t, own, derived(t, keys.Key{Algorithm: k.algorithm, Sign: k.same}, "a"), k.algorithm)
		assert.NotEqual(t, own, derived(t, keys.Key{Algorithm: k.algorithm, Sign: k.other}, "a"), k.algorithm)
		assert.NotEqual(t, own, derived(t, keys.Key{Algorithm: k.algorithm, Sign: k.private}, "b"), k.algorithm)
		assert.False(t, seen[string(own)])
		seen[string(own)] = true

		public, err := keys.Options{}.Bind(keys.Key{Algorithm: k.algorithm, Verify: k.public})
		require.NoError(t, err)
		_, err = public.DeriveKey("a")
		assert.ErrorIs(t, err, keys.ErrVerifiesOnly, k.algorithm)
	}
}

// A key that no longer signs still derives the same key.
func TestDeriveKeyWithoutSigning(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	bound, err := keys.Options{}.Bind(keys.Key{Algorithm: "EdDSA", Sign: private})
	require.NoError(t, err)
	want, err := bound.DeriveKey("a")
	require.NoError(t, err)
	got, err := bound.WithoutSigning().DeriveKey("a")
	require.NoError(t, err)
	assert.Equal(t, want, got)
}
