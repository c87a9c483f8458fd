package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// Set is a list of keys that were checked, each bound to one algorithm. It
// does not change, and is safe for concurrent use.
type Set struct {
	keys  []*Bound
	named bool // a token that names a key must name one of these
}

// ErrUnavailable means that the keys of an issuer are not known now, so that
// nobody knows whether a token is good: the request is answered 503.
var ErrUnavailable = errors.New("keys: the keys of the issuer are not known")

// A Source gives the keys of an issuer, which change from time to time. It
// must be safe for concurrent use, and answer at once where it can: it is asked
// for every request.
type Source interface {
	// KeySet returns the keys as they are known now. kid is the one that the
	// token at hand names, and anybody may have written it; a source that does
	// not know it may look for it before it answers, within its own limits.
	// While nothing changes the result is the same pointer, as it stands for
	// the tokens that were verified with it.
	//
	// An error means that the keys are not known, as ErrUnavailable does: the
	// request is refused with status 503.
	KeySet(ctx context.Context, kid string) (*Set, error)
}

var _ Source = (*Set)(nil)

// NewSet checks keys and returns them as a set. A key without an ID gets its
// thumbprint, and one without an algorithm that of its type. Two keys with one ID
// and one algorithm are an error: a token names its key by both. All problems are
// returned at once, joined. A set without keys accepts no token.
func NewSet(keys ...Key) (*Set, error) { return Options{}.NewSet(keys...) }

// NewSet is [NewSet] with options.
func (o Options) NewSet(keys ...Key) (*Set, error) {
	list, problems := o.bindAll(keys)
	if len(problems) > 0 {
		return nil, fmt.Errorf("keys: %w", errors.Join(problems...))
	}
	return setOf(list), nil
}

// bindAll binds keys, and says what is wrong with each.
func (o Options) bindAll(keys []Key) (list []*Bound, problems []error) {
	if len(keys) > maxKeys {
		return nil, []error{fmt.Errorf("there are %d keys, but may be %d at most", len(keys), maxKeys)}
	}
	for i, k := range keys {
		bound, err := o.bindListed(k)
		if err == nil {
			err = checkDouble(list, bound)
		}
		if err != nil {
			problems = append(problems, aboutKey(i, len(keys), err))
			continue
		}
		list = append(list, bound)
	}
	return list, problems
}

// aboutKey says which of several keys an error is about.
func aboutKey(i, of int, err error) error {
	if of == 1 {
		return err
	}
	return fmt.Errorf("key %d of %d: %w", i+1, of, err)
}

// setOf makes a set of keys that were checked.
func setOf(keys []*Bound) *Set {
	hasName := func(k *Bound) bool { return k.ID() != "" }
	return &Set{keys, slices.ContainsFunc(keys, hasName)}
}

// bindListed binds a key of a set, with what is left out of it filled in.
func (o Options) bindListed(k Key) (*Bound, error) {
	switch {
	case k.IsZero():
		return nil, noKey(k)
	case k.TokenType != "" && !isTokenType(k.TokenType):
		return nil, fmt.Errorf("the TokenType %q is none; use AccessToken or RefreshToken", k.TokenType)
	case !k.NotAfter.IsZero() && !k.NotAfter.After(k.NotBefore):
		return nil, errors.New("NotAfter is not after NotBefore")
	}
	if k.Algorithm = k.AlgorithmOr(o.Algorithm); k.Algorithm == "" {
		return nil, typeError(k)
	}
	if k.ID == "" {
		id, err := k.Thumbprint()
		if err != nil {
			return nil, err
		}
		k.ID = id
	}
	if err := checkPrivate(k.Sign); err != nil {
		return nil, err
	}
	return o.Bind(k)
}

// checkDouble refuses a key whose name is taken: nobody could tell which of the
// two a token means.
func checkDouble(list []*Bound, k *Bound) error {
	for _, other := range list {
		switch {
		case other.ID() != k.ID() || other.Algorithm() != k.Algorithm():
		case !sameKey(other.key.Verify, k.key.Verify):
			return fmt.Errorf("has the ID %q of another key", k.ID())
		default:
			return fmt.Errorf("is there twice, with the ID %q", k.ID())
		}
	}
	return nil
}

// Append returns a set of the keys of s and more of them, in this order.
func (s *Set) Append(more ...*Bound) *Set { return setOf(slices.Concat(s.keys, more)) }

// String counts the keys, and shows none.
func (s Set) String() string { return fmt.Sprintf("keys.Set{%d keys}", len(s.keys)) }

// GoString is String, for %#v.
func (s Set) GoString() string { return s.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (s Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String, for log/slog.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.String()) }

// KeySet returns s: keys that do not change are a [Source] too.
func (s *Set) KeySet(context.Context, string) (*Set, error) { return s, nil }

// Len returns the number of keys.
func (s *Set) Len() int { return len(s.keys) }

// RequiresKeyID reports whether a key in s has an ID, so that tokens must name theirs.
func (s *Set) RequiresKeyID() bool { return s.named }

// HasRetired reports whether a key in s is retired.
func (s *Set) HasRetired(now time.Time) bool {
	return slices.ContainsFunc(s.keys, func(k *Bound) bool { return k.IsRetired(now) })
}

// Algorithms returns those of the keys, in order, each as often as there are
// keys of it.
func (s *Set) Algorithms() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.Algorithm()
	}
	return names
}

// HasAsymmetric reports whether a key in s is not a secret.
func (s *Set) HasAsymmetric() bool {
	return slices.ContainsFunc(s.keys, func(k *Bound) bool { return !IsHMAC(k.Algorithm()) })
}

// SigningKey returns the key for a new token: the first that is active and not
// retired before the token expires or, if there is none, the one that is retired
// last. A zero time of expiry is that of a token that never expires. Nil: no key
// signs tokens of this type now.
func (s *Set) SigningKey(tokenType string, now, expires time.Time) *Bound {
	var last *Bound
	for _, k := range s.keys {
		switch {
		case !k.SignsAt(tokenType, now):
		case k.outlives(expires):
			return k
		case last == nil || k.key.NotAfter.After(last.key.NotAfter):
			last = k
		}
	}
	return last
}

// KeyByHeader returns the key whose own header this is, encoded, if no other key of s
// may have signed a token with it; else nil.
func (s *Set) KeyByHeader(encodedHeader string) *Bound {
	for _, k := range s.keys {
		if k.encodedHeader == encodedHeader && (k.key.ID != "" || !s.named) {
			return k
		}
	}
	return nil
}
