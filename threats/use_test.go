package threats_test

import (
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestAttackTypes(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	var (
		passed     = attackPassed("alice")
		notRefresh = attackInvalid("Only refresh tokens are allowed")
		refresh    = attackInvalid("Only non-refresh tokens are allowed")
		neither    = attackInvalid("Only access and refresh tokens are allowed")
	)
	for _, v := range []struct {
		name, typ                     string
		atAccess, atRefresh, atEither attackAnswer
	}{
		{"T170 a refresh token", `"refresh"`, refresh, passed, passed},
		{"T171 an access token", `"access"`, passed, notRefresh, passed},
		{"T172 no type", "", passed, notRefresh, passed},
		{"T173 unknown", `"id"`, attackNotAccess, notRefresh, neither},
		{"T173 empty", `""`, attackNotAccess, notRefresh, neither},
		{"T173 access in another case", `"Access"`, attackNotAccess, notRefresh, neither},
		{"T173 refresh in another case", `"REFRESH"`, attackNotAccess, notRefresh, neither},
		{"T173 a blank after it", `"access "`, attackNotAccess, notRefresh, neither},
		{"T173 a NUL after it", `"refresh\u0000"`, attackNotAccess, notRefresh, neither},
		{"T173 a letter that folds", `"acce\u017fs"`, attackNotAccess, notRefresh, neither},
		{"T173 escaped JSON is the same text", `"\u0072efresh"`, refresh, passed, passed},
		{"T174 null", "null", attackNotAccess, notRefresh, neither},
		{"T174 true", "true", attackNotAccess, notRefresh, neither},
		{"T174 a number", "1", attackNotAccess, notRefresh, neither},
		{"T174 an array", `["access"]`, attackNotAccess, notRefresh, neither},
		{"T174 an array of refresh", `["refresh"]`, attackNotAccess, notRefresh, neither},
		{"T174 an object", `{"access":true}`, attackNotAccess, notRefresh, neither},
		{"T174 a text of JSON", `"\"refresh\""`, attackNotAccess, notRefresh, neither},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token("type", v.typ)
			a.expectBoth(t, v.atAccess, token)
			a.expect(t, v.atRefresh, "POST", "/refresh", jwttest.Bearer(token))
			a.expect(t, v.atEither, "GET", "/any", jwttest.Bearer(token))
		})
	}
}

func TestAttackFresh(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	for _, v := range []struct {
		name, fresh string
		want        attackAnswer
	}{
		{"T175 fresh", "true", attackPassed("alice")},
		{"T175 not fresh", "false", attackStale},
		{"T175 nothing said", "", attackStale},
		{"T176 a text", `"true"`, attackStale},
		{"T176 a text of a time to come", `"` + a.at(60) + `"`, attackStale},
		{"T176 one", "1", attackStale},
		{"T176 null", "null", attackStale},
		{"T176 an object", "{}", attackStale},
		{"T176 an array", "[true]", attackStale},
		{"T176 too large for a float", "1e400", attackStale},
		{"T176 negative, too large for a float", "-1e400", attackStale},
		{"T177 until a second ago", a.at(-1), attackStale},
		{"T177 until a fraction ago", a.at(-1) + ".999", attackStale},
		{"T177 until later", a.at(1), attackPassed("alice")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token("fresh", v.fresh)
			a.expect(t, v.want, "GET", "/fresh", jwttest.Bearer(token))
			a.expectBoth(t, attackPassed("alice"), token)
		})
	}
	t.Run("T178 a fresh refresh token at an access route", func(t *testing.T) {
		t.Parallel()
		token := a.token("type", `"refresh"`, "fresh", "true")
		a.expect(t, attackInvalid("Only non-refresh tokens are allowed"), "GET", "/fresh", jwttest.Bearer(token))
	})
}

func TestAttackOtherProfiles(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) { c.DecodeAudience = []string{"api"} })
	otherType := attackInvalid("The specified typ value is not allowed")
	for _, v := range []struct {
		name, typ, claims string
		want              attackAnswer
	}{
		{"T179 an access token of RFC 9068", "at+jwt", `"aud":"api"`, attackPassed("alice")},
		{"T179 an ID token", "JWT", `"aud":"client","nonce":"n"`, attackInvalid("Audience doesn't match")},
		{"T179 a logout token", "logout+jwt", `"aud":"api","events":{}`, otherType},
		{"T179 a DPoP proof", "dpop+jwt", `"aud":"api","htm":"GET"`, otherType},
		{"T179 a security event", "secevent+jwt", `"aud":"api"`, otherType},
		{"T179 a client assertion with its type", "client-authentication+jwt", `"aud":"api"`, otherType},
		{"T179 another media type", "text/jwt", `"aud":"api"`, otherType},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.sign(`{"alg":"HS256","typ":"`+v.typ+`"}`, `{"sub":"alice",`+v.claims+`}`)
			a.expectBoth(t, v.want, token)
		})
	}
}
