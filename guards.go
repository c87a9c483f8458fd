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
	return scopesOption("Scopes", allScopes, scopes, hasAll, scopes)
}

// AnyScope requires a token with at least one of these scopes. Otherwise it is
// like [Scopes]. The challenge in the response names only the first scope: put
// the scope with the fewest rights first.
func AnyScope(scopes ...string) RequiredOption {
	return scopesOption("AnyScope", anyScope, scopes, hasAny, scopes[:min(1, len(scopes))])
}

func scopesOption(option string, kind guardKind, scopes []string, enough func(in strictjson.Value, scopes nameSet) bool, told []string) RequiredOption {
	mustName(option, scopes, isScope, "a scope (RFC 6749 §3.3)")
	told = slices.Clone(told)
	wanted := newNameSet(scopes)
	passes := func(token *Token) bool {
		return enough(token.claim(token.names().scope), wanted)
	}
	return func(need *requirement) {
		need.guard(guard{passes, kind, wanted.names})
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
	mustName("Roles", roles, isName, "a role")
	wanted := newNameSet(roles)
	isRole := valueSet{texts: wanted}.has
	passes := func(token *Token) bool {
		in := token.claim(token.names().roles)
		return isOrHolds(in, isRole) || grantsAny(in, wanted)
	}
	return func(need *requirement) { need.guard(guard{passes, anyRole, wanted.names}) }
}

// grantsAny reports whether an object has one of roles as the name of a member
// that says where the role applies: {"admin": {"org-1": "example.com"}}. A role
// with an empty object, or with another value such as false, is not granted.
func grantsAny(in strictjson.Value, roles nameSet) bool {
	granted := false
	in.Visit(func(role string, places strictjson.Value) bool {
		if roles.index(role) >= 0 {
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
	wanted := mustCompare(values)
	isValue := wanted.has
	passes := func(token *Token) bool {
		in := token.claim(name)
		return isOrHolds(in, isValue) || len(values) == 0 && !in.IsFalsy()
	}
	return func(need *requirement) {
		need.guard(guard{passes, claimValue, append([]string{name}, wanted.all()...)})
	}
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

// valueSet is a set of values that a claim is compared with.
type valueSet struct {
	texts    nameSet // strings
	literals nameSet // JSON of anything else
}

// mustCompare returns a set of values. It panics if one has a type that cannot be
// compared.
func mustCompare(values []any) valueSet {
	var texts, literals []string
	for _, v := range values {
		switch r := reflect.ValueOf(v); {
		case r.Kind() == reflect.String:
			if !utf8.ValidString(r.String()) {
				panic("ginjwt: Claim: a value is not valid UTF-8")
			}
			texts = append(texts, r.String())
		case r.Kind() == reflect.Bool:
			literals = append(literals, strconv.FormatBool(r.Bool()))
		case r.Kind() >= reflect.Int && r.Kind() <= reflect.Int64:
			literals = append(literals, strconv.FormatInt(r.Int(), 10))
		case r.Kind() >= reflect.Uint && r.Kind() <= reflect.Uint64:
			literals = append(literals, strconv.FormatUint(r.Uint(), 10))
		default:
			panic(fmt.Sprintf("ginjwt: Claim: a %T cannot be compared; use strings, booleans and integers", v))
		}
	}
	return valueSet{newNameSet(texts), newNameSet(literals)}
}

// all returns the values, strings in quotes.
func (s valueSet) all() (values []string) {
	for _, text := range s.texts.names {
		values = append(values, strconv.QuoteToASCII(text))
	}
	return append(values, s.literals.names...)
}

func (s valueSet) has(v strictjson.Value) bool {
	if text, ok := v.Str(); ok {
		return s.texts.index(text) >= 0
	}
	return s.literals.index(string(v)) >= 0
}

// isOrHolds reports whether is reports true for v, or for an element of v if it is an
// array.
func isOrHolds(v strictjson.Value, is func(strictjson.Value) bool) bool {
	return is(v) || v.Holds(is)
}

// nameSet is a set of names. A claim is read once, however many names are in the set.
type nameSet struct {
	names  []string       // without duplicates
	places map[string]int // in names; nil if there are few names
}

// fewNames is how many names are compared one by one, which is faster than a map.
const fewNames = 8

func newNameSet(names []string) nameSet {
	var s nameSet
	places := make(map[string]int, len(names))
	for _, name := range names {
		if _, double := places[name]; !double {
			places[name] = len(s.names)
			s.names = append(s.names, name)
		}
	}
	if len(s.names) > fewNames {
		s.places = places
	}
	return s
}

// index returns the place of a name in names, or -1.
func (s nameSet) index(name string) int {
	if s.places == nil {
		return slices.Index(s.names, name)
	}
	if i, ok := s.places[name]; ok {
		return i
	}
	return -1
}

// hasAll reports whether a claim has all scopes.
func hasAll(in strictjson.Value, scopes nameSet) bool {
	var few [64]bool
	found, missing := few[:], len(scopes.names)
	if missing > len(few) {
		found = make([]bool, missing)
	}
	return findScope(in, func(scope string) bool {
		if i := scopes.index(scope); i >= 0 && !found[i] {
			found[i] = true
			missing--
		}
		return missing == 0
	})
}

// hasAny reports whether a claim has one of scopes.
func hasAny(in strictjson.Value, scopes nameSet) bool {
	return findScope(in, func(scope string) bool { return scopes.index(scope) >= 0 })
}

// findScope reports whether is reports true for a scope in a claim.
func findScope(in strictjson.Value, is func(scope string) bool) bool {
	if text, ok := in.Str(); ok {
		return findWord(text, is)
	}
	return in.Holds(func(v strictjson.Value) bool {
		scope, ok := v.Str()
		return ok && is(scope)
	})
}

// findWord reports whether is reports true for one of the words in text, which blanks
// separate.
func findWord(text string, is func(word string) bool) bool {
	for text != "" {
		var word string
		if word, text, _ = strings.Cut(text, " "); word != "" && is(word) {
			return true
		}
	}
	return false
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
	return findWord(text, func(word string) bool { return word == scope })
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
