package keys

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// SetOptions say how to read keys that another issuer publishes. [ParseSet] uses the zero
// value.
type SetOptions struct {
	// Algorithms are the algorithms that keys may have. Empty means all algorithms with a
	// key pair. A key that names no algorithm gets the default of its type. If Algorithms
	// is set, it gets every listed algorithm that fits its type.
	Algorithms []string

	// Use are the accepted values of "use". Empty means "sig". A key without "use" is
	// always accepted.
	Use []string

	// CertificateMap means that the text is not a JWK Set, but a JSON object. Each member
	// is a "kid" with a certificate or public key in PEM form.
	CertificateMap bool

	// MaxKeys is the maximum number of keys in the text. Zero means 100.
	MaxKeys int
}

// ErrSecretKey means that a key of another issuer is a private key or a secret. The key
// is not used, because everybody who can read the set can sign with it.
var ErrSecretKey = errors.New("is a private key or a secret")

// KeyProblem is a problem with a key of another issuer, to log. Its text quotes no key.
type KeyProblem struct {
	Number int    // position of the key in the set, from 1; 0 if several keys are concerned
	ID     string // its unverified "kid"
	Used   bool   // the key is used in spite of the problem
	Err    error
}

// Error names the key and its problem.
func (p KeyProblem) Error() string {
	if p.Number == 0 {
		return fmt.Sprintf("\"kid\" %+.64q: %v", p.ID, p.Err)
	}
	return fmt.Sprintf("number %d of the set, \"kid\" %+.64q: %v", p.Number, p.ID, p.Err)
}

// Unwrap returns the problem without the key.
func (p KeyProblem) Unwrap() error { return p.Err }

// ParseSet reads the JWK Set (RFC 7517) of another issuer, such as a saved file, for
// Issuer.Keys of package ginjwt. Its rules are those of a Remote of package jwks:
//
//   - Keys that cannot be used are skipped, and the others are used. Skipped keys are:
//     secrets and private keys, encryption keys, weak and malformed keys, and keys with
//     an unknown type, curve or algorithm.
//   - A key with the certificate of another key is skipped. An unreadable certificate or
//     thumbprint is ignored, and the key is used.
//   - "kid" and "alg" name a key. Different keys with the same "kid" and "alg" are all
//     skipped.
//   - Keys without "kid" verify tokens without "kid", at most 8 of them. If the set has
//     only one key, it also verifies tokens without "kid".
//   - Padding, extra leading zeros and missing leading zeros are ignored.
//
// problems name each skipped key, and why. The error means that the text is damaged, or
// not such a set. A set without keys is not an error.
func ParseSet(text []byte) (list []Key, problems []KeyProblem, err error) {
	if len(text) > maxKeysText {
		return nil, nil, fmt.Errorf("keys: %w", errKeysTooLarge)
	}
	if list, problems, err = (SetOptions{}).Parse(text); err != nil {
		err = fmt.Errorf("keys: %w", err)
	}
	return list, problems, err
}

// ParseAny reads your own keys as [Parse] does, or the JWK Set of another issuer as
// [ParseSet] does. The problems are those of ParseSet.
//
// A set is your own if it has a private key or a secret, or a key with a member "nbf",
// "exp", "token_type" or "verify_unnamed". In your own set, a key that cannot be used,
// or that appears twice, is an error. The error is that of Parse.
func ParseAny(text []byte) (list []Key, problems []KeyProblem, err error) {
	own, err := Parse(text)
	if err == nil && !hasDouble(own) {
		return own, nil, nil
	}
	list, problems, _ = ParseSet(text)
	isSecret := func(p KeyProblem) bool { return errors.Is(p, ErrSecretKey) }
	if len(list) == 0 || slices.ContainsFunc(problems, isSecret) || isOwnSet(text) {
		return own, nil, err
	}
	return list, problems, nil
}

// hasDouble reports whether a list has the same public key twice, as the sets of some
// issuers do.
func hasDouble(list []Key) bool {
	for i, k := range list {
		isSame := func(other Key) bool { return hasNameOf(other, k) && sameKey(other.Verify, k.Verify) }
		if slices.ContainsFunc(list[:i], isSame) {
			return true
		}
	}
	return false
}

// isOwnSet reports whether a key of a JWK Set has a member that issuers do not write, or
// that is ignored in the sets that they publish.
func isOwnSet(text []byte) bool {
	whole, _ := readJWK(strictjson.Value(bytes.TrimPrefix(text, byteOrderMark)))
	return slices.ContainsFunc(whole.members["keys"].Elements(maxKeys), func(key strictjson.Value) bool {
		j, _ := readJWK(key)
		return j.hasAny("nbf", "exp", "token_type", "verify_unnamed")
	})
}

var byteOrderMark = []byte("\ufeff")

// Parse is [ParseSet] with options, for a text of any length. The error has no prefix,
// because the caller names where the text comes from.
func (o SetOptions) Parse(text []byte) (list []Key, problems []KeyProblem, err error) {
	if o.MaxKeys == 0 {
		o.MaxKeys = maxKeys
	}
	text = bytes.TrimPrefix(text, byteOrderMark) // RFC 8259 §8.1 allows readers to ignore it
	whole, err := readJWK(strictjson.Value(text))
	switch {
	case errors.Is(err, strictjson.ErrNotObject):
		return nil, nil, errors.New("is not a JSON object")
	case err != nil:
		return nil, nil, errors.New("is not valid JSON, or has a member twice")
	case o.CertificateMap:
		list, problems, err = o.certificates(text, whole)
	default:
		list, problems, err = o.set(whole)
	}
	if err != nil {
		return nil, nil, err
	}
	list, ambiguous := unambiguous(list)
	return list, append(problems, ambiguous...), nil
}

// set reads the keys of a JWK Set.
func (o SetOptions) set(whole *jwk) (list []Key, problems []KeyProblem, err error) {
	keys := whole.members["keys"]
	if keys == "" || keys.Kind() == 'n' {
		return nil, nil, errors.New(`has no member "keys"`)
	}
	if keys.Kind() != '[' {
		return nil, nil, errors.New(`the member "keys" must be an array`)
	}
	texts := keys.Elements(o.MaxKeys + 1)
	if len(texts) > o.MaxKeys {
		return nil, nil, o.tooMany()
	}
	for i, text := range texts {
		published, id, defects, err := o.key(text)
		for _, defect := range defects {
			problems = append(problems, KeyProblem{Number: i + 1, ID: id, Used: true, Err: defect})
		}
		if err != nil {
			problems = append(problems, KeyProblem{Number: i + 1, ID: id, Err: err})
		}
		list = append(list, published...)
	}
	return list, problems, nil
}

func (o SetOptions) tooMany() error { return fmt.Errorf("has more than %d keys", o.MaxKeys) }

// key reads one JWK, and returns its key once for each of its algorithms. It always
// returns the ID, if it can read it.
func (o SetOptions) key(text strictjson.Value) (published []Key, id string, defects []error, err error) {
	j, err := readJWK(text)
	if err != nil {
		return nil, "", nil, errors.New("is not a JWK")
	}
	j.dropNulls()
	id = j.text("kid")
	if err := o.checkPurpose(j); err != nil {
		return nil, id, nil, err
	}
	_, public := j.halves()
	if j.err != nil {
		return nil, id, nil, j.err
	}
	k := Key{ID: id, Algorithm: j.text("alg"), Verify: public}
	if published, err = o.bind(k); err != nil {
		return nil, id, nil, err
	}
	if defects, err = j.certificateDefects(k); err != nil {
		return nil, id, nil, err
	}
	return published, id, defects, nil
}

// secretMembers are the members of private and symmetric keys (RFC 7518 §6, RFC 8037 §2,
// RFC 9964).
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// checkPurpose checks what a key is for, without reading the key itself.
func (o SetOptions) checkPurpose(j *jwk) error {
	if j.hasAny(secretMembers...) {
		return ErrSecretKey
	}
	typ, use, algorithm := j.text("kty"), j.text("use"), j.text("alg")
	verifies := !j.has("key_ops") || slices.Contains(j.operations(), "verify")
	switch {
	case j.err != nil:
		return j.err
	case !slices.Contains([]string{"RSA", "EC", "OKP"}, typ):
		return fmt.Errorf("is of the type %+.64q, which is not supported", typ)
	case j.has("use") && !slices.Contains(orElse(o.Use, "sig"), use):
		return fmt.Errorf("is for the use %+.64q", use)
	case !verifies:
		return errors.New(`is not for the operation "verify"`)
	case j.has("alg") && !o.Allows(algorithm):
		return errNotAllowed(algorithm)
	}
	return nil
}

func orElse(list []string, single string) []string {
	if len(list) == 0 {
		return []string{single}
	}
	return list
}

// bind returns k once for each of its algorithms, and checks each.
func (o SetOptions) bind(k Key) (bound []Key, err error) {
	for _, k.Algorithm = range o.algorithmsOf(k) {
		if _, err := (Options{}).Bind(k); err != nil {
			return nil, err
		}
		bound = append(bound, k)
	}
	if len(bound) == 0 {
		return nil, errors.New("fits none of the allowed algorithms")
	}
	return bound, nil
}

// algorithmsOf returns the algorithm that k names, or else the algorithms for its type.
func (o SetOptions) algorithmsOf(k Key) (names []string) {
	natural := naturalAlgorithm(k.Verify)
	switch {
	case k.Algorithm != "":
		return []string{CanonicalAlgorithm(k.Algorithm)}
	case len(o.Algorithms) == 0:
		return []string{natural}
	}
	for _, name := range o.Algorithms {
		if areAlike(name, natural) {
			names = append(names, CanonicalAlgorithm(name))
		}
	}
	return names
}

func errNotAllowed(algorithm string) error {
	return fmt.Errorf("is for the algorithm %+.64q, which is not allowed", algorithm)
}

// Allows reports whether keys may have an algorithm: one of Algorithms, by any of its
// names. If Algorithms is empty, every algorithm with a public key is allowed.
func (o SetOptions) Allows(algorithm string) bool {
	if len(o.Algorithms) == 0 {
		return IsAlgorithm(algorithm) && !IsHMAC(algorithm)
	}
	isIt := func(name string) bool { return CanonicalAlgorithm(name) == CanonicalAlgorithm(algorithm) }
	return slices.ContainsFunc(o.Algorithms, isIt)
}

// maxUnnamed is the maximum number of keys without "kid". ginjwt tries each token without
// "kid" with all of them that have its algorithm.
const maxUnnamed = 8

// unambiguous removes different keys with the same ID and algorithm, because a token
// could mean any of them. A key without an ID gets its thumbprint, and verifies tokens
// without "kid". So does the only key of a set (OpenID Connect Core §10.1).
func unambiguous(list []Key) (kept []Key, problems []KeyProblem) {
	list, problems = named(list)
	alone := !slices.ContainsFunc(list, func(k Key) bool { return !sameKey(k.Verify, list[0].Verify) })
	for i, k := range list {
		isTwin := func(other Key) bool { return hasNameOf(other, k) && !sameKey(other.Verify, k.Verify) }
		isSame := func(other Key) bool { return hasNameOf(other, k) && sameKey(other.Verify, k.Verify) }
		k.AllowMissingKeyID = alone || slices.ContainsFunc(list, func(other Key) bool { return isSame(other) && other.AllowMissingKeyID })
		switch {
		case slices.ContainsFunc(list, isTwin):
			if !slices.ContainsFunc(list[:i], func(other Key) bool { return hasNameOf(other, k) }) { // report each name once
				problems = append(problems, KeyProblem{ID: k.ID, Err: fmt.Errorf("names different keys for %s", k.Algorithm)})
			}
		case !slices.ContainsFunc(list[:i], isSame):
			kept = append(kept, k)
		}
	}
	return kept, problems
}

// hasNameOf reports whether a token that means one of two keys may mean the other.
func hasNameOf(a, b Key) bool { return a.ID == b.ID && a.Algorithm == b.Algorithm }

// named gives keys without an ID their thumbprint, and removes keys beyond maxUnnamed.
func named(list []Key) (all []Key, problems []KeyProblem) {
	var unnamed []string
	for _, k := range list {
		if k.ID == "" {
			thumbprint, err := k.Thumbprint()
			known := slices.Contains(unnamed, thumbprint)
			if err == nil && !known && len(unnamed) == maxUnnamed {
				err = fmt.Errorf("is beyond the limit of %d keys without \"kid\"", maxUnnamed)
			}
			if err != nil {
				problems = append(problems, KeyProblem{Err: err})
				continue
			}
			if !known {
				unnamed = append(unnamed, thumbprint)
			}
			k.ID, k.AllowMissingKeyID = thumbprint, true
		}
		all = append(all, k)
	}
	return all, problems
}
