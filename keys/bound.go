package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// Options say how keys are checked. The zero value is strict.
type Options struct {
	// Algorithm is the algorithm for keys of a set that have no Algorithm, if it fits their
	// type.
	Algorithm string

	// AllowShortSecret accepts secrets that are shorter than the hash of their algorithm.
	// An attacker can guess such a secret from a single token.
	AllowShortSecret bool
}

// Bound is a [Key] that was checked, with its one algorithm. It is immutable, and safe
// for concurrent use.
type Bound struct {
	key    Key // with Verify filled in
	signs  bool
	signer signer

	header, encodedHeader string
}

// signer signs and verifies with one key.
type signer interface {
	// appendSignature appends the signature of signed to b.
	appendSignature(b, signed []byte) ([]byte, error)
	// verifies reports whether the key made signature for signed.
	verifies(signed string, signature []byte) bool
}

// Bind checks that k is a valid key for its Algorithm, which must be set. The error has
// no prefix, because the caller names where the key comes from.
func (o Options) Bind(k Key) (*Bound, error) {
	k.Algorithm = CanonicalAlgorithm(k.Algorithm)
	a, ok := algorithms[k.Algorithm]
	if !ok {
		return nil, fmt.Errorf("%q is not a signing algorithm of this package", k.Algorithm)
	}
	if !utf8.ValidString(k.ID) {
		return nil, errors.New("the ID is not valid UTF-8")
	}
	k.Sign, k.Verify = copyOf(k.Sign), copyOf(k.Verify)
	if err := o.complete(&k, a); err != nil {
		return nil, err
	}
	bound := &Bound{key: k, signs: k.Sign != nil}
	if secret, ok := k.Verify.([]byte); ok {
		bound.signer = newHMACSigner(a.hash, secret)
	} else {
		bound.signer = asymmetricSigner{a.method, k.Sign, k.Verify}
	}
	bound.header = headerOf(k)
	bound.encodedHeader = base64url.Encode([]byte(bound.header))
	return bound, nil
}

// complete fills in the key that verifies, and checks that both halves belong together.
func (o Options) complete(k *Key, a algorithm) error {
	given := k.Verify
	public, err := k.Public()
	if err != nil {
		return err
	}
	k.Verify = public
	if err := a.check(public, o.AllowShortSecret); err != nil {
		return forAlgorithm(err, k.Algorithm)
	}
	if given != nil && (a.check(given, o.AllowShortSecret) != nil || !sameKey(public, given)) {
		return errors.New("the private and the public key do not belong together")
	}
	return nil
}

// headerOf returns the header of tokens that the key signs, with its members sorted like
// PyJWT's.
func headerOf(k Key) string {
	if k.ID == "" {
		return `{"alg":"` + k.Algorithm + `","typ":"JWT"}`
	}
	b, _ := json.Marshal(map[string]string{"alg": k.Algorithm, "kid": k.ID, "typ": "JWT"}, strictjson.Exact)
	return string(b)
}

// String describes the key without its secret.
func (k Bound) String() string { return k.key.String() }

// GoString returns the same as String, for the verb %#v.
func (k Bound) GoString() string { return k.String() }

// Format prints the same as String for every verb, so that no verb shows a secret.
func (k Bound) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns the same as String, for log/slog.
func (k Bound) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns the same as String, so that no encoder writes a secret.
func (k Bound) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// ID returns the "kid" of the key, or "" if it has none.
func (k *Bound) ID() string { return k.key.ID }

// Algorithm returns the "alg" of the key.
func (k *Bound) Algorithm() string { return k.key.Algorithm }

// Signs reports whether the key can sign at all.
func (k *Bound) Signs() bool { return k.signs }

// SignsAt reports whether the key signs tokens of a type at the time now.
func (k *Bound) SignsAt(tokenType string, now time.Time) bool {
	return k.signs && k.IsFor(tokenType) && k.key.IsActive(now)
}

// IsFor reports whether the key signs and verifies tokens of a type.
func (k *Bound) IsFor(tokenType string) bool {
	return k.key.TokenType == "" || k.key.TokenType == tokenType
}

// IsRetired reports whether the key has retired: it neither signs nor verifies.
func (k *Bound) IsRetired(now time.Time) bool { return k.key.IsRetired(now) }

// WithoutSigning returns a copy of the key that only verifies.
func (k *Bound) WithoutSigning() *Bound {
	other := *k
	other.signs = false
	return &other
}

// Header returns the JOSE header of the tokens that the key signs, as JSON and in
// base64url.
func (k *Bound) Header() (text, encoded string) { return k.header, k.encodedHeader }

// AppendSignature appends the signature of signed to b.
func (k *Bound) AppendSignature(b, signed []byte) ([]byte, error) {
	return k.signer.appendSignature(b, signed)
}

// Verify verifies a signature. The error is [ErrUnknownKey] if the key has retired, and
// else [ErrSignature]. HMAC signatures are compared in constant time.
func (k *Bound) Verify(signed string, signature []byte, now time.Time) error {
	if k.IsRetired(now) {
		return ErrUnknownKey
	}
	if !k.signer.verifies(signed, signature) {
		return ErrSignature
	}
	return nil
}

// outlives reports whether the key still verifies at the time expires; zero means a token
// that never expires.
func (k *Bound) outlives(expires time.Time) bool {
	notAfter := k.key.NotAfter
	return notAfter.IsZero() || !expires.IsZero() && !notAfter.Before(expires)
}

// forAlgorithm adds the algorithm to an error, before any advice in its text.
func forAlgorithm(err error, name string) error {
	what, advice, advises := strings.Cut(err.Error(), "; ")
	if !advises {
		return fmt.Errorf("%s (algorithm %s)", what, name)
	}
	return fmt.Errorf("%s (algorithm %s); %s", what, name, advice)
}

// copyOf protects against callers that zero a key after passing it in. All zeros would be
// a key that everybody knows.
func copyOf(key any) any {
	switch key := key.(type) {
	case []byte:
		return slices.Clone(key)
	case ed25519.PrivateKey:
		return slices.Clone(key)
	case ed25519.PublicKey:
		return slices.Clone(key)
	}
	return key
}

// publicHalf returns the key that verifies the signatures of key.
func publicHalf(key any) (any, error) {
	if err := typeOfSign(key); err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case []byte:
		return key, nil
	case *rsa.PrivateKey:
		if key == nil || len(key.Primes) != 2 || key.Validate() != nil {
			return nil, errNoRSA
		}
		return &key.PublicKey, nil
	case *ecdsa.PrivateKey:
		if !isWholeEC(key) {
			return nil, errors.New("not a valid EC key")
		}
		return &key.PublicKey, nil
	}
	private := key.(ed25519.PrivateKey)
	if len(private) != ed25519.PrivateKeySize || !bytes.Equal(private, ed25519.NewKeyFromSeed(private.Seed())) {
		return nil, errors.New("not a valid Ed25519 key")
	}
	return private.Public(), nil
}
