package ginjwt

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms below
	_ "crypto/sha512"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Key signs or verifies tokens, with the one algorithm it is bound to
// (RFC 8725 §3.1). Printing a Key does not show it, unless it is in an
// unexported field of something else that is printed.
type Key struct {
	// ID is written to the "kid" header of the tokens that the key signs, and
	// names it in a list. In a list, empty means its thumbprint (RFC 7638);
	// for a key from an EncodeKeyLoader it leaves the header out.
	ID string

	// Algorithm is one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384,
	// PS512, ES256, ES384, ES512 and EdDSA. In a list, empty means
	// Config.Algorithm if that is for keys of this type, else HS256, RS256,
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

	// TokenType is the only type of token that the key signs and verifies.
	// Empty means all types.
	TokenType TokenType

	// VerifyUnnamed, of a key in a list, verifies tokens without "kid" too, which
	// a list refuses otherwise: those made before there was a list.
	VerifyUnnamed bool
}

// ParseKey reads a JWK (RFC 7517), or the first key in a PEM text: PKCS #1,
// PKCS #8, SEC 1, PKIX or a certificate, whose validity is not looked at. It
// checks that the key fits the algorithm in type, size and curve. Both id and
// algorithm may be empty; where a JWK has "kid" or "alg", they must not differ.
func ParseKey(id, algorithm string, text []byte) (Key, error) {
	k, err := parseKey(id, algorithm, text)
	if err != nil {
		return Key{}, fmt.Errorf("ginjwt: ParseKey: %w", err)
	}
	return k, nil
}

func parseKey(id, algorithm string, text []byte) (k Key, err error) {
	if isObject(text) {
		k, err = parseJWK(text)
	} else {
		k, err = parseFirstPEM(text)
	}
	switch {
	case err != nil:
		return Key{}, err
	case id != "" && k.ID != "" && k.ID != id:
		return Key{}, fmt.Errorf("the JWK has the kid %.64q, not %.64q", k.ID, id)
	case algorithm != "" && k.Algorithm != "" && k.Algorithm != algorithm:
		return Key{}, fmt.Errorf("the JWK is for the algorithm %s, not %q", k.Algorithm, algorithm)
	}
	k.ID, k.Algorithm = or(k.ID, id), or(k.Algorithm, algorithm)
	if err := checkKey(k); err != nil {
		return Key{}, err
	}
	return k, nil
}

func parseFirstPEM(text []byte) (Key, error) {
	parsed, err := parsePEM(text)
	if err != nil {
		return Key{}, err
	}
	return keyOf(parsed), nil
}

// keyOf returns a Key that signs, if key is a private one.
func keyOf(key any) Key {
	if _, private := key.(crypto.Signer); private {
		return Key{Sign: key}
	}
	return Key{Verify: key}
}

// half returns one half of k: what signs, or else what verifies.
func (k Key) half() any {
	if k.Sign == nil {
		return k.Verify
	}
	return k.Sign
}

func (k Key) term() term { return term{k.NotBefore, k.NotAfter} }

// term is the time of a key; its ends are zero where it has none.
type term struct{ notBefore, notAfter time.Time }

// active reports whether a key signs.
func (t term) active(now time.Time) bool { return !now.Before(t.notBefore) && !t.retired(now) }

// retired reports whether the time of a key is over.
func (t term) retired(now time.Time) bool { return !t.notAfter.IsZero() && !now.Before(t.notAfter) }

// outlives reports whether a key verifies until then; zero means for ever.
func (t term) outlives(expires time.Time) bool {
	return t.notAfter.IsZero() || !expires.IsZero() && !t.notAfter.Before(expires)
}

// isZero reports whether k has no key in it: nothing, or what a map returns for
// a name that is not in it.
func (k Key) isZero() bool {
	return isEmpty(k.Sign) && isEmpty(k.Verify)
}

func isEmpty(key any) bool {
	secret, isSecret := key.([]byte)
	return isNil(key) || isSecret && len(secret) == 0
}

// String describes k without its secret.
func (k Key) String() string {
	does := "verifies"
	if k.Sign != nil {
		does = "signs"
	}
	return fmt.Sprintf("ginjwt.Key{ID: %q, Algorithm: %q, %s}", k.ID, k.Algorithm, does)
}

// GoString is String, for %#v.
func (k Key) GoString() string { return k.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue is String, for log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText is String, so that no encoder writes a secret.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// algorithm is what a name of RFC 7518 §3.1 stands for.
type algorithm struct {
	method jwt.SigningMethod
	family string
	bits   int         // of the curve for ES*, else of the hash
	hash   crypto.Hash // for HS*
}

// algorithms are all that this package knows. HMAC is in signers.go. The methods
// of the others are this package's own: those of golang-jwt's registry can be replaced by any package of a program, and
// its PS* take a salt of any length (RFC 7518 §3.5 wants that of the hash).
var algorithms = map[string]algorithm{
	"HS256": {nil, "HMAC", 256, crypto.SHA256},
	"HS384": {nil, "HMAC", 384, crypto.SHA384},
	"HS512": {nil, "HMAC", 512, crypto.SHA512},
	"RS256": {&jwt.SigningMethodRSA{Name: "RS256", Hash: crypto.SHA256}, "RSA", 256, 0},
	"RS384": {&jwt.SigningMethodRSA{Name: "RS384", Hash: crypto.SHA384}, "RSA", 384, 0},
	"RS512": {&jwt.SigningMethodRSA{Name: "RS512", Hash: crypto.SHA512}, "RSA", 512, 0},
	"PS256": {pss("PS256", crypto.SHA256), "RSA", 256, 0},
	"PS384": {pss("PS384", crypto.SHA384), "RSA", 384, 0},
	"PS512": {pss("PS512", crypto.SHA512), "RSA", 512, 0},
	"ES256": {&jwt.SigningMethodECDSA{Name: "ES256", Hash: crypto.SHA256, KeySize: 32, CurveBits: 256}, "EC", 256, 0},
	"ES384": {&jwt.SigningMethodECDSA{Name: "ES384", Hash: crypto.SHA384, KeySize: 48, CurveBits: 384}, "EC", 384, 0},
	"ES512": {&jwt.SigningMethodECDSA{Name: "ES512", Hash: crypto.SHA512, KeySize: 66, CurveBits: 521}, "EC", 521, 0},
	"EdDSA": {&jwt.SigningMethodEd25519{}, "Ed25519", 256, 0},
}

func isHMAC(name string) bool { return algorithms[name].family == "HMAC" }

func pss(name string, hash crypto.Hash) jwt.SigningMethod {
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          options,
		VerifyOptions:    options,
	}
}
