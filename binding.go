package ginjwt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Binding binds a purpose token to states: see [BoundTo] and [BoundBy]. If a token has
// several bindings, all must match, in the order of the creation of the token.
// Printing a Binding does not show its states.
type Binding struct {
	states func(ctx context.Context, identity string) ([]string, error) // nil: there are none
}

// BoundTo binds a purpose token to states that you know without the token, such as a random
// value in a cookie. The token works only with the same states, in the same order.
//
// The token holds an HMAC over the states. The HMAC key is derived from the signing key. So
// nobody who reads the token can test a guess, even if a state is short.
//
// An empty state, or no state at all, is an error when the token is created. Later it never
// matches, so a missing cookie opens nothing.
func BoundTo(state ...string) Binding {
	state = slices.Clone(state)
	return Binding{func(context.Context, string) ([]string, error) { return state, nil }}
}

// BoundBy binds a purpose token to a state of its identity, such as the hash of the password
// that a reset replaces. Once the state has changed, the token is refused.
//
// fn returns the state. The manager calls fn when the token is created, and again at
// each peek and consume with the identity in the token: the last check before
// Config.Once is asked. The rules for states are those of [BoundTo].
//
// At peek and consume, an [*Error] of fn is returned as it is. Any other error becomes an
// [ErrCallback], or an [ErrUnavailable] if it wraps ErrUnavailable.
func BoundBy(fn func(ctx context.Context, identity string) (state []string, err error)) Binding {
	return Binding{fn}
}

// String returns the name of the type, without any state.
func (b Binding) String() string { return "ginjwt.Binding" }

// Format prints String for every verb, so that no verb shows a state.
func (b Binding) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.String()) }

// LogValue returns String, for log/slog.
func (b Binding) LogValue() slog.Value { return slog.StringValue(b.String()) }

// MarshalText returns String, so that no encoder writes a state.
func (b Binding) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

var (
	errEmptyState = errors.New("a state of a binding is empty, such as the value of a missing cookie: give every binding a state")
	errBound      = errors.New("the token is bound: pass the BoundTo or BoundBy that it was created with")
	errUnbound    = errors.New("the token is not bound: create it with BoundTo or BoundBy, or pass no binding")
	errOtherState = errors.New("the states differ from those that the token was created with")
	errNoSealKey  = fmt.Errorf("%w: this key only verifies: a bound token needs the secret or the private key that signed it", ErrNoSigningKey)
)

// statesOf returns the states of all bindings as one list.
func statesOf(ctx context.Context, identity string, bindings []Binding) (all []string, err error) {
	for _, b := range bindings {
		var states []string
		if b.states != nil {
			if states, err = b.states(ctx, identity); err != nil {
				return nil, err
			}
		}
		if len(states) == 0 || slices.Contains(states, "") {
			return nil, errEmptyState
		}
		all = append(all, states...)
	}
	return all, nil
}

// seal returns an HMAC over the names of a token and its states. The length in front of each
// text keeps texts apart. The HMAC key is derived from the signing key, so the seal can be
// checked as long as the signature.
func seal(key *keys.Bound, names, states []string) (string, error) {
	secret, err := key.DeriveKey("binding of a token to a state")
	switch {
	case errors.Is(err, keys.ErrVerifiesOnly):
		return "", errNoSealKey
	case err != nil:
		return "", err
	}
	mac := hmac.New(sha256.New, secret)
	for _, text := range slices.Concat(names, states) {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text)))) // never fails
		mac.Write([]byte(text))
	}
	return base64url.Encode(mac.Sum(nil)), nil
}

// checkSeal compares the states in the seal of a token with the present states. It refuses a
// bound token without bindings, and a token that is not bound with any, so that a test finds
// a forgotten binding.
func checkSeal(ctx context.Context, token *Token, key *keys.Bound, names []string, bindings []Binding) error {
	sealed := token.claim("bnd")
	switch {
	case len(bindings) == 0 && sealed == "":
		return nil
	case len(bindings) == 0:
		return refusalOf(ErrNotBound, errBound, token)
	case sealed == "":
		return refusalOf(ErrNotBound, errUnbound, token)
	}
	states, err := statesOf(ctx, token.Identity, bindings)
	switch refused, isRefusal := errors.AsType[*Error](err); {
	case err == errEmptyState:
		return refusalOf(ErrNotBound, err, token)
	case isRefusal:
		return refused.about(token)
	case err != nil:
		return failure(err).about(token)
	}
	want, err := seal(key, names, states)
	if err != nil {
		return failure(err).about(token)
	}
	if got, isText := sealed.Str(); !isText || !hmac.Equal([]byte(got), []byte(want)) {
		return refusalOf(ErrNotBound, errOtherState, token)
	}
	return nil
}
