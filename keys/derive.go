package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrVerifiesOnly means that something needs what signs of a key, which only verifies.
var ErrVerifiesOnly = errors.New("keys: the key only verifies")

// DeriveKey returns 32 bytes that are made of a secret, or of a private key (RFC 5869):
// who cannot sign with the key cannot know them. They are other ones for each use, and
// tell nothing of the key. The error is [ErrVerifiesOnly] for a public key.
func (k *Bound) DeriveKey(use string) ([]byte, error) {
	secret, err := k.key.secret()
	if err != nil {
		return nil, err
	}
	derived, err := hkdf.Key(sha256.New, secret, nil, "ginjwt "+use, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return derived, nil
}

// secret returns what nobody knows who does not have the key, the same whatever format the
// key was read from.
func (k Key) secret() ([]byte, error) {
	switch key := k.half().(type) {
	case []byte:
		return key, nil
	case *rsa.PrivateKey:
		p, q := key.Primes[0].Bytes(), key.Primes[1].Bytes()
		if key.Primes[0].Cmp(key.Primes[1]) > 0 {
			p, q = q, p
		}
		return bytes.Join([][]byte{p, q}, nil), nil
	case *ecdsa.PrivateKey:
		return key.Bytes()
	case ed25519.PrivateKey:
		return key.Seed(), nil
	}
	return nil, ErrVerifiesOnly
}
