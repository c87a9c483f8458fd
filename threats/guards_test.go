package threats_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// attackForbidden is what a good token hears that does not suffice.
func attackForbidden(attributes string) attackAnswer {
	answer := attackRefusal(403, "Insufficient scope", "insufficient_scope", "The token does not allow this request", "insufficient_scope")
	answer.challenge += attributes
	return answer
}

// guardedApp has a route for each guard, beside those of all others.
func guardedApp(t testing.TB, settings func(*ginjwt.Config)) *attackApp {
	t.Helper()
	a := attackNew(t, settings)
	for path, guard := range map[string]ginjwt.RequiredOption{
		"/scopes": ginjwt.Scopes("read", "write"),
		"/any-of": ginjwt.AnyScope("write", "admin"),
		"/roles":  ginjwt.Roles("admin"),
		"/tenant": ginjwt.Claim("tenant", "acme"),
		"/level":  ginjwt.Claim("level", 3),
		"/paid":   ginjwt.Claim("paid", true),
		"/there":  ginjwt.Claim("there"),
		"/within": ginjwt.FreshWithin(5 * time.Minute),
	} {
		a.engine.Any(path, a.mgr.JWTRequired(guard), attackHandler)
		a.engine.Any("/optional"+path, a.mgr.JWTRequired(guard, ginjwt.Optional()), attackHandler)
	}
	return a
}

// expectGuarded sends a token to a route, and to its twin for visitors.
func (a *attackApp) expectGuarded(t *testing.T, want attackAnswer, path, token string) {
	t.Helper()
	a.expect(t, want, "GET", path, jwttest.Bearer(token))
	a.expect(t, want, "GET", "/optional"+path, jwttest.Bearer(token))
}

func TestAttackScopes(t *testing.T) {
	t.Parallel()
	a := guardedApp(t, nil)
	long := strings.Repeat("x", 5000)
	all, some := attackForbidden(`, scope="read write"`), attackForbidden(`, scope="write"`)
	for _, v := range []struct{ name, claim, scope string }{
		{"T131 another case", "scope", `"READ WRITE ADMIN"`},
		{"T131 a homoglyph", "scope", `"re\u0430d wr\u0456te \u0430dmin"`},
		{"T126 a letter that folds", "scope", `"read\u017f write\u017f admin\u017f"`},
		{"T131 full-width letters", "scope", `"\uff52ead \uff57rite \uff41dmin"`},
		{"T131 a zero-width space", "scope", `"read\u200b write\u200b admin\u200b"`},
		{"T130 a NUL after it", "scope", `"read\u0000 write\u0000 admin\u0000"`},
		{"T168 a prefix", "scope", `"rea writ admi"`},
		{"T168 with more at its end", "scope", `"readx write:all administrator"`},
		{"T168 a wildcard", "scope", `"* read* wr* .*"`},
		{"T168 joined by commas", "scope", `"read,write,admin"`},
		{"T168 joined by plus signs", "scope", `"read+write+admin"`},
		{"T168 percent-encoded blanks", "scope", `"read%20write%20admin"`},
		{"T168 joined by tabs", "scope", `"read\twrite\tadmin"`},
		{"T168 joined by line breaks", "scope", `"read\nwrite\r\nadmin"`},
		{"T168 joined by other blanks", "scope", `"read\u00a0write\u2003admin"`},
		{"T168 quoted", "scope", `"\"read\" \"write\" \"admin\""`},
		{"T168 JSON in a text", "scope", `"[\"read\",\"write\",\"admin\"]"`},
		{"T168 one text in an array", "scope", `["read write admin"]`},
		{"T168 blanks around those in an array", "scope", `[" read","write ","\tadmin"]`},
		{"T168 an array in an array", "scope", `[["read","write","admin"]]`},
		{"T168 an object", "scope", `{"read":true,"write":true,"admin":true}`},
		{"T168 objects in an array", "scope", `[{"read":"write"},{"write":"read"},{"admin":"admin"}]`},
		{"T168 null", "scope", `null`},
		{"T168 true", "scope", `true`},
		{"T168 a number", "scope", `1`},
		{"T168 nulls, booleans and numbers in an array", "scope", `[null,true,1,1e400,-0]`},
		{"T168 empty", "scope", `""`},
		{"T168 blanks", "scope", `"   "`},
		{"T168 an empty array", "scope", `[ ]`},
		{"T168 absent", "scope", ``},
		{"T125 Scope", "Scope", `"read write admin"`},
		{"T125 SCOPE", "SCOPE", `"read write admin"`},
		{"T126 \u017fcope", "\u017fcope", `"read write admin"`},
		{"T125 a blank in the name", "scope ", `"read write admin"`},
		{"T125 scopes", "scopes", `"read write admin"`},
		{"T125 scp", "scp", `"read write admin"`},
		{"T125 the claim of roles", "roles", `["read","write","admin"]`},
		{"T125 in another claim", "x", `{"scope":"read write admin"}`},
		{"T125 behind another claim", "x", `"\",\"scope\":\"read write admin"`},
		{"T125 in a long claim", "x", `"` + long + `\"scope\":\"read write admin\"` + long + `"`},
		{"T125 a name that is a value", "x", `["scope","read write admin"]`},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token(v.claim, v.scope)
			a.expectGuarded(t, all, "/scopes", token)
			a.expectGuarded(t, some, "/any-of", token)
			a.expectBoth(t, attackPassed("alice"), token)
		})
	}
	for _, v := range []struct{ name, scope string }{
		{"T127 escaped is the same text", `"re\u0061d wr\u0069te"`},
		{"T127 an escaped blank", `"read\u0020write"`},
		{"T127 in an array, escaped", `["\u0072ead","writ\u0065"]`},
		{"T168 blanks around and between", `"  write   read  "`},
		{"T168 among what is none", `[null,["x"],{"read":1},"read",3,"write",""]`},
		{"T134 nested around it", `["read",` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `,"write"]`},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectGuarded(t, attackPassed("alice"), "/scopes", a.token("scope", v.scope))
			a.expectGuarded(t, attackPassed("alice"), "/any-of", a.token("scope", v.scope))
		})
	}
	t.Run("T127 an escaped name is the name", func(t *testing.T) {
		t.Parallel()
		token := a.sign(`{"alg":"HS256"}`, `{"sub":"alice","jti":"1","\u0073cop\u0065":"read write"}`)
		a.expectGuarded(t, attackPassed("alice"), "/scopes", token)
	})
	t.Run("T124 twice", func(t *testing.T) {
		t.Parallel()
		bad := attackInvalid(msgClaimsJSON)
		for _, second := range []string{`"scope":"read write"`, `"sc\u006fpe":"read write"`, `"x":{"y":1,"y":2}`} {
			token := a.sign(`{"alg":"HS256"}`, `{"sub":"alice","jti":"1","scope":"read",`+second+`}`)
			a.expectGuarded(t, bad, "/scopes", token)
		}
	})
}

func TestAttackRolesAndClaims(t *testing.T) {
	t.Parallel()
	a := guardedApp(t, nil)
	forbidden := attackForbidden("")
	for _, v := range []struct{ name, path, claim, text string }{
		{"T168 roles in one text", "/roles", "roles", `"reader admin"`},
		{"T168 roles joined by commas", "/roles", "roles", `"admin,reader"`},
		{"T131 a role in another case", "/roles", "roles", `["ADMIN"]`},
		{"T131 a role with a blank", "/roles", "roles", `["admin ", " admin"]`},
		{"T131 a homoglyph", "/roles", "roles", `["\u0430dmin"]`},
		{"T168 a role as a member", "/roles", "roles", `{"admin":true}`},
		{"T168 an array in an array", "/roles", "roles", `[["admin"]]`},
		{"T168 true", "/roles", "roles", `true`},
		{"T125 Roles", "/roles", "Roles", `["admin"]`},
		{"T125 role", "/roles", "role", `["admin"]`},
		{"T125 the claim of scopes", "/roles", "scope", `"admin"`},

		{"T131 a claim in another case", "/tenant", "tenant", `"Acme"`},
		{"T131 NFD", "/tenant", "tenant", `"a\u0301cme"`},
		{"T168 a part of a text", "/tenant", "tenant", `"acme umbrella"`},
		{"T168 a text of JSON", "/tenant", "tenant", `"\"acme\""`},
		{"T168 an array in an array", "/tenant", "tenant", `[["acme"]]`},
		{"T168 a member", "/tenant", "tenant", `{"acme":"acme"}`},
		{"T125 a member elsewhere", "/tenant", "x", `{"tenant":"acme"}`},

		{"T137 a number as text", "/level", "level", `"3"`},
		{"T137 a fraction", "/level", "level", `3.0000000000000000000000001`},
		{"T137 of another form", "/level", "level", `3.0`},
		{"T137 an exponent", "/level", "level", `30e-1`},
		{"T137 rounded to it", "/level", "level", `2.99999999999999999999999999`},
		{"T137 too large", "/level", "level", `1e999999999`},
		{"T137 wraps around", "/level", "level", `18446744073709551619`},
		{"T137 in a text of JSON", "/level", "level", `"[3]"`},
		{"T137 true is no number", "/level", "level", `true`},

		{"T137 a text is no flag", "/paid", "paid", `"true"`},
		{"T137 a number is no flag", "/paid", "paid", `1`},
		{"T137 false", "/paid", "paid", `false`},
		{"T137 null", "/paid", "paid", `null`},

		{"T121 absent", "/there", "x", `1`},
		{"T121 null", "/there", "there", `null`},
		{"T121 false", "/there", "there", `false`},
		{"T121 zero", "/there", "there", `-0.00e9`},
		{"T121 nothing but a small number", "/there", "there", `1e-999`},
		{"T121 an empty text", "/there", "there", `""`},
		{"T121 an empty array", "/there", "there", "[\n\t]"},
		{"T121 an empty object", "/there", "there", "{\r }"},
	} {
		t.Run(v.name+" "+v.text, func(t *testing.T) {
			t.Parallel()
			token := a.token(v.claim, v.text)
			a.expectGuarded(t, forbidden, v.path, token)
			a.expectBoth(t, attackPassed("alice"), token)
		})
	}
}

// A pointer goes through objects and arrays only, by names and indexes that are
// exactly those.
func TestAttackPointers(t *testing.T) {
	t.Parallel()
	a := guardedApp(t, func(c *ginjwt.Config) { c.ScopeClaim, c.RolesClaim = "/o/scope", "/realm_access/roles" })
	for _, claims := range [][]string{
		{"/realm_access/roles", `["admin"]`},
		{"realm_access/roles", `["admin"]`},
		{"realm_access.roles", `["admin"]`},
		{"roles", `["admin"]`},
		{"realm_access", `"roles"`},
		{"realm_access", `["roles","admin"]`},
		{"realm_access", `[{"roles":["admin"]}]`},
		{"realm_access", `{"Roles":["admin"]}`},
		{"realm_access", `{"x":{"roles":["admin"]}}`},
		{"realm_access", `{"x":"\"roles\":[\"admin\"]"}`},
		{"realm_access", `{"roles":{"admin":1}}`},
		{"realm_access", `{"roles":null}`},
		{"realm_access", `{}`},
		{"realm_access", `"{\"roles\":[\"admin\"]}"`},
		{"Realm_access", `{"roles":["admin"]}`},
		{"x", `{"realm_access":{"roles":["admin"]}}`},
		{"realm_access", strings.Repeat(`{"x":`, 500) + `{"roles":["admin"]}` + strings.Repeat(`}`, 500)},
	} {
		t.Run("T125 "+claims[0]+" "+claims[1][:min(40, len(claims[1]))], func(t *testing.T) {
			t.Parallel()
			a.expectGuarded(t, attackForbidden(""), "/roles", a.token(claims...))
		})
	}
	t.Run("T127 escaped on the way", func(t *testing.T) {
		t.Parallel()
		token := a.token("realm_access", `{"x":[1,{"roles":[]}], "r\u006fles" : [ "\u0061dmin" ]}`, "o", `{"scope":"read write"}`)
		a.expectGuarded(t, attackPassed("alice"), "/roles", token)
		a.expectGuarded(t, attackPassed("alice"), "/scopes", token)
	})
}

func TestAttackFreshWithin(t *testing.T) {
	t.Parallel()
	a := guardedApp(t, func(c *ginjwt.Config) { c.DecodeLeeway = 10 * time.Second })
	stale := attackStale
	stale.challenge += `, max_age="300"`
	for _, v := range []struct {
		name   string
		claims []string
		want   attackAnswer
	}{
		{"T175 now", []string{"auth_time", a.at(0)}, attackPassed("alice")},
		{"T175 long ago", []string{"auth_time", a.at(-301)}, stale},
		{"T175 long ago, in a token that is fresh", []string{"auth_time", a.at(-301), "fresh", "true"}, stale},
		{"T153 in the future", []string{"auth_time", a.at(11)}, stale},
		{"T155 in the future, within the leeway", []string{"auth_time", a.at(10)}, attackPassed("alice")},
		{"T149 in milliseconds", []string{"auth_time", a.at(0) + "000"}, stale},
		{"T152 wraps around", []string{"auth_time", "18446744073709551616"}, stale},
		{"T146 too large for a float", []string{"auth_time", "1e400"}, stale},
		{"T146 too small for a float", []string{"auth_time", "-1e400"}, stale},
		{"T145 zero", []string{"auth_time", "0", "fresh", "true"}, stale},
		{"T144 a text", []string{"auth_time", `"` + a.at(0) + `"`, "fresh", "true"}, stale},
		{"T144 true", []string{"auth_time", "true", "fresh", "true"}, stale},
		{"T144 null", []string{"auth_time", "null", "fresh", "true"}, stale},
		{"T144 an array", []string{"auth_time", "[" + a.at(0) + "]", "fresh", "true"}, stale},
		{"T144 an object", []string{"auth_time", "{}", "fresh", "true"}, stale},
		{"T125 AUTH_TIME", []string{"AUTH_TIME", a.at(0)}, stale},
		{"T175 fresh", []string{"fresh", "true"}, attackPassed("alice")},
		{"T175 fresh and old", []string{"fresh", "true", "iat", a.at(-301)}, stale},
		{"T175 fresh and without a date", []string{"fresh", "true", "iat", ""}, stale},
		{"T176 fresh as text", []string{"fresh", `"true"`}, stale},
		{"T177 was fresh", []string{"fresh", a.at(-1)}, stale},
		{"T175 not fresh", nil, stale},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token(v.claims...)
			a.expectGuarded(t, v.want, "/within", token)
			a.expectBoth(t, attackPassed("alice"), token)
		})
	}
}

// Who sends no token, or a bad one, is answered as on any other route.
func TestAttackGuardsOfferNoWayIn(t *testing.T) {
	t.Parallel()
	a := guardedApp(t, nil)
	rights := []string{"scope", `"read write"`, "roles", `["admin"]`, "tenant", `"acme"`, "level", "3", "paid", "true", "there", "1", "fresh", "true"}
	good := a.token(rights...)
	revoked := a.token(append(rights, "jti", `"gone"`)...)
	gone, err := a.mgr.DecodeToken(t.Context(), revoked)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), gone))
	revokedWithout := a.token("jti", `"gone"`, "fresh", "true")
	for _, path := range []string{"/scopes", "/any-of", "/roles", "/tenant", "/level", "/paid", "/there", "/within"} {
		a.expectGuarded(t, attackPassed("alice"), path, good)
		a.expectGuarded(t, attackBadKey, path, attackSign("another secret of at least 32 bytes", `{"alg":"HS256"}`, `{"sub":"alice","jti":"1","scope":"read write"}`))
		a.expectGuarded(t, attackExpired, path, a.token(append(rights, "exp", a.at(0))...))
		a.expectGuarded(t, attackInvalid("Only non-refresh tokens are allowed"), path, a.token(append(rights, "type", `"refresh"`)...))
		a.expectGuarded(t, attackRevoked, path, revoked)
		a.expectGuarded(t, attackRevoked, path, revokedWithout)
		a.expect(t, attackNoHeader, "GET", path)
		a.expect(t, attackAnonymous, "GET", "/optional"+path)
	}
}

// FuzzGuards compares what guards find in a payload with what encoding/json
// finds there.
func FuzzGuards(f *testing.F) {
	v := fuzzVictim(f)
	for _, seed := range []struct{ payload, name string }{
		{`{"sub":"a","scope":"x read","c":"alice"}`, "c"},
		{`{"sub":"a","scope":["x","read"],"c":[1,5]}`, "c"},
		{`{"sub":"a","scope":"re\u0061d","a/b":{"~c":[{"":true}]}}`, "/a~1b/~0c/0/"},
		{`{"sub":"a","scope":[["read"]],"\u0063":null}`, "c"},
		{` {"sub" : "a" , "scope" : { "read" : [ ] } , "c" : 5.0 } `, "/scope/read"},
		{`{"sub":"a","c":{"d":"}]\"","e":[",",{"f":"alice"}]}}`, "/c/e/1/f"},
		{`{"sub":"a","c":[0,1,2,3,4,5,6,7,8,9,10,"alice"]}`, "/c/11"},
		{`{"sub":"a","c":1e-400}`, "c"},
	} {
		f.Add([]byte(seed.payload), seed.name)
	}
	f.Fuzz(func(t *testing.T, payload []byte, name string) {
		if name == "" || !utf8.ValidString(name) || name[0] == '/' && badEscape.MatchString(name) {
			return // panics, as it should
		}
		encoded := seal("HS256", []byte(fuzzSecret), headerFor("HS256"), string(payload))
		if _, err := v.mgr.VerifyToken(t.Context(), encoded, ginjwt.AnyType()); err != nil {
			return
		}
		passes := func(guard ginjwt.RequiredOption) bool {
			_, err := v.mgr.VerifyToken(t.Context(), encoded, ginjwt.AnyType(), guard)
			if err != nil {
				require.ErrorIs(t, err, ginjwt.ErrInsufficientScope)
			}
			return err == nil
		}
		var claims any
		decoder := json.NewDecoder(bytes.NewReader(payload))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&claims))

		scope, _ := pointed(claims, "scope")
		text, isText := scope.(string)
		assert.Equal(t, isText && slices.Contains(strings.Split(text, " "), "read") || among(scope, "read") && !isText, passes(ginjwt.Scopes("read")))
		claim, there := pointed(claims, name)
		assert.Equal(t, is(claim, "alice") || among(claim, "alice"), passes(ginjwt.Claim(name, "alice")))
		assert.Equal(t, is(claim, json.Number("5")) || among(claim, json.Number("5")), passes(ginjwt.Claim(name, 5)))
		assert.Equal(t, there && (is(claim, true) || among(claim, true)), passes(ginjwt.Claim(name, true)))
		assert.Equal(t, there && isTruthy(t, claim), passes(ginjwt.Claim(name)))
	})
}

var (
	badEscape = regexp.MustCompile(`~([^01]|$)`)
	anIndex   = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
)

// pointed returns the member of a name, or what a JSON Pointer points to.
func pointed(v any, name string) (found any, ok bool) {
	if !strings.HasPrefix(name, "/") {
		found, ok = v.(map[string]any)[name]
		return found, ok
	}
	for _, part := range strings.Split(name, "/")[1:] {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch in := v.(type) {
		case map[string]any:
			v, ok = in[part]
		case []any:
			i, err := strconv.Atoi(part)
			if ok = err == nil && anIndex.MatchString(part) && i < len(in); ok {
				v = in[i]
			}
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// is compares scalars.
func is(v, want any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return false
	}
	return v == want
}

func among(v, want any) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(element any) bool { return is(element, want) })
}

func isTruthy(t *testing.T, v any) bool {
	t.Helper()
	switch v := v.(type) {
	case string:
		return v != ""
	case bool:
		return v
	case json.Number:
		number, err := v.Float64()
		return number != 0 || errors.Is(err, strconv.ErrRange)
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return false
}
