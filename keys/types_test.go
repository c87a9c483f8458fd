package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// remote is a key in hardware.
type remote struct{ crypto.Signer }

// bytesOfMine is a type that a program defines.
type bytesOfMine []byte

func TestAKeyOfAnotherGoTypeIsNamedWithWhatToWrite(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	rsaKey := parsed(t, pems.RSAPrivate).Sign.(*rsa.PrivateKey)
	ecKey := parsed(t, pems.P256Private).Sign.(*ecdsa.PrivateKey)
	edKey := parsed(t, pems.Ed25519Private).Sign.(ed25519.PrivateKey)
	edPublic := edKey.Public().(ed25519.PublicKey)
	secret := []byte(strings.Repeat("k", 32))
	for _, test := range []struct {
		key  keys.Key
		says string
	}{
		{keys.Key{Sign: *rsaKey}, "a rsa.PrivateKey cannot sign; write a pointer to it, &key"},
		{keys.Key{Sign: *ecKey}, "a ecdsa.PrivateKey cannot sign; write a pointer to it, &key"},
		{keys.Key{Sign: &edKey}, "a *ed25519.PrivateKey cannot sign; write what it points to, *key"},
		{keys.Key{Sign: &secret}, "a *[]uint8 cannot sign; write what it points to, *key"},
		{keys.Key{Sign: string(secret)}, "a string cannot sign; write []byte(key) for a secret; the text of a key is read by keys.Parse"},
		{keys.Key{Sign: bytesOfMine(secret)}, "a keys_test.bytesOfMine cannot sign; write []byte(key)"},
		{keys.Key{Sign: [32]byte(secret)}, "a [32]uint8 cannot sign; write key[:]"},
		{keys.Key{Sign: map[string]any{"kty": "oct"}}, "a map[string]interface {} cannot sign; a JWK is read by keys.Parse, from its JSON"},
		{keys.Key{Sign: edPublic}, "a ed25519.PublicKey cannot sign; a public key belongs in Verify"},
		{keys.Key{Sign: &rsaKey.PublicKey}, "a *rsa.PublicKey cannot sign; a public key belongs in Verify"},
		{keys.Key{Sign: tls.Certificate{}}, "a tls.Certificate cannot sign; write its PrivateKey"},
		{keys.Key{Sign: remote{rsaKey}}, "a keys_test.remote cannot sign; Sign takes a []byte, *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey, " +
			"and no other crypto.Signer: the key must be in the memory of the process"},
		{keys.Key{Sign: 1}, "a int cannot sign; Sign takes a []byte, *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey"},
		{keys.Key{Verify: rsaKey.PublicKey}, "a rsa.PublicKey cannot verify; write a pointer to it, &key"},
		{keys.Key{Verify: ecKey.PublicKey}, "a ecdsa.PublicKey cannot verify; write a pointer to it, &key"},
		{keys.Key{Verify: &edPublic}, "a *ed25519.PublicKey cannot verify; write what it points to, *key"},
		{keys.Key{Verify: rsaKey}, "a *rsa.PrivateKey cannot verify; a private key belongs in Sign; to verify only, write &key.PublicKey"},
		{keys.Key{Verify: edKey}, "a ed25519.PrivateKey cannot verify; a private key belongs in Sign; to verify only, write key.Public()"},
		{keys.Key{Verify: &x509.Certificate{}}, "a *x509.Certificate cannot verify; write its PublicKey"},
		{keys.Key{Verify: json.RawMessage("{}")}, "a json.RawMessage cannot verify; write []byte(key)"},
		{keys.Key{Verify: 1}, "a int cannot verify; Verify takes a []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey"},
	} {
		_, err := keys.NewSet(keys.Key{Sign: secret}, test.key)
		what, advice, _ := strings.Cut(test.says, "; ")
		require.ErrorContains(t, err, "key 2 of 2: ")
		require.ErrorContains(t, err, what)
		assert.ErrorContains(t, err, "; "+advice)

		test.key.Algorithm = "RS256" // as from a loader
		_, err = keys.Options{}.Bind(test.key)
		require.ErrorContains(t, err, what)
		assert.ErrorContains(t, err, "; "+advice)
	}
	_, err := keys.NewSet(keys.Key{Sign: secret}, keys.Key{Sign: (*rsa.PrivateKey)(nil)})
	assert.EqualError(t, err, "keys: key 2 of 2: there is no key, but a nil *rsa.PrivateKey")
}
