package threats_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestAttackIssuerAndAudience(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) {
		c.DecodeIssuer = "https://a.example/"
		c.DecodeAudience = []string{"billing", "urn:api"}
	})
	var (
		passed      = attackPassed("alice")
		noIssuer    = attackInvalid(`Token is missing the "iss" claim`)
		oddIssuer   = attackInvalid("Payload Issuer (iss) must be a string")
		issuer      = attackInvalid("Invalid issuer")
		noAudience  = attackInvalid(`Token is missing the "aud" claim`)
		oddAudience = attackInvalid("Invalid claim format in token")
		audience    = attackInvalid("Audience doesn't match")
	)
	for _, v := range []struct {
		name, claim, json string
		want              attackAnswer
	}{
		{"T160 the issuer", "iss", `"https://a.example/"`, passed},
		{"T160 no iss", "iss", "", noIssuer},
		{"T161 another iss", "iss", `"https://b.example/"`, issuer},
		{"T161 an empty iss", "iss", `""`, issuer},
		{"T161 a prefix", "iss", `"https://a.example"`, issuer},
		{"T161 a suffix", "iss", `"a.example/"`, issuer},
		{"T161 longer", "iss", `"https://a.example/x"`, issuer},
		{"T161 a NUL after it", "iss", `"https://a.example/\u0000"`, issuer},
		{"T161 blanks around it", "iss", `" https://a.example/ "`, issuer},
		{"T161 a list in a text", "iss", `"https://b.example/,https://a.example/"`, issuer},
		{"T162 iss an array", "iss", `["https://a.example/"]`, oddIssuer},
		{"T162 iss an object", "iss", `{"https://a.example/":true}`, oddIssuer},
		{"T162 iss null", "iss", "null", oddIssuer},
		{"T162 iss a number", "iss", "0", oddIssuer},
		{"T162 iss true", "iss", "true", oddIssuer},
		{"T163 the host in upper case", "iss", `"https://A.example/"`, issuer},
		{"T163 the default port", "iss", `"https://a.example:443/"`, issuer},
		{"T163 percent-encoded", "iss", `"https://%61.example/"`, issuer},
		{"T163 another scheme", "iss", `"http://a.example/"`, issuer},
		{"T163 escaped JSON is the same text", "iss", `"https:\/\/\u0061.example/"`, passed},

		{"T164 no aud", "aud", "", noAudience},
		{"T164 aud an empty text", "aud", `""`, noAudience},
		{"T164 aud an empty array", "aud", "[]", noAudience},
		{"T164 aud null", "aud", "null", noAudience},
		{"T164 aud an array of an empty text", "aud", `[""]`, audience},
		{"T165 aud of another service", "aud", `"shipping"`, audience},
		{"T165 aud of other services", "aud", `["shipping","orders"]`, audience},
		{"T166 an array that holds ours", "aud", `["shipping","billing"]`, passed},
		{"T166 the second of ours", "aud", `"urn:api"`, passed},
		{"T167 aud an object", "aud", `{"billing":true}`, oddAudience},
		{"T167 aud a number", "aud", "1", oddAudience},
		{"T167 aud true", "aud", "true", oddAudience},
		{"T167 a nested array", "aud", `[["billing"]]`, oddAudience},
		{"T167 mixed types after ours", "aud", `["billing",1]`, oddAudience},
		{"T167 null after ours", "aud", `["billing",null]`, oddAudience},
		{"T168 a prefix", "aud", `"bill"`, audience},
		{"T168 longer", "aud", `"billing2"`, audience},
		{"T168 another case", "aud", `"Billing"`, audience},
		{"T168 joined by commas", "aud", `"shipping,billing"`, audience},
		{"T168 joined by spaces", "aud", `"billing urn:api"`, audience},
		{"T168 a wildcard", "aud", `"*"`, audience},
		{"T168 an array in a text", "aud", `"[\"billing\"]"`, audience},
		{"T168 a NUL after it", "aud", `"billing\u0000"`, audience},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			pairs := []string{"iss", `"https://a.example/"`, "aud", `"billing"`, v.claim, v.json}
			a.expectBoth(t, v.want, a.token(pairs...))
		})
	}
}

// The keys of two issuers, each the other's attacker.
var attackIssuerKeys = map[string]string{"a": strings.Repeat("a", 32), "b": strings.Repeat("b", 32)}

func TestAttackIssuerKeys(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
		m.DecodeKeyLoader(func(_ context.Context, unverified *ginjwt.Token) (keys.Key, error) {
			issuer, _ := unverified.Claims()["iss"].(string)
			if secret, ok := attackIssuerKeys[issuer]; ok {
				return keys.Key{Algorithm: "HS256", Verify: []byte(secret)}, nil
			}
			return keys.Key{}, nil
		})
	})
	for _, v := range []struct {
		name, issuer, key string
		want              attackAnswer
	}{
		{"T169 A signs for A", `"a"`, "a", attackPassed("alice")},
		{"T169 B signs for B", `"b"`, "b", attackPassed("alice")},
		{"T169 A signs for B", `"b"`, "a", attackBadKey},
		{"T169 B signs for A", `"a"`, "b", attackBadKey},
		{"T169 A signs for an unknown issuer", `"c"`, "a", attackBadKey},
		{"T169 A signs for an array of itself", `["a"]`, "a", attackBadKey},
		{"T169 A signs for an escaped A", `"\u0061"`, "a", attackPassed("alice")},
		{"T169 the key of the settings is none", `"a"`, "", attackBadKey},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			secret := attackIssuerKeys[v.key]
			if v.key == "" {
				secret = a.config.SecretKey
			}
			payload := `{"sub":"alice","iss":` + v.issuer + `}`
			a.expectBoth(t, v.want, attackSign(secret, `{"alg":"HS256"}`, payload))
		})
	}
}
