package keys

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// SetOptions say how the keys that another issuer publishes are read. The zero value
// is what [ParseSet] goes by.
type SetOptions struct {
	// Algorithms are those that keys may have. Empty means all of key pairs. A key
	// that names no algorithm gets the usual one of its type; or, if Algorithms is set,
	// each that is listed and is for keys of its type.
	Algorithms []string

	// Use are the values that "use" may have, where a key has it. Empty means "sig".
	Use []string

	// CertificateMap says that the text is no JWK Set, but an object of certificates or
	// public keys in PEM form, each by its "kid".
	CertificateMap bool

	// MaxKeys is how many keys the text may have. Zero means 100.
	MaxKeys int
}

// ErrSecretKey means that a key of another issuer is a private key or a secret. It is
// not used: whoever can read the set can sign with it.
var ErrSecretKey = errors.New("is a private key or a secret")

// KeyProblem is something that is wrong with a key of another issuer. It is an error
// to log. Its text quotes no key.
type KeyProblem struct {
	Number int    // of the key in the set, from 1; 0 if it is about several
	ID     string // its "kid", which anybody may have written
	Used   bool   // the key is used in spite of it
	Err    error
}

// Error names the key and says what is wrong with it.
func (p KeyProblem) Error() string {
	if p.Number == 0 {
		return fmt.Sprintf("\"kid\" %+.64q: %v", p.ID, p.Err)
	}
	return fmt.Sprintf("number %d of the set, \"kid\" %+.64q: %v", p.Number, p.ID, p.Err)
}

// Unwrap returns what is wrong.
func (p KeyProblem) Unwrap() error { return p.Err }

// ParseSet reads the JWK Set (RFC 7517) of another issuer, such as one that was saved
// to a file, for Issuer.Keys of package ginjwt. It takes and refuses what a Remote of
// package jwks does:
//
//   - Each key is looked at by itself. A key that cannot be used is left out: secrets
//     and private keys, keys for encryption, keys of unknown types, curves and
//     algorithms, weak and malformed keys.
//   - A key with the certificate of another key is left out. A certificate or a
//     thumbprint that cannot be read is left aside, and the key is used.
//   - "kid" and "alg" name a key. Different keys with the same of both are left out.
//   - Keys without "kid" verify tokens without "kid", 8 of them at most. So does a key
//     that is the only one.
//   - Zeros before a number, or missing before a coordinate, and padding are ignored.
//
// problems say what was left out, and why. The error means that the text is no such
// set, or damaged. A set without keys is no error.
func ParseSet(text []byte) (list []Key, problems []KeyProblem, err error) {
	if len(text) > maxKeysText {
		return nil, nil, fmt.Errorf("keys: %w", errKeysTooLarge)
	}
	if list, problems, err = (SetOptions{}).Parse(text); err != nil {
		err = fmt.Errorf("keys: %w", err)
	}
	return list, problems, err
}

// ParseAny reads keys of one's own, as [Parse] does, or else the JWK Set of another issuer,
// as [ParseSet] does, with its problems. A set is one's own if it has a private key, a
// secret, or one of the members "nbf", "exp", "token_type" and "verify_unnamed", which
// [Parse] obeys: there a key that cannot be used, or is there twice, is a mistake. The
// error is that of [Parse].
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

// hasDouble reports whether a public key is in a list twice, as some issuers publish it.
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
// that is not obeyed in what they publish.
func isOwnSet(text []byte) bool {
	whole, _ := readJWK(strictjson.Value(bytes.TrimPrefix(text, byteOrderMark)))
	return slices.ContainsFunc(whole.members["keys"].Elements(maxKeys), func(key strictjson.Value) bool {
		j, _ := readJWK(key)
		return j.hasAny("nbf", "exp", "token_type", "verify_unnamed")
	})
}

var byteOrderMark = []byte("\ufeff")

// Parse is [ParseSet] with options, for a text of any length. Its error has no prefix,
// for a caller that names where the text comes from.
func (o SetOptions) Parse(text []byte) (list []Key, problems []KeyProblem, err error) {
	if o.MaxKeys == 0 {
		o.MaxKeys = maxKeys
	}
	text = bytes.TrimPrefix(text, byteOrderMark) // RFC 8259 §8.1 lets a reader ignore it
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

// key reads one JWK, and returns its key once for each algorithm that it is for. The
// ID is returned in any case, if it can be read.
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

// secretMembers are those of private and symmetric keys (RFC 7518 §6, RFC 8037
// §2, RFC 9964).
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// checkPurpose finds out what a key is for without reading the key itself.
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
		return fmt.Errorf("is of the type %+.64q, which verifies nothing here", typ)
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

// bind returns k with each algorithm that it is for. Each is checked by itself.
func (o SetOptions) bind(k Key) (bound []Key, err error) {
	for _, k.Algorithm = range o.algorithmsOf(k) {
		if _, err := (Options{}).Bind(k); err != nil {
			return nil, err
		}
		bound = append(bound, k)
	}
	if len(bound) == 0 {
		return nil, errors.New("is for none of the algorithms that are allowed")
	}
	return bound, nil
}

// algorithmsOf returns the algorithm that k names, or else those of its type.
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
// names, or, if there are none, one that verifies with a public key.
func (o SetOptions) Allows(algorithm string) bool {
	if len(o.Algorithms) == 0 {
		return IsAlgorithm(algorithm) && !IsHMAC(algorithm)
	}
	isIt := func(name string) bool { return CanonicalAlgorithm(name) == CanonicalAlgorithm(algorithm) }
	return slices.ContainsFunc(o.Algorithms, isIt)
}

// maxUnnamed is how many keys without "kid" are used: each token without "kid" is
// tried with every one that has its algorithm.
const maxUnnamed = 8

// unambiguous leaves out the keys for which a token does not say that it means them:
// different ones with the same ID and algorithm. A key without an ID gets its
// thumbprint, and verifies tokens without "kid". So does a key that is the only one
// (OpenID Connect Core §10.1).
func unambiguous(list []Key) (kept []Key, problems []KeyProblem) {
	list, problems = named(list)
	alone := !slices.ContainsFunc(list, func(k Key) bool { return !sameKey(k.Verify, list[0].Verify) })
	for i, k := range list {
		isTwin := func(other Key) bool { return hasNameOf(other, k) && !sameKey(other.Verify, k.Verify) }
		isSame := func(other Key) bool { return hasNameOf(other, k) && sameKey(other.Verify, k.Verify) }
		k.AllowMissingKeyID = alone || slices.ContainsFunc(list, func(other Key) bool { return isSame(other) && other.AllowMissingKeyID })
		switch {
		case slices.ContainsFunc(list, isTwin):
			if !slices.ContainsFunc(list[:i], func(other Key) bool { return hasNameOf(other, k) }) { // else it was reported
				problems = append(problems, KeyProblem{ID: k.ID, Err: fmt.Errorf("is that of different keys for %s", k.Algorithm)})
			}
		case !slices.ContainsFunc(list[:i], isSame):
			kept = append(kept, k)
		}
	}
	return kept, problems
}

// hasNameOf reports whether a token that means one of two keys may mean the other.
func hasNameOf(a, b Key) bool { return a.ID == b.ID && a.Algorithm == b.Algorithm }

// named gives the keys without an ID their thumbprint, and leaves out those of them
// that are too many.
func named(list []Key) (all []Key, problems []KeyProblem) {
	var unnamed []string
	for _, k := range list {
		if k.ID == "" {
			thumbprint, err := k.Thumbprint()
			known := slices.Contains(unnamed, thumbprint)
			if err == nil && !known && len(unnamed) == maxUnnamed {
				err = fmt.Errorf("is one of more than %d keys without \"kid\"", maxUnnamed)
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
