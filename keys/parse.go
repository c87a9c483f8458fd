package keys

import (
	"bytes"
	"cmp"
	"crypto"
	"errors"
	"fmt"
)

// ParseOne reads a JWK (RFC 7517), or the first key in a PEM text: PKCS #1,
// PKCS #8, SEC 1, PKIX or a certificate, whose validity is not looked at. Other
// forms in which keys are copied are those of [Normalize]. It checks that the key
// fits the algorithm in type, size and curve. Both id and algorithm may be empty;
// where a JWK has "kid" or "alg", they must not differ.
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

// keyOf returns a Key that signs, if key is a private one.
func keyOf(key any) Key {
	if _, private := key.(crypto.Signer); private {
		return Key{Sign: key}
	}
	return Key{Verify: key}
}

// Parse reads every key in a PEM text, a JWK (RFC 7517) or a JWK Set. One
// key that is not good refuses the whole text. A key that names no algorithm
// has none: a list of keys gives it one by its type.
//
// In a PEM text, a private key and its public key or certificate are one Key. A
// key of id-RSASSA-PSS (RFC 4055) is for PS256, PS384 or PS512, by its parameters.
// Other forms in which keys are copied are those of [Normalize].
// The certificate of an authority, such as those in a chain, is refused.
//
// In a JWK, "nbf" and "exp" are NotBefore and NotAfter, "token_type" is
// TokenType and "verify_unnamed" is AllowMissingKeyID. A secret whose "key_ops" is
// only "verify" does not sign. A JWK with the certificate of another key is refused;
// what else is wrong with its certificates does not matter.
//
// Parse is for keys of one's own. For those of another issuer, see [ParseSet].
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

// ParsePrivate reads the first private key of a text in any form that [Normalize] reads
// except JWKs, such as PEM, DER or SSH; certificates and public keys may be beside it. The
// key has an algorithm if it is for certain ones only; the one that is wanted must be
// among them, and may be empty. It does not check the key. Its error has no prefix, for a
// caller that names where the text comes from.
func ParsePrivate(algorithm string, text []byte) (Key, error) {
	k, err := parseKeyText(algorithm, text, func(k Key) bool { return k.Sign != nil })
	if err == nil && k.Sign == nil {
		return Key{}, errors.New("holds a public key")
	}
	return k, err
}

// ParsePublic reads the first key of such a text, which must be a public one or a
// certificate. It is otherwise like ParsePrivate.
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
		return Key{}, errors.New("is a JWK or a JWK Set; set Keys (JWT_KEYS), which takes them")
	}
	return parseFirst(text, algorithm, isWanted)
}

// isObject tells a JWK or a JWK Set from a PEM text, in a text that was normalized.
func isObject(text []byte) bool { return bytes.HasPrefix(text, []byte("{")) }

// What a text of keys may hold at most.
const (
	maxKeysText  = 1 << 20 // bytes
	maxKeys      = 100
	maxRSANumber = 8192 // bits, as in crypto/tls: a check of a private key takes ever longer
)

var errKeysTooLarge = errors.New("has more than 1 MiB")
