package keys_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// hashOfPSS names a hash, as RFC 4055 §2.1 writes it.
func hashOfPSS(last int) asn1.RawValue {
	oid := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, last}
	return asn1.RawValue{FullBytes: keytest.Must(asn1.Marshal(struct {
		ID   asn1.ObjectIdentifier
		Null asn1.RawValue
	}{oid, asn1.NullRawValue}))}
}

// pssPublic returns a public key of id-RSASSA-PSS with parameters (RFC 4055 §3.1).
func pssPublic(key *rsa.PublicKey, hash, mask, salt, trailer int) []byte {
	mgf := asn1.RawValue{FullBytes: keytest.Must(asn1.Marshal(struct {
		ID   asn1.ObjectIdentifier
		Hash asn1.RawValue
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}, hashOfPSS(mask)}))}
	explicit := func(tag int, inner []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: inner}
	}
	parameters := []asn1.RawValue{explicit(0, hashOfPSS(hash).FullBytes), explicit(1, mgf.FullBytes), explicit(2, keytest.Must(asn1.Marshal(salt)))}
	if trailer != 1 {
		parameters = append(parameters, explicit(3, keytest.Must(asn1.Marshal(trailer))))
	}
	bits := x509.MarshalPKCS1PublicKey(key)
	return keytest.Must(asn1.Marshal(struct {
		Algorithm struct {
			ID         asn1.ObjectIdentifier
			Parameters []asn1.RawValue
		}
		Key asn1.BitString
	}{
		struct {
			ID         asn1.ObjectIdentifier
			Parameters []asn1.RawValue
		}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, parameters},
		asn1.BitString{Bytes: bits, BitLength: 8 * len(bits)},
	}))
}

// The parameters of a key must allow the signatures of RFC 7518 §3.5: the same hash twice, and a
// salt as long as the hash.
func TestParametersOfPSSKeys(t *testing.T) {
	t.Parallel()
	const sha256, sha384, sha512, sha224 = 1, 2, 3, 4
	key := parsed(t, keytest.Generate(t).RSAPublic).Verify.(*rsa.PublicKey)
	for _, test := range []struct {
		name                      string
		hash, mask, salt, trailer int
		algorithm                 string // empty: refused
	}{
		{"SHA-256", sha256, sha256, 32, 1, "PS256"},
		{"SHA-384", sha384, sha384, 48, 1, "PS384"},
		{"SHA-512", sha512, sha512, 64, 1, "PS512"},
		{"at least a short salt", sha256, sha256, 20, 1, "PS256"},
		{"at least a longer salt than the hash", sha256, sha256, 33, 1, ""},
		{"two hashes", sha256, sha512, 32, 1, ""},
		{"SHA-224", sha224, sha224, 28, 1, ""},
		{"another trailer", sha256, sha256, 32, 2, ""},
	} {
		list, err := keys.Parse(pssPublic(key, test.hash, test.mask, test.salt, test.trailer))
		if test.algorithm == "" {
			assert.ErrorContains(t, err, "is an RSA-PSS key with parameters that no JWT algorithm has", test.name)
			continue
		}
		require.NoError(t, err, test.name)
		assert.Equal(t, test.algorithm, list[0].Algorithm, test.name)
		assert.True(t, key.Equal(list[0].Verify), test.name)
	}
}
