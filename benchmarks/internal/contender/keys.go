package contender

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
)

// Keys are the keys of one algorithm.
type Keys struct {
	Algorithm string
	Secret    []byte        // of HS256
	Private   crypto.Signer // of the others
}

// NewKeys makes keys for one of [Algorithms].
func NewKeys(algorithm string) Keys {
	keys := Keys{Algorithm: algorithm}
	switch algorithm {
	case "HS256":
		keys.Secret = make([]byte, 32)
		_, _ = rand.Read(keys.Secret) // never fails
	case "RS256":
		keys.Private = must(rsa.GenerateKey(rand.Reader, 2048))
	case "ES256":
		keys.Private = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		keys.Private = must(private, err)
	default:
		panic("no such algorithm: " + algorithm)
	}
	return keys
}

// SigningKey returns a []byte or a private key.
func (k Keys) SigningKey() any {
	if k.Private == nil {
		return k.Secret
	}
	return k.Private
}

// Verifying returns a []byte or a public key.
func (k Keys) Verifying() any {
	if k.Private == nil {
		return k.Secret
	}
	return k.Private.Public()
}

// PrivatePEM returns the private key in PKCS #8; nothing for HS256.
func (k Keys) PrivatePEM() []byte {
	if k.Private == nil {
		return nil
	}
	der := must(x509.MarshalPKCS8PrivateKey(k.Private))
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// PublicPEM returns the public key in PKIX; nothing for HS256.
func (k Keys) PublicPEM() []byte {
	if k.Private == nil {
		return nil
	}
	der := must(x509.MarshalPKIXPublicKey(k.Private.Public()))
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
