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

// Guards are the options of JWTRequired that check the claims of a token. A token
// must pass all of them. A request without a token passes if the route is
// Optional, and in a CORS preflight.
//
// Invalid arguments panic when the option is created, so that no route lets
// nobody or everybody pass by mistake.

// Scopes requires a token with all of these scopes. It reads them from the
// claim Config.ScopeClaim, or from the claim that the [Issuer] names. The claim
// is an array of strings, or one string with blanks between the scopes (RFC 8693
// §4.2). The comparison is exact.
//
// A token that lacks one is refused with [ErrInsufficientScope]. Scopes panics
// without arguments, and if an argument is not a scope (RFC 6749 §3.3).
func Scopes(scopes ...string) RequiredOption {
	scopes = slices.Clone(scopes)
	return scopesOption("Scopes", scopes, hasScopes, scopes)
}

// AnyScope requires a token with at least one of these scopes. Otherwise it is
// like [Scopes]. The challenge in the response names only the first scope: put
// the scope with the fewest rights first.
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

// Roles requires a token with at least one of these roles. To require several
// roles, use the option several times. Roles reads the roles from the claim
// Config.RolesClaim, or from the claim that the [Issuer] names. The comparison is
// exact.
//
// The claim is an array of strings, or a string that is one role. It can also be an
// object, as in the tokens of Zitadel: the name of each member is a role, and its value
// is an object that says where the role applies.
//
// A token without any of these roles is refused with [ErrInsufficientScope].
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

// grantsAny reports whether an object has one of roles as the name of a member
// that says where the role applies: {"admin": {"org-1": "example.com"}}. A role
// with an empty object, or with another value such as false, is not granted.
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

// Claim requires a token whose claim is one of these values, or an array that contains
// one of them. A value is a string, a bool or an integer. Claim compares types too: 5
// is neither "5" nor 5.0. Without values, the claim must be present. Its value must not be
// null, false, 0, "", or an empty array or object.
//
// A name that starts with "/" is a JSON Pointer (RFC 6901), such as "/address/country".
//
// A token without such a claim is refused with [ErrInsufficientScope].
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

// FreshWithin requires that the user logged in at most d ago. It reads "auth_time"
// (OpenID Connect Core §2, RFC 9068 §2.2.1). For a token without "auth_time" it reads
// "iat", and the token must be fresh. DecodeLeeway does not extend d. If a route has
// several FreshWithin, the shortest applies. FreshWithin panics if d is less than a
// second.
//
// A token of an older login is refused with [ErrFreshRequired]. The challenge tells the
// client the limit, as "max_age" (RFC 9470 §3).
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

// mustName panics if names is empty, or contains an invalid name.
func mustName(option string, names []string, valid func(string) bool, what string) {
	if len(names) == 0 {
		panic("ginjwt: " + option + ": needs at least one name")
	}
	for _, name := range names {
		if !valid(name) {
			panic(fmt.Sprintf("ginjwt: %s: %q is not %s", option, name, what))
		}
	}
}

// isName reports whether s can be a name in a token: it is not empty, and valid
// UTF-8.
func isName(s string) bool { return s != "" && utf8.ValidString(s) }

// validClaimName returns an error if name is neither a claim name nor a JSON
// Pointer to a claim.
func validClaimName(name string) error {
	if !isName(name) {
		return fmt.Errorf("%q is not the name of a claim", name)
	}
	return validPointer(name)
}

// mustCompare returns a function that compares a claim with v. It panics if v
// has a type that cannot be compared.
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
	panic(fmt.Sprintf("ginjwt: Claim: a %T cannot be compared; use strings, booleans and integers", v))
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

// isAny reports whether v passes one of tests, or is an array with an element
// that does.
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

// Scopes returns the scopes in the token. Like the option [Scopes], it reads the claim
// Config.ScopeClaim, or the claim that the [Issuer] names. It does not check whether
// the route requires the scopes.
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

// scopeIn reports whether scope is one of the scopes in text, which blanks
// separate.
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

// withScopes returns text with the scopes appended that it lacks.
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
