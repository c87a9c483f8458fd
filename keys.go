package ginjwt

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms below
	_ "crypto/sha512"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// Key signs or verifies tokens, with the one algorithm it is bound to
// (RFC 8725 §3.1). Printing a Key does not show it, unless it is in an
// unexported field of something else that is printed.
type Key struct {
	// ID is written to the "kid" header of the tokens that the key signs.
	// Empty leaves it out.
	ID string

	// Algorithm is one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384,
	// PS512, ES256, ES384, ES512 and EdDSA. Empty means Config.Algorithm or, for
	// a DecodeKeyLoader, whichever of Config.DecodeAlgorithms the token has.
	Algorithm string

	// Sign is a []byte, *rsa.PrivateKey, *ecdsa.PrivateKey or
	// ed25519.PrivateKey. Nil: the key only verifies.
	Sign any

	// Verify is a []byte, *rsa.PublicKey, *ecdsa.PublicKey or
	// ed25519.PublicKey. Nil: it is derived from Sign.
	Verify any
}

// ParseKey reads the first key in a PEM text: PKCS #1, PKCS #8, SEC 1, PKIX or
// a certificate, whose validity is not looked at. It checks that the key fits
// the algorithm in type, size and curve.
func ParseKey(id, algorithm string, pem []byte) (Key, error) {
	parsed, err := parsePEM(pem)
	if err != nil {
		return Key{}, fmt.Errorf("ginjwt: ParseKey: %w", err)
	}
	k := Key{ID: id, Algorithm: algorithm, Verify: parsed}
	if _, private := parsed.(crypto.Signer); private {
		k.Sign, k.Verify = parsed, nil
	}
	if _, err := bind(k, false); err != nil {
		return Key{}, fmt.Errorf("ginjwt: ParseKey: %w", err)
	}
	return k, nil
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

func pss(name string, hash crypto.Hash) jwt.SigningMethod {
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          options,
		VerifyOptions:    options,
	}
}

// boundKey is a Key that was checked and belongs to one algorithm for good.
type boundKey struct {
	id, algorithm string
	signs         bool
	signer        signer
	header        keyHeader
}

// signer signs and verifies with one key.
type signer interface {
	// appendSignature appends the signature over signed to b.
	appendSignature(b, signed []byte) ([]byte, error)
	// verifies reports whether signature is that over signed.
	verifies(signed string, signature []byte) bool
}

// keyHeader is the header that a key writes, unless a token wants another.
type keyHeader struct {
	encoded, json string
	head          head
}

func (k *boundKey) verify(signed string, signature []byte) error {
	if !k.signer.verifies(signed, signature) {
		return errSignature
	}
	return nil
}

// bind checks that k is a good key of its algorithm.
func bind(k Key, allowShort bool) (boundKey, error) {
	a, ok := algorithms[k.Algorithm]
	if !ok {
		return boundKey{}, fmt.Errorf("%q is not a signing algorithm of this package", k.Algorithm)
	}
	if !utf8.ValidString(k.ID) {
		return boundKey{}, errors.New("the ID is not valid UTF-8")
	}
	if k.Sign != nil {
		public, err := publicHalf(k.Sign)
		if err != nil {
			return boundKey{}, err
		}
		if k.Verify != nil && !sameKey(public, k.Verify) {
			return boundKey{}, errors.New("the private and the public key do not belong together")
		}
		k.Verify = public
	}
	if err := a.check(k.Verify, allowShort); err != nil {
		return boundKey{}, fmt.Errorf("%w (algorithm %s)", err, k.Algorithm)
	}
	bound := boundKey{id: k.ID, algorithm: k.Algorithm, signs: k.Sign != nil}
	if secret, ok := k.Verify.([]byte); ok {
		bound.signer = newHMACSigner(a.hash, secret)
	} else {
		bound.signer = asymmetricSigner{a.method, k.Sign, k.Verify}
	}
	bound.header = headerOf(k)
	return bound, nil
}

// publicHalf returns what verifies the signatures of key.
func publicHalf(key any) (any, error) {
	switch key := key.(type) {
	case []byte:
		return key, nil
	case *rsa.PrivateKey:
		if key == nil || key.Validate() != nil {
			return nil, errors.New("not a valid RSA key")
		}
		return &key.PublicKey, nil
	case *ecdsa.PrivateKey:
		if key == nil {
			return nil, errors.New("not a valid EC key")
		}
		if _, err := key.ECDH(); err != nil {
			return nil, errors.New("not a valid EC key")
		}
		return &key.PublicKey, nil
	case ed25519.PrivateKey:
		if len(key) != ed25519.PrivateKeySize {
			return nil, errors.New("not a valid Ed25519 key")
		}
		return key.Public(), nil
	}
	return nil, fmt.Errorf("a %T cannot sign", key)
}

func sameKey(a, b any) bool {
	if a, ok := a.([]byte); ok {
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	}
	public, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(b)
}

func (a algorithm) check(key any, allowShort bool) error {
	switch key := key.(type) {
	case []byte:
		return a.checkSecret(key, allowShort)
	case *rsa.PublicKey:
		return a.checkRSA(key)
	case *ecdsa.PublicKey:
		return a.checkEC(key)
	case ed25519.PublicKey:
		if a.family != "Ed25519" || len(key) != ed25519.PublicKeySize {
			return a.wrongType("an Ed25519 key")
		}
		return nil
	case nil:
		return errors.New("there is no key")
	}
	return fmt.Errorf("a %T cannot verify", key)
}

func (a algorithm) wrongType(got string) error {
	return fmt.Errorf("needs a key for %s, not %s", a.family, got)
}

// sampleSecrets are long enough, and in every search engine.
var sampleSecrets = []string{
	"a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
	"your-256-bit-secret-your-256-bit-secret",
}

// sshKey matches the one-line form of SSH keys, and that of RFC 4716.
var sshKey = regexp.MustCompile(`^(sk-)?(ssh|ecdsa)-|^---- BEGIN SSH2`)

// checkSecret refuses what is no secret: a public key in disguise, which is
// how algorithms get confused (RFC 8725 §2.1), and what can be guessed.
func (a algorithm) checkSecret(secret []byte, allowShort bool) error {
	s := strings.TrimSpace(string(secret))
	switch {
	case a.family != "HMAC":
		return a.wrongType("a secret")
	case len(secret) == 0:
		return errors.New("the secret is empty")
	case strings.Contains(s, "-----BEGIN"):
		return errors.New("is a PEM text, not a secret; set PrivateKey or PublicKey and the Algorithm")
	case strings.HasPrefix(s, "{") && strings.Contains(s, `"kty"`):
		return errors.New("is a JWK, not a secret")
	case sshKey.MatchString(s):
		return errors.New("is an SSH key, not a secret")
	case slices.Contains(sampleSecrets, s):
		return errors.New("is a secret that everybody knows")
	case len(secret) < a.bits/8 && !allowShort:
		return fmt.Errorf("has %d bytes, but must have at least the %d of the hash; make one with: openssl rand -base64 %d",
			len(secret), a.bits/8, a.bits/8)
	}
	return nil
}

// smallPrimes is the product of the odd primes below 100.
var smallPrimes, _ = new(big.Int).SetString("1152783981972759212376551073665878035", 10)

func (a algorithm) checkRSA(key *rsa.PublicKey) error {
	switch {
	case a.family != "RSA":
		return a.wrongType("an RSA key")
	case key == nil || key.N == nil:
		return errors.New("not a valid RSA key")
	case key.N.BitLen() < 2048:
		return fmt.Errorf("has %d bits, but must have at least 2048 (RFC 7518 §3.3)", key.N.BitLen())
	case key.E < 3 || key.E%2 == 0:
		return fmt.Errorf("has the exponent %d, which is not safe", key.E)
	case key.N.Bit(0) == 0 || new(big.Int).GCD(nil, nil, key.N, smallPrimes).BitLen() > 1:
		return errors.New("has a modulus with small factors")
	}
	return nil
}

func (a algorithm) checkEC(key *ecdsa.PublicKey) error {
	if a.family != "EC" {
		return a.wrongType("an EC key")
	}
	if key == nil || key.Curve == nil || key.Curve.Params().BitSize != a.bits {
		return fmt.Errorf("needs a key on the curve P-%d", a.bits)
	}
	if _, err := key.ECDH(); err != nil {
		return errors.New("is not a point on its curve")
	}
	return nil
}
