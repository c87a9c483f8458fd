package ginjwt

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// Guards are the options of JWTRequired that ask for something in the claims
// of a token. They add up: a token must pass all of them. Who sends no token
// passes where the route is Optional, and in a CORS preflight.
//
// Wrong arguments panic, when the option is made: no route is registered that
// lets nobody through, or everybody.

// Scopes asks for a token with all of these scopes. They are read from the
// claim Config.ScopeClaim, or that of the [Issuer]: texts in an array, or one
// text with blanks between the scopes (RFC 8693 §4.2). They are compared
// exactly.
//
// A token without them is refused with [ErrInsufficientScope].
func Scopes(scopes ...string) RequiredOption {
	scopes = slices.Clone(scopes)
	return scopesOption("Scopes", scopes, hasScopes, scopes)
}

// AnyScope asks for a token with at least one of these scopes. It is like
// [Scopes] otherwise. The challenge names the first of them only: put the one
// first that allows least.
func AnyScope(scopes ...string) RequiredOption {
	scopes = slices.Clone(scopes)
	return scopesOption("AnyScope", scopes, hasAnyScope, scopes[:min(1, len(scopes))])
}

func scopesOption(option string, scopes []string, enough func(in strictjson.Value, scopes []string) bool, told []string) RequiredOption {
	mustName(option, scopes, isScope, "a scope (RFC 6749 §3.3)")
	passes := func(token *Token) bool {
		return enough(token.claim(token.names().scope), scopes)
	}
	return func(need *requirement) {
		need.guard(guard{passes, true})
		need.scope = withScopes(need.scope, told)
	}
}

// Roles asks for a token with at least one of these roles; to ask for several
// at once, give several of this option. They are read from the claim
// Config.RolesClaim, or that of the [Issuer]: texts in an array, one text
// that is one role, or the names of members of an object, each with
// an object of the places where the role holds, as in Zitadel's tokens. They are
// compared exactly.
//
// A token without them is refused with [ErrInsufficientScope].
func Roles(roles ...string) RequiredOption {
	roles = slices.Clone(roles)
	mustName("Roles", roles, isName, "a role")
	tests := make([]func(strictjson.Value) bool, len(roles))
	for i, role := range roles {
		tests[i] = textIs(role)
	}
	passes := func(token *Token) bool {
		in := token.claim(token.names().roles)
		return isAny(in, tests) || grantsAny(in, roles)
	}
	return func(need *requirement) { need.guard(guard{passes, false}) }
}

// grantsAny reports whether an object has one of roles as the name of a member that says
// where the role holds: {"admin": {"org-1": "example.com"}}. A role that holds nowhere, or
// with any other value, such as false, is not granted.
func grantsAny(in strictjson.Value, roles []string) bool {
	granted := false
	in.Visit(func(role string, places strictjson.Value) bool {
		if slices.Contains(roles, role) {
			places.Visit(func(_ string, place strictjson.Value) bool {
				granted = !place.IsFalsy()
				return !granted
			})
		}
		return !granted
	})
	return granted
}

// Claim asks for a token with a claim that is one of these values, or an array
// that holds one. A value is a string, a bool or an integer, which is compared
// as it is written in the token: 5 is neither "5" nor 5.0. Without values, the
// claim must be there, and not be null, false, 0, "" or empty.
//
// A name that begins with "/" is a JSON Pointer (RFC 6901), such as
// "/address/country".
//
// A token without it is refused with [ErrInsufficientScope].
func Claim(name string, values ...any) RequiredOption {
	if err := validClaimName(name); err != nil {
		panic("ginjwt: Claim: " + err.Error())
	}
	tests := make([]func(strictjson.Value) bool, len(values))
	for i, v := range values {
		tests[i] = mustCompare(v)
	}
	passes := func(token *Token) bool {
		in := token.claim(name)
		return isAny(in, tests) || len(tests) == 0 && !in.IsFalsy()
	}
	return func(need *requirement) { need.guard(guard{passes, false}) }
}

// FreshWithin asks for a user who authenticated at most so long ago, whatever
// the token was used for since: by "auth_time" (OpenID Connect Core §2,
// RFC 9068 §2.2.1) if the token has it, else by the "iat" of a token that is
// fresh. DecodeLeeway does not prolong it. Of several, the shortest holds. Less
// than a second panics.
//
// A token that is older is refused with [ErrFreshRequired]; the challenge tells
// the client how old it may be (RFC 9470 §3).
func FreshWithin(d time.Duration) RequiredOption {
	if d < time.Second {
		panic(fmt.Sprintf("ginjwt: FreshWithin: must be at least a second (it is %s; 5 minutes are 5*time.Minute)", d))
	}
	return func(need *requirement) {
		if need.freshWithin == 0 || d < need.freshWithin {
			need.freshWithin = d
		}
	}
}

// mustName panics if a list of names is empty, or holds something else.
func mustName(option string, names []string, valid func(string) bool, what string) {
	if len(names) == 0 {
		panic("ginjwt: " + option + ": names nothing")
	}
	for _, name := range names {
		if !valid(name) {
			panic(fmt.Sprintf("ginjwt: %s: %q is not %s", option, name, what))
		}
	}
}

// isName reports whether a token can have s, and s can be meant.
func isName(s string) bool { return s != "" && utf8.ValidString(s) }

// validClaimName says why name is neither the name of a claim nor a JSON
// Pointer to one.
func validClaimName(name string) error {
	if !isName(name) {
		return fmt.Errorf("%q is not the name of a claim", name)
	}
	return validPointer(name)
}

// mustCompare returns what compares with v, and panics if nothing does.
func mustCompare(v any) func(strictjson.Value) bool {
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.String:
		if !utf8.ValidString(r.String()) {
			panic("ginjwt: Claim: a value is not valid UTF-8")
		}
		return textIs(r.String())
	case r.Kind() == reflect.Bool:
		return jsonIs(strconv.FormatBool(r.Bool()))
	case r.Kind() >= reflect.Int && r.Kind() <= reflect.Int64:
		return jsonIs(strconv.FormatInt(r.Int(), 10))
	case r.Kind() >= reflect.Uint && r.Kind() <= reflect.Uint64:
		return jsonIs(strconv.FormatUint(r.Uint(), 10))
	}
	panic(fmt.Sprintf("ginjwt: Claim: a %T is not compared; use strings, booleans and integers", v))
}

func textIs(text string) func(strictjson.Value) bool {
	return func(v strictjson.Value) bool {
		is, ok := v.Str()
		return ok && is == text
	}
}

func jsonIs(text string) func(strictjson.Value) bool {
	return func(v strictjson.Value) bool { return string(v) == text }
}

// isAny reports whether v passes one of tests, or is an array that holds what
// does.
func isAny(v strictjson.Value, tests []func(strictjson.Value) bool) bool {
	for _, test := range tests {
		if test(v) || v.Holds(test) {
			return true
		}
	}
	return false
}

func hasScopes(in strictjson.Value, scopes []string) bool {
	for _, scope := range scopes {
		if !hasScope(in, scope) {
			return false
		}
	}
	return true
}

func hasAnyScope(in strictjson.Value, scopes []string) bool {
	for _, scope := range scopes {
		if hasScope(in, scope) {
			return true
		}
	}
	return false
}

func hasScope(in strictjson.Value, scope string) bool {
	if text, ok := in.Str(); ok {
		return scopeIn(text, scope)
	}
	return in.Holds(textIs(scope))
}

// Scopes returns what the token says of scopes, as the option [Scopes] reads it: from
// the claim Config.ScopeClaim, or that of the [Issuer]. They are not yet what a route
// allows.
func (t *Token) Scopes() (scopes []string) {
	in := t.claim(t.names().scope)
	if text, ok := in.Str(); ok {
		return slices.DeleteFunc(strings.Split(text, " "), func(scope string) bool { return scope == "" })
	}
	in.Holds(func(v strictjson.Value) bool {
		if scope, ok := v.Str(); ok {
			scopes = append(scopes, scope)
		}
		return false
	})
	return scopes
}

// scopeIn reports whether scope is among those in text, which blanks separate.
func scopeIn(text, scope string) bool {
	for text != "" {
		var one string
		one, text, _ = strings.Cut(text, " ")
		if one == scope {
			return true
		}
	}
	return false
}

// withScopes returns text with those scopes at its end that it lacks.
func withScopes(text string, scopes []string) string {
	for _, scope := range scopes {
		switch {
		case text == "":
			text = scope
		case !scopeIn(text, scope):
			text += " " + scope
		}
	}
	return text
}
