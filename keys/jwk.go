package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

func parseJWKs(text []byte) ([]Key, error) {
	j, err := readJWK(strictjson.Value(text))
	if err != nil {
		return nil, err
	}
	if j.has("keys") {
		return j.set()
	}
	k, err := j.key()
	if err != nil {
		return nil, err
	}
	return []Key{k}, nil
}

// parseJWK reads one JWK.
func parseJWK(text []byte) (Key, error) {
	if len(text) > maxKeysText {
		return Key{}, errKeysTooLarge
	}
	j, err := readJWK(strictjson.Value(text))
	switch {
	case err != nil:
		return Key{}, err
	case j.has("keys"):
		return Key{}, errors.New("is a JWK Set; use Parse")
	}
	return j.key()
}

// set reads the keys of a JWK Set.
func (j *jwk) set() ([]Key, error) {
	list := j.members["keys"]
	switch {
	case j.has("kty"):
		return nil, errors.New(`has "keys" and "kty"; a JWK Set has only the first, a JWK only the second`)
	case list.Kind() != '[':
		return nil, errors.New(`the member "keys" must be an array`)
	}
	texts := list.Elements(maxKeys + 1)
	switch {
	case len(texts) == 0:
		return nil, errors.New("the JWK Set is empty")
	case len(texts) > maxKeys:
		return nil, fmt.Errorf("there are more than %d keys", maxKeys)
	}
	keys := make([]Key, len(texts))
	for i, text := range texts {
		j, err := readJWK(text)
		if err == nil {
			keys[i], err = j.key()
		}
		if err != nil {
			return nil, fmt.Errorf("keys[%d]%s: %w", i, j.label(), err)
		}
	}
	return keys, nil
}

// label identifies the key in an error.
func (j *jwk) label() string {
	kid, ok := j.members["kid"].Str()
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (kid %.64q)", kid)
}

// key makes a Key of your own from the members, and checks it.
func (j *jwk) key() (Key, error) {
	k := Key{
		ID:                j.text("kid"),
		Algorithm:         CanonicalAlgorithm(j.text("alg")),
		NotBefore:         j.date("nbf"),
		NotAfter:          j.date("exp"),
		TokenType:         j.text("token_type"),
		AllowMissingKeyID: j.flag("verify_unnamed"),
	}
	j.checkText("alg", algorithms[k.Algorithm].family != "", "names no signing algorithm of this package")
	j.checkText("token_type", isTokenType(k.TokenType), `must be "access" or "refresh"`)
	j.checkText("use", j.text("use") == "sig", `must be "sig"`)
	k.Sign, k.Verify = j.halves()
	j.checkOperations(k.Sign != nil)
	if j.err == nil {
		j.err = checkKey(k)
	}
	if j.err == nil {
		_, j.err = j.certificateDefects(k)
	}
	if j.err != nil {
		return Key{}, j.err
	}
	return k, nil
}

// halves returns the key as one that signs, or as one that only verifies.
func (j *jwk) halves() (sign, verify any) {
	switch j.text("kty") {
	case "RSA":
		return j.rsaKey()
	case "EC":
		return j.ecKey()
	case "OKP":
		return j.ed25519Key()
	case "oct":
		return j.secret()
	}
	j.need("kty")
	j.fail("kty", `must be "RSA", "EC", "OKP" or "oct"`)
	return nil, nil
}

func (j *jwk) rsaKey() (sign, verify any) {
	public := rsa.PublicKey{N: j.number("n"), E: j.exponent()}
	if j.has("oth") {
		j.fail("oth", "is there: a key of more than two primes is not supported")
	}
	if !j.hasAny("d", "p", "q", "dp", "dq", "qi") {
		return nil, &public
	}
	private := &rsa.PrivateKey{PublicKey: public, D: j.number("d"), Primes: []*big.Int{j.number("p"), j.number("q")}}
	if j.err != nil {
		return nil, nil
	}
	if !isValidRSA(private) {
		j.err = errors.New("not a valid RSA key")
		return nil, nil
	}
	j.checkNumber("dp", private.Precomputed.Dp)
	j.checkNumber("dq", private.Precomputed.Dq)
	j.checkNumber("qi", private.Precomputed.Qinv)
	return private, nil
}

// exponent reads "e". Go verifies with exponents of up to 31 bits.
func (j *jwk) exponent() int {
	e := j.number("e")
	if e.BitLen() > 31 {
		j.fail("e", "is too large")
		return 0
	}
	return int(e.Int64())
}

// checkNumber compares an optional number with the value that follows from the other
// numbers.
func (j *jwk) checkNumber(name string, want *big.Int) {
	if j.has(name) && j.number(name).Cmp(want) != 0 {
		j.fail(name, "does not belong to the key")
	}
}

// jwkCurves are the curves of RFC 7518 §6.2.1.1.
var jwkCurves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (j *jwk) ecKey() (sign, verify any) {
	curve := jwkCurves[j.text("crv")]
	if curve == nil {
		j.need("crv")
		j.fail("crv", `must be "P-256", "P-384" or "P-521"`)
		return nil, nil
	}
	size := (curve.Params().BitSize + 7) / 8
	point := slices.Concat([]byte{4}, j.coordinate("x", size), j.coordinate("y", size))
	if j.err != nil {
		return nil, nil
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		j.err = errors.New("is not a point on its curve")
		return nil, nil
	}
	if !j.has("d") {
		return nil, public
	}
	d := j.coordinate("d", size)
	if j.err != nil {
		return nil, nil
	}
	private, err := ecdsa.ParseRawPrivateKey(curve, d)
	if err != nil || !private.PublicKey.Equal(public) {
		j.fail("d", `does not belong to "x" and "y"`)
		return nil, nil
	}
	return private, nil
}

func (j *jwk) ed25519Key() (sign, verify any) {
	if j.text("crv") != "Ed25519" {
		j.need("crv")
		j.fail("crv", `must be "Ed25519"`)
		return nil, nil
	}
	public := ed25519.PublicKey(j.sized("x", ed25519.PublicKeySize))
	if !j.has("d") {
		return nil, public
	}
	seed := j.sized("d", ed25519.SeedSize)
	if j.err != nil {
		return nil, nil
	}
	private := ed25519.NewKeyFromSeed(seed)
	if !public.Equal(private.Public()) {
		j.fail("d", `does not belong to "x"`)
	}
	return private, nil
}

// secret reads a secret. It signs and verifies, unless "key_ops" allows only verifying.
func (j *jwk) secret() (sign, verify any) {
	secret := j.bytes("k")
	if j.has("key_ops") && !slices.Contains(j.operations(), "sign") {
		return nil, secret
	}
	return secret, nil
}

// checkOperations checks that "key_ops" allows the use of the key. A secret that signs
// also verifies.
func (j *jwk) checkOperations(signs bool) {
	if !j.has("key_ops") {
		return
	}
	operations := j.operations()
	for i, operation := range operations {
		if slices.Contains(operations[:i], operation) {
			j.fail("key_ops", "holds something twice")
		}
	}
	need := "verify"
	if signs && j.text("kty") != "oct" {
		need = "sign"
	}
	if !slices.Contains(operations, need) {
		j.fail("key_ops", "must hold %q", need)
	}
}

// operations reads "key_ops".
func (j *jwk) operations() []string {
	var operations []string
	list := j.members["key_ops"]
	if list.Kind() != '[' {
		j.fail("key_ops", "must be an array of strings")
		return nil
	}
	const limit = 32 // RFC 7517 §4.3 knows eight
	values := list.Elements(limit + 1)
	if len(values) > limit {
		j.fail("key_ops", "holds too much")
	}
	for _, v := range values {
		operation, ok := v.Str()
		if !ok {
			j.fail("key_ops", "must be an array of strings")
		}
		operations = append(operations, operation)
	}
	return operations
}
