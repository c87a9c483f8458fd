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

// algorithms are all that this package knows. HMAC is in signer.go. The methods of
// the others are this package's own: any package of a program can replace those in
// golang-jwt's registry, whose PS* take a salt of any length besides (RFC 7518 §3.5
// wants that of the hash).
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

// CanonicalAlgorithm returns the name that this package writes for an algorithm. It
// differs from the given name for two names that are only read: "Ed25519" (RFC 9864)
// stands for "EdDSA", and "ES521", by which PyJWT also knows "ES512", for that.
func CanonicalAlgorithm(name string) string {
	switch name {
	case "Ed25519":
		return "EdDSA"
	case "ES521":
		return "ES512"
	}
	return name
}

// CanonicalAlgorithms returns a copy of a list, with the names that this package writes.
func CanonicalAlgorithms(names []string) []string {
	names = slices.Clone(names)
	for i, name := range names {
		names[i] = CanonicalAlgorithm(name)
	}
	return names
}

// algorithmOf returns what a name stands for; the zero value if it is no algorithm.
func algorithmOf(name string) algorithm { return algorithms[CanonicalAlgorithm(name)] }

// IsAlgorithm reports whether this package signs and verifies with an algorithm.
func IsAlgorithm(name string) bool { return algorithmOf(name).family != "" }

// IsHMAC reports whether an algorithm is one of secrets, which whoever verifies
// with them can also sign with.
func IsHMAC(name string) bool { return algorithmOf(name).family == "HMAC" }

// AsymmetricAlgorithms returns the names of all algorithms of key pairs, sorted.
func AsymmetricAlgorithms() (names []string) {
	for name := range algorithms {
		if !IsHMAC(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// MinSecretBytes returns how many bytes a secret must have for an algorithm: as many
// as its hash (RFC 7518 §3.2). It is zero for those of key pairs.
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

// naturalAlgorithm returns the algorithm of a key that names none; empty for
// what is no key. It does not check the key.
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
	return "ES256" // a curve that no algorithm has is refused as not being P-256
}

// AlgorithmOr returns the algorithm of k. If it names none, that is preferred if
// it is for keys of this type, else the usual one; empty for what is no key.
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

// areAlike reports whether a key whose usual algorithm is natural can have the
// algorithm name. The curve of an EC key has only one.
func areAlike(name, natural string) bool {
	family := algorithmOf(name).family
	return family == algorithmOf(natural).family && (family != "EC" || CanonicalAlgorithm(name) == natural)
}
