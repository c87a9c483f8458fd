package keys

import (
	"bytes"
	"cmp"
	"crypto"
	"errors"
	"fmt"
)

// ParseOne reads a JWK (RFC 7517), or the first key in a PEM text: PKCS #1, PKCS #8, SEC
// 1, PKIX or a certificate. It also reads the other forms of [Normalize]. It does not
// look at the validity of a certificate. It checks that the type, size and curve of the
// key fit the algorithm. id and algorithm may be empty. If a JWK has "kid" or "alg", they
// must be equal to id and algorithm.
func ParseOne(id, algorithm string, text []byte) (Key, error) {
	k, err := parseOne(id, algorithm, text)
	if err != nil {
		return Key{}, fmt.Errorf("keys: %w", err)
	}
	return k, nil
}

func parseOne(id, algorithm string, text []byte) (k Key, err error) {
	if text, err = normalize(text, 2); err != nil {
		return Key{}, err
	}
	if isObject(text) {
		k, err = parseJWK(text)
	} else {
		k, err = parseFirst(text, algorithm, func(Key) bool { return true })
	}
	switch {
	case err != nil:
		return Key{}, err
	case id != "" && k.ID != "" && k.ID != id:
		return Key{}, fmt.Errorf("the JWK has the kid %.64q, not %.64q", k.ID, id)
	case algorithm != "" && k.Algorithm != "" && k.Algorithm != CanonicalAlgorithm(algorithm):
		return Key{}, fmt.Errorf("the JWK is for the algorithm %s, not %q", k.Algorithm, algorithm)
	}
	k.ID, k.Algorithm = cmp.Or(k.ID, id), CanonicalAlgorithm(cmp.Or(k.Algorithm, algorithm))
	if err := checkKey(k); err != nil {
		return Key{}, err
	}
	return k, nil
}

// keyOf returns a Key that signs if key is a private key, and else a Key that verifies.
func keyOf(key any) Key {
	if _, private := key.(crypto.Signer); private {
		return Key{Sign: key}
	}
	return Key{Verify: key}
}

// Parse reads all keys in a PEM text, a JWK (RFC 7517) or a JWK Set. It also reads the
// other forms of [Normalize]. One invalid key makes the whole text an error. A key
// without an algorithm gets one later, when it becomes part of a list of keys.
//
// In a PEM text, a private key and its public key or certificate become one Key. An
// id-RSASSA-PSS key (RFC 4055) is for PS256, PS384 or PS512, by its parameters. Parse
// refuses the certificate of an authority that signed another certificate of the text,
// as in a chain.
//
// In a JWK, "nbf" and "exp" are NotBefore and NotAfter, "token_type" is TokenType, and
// "verify_unnamed" is AllowMissingKeyID. A secret with "verify" as its only "key_ops"
// does not sign. Parse refuses a JWK with the certificate of another key. It ignores
// other defects of a certificate.
//
// Parse is for your own keys. For keys of another issuer, use [ParseSet].
func Parse(text []byte) ([]Key, error) {
	keys, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return keys, nil
}

func parse(text []byte) ([]Key, error) {
	text, err := normalize(text, 2)
	if err != nil {
		return nil, err
	}
	if isObject(text) {
		return parseJWKs(text)
	}
	return parsePEMs(text)
}

// ParsePrivate reads the first private key of a text in any form of [Normalize] except
// JWKs, such as PEM, DER or SSH. The text may also hold certificates and public keys.
// Some keys are only for certain algorithms; then algorithm must be one of these, or
// empty, and the Key gets it. ParsePrivate does not check the key. The error has no
// prefix, because the caller names where the text comes from.
func ParsePrivate(algorithm string, text []byte) (Key, error) {
	k, err := parseKeyText(algorithm, text, func(k Key) bool { return k.Sign != nil })
	if err == nil && k.Sign == nil {
		return Key{}, errors.New("holds a public key")
	}
	return k, err
}

// ParsePublic is like ParsePrivate, but reads the first key of the text, which must be a
// public key or a certificate.
func ParsePublic(algorithm string, text []byte) (Key, error) {
	k, err := parseKeyText(algorithm, text, func(Key) bool { return true })
	if err == nil && k.Sign != nil {
		return Key{}, errors.New("holds a private key")
	}
	return k, err
}

func parseKeyText(algorithm string, text []byte, isWanted func(Key) bool) (Key, error) {
	text, err := normalize(text, 2)
	switch {
	case err != nil:
		return Key{}, err
	case isObject(text):
		return Key{}, errors.New("is a JWK or a JWK Set; put it into Keys (JWT_KEYS)")
	}
	return parseFirst(text, algorithm, isWanted)
}

// isObject reports whether a normalized text is a JWK or JWK Set, and not PEM.
func isObject(text []byte) bool { return bytes.HasPrefix(text, []byte("{")) }

// Limits of a text with keys.
const (
	maxKeysText  = 1 << 20 // bytes
	maxKeys      = 100
	maxRSANumber = 8192 // bits, as in crypto/tls: checking a longer private key is too slow
)

var errKeysTooLarge = errors.New("has more than 1 MiB")
