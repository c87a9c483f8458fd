package keys

import (
	"errors"
	"time"
)

// Errors of [Set.Verify] and [Bound.Verify].
var (
	// ErrUnknownKey means that the token names no key of the set, or a retired one.
	ErrUnknownKey = errors.New("keys: the token names an unknown or retired key")

	// ErrAlgorithm means that the key has another algorithm than the token.
	ErrAlgorithm = errors.New("keys: the key that the token names has another algorithm")

	// ErrSignature means that the key did not make the signature.
	ErrSignature = errors.New("keys: the key did not make the signature")

	// ErrTokenType means that the signature is valid, but the key is for another type of
	// token.
	ErrTokenType = errors.New("keys: the key is for tokens of another type")
)

// Signature is a signature of a token, and what the token says about it.
type Signature struct {
	Algorithm string // "alg"
	KeyID     string // "kid"; empty if the token names no key
	Signed    string // the signed text
	Bytes     []byte
	TokenType string // "access" or "refresh"
}

// Verify returns the key that made a signature. The algorithm of the token does not
// choose the key, because each key has exactly one algorithm. If a token names no key,
// Verify tries all keys that it may mean. The error is [ErrUnknownKey], [ErrAlgorithm],
// [ErrSignature] or [ErrTokenType].
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

// means reports whether k may have signed a token. If no key of the set has an ID, the
// "kid" of a token is ignored, as in Flask-JWT-Extended.
func (s *Set) means(k *Bound, sig Signature) bool {
	switch {
	case !s.named:
		return true
	case sig.KeyID == "":
		return k.ID() == "" || k.key.AllowMissingKeyID
	}
	return sig.KeyID == k.ID()
}
