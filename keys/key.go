package keys

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"time"
)

// Key signs or verifies tokens, with the one algorithm it is bound to
// (RFC 8725 §3.1). Printing a Key does not show it, unless it is in an
// unexported field of something else that is printed.
type Key struct {
	// ID is written to the "kid" header of the tokens that the key signs, and
	// names it in a set. In a set, empty means its thumbprint (RFC 7638); for a
	// key from an EncodeKeyLoader it leaves the header out.
	ID string

	// Algorithm is one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384,
	// PS512, ES256, ES384, ES512 and EdDSA; "Ed25519" means EdDSA, and "ES521"
	// means ES512 (see [CanonicalAlgorithm]). In a set, empty means
	// Options.Algorithm if that is for keys of this type, else HS256, RS256,
	// EdDSA, or ES256 to ES512 by the curve. From an EncodeKeyLoader empty means
	// Config.Algorithm, and from a DecodeKeyLoader whichever of that and
	// Config.DecodeAlgorithms the token has.
	Algorithm string

	// Sign is a []byte, *rsa.PrivateKey, *ecdsa.PrivateKey or
	// ed25519.PrivateKey. Nil: the key only verifies.
	Sign any

	// Verify is a []byte, *rsa.PublicKey, *ecdsa.PublicKey or
	// ed25519.PublicKey. Nil: it is derived from Sign.
	Verify any

	// NotBefore is when the key begins to sign. It verifies, and is published,
	// before that: whoever verifies must know a key before it signs. Zero
	// means at once.
	NotBefore time.Time

	// NotAfter is when the key is retired: from then on it neither signs nor
	// verifies, nor is it published. A key does not sign tokens that outlive it
	// while another can. Zero means never.
	NotAfter time.Time

	// TokenType is the only type of token that the key signs and verifies:
	// AccessToken or RefreshToken. Empty means both.
	TokenType string

	// AllowMissingKeyID, of a key in a set, verifies tokens without "kid" too,
	// which a set refuses otherwise: those made before there was a list of keys.
	AllowMissingKeyID bool
}

// The types of tokens that a key can be for, as Key.TokenType.
const (
	AccessToken  = "access"
	RefreshToken = "refresh"
)

// isTokenType reports whether a key can be for tokens of this type.
func isTokenType(typ string) bool { return typ == AccessToken || typ == RefreshToken }

// IsActive reports whether k signs at that time, if it can sign at all.
func (k Key) IsActive(now time.Time) bool { return !now.Before(k.NotBefore) && !k.IsRetired(now) }

// IsRetired reports whether the time of k is over: it neither signs nor
// verifies any more.
func (k Key) IsRetired(now time.Time) bool {
	return !k.NotAfter.IsZero() && !now.Before(k.NotAfter)
}

// IsZero reports whether there is no key in k: nothing, or what a map returns
// for a name that is not in it.
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

// Public returns the key that verifies what k signs. For a secret, that is the
// secret.
func (k Key) Public() (any, error) {
	if k.Sign == nil {
		return k.Verify, nil
	}
	return publicHalf(k.Sign)
}

// IsSecret reports whether k is a secret of HMAC, which whoever verifies with it
// can also sign with.
func (k Key) IsSecret() bool {
	_, secret := k.half().([]byte)
	return secret
}

// half returns one half of k: what signs, or else what verifies.
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

// GoString is String, for %#v.
func (k Key) GoString() string { return k.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue is String, for log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText is String, so that no encoder writes a secret.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
