package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"time"
)

// Set is a list of checked keys, each with one algorithm. It is immutable, and safe for
// concurrent use.
type Set struct {
	keys  []*Bound
	named bool // a key has an ID, so tokens must name their key
}

// ErrUnavailable means that the keys of an issuer are currently unknown. The
// server cannot decide whether a token is valid, so it responds with 503.
var ErrUnavailable = errors.New("keys: the keys of the issuer are not known")

// A Source provides the keys of an issuer, which can change. It must be safe for
// concurrent use. It is called for every request, so it should return quickly.
type Source interface {
	// KeySet returns the currently known keys. kid is the "kid" of an unverified token:
	// anybody may have written it. If the source does not know kid, it may look for new
	// keys before it returns, within its own limits. While the keys do not change, KeySet
	// must return the same pointer. The token cache compares it to see whether a token is
	// still verified.
	//
	// An error means that the keys are unknown, such as [ErrUnavailable]. The request
	// gets 503.
	KeySet(ctx context.Context, kid string) (*Set, error)
}

var _ Source = (*Set)(nil)

// NewSet checks keys, and returns them as a set. A key without an ID gets its thumbprint,
// and a key without an algorithm gets the default of its type. Two keys with the same ID
// and algorithm are an error, because a token names its key by both. The error joins all
// problems. A set without keys accepts no token.
func NewSet(keys ...Key) (*Set, error) { return Options{}.NewSet(keys...) }

// NewSet is the function [NewSet] with options.
func (o Options) NewSet(keys ...Key) (*Set, error) {
	list, problems := o.bindAll(keys)
	if len(problems) > 0 {
		return nil, fmt.Errorf("keys: %w", errors.Join(problems...))
	}
	return setOf(list), nil
}

// bindAll binds keys, and reports the problems of each.
func (o Options) bindAll(keys []Key) (list []*Bound, problems []error) {
	if len(keys) > maxKeys {
		return nil, []error{fmt.Errorf("there are %d keys, but at most %d are allowed", len(keys), maxKeys)}
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

// aboutKey adds to an error which key it is about, if there are several.
func aboutKey(i, of int, err error) error {
	if of == 1 {
		return err
	}
	return fmt.Errorf("key %d of %d: %w", i+1, of, err)
}

// setOf makes a set of checked keys.
func setOf(keys []*Bound) *Set {
	hasName := func(k *Bound) bool { return k.ID() != "" }
	return &Set{keys, slices.ContainsFunc(keys, hasName)}
}

// bindListed fills in the defaults of a key in a set, and binds it.
func (o Options) bindListed(k Key) (*Bound, error) {
	switch {
	case k.IsZero():
		return nil, noKey(k)
	case k.TokenType != "" && !isTokenType(k.TokenType):
		return nil, fmt.Errorf("the TokenType %q is unknown; use AccessToken or RefreshToken", k.TokenType)
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

// checkDouble refuses a key with the ID and algorithm of another key, because a token
// could mean either.
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

// Append returns a set with the keys of s, followed by more.
func (s *Set) Append(more ...*Bound) *Set { return setOf(slices.Concat(s.keys, more)) }

// String returns the number of keys, and shows no key.
func (s Set) String() string { return fmt.Sprintf("keys.Set{%d keys}", len(s.keys)) }

// GoString returns the same as String, for the verb %#v.
func (s Set) GoString() string { return s.String() }

// Format prints the same as String for every verb, so that no verb shows a secret.
func (s Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns the same as String, for log/slog.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.String()) }

// KeySet returns s, so that keys that do not change are a [Source] too.
func (s *Set) KeySet(context.Context, string) (*Set, error) { return s, nil }

// Len returns the number of keys.
func (s *Set) Len() int { return len(s.keys) }

// RequiresKeyID reports whether tokens must name their key, because a key in s has an ID.
func (s *Set) RequiresKeyID() bool { return s.named }

// HasRetired reports whether a key in s has retired.
func (s *Set) HasRetired(now time.Time) bool {
	return slices.ContainsFunc(s.keys, func(k *Bound) bool { return k.IsRetired(now) })
}

// All returns an iterator over the keys, in their order.
func (s *Set) All() iter.Seq[*Bound] { return slices.Values(s.keys) }

// Algorithms returns the algorithm of each key, in the order of the keys, with
// duplicates.
func (s *Set) Algorithms() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.Algorithm()
	}
	return names
}

// HasAsymmetric reports whether s has a private or public key.
func (s *Set) HasAsymmetric() bool {
	return slices.ContainsFunc(s.keys, func(k *Bound) bool { return !IsHMAC(k.Algorithm()) })
}

// SigningKey returns the key for a new token. It is the first active key that does not
// retire before the token expires. If there is no such key, it is the active key that
// retires last. A zero expires means a token that never expires. SigningKey returns nil
// if no key signs tokens of this type now.
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

// KeyByHeader returns the key that writes exactly this encoded header, or nil. It also
// returns nil if another key of s may have signed a token with this header.
func (s *Set) KeyByHeader(encodedHeader string) *Bound {
	for _, k := range s.keys {
		if k.encodedHeader == encodedHeader && (k.key.ID != "" || !s.named) {
			return k
		}
	}
	return nil
}
