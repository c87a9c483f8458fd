package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms below
	_ "crypto/sha512"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// algorithm is what a name of RFC 7518 §3.1 stands for.
type algorithm struct {
	method jwt.SigningMethod
	family string
	bits   int         // of the curve for ES*, else of the hash
	hash   crypto.Hash // for HS*
}

// algorithms are all supported algorithms. HMAC is in signer.go. The methods of the
// others belong to this package, because any package of a program can replace the methods
// in golang-jwt's registry. The PS* methods there also accept a salt of any length, but
// RFC 7518 §3.5 requires the length of the hash.
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

// CanonicalAlgorithm returns the name that this package writes for an algorithm. Two
// names are only read: "Ed25519" (RFC 9864) becomes "EdDSA", and PyJWT's "ES521" becomes
// "ES512". Every other name stays as it is.
func CanonicalAlgorithm(name string) string {
	switch name {
	case "Ed25519":
		return "EdDSA"
	case "ES521":
		return "ES512"
	}
	return name
}

// CanonicalAlgorithms returns a copy of names with [CanonicalAlgorithm] applied to each.
func CanonicalAlgorithms(names []string) []string {
	names = slices.Clone(names)
	for i, name := range names {
		names[i] = CanonicalAlgorithm(name)
	}
	return names
}

// algorithmOf returns the algorithm of a name, or the zero value for an unknown name.
func algorithmOf(name string) algorithm { return algorithms[CanonicalAlgorithm(name)] }

// IsAlgorithm reports whether this package can sign and verify with the algorithm name.
func IsAlgorithm(name string) bool { return algorithmOf(name).family != "" }

// IsHMAC reports whether the algorithm name uses a secret. Everybody who can verify
// with a secret can also sign with it.
func IsHMAC(name string) bool { return algorithmOf(name).family == "HMAC" }

// AsymmetricAlgorithms returns the sorted names of all algorithms that use a key pair.
func AsymmetricAlgorithms() (names []string) {
	for name := range algorithms {
		if !IsHMAC(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// MinSecretBytes returns the minimum length of a secret for an algorithm: the length of
// its hash (RFC 7518 §3.2). It returns 0 for algorithms that use a key pair.
func MinSecretBytes(algorithm string) int {
	if !IsHMAC(algorithm) {
		return 0
	}
	return algorithmOf(algorithm).bits / 8
}

func pss(name string, hash crypto.Hash) jwt.SigningMethod {
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          options,
		VerifyOptions:    options,
	}
}

// naturalAlgorithm returns the default algorithm for the type of a key, or "" if it is
// not a key. It does not check the key.
func naturalAlgorithm(key any) string {
	switch key := key.(type) {
	case []byte:
		return "HS256"
	case *rsa.PrivateKey, *rsa.PublicKey:
		return "RS256"
	case *ecdsa.PrivateKey:
		if key != nil {
			return naturalAlgorithm(&key.PublicKey)
		}
		return "ES256"
	case *ecdsa.PublicKey:
		return curveAlgorithm(key)
	case ed25519.PrivateKey, ed25519.PublicKey:
		return "EdDSA"
	}
	return ""
}

func curveAlgorithm(key *ecdsa.PublicKey) string {
	if key != nil && key.Curve == elliptic.P384() {
		return "ES384"
	}
	if key != nil && key.Curve == elliptic.P521() {
		return "ES512"
	}
	return "ES256" // any other curve is refused later, because it is not P-256
}

// AlgorithmOr returns the algorithm of k. If k has no algorithm, it returns preferred
// if that algorithm fits the type of key, and else the default for the type. It returns
// "" if k contains no key.
func (k Key) AlgorithmOr(preferred string) string {
	if k.Algorithm != "" {
		return CanonicalAlgorithm(k.Algorithm)
	}
	natural := naturalAlgorithm(k.half())
	if preferred != "" && areAlike(preferred, natural) {
		return CanonicalAlgorithm(preferred)
	}
	return natural
}

// areAlike reports whether a key with the default algorithm natural can have the
// algorithm name. An EC key can only have the algorithm of its curve.
func areAlike(name, natural string) bool {
	family := algorithmOf(name).family
	return family == algorithmOf(natural).family && (family != "EC" || CanonicalAlgorithm(name) == natural)
}
