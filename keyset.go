package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// KeySet is a list of keys that were checked, each bound to one algorithm. It
// does not change, and is safe for concurrent use.
type KeySet struct {
	keys  []boundKey
	named bool // a token that names a key must name one of these

	// writers are the keys whose header is enough to know them by: no other key
	// may have made a token with it.
	writers []*boundKey
}

// A KeySource gives the keys of an issuer, which change from time to time. It
// must be safe for concurrent use, and answer at once where it can: it is asked
// for every request.
type KeySource interface {
	// KeySet returns the keys as they are known now. kid is the one that the
	// token at hand names, and anybody may have written it; a source that does
	// not know it may look for it before it answers, within its own limits.
	// While nothing changes the result is the same pointer, as it stands for
	// the tokens that were verified with it.
	//
	// An error means that the keys are not known. The request is refused with
	// [ErrUnavailable], status 503.
	KeySet(ctx context.Context, kid string) (*KeySet, error)
}

var _ KeySource = (*KeySet)(nil)

// NewKeySet checks keys as Config.Keys does and returns them as a set. Two keys
// with one ID are an error, unless they are the same key with another
// algorithm. A set without keys accepts no token.
func NewKeySet(keys ...Key) (*KeySet, error) {
	set, problems := newKeySet(keys, "", false)
	if len(problems) > 0 {
		return nil, fmt.Errorf("ginjwt: NewKeySet: %w", errors.Join(problems...))
	}
	return set, nil
}

// newKeySet binds keys, those without an algorithm to preferred if it fits, and
// says what is wrong with each.
func newKeySet(keys []Key, preferred string, allowShort bool) (set *KeySet, problems []error) {
	if len(keys) > maxKeys {
		return &KeySet{}, []error{fmt.Errorf("there are %d keys, but may be %d at most", len(keys), maxKeys)}
	}
	var list []boundKey
	for i, k := range keys {
		bound, err := bindListed(k, preferred, allowShort)
		if err == nil {
			err = checkDouble(list, bound)
		}
		if err != nil {
			problems = append(problems, aboutKey(i, len(keys), err))
			continue
		}
		list = append(list, bound)
	}
	return keySetOf(list), problems
}

// aboutKey says which of several keys an error is about.
func aboutKey(i, of int, err error) error {
	if of == 1 {
		return err
	}
	return fmt.Errorf("key %d of %d: %w", i+1, of, err)
}

// keySetOf makes a set of keys that were checked.
func keySetOf(keys []boundKey) *KeySet {
	set := &KeySet{keys: keys}
	for i := range keys {
		set.named = set.named || keys[i].id != ""
	}
	for i := range keys {
		if keys[i].id != "" || !set.named {
			set.writers = append(set.writers, &keys[i])
		}
	}
	return set
}

// bindListed binds a key of a list, with what is left out of it filled in.
func bindListed(k Key, preferred string, allowShort bool) (boundKey, error) {
	switch {
	case k.isZero():
		return boundKey{}, errors.New("there is no key")
	case k.TokenType != "" && !isTokenType(k.TokenType):
		return boundKey{}, fmt.Errorf("the TokenType %q is none; use AccessToken or RefreshToken", k.TokenType)
	case !k.NotAfter.IsZero() && !k.NotAfter.After(k.NotBefore):
		return boundKey{}, errors.New("NotAfter is not after NotBefore")
	}
	if k.Algorithm = algorithmFor(k, preferred); k.Algorithm == "" {
		return boundKey{}, errors.New("no algorithm of this package fits a key of its type")
	}
	if k.ID == "" {
		id, err := k.Thumbprint()
		if err != nil {
			return boundKey{}, err
		}
		k.ID = id
	}
	if err := checkPrivate(k.Sign); err != nil {
		return boundKey{}, err
	}
	return bind(k, allowShort)
}

// algorithmFor returns the algorithm of a key. If it names none, that is
// preferred if it is for keys of this type, else the usual one.
func algorithmFor(k Key, preferred string) string {
	if k.Algorithm != "" {
		return k.Algorithm
	}
	natural := naturalAlgorithm(k.half())
	family := algorithms[natural].family
	if preferred != "" && family != "EC" && algorithms[preferred].family == family { // EC: the curve decides
		return preferred
	}
	return natural
}

// checkDouble refuses a key whose name is taken: nobody could tell which of the
// two a token means.
func checkDouble(list []boundKey, k boundKey) error {
	for i := range list {
		other := &list[i]
		switch {
		case other.id != k.id:
		case !sameKey(other.public, k.public):
			return fmt.Errorf("has the ID %q of another key", k.id)
		case other.algorithm == k.algorithm:
			return fmt.Errorf("is there twice, with the ID %q", k.id)
		}
	}
	return nil
}

// String counts the keys, and shows none.
func (s KeySet) String() string { return fmt.Sprintf("ginjwt.KeySet{%d keys}", len(s.keys)) }

// GoString is String, for %#v.
func (s KeySet) GoString() string { return s.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (s KeySet) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String, for log/slog.
func (s KeySet) LogValue() slog.Value { return slog.StringValue(s.String()) }

// KeySet returns s: keys that do not change are a [KeySource] too.
func (s *KeySet) KeySet(context.Context, string) (*KeySet, error) { return s, nil }

// isRetired reports whether all keys are.
func (s *KeySet) isRetired(now time.Time) bool {
	return !slices.ContainsFunc(s.keys, func(k boundKey) bool { return !k.retired(now) })
}

// hasRetired reports whether a key is.
func (s *KeySet) hasRetired(now time.Time) bool {
	return slices.ContainsFunc(s.keys, func(k boundKey) bool { return k.retired(now) })
}

// hasAlgorithm reports whether a key with this algorithm is in the set.
func (s *KeySet) hasAlgorithm(name string) bool {
	return slices.ContainsFunc(s.keys, func(k boundKey) bool { return k.algorithm == name })
}

// hasAsymmetric reports whether a key is in the set that is no secret.
func (s *KeySet) hasAsymmetric() bool {
	return slices.ContainsFunc(s.keys, func(k boundKey) bool { return !isHMAC(k.algorithm) })
}

// signing returns the key for a new token: the first that is active and not
// retired before the token expires or, if there is none, the one that is retired
// last. A zero time of expiry is that of a token that never expires.
func (s *KeySet) signing(typ TokenType, now, expires time.Time) *boundKey {
	var last *boundKey
	for i := range s.keys {
		k := &s.keys[i]
		switch {
		case !k.signsAt(typ, now):
		case k.outlives(expires):
			return k
		case last == nil || k.notAfter.After(last.notAfter):
			last = k
		}
	}
	return last
}

// signsAt reports whether k makes tokens of a type now.
func (k *boundKey) signsAt(typ TokenType, now time.Time) bool {
	return k.signs && k.isFor(typ) && k.active(now)
}

// isFor reports whether k signs and verifies tokens of a type.
func (k *boundKey) isFor(typ TokenType) bool { return k.tokenType == "" || k.tokenType == typ }

// verifyNow verifies with a key that may be retired.
func (k *boundKey) verifyNow(signed string, signature []byte, now time.Time) error {
	if k.retired(now) {
		return errUnknownKey
	}
	return k.verify(signed, signature)
}

// checkType notes that k verified c, unless k is for tokens of another type.
func (k *boundKey) checkType(c *contents) error {
	if !k.isFor(c.payload.typ) {
		return errOtherType
	}
	c.key = k
	return nil
}

// signature is what a token says of how it was signed.
type signature struct {
	alg    string
	kid    value // empty: it names no key
	signed string
	bytes  []byte
	typ    TokenType
}

// verify returns the key that made a signature. The token's algorithm does not
// choose the key: a key answers to one only. A token that names no key may be
// of several keys, which are tried one after another.
func (s *KeySet) verify(sig signature, now time.Time) (*boundKey, error) {
	refusal := errUnknownKey
	for i := range s.keys {
		k := &s.keys[i]
		switch {
		case !s.means(k, sig.kid) || k.retired(now):
		case k.algorithm != sig.alg:
			if refusal == errUnknownKey {
				refusal = errAlgorithm
			}
		case k.verify(sig.signed, sig.bytes) != nil:
			refusal = errSignature
		case !k.isFor(sig.typ):
			refusal = errOtherType
		default:
			return k, nil
		}
	}
	return nil, refusal
}

// means reports whether a token that names kid may be signed with k. Where no
// key has a name, that of the token means nothing, as in the original.
func (s *KeySet) means(k *boundKey, kid value) bool {
	if !s.named {
		return true
	}
	if kid == "" {
		return k.id == "" || k.unnamed
	}
	name, ok := kid.str()
	return ok && name != "" && name == k.id
}
