package keys

import (
	"errors"
	"time"
)

// Why no key verifies a token.
var (
	// ErrUnknownKey means that the token names no key of the set, or a retired one.
	ErrUnknownKey = errors.New("keys: no key that the token names, or its key is retired")

	// ErrAlgorithm means that the key answers to another algorithm.
	ErrAlgorithm = errors.New("keys: no key that the token names is for its algorithm")

	// ErrSignature means that the signature is not that of the key.
	ErrSignature = errors.New("keys: the signature is not that of the key")

	// ErrTokenType means that the signature is good, but the key is for tokens of
	// another type.
	ErrTokenType = errors.New("keys: the key is for tokens of another type")
)

// Signature is what a token says of how it was signed.
type Signature struct {
	Algorithm string // "alg"
	KeyID     string // "kid"; empty: it names no key
	Signed    string // what the signature is over
	Bytes     []byte
	TokenType string // "access" or "refresh"
}

// Verify returns the key that made a signature. The token's algorithm does not
// choose the key: a key answers to one only. A token that names no key may be
// of several keys, which are tried one after another. The error is [ErrUnknownKey],
// [ErrAlgorithm], [ErrSignature] or [ErrTokenType].
func (s *Set) Verify(sig Signature, now time.Time) (*Bound, error) {
	sig.Algorithm = CanonicalAlgorithm(sig.Algorithm)
	refusal := ErrUnknownKey
	for _, k := range s.keys {
		switch {
		case !s.means(k, sig) || k.IsRetired(now):
		case k.Algorithm() != sig.Algorithm:
			if refusal == ErrUnknownKey {
				refusal = ErrAlgorithm
			}
		case !k.signer.verifies(sig.Signed, sig.Bytes):
			refusal = ErrSignature
		case !k.IsFor(sig.TokenType):
			refusal = ErrTokenType
		default:
			return k, nil
		}
	}
	return nil, refusal
}

// means reports whether a token may be signed with k. Where no key has a name,
// that in the token means nothing, as in Flask-JWT-Extended.
func (s *Set) means(k *Bound, sig Signature) bool {
	switch {
	case !s.named:
		return true
	case sig.KeyID == "":
		return k.ID() == "" || k.key.AllowMissingKeyID
	}
	return sig.KeyID == k.ID()
}
