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

// ErrVerifiesOnly means that a key is a public key, which cannot sign.
var ErrVerifiesOnly = errors.New("keys: the key only verifies")

// DeriveKey derives a key of 32 bytes from a secret or a private key, with HKDF and
// SHA-256 (RFC 5869). Only a holder of the key can derive it. Each use gives another key,
// and reveals nothing about the original. The error is [ErrVerifiesOnly] for a public
// key.
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

// secret returns the secret part of a key. It is the same for all formats in which the
// key can be stored.
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
