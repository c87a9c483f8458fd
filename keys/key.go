package keys

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"time"
)

// Key signs or verifies tokens with exactly one algorithm (RFC 8725 §3.1). Printing a Key
// does not show the key itself. The exception is a Key in an unexported field of another
// printed value.
type Key struct {
	// ID is the name of the key in a set, and the "kid" header of tokens that it signs.
	// In a set, empty means its thumbprint (RFC 7638). For a key from an EncodeKeyLoader,
	// empty means no "kid".
	ID string

	// Algorithm is one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512,
	// ES256, ES384, ES512 and EdDSA. "Ed25519" means EdDSA, and "ES521" means ES512 (see
	// [CanonicalAlgorithm]).
	//
	// In a set, empty means Options.Algorithm if it fits the type of key, and else HS256,
	// RS256, EdDSA, or ES256 to ES512 by the curve. From an EncodeKeyLoader, empty means
	// Config.Algorithm. From a DecodeKeyLoader, empty means the algorithm of the token,
	// if it is Config.Algorithm or one of Config.DecodeAlgorithms.
	Algorithm string

	// Sign is a []byte, *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey. Nil
	// means that the key only verifies.
	Sign any

	// Verify is a []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey. Nil
	// means that it is derived from Sign.
	Verify any

	// NotBefore is when the key starts to sign. Before that it verifies and is published,
	// so that every verifier knows the key before its first token. Zero means immediately.
	NotBefore time.Time

	// NotAfter is when the key retires: it no longer signs or verifies, and is not
	// published. A key does not sign tokens that would outlive it, if another key can.
	// Zero means never.
	NotAfter time.Time

	// TokenType limits the key to one type of token, AccessToken or RefreshToken. Empty
	// means both.
	TokenType string

	// AllowMissingKeyID lets the key of a set also verify tokens without "kid". Use it
	// for tokens from before you had a list of keys. Otherwise a set refuses them.
	AllowMissingKeyID bool
}

// Values of Key.TokenType.
const (
	AccessToken  = "access"
	RefreshToken = "refresh"
)

// isTokenType reports whether a key can be for tokens of this type.
func isTokenType(typ string) bool { return typ == AccessToken || typ == RefreshToken }

// IsActive reports whether now is between NotBefore and NotAfter. In this time k signs,
// if it can sign at all.
func (k Key) IsActive(now time.Time) bool { return !now.Before(k.NotBefore) && !k.IsRetired(now) }

// IsRetired reports whether k has retired: it neither signs nor verifies.
func (k Key) IsRetired(now time.Time) bool {
	return !k.NotAfter.IsZero() && !now.Before(k.NotAfter)
}

// IsZero reports whether k contains no key. For example, a map returns a zero Key for
// an unknown name.
func (k Key) IsZero() bool { return isEmpty(k.Sign) && isEmpty(k.Verify) }

func isEmpty(key any) bool {
	if key == nil {
		return true
	}
	v := reflect.ValueOf(key)
	switch v.Kind() {
	case reflect.Slice: // a secret, or an Ed25519 key
		return v.Len() == 0
	case reflect.Pointer:
		return v.IsNil()
	}
	return false
}

// Public returns the key that verifies the signatures of k. For a secret, that is the
// secret itself.
func (k Key) Public() (any, error) {
	if k.Sign == nil {
		return k.Verify, nil
	}
	return publicHalf(k.Sign)
}

// IsSecret reports whether k is an HMAC secret. Everybody who can verify with a secret
// can also sign with it.
func (k Key) IsSecret() bool {
	_, secret := k.half().([]byte)
	return secret
}

// half returns Sign, or Verify if Sign is nil.
func (k Key) half() any {
	if k.Sign == nil {
		return k.Verify
	}
	return k.Sign
}

// String describes k without its secret.
func (k Key) String() string {
	does := "verifies"
	if k.Sign != nil {
		does = "signs"
	}
	return fmt.Sprintf("keys.Key{ID: %q, Algorithm: %q, %s}", k.ID, k.Algorithm, does)
}

// GoString returns the same as String, for the verb %#v.
func (k Key) GoString() string { return k.String() }

// Format prints the same as String for every verb, so that no verb shows a secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns the same as String, for log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns the same as String, so that no encoder writes a secret.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
