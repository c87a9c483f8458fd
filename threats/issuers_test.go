package threats_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The application, and three whose tokens it accepts. All give their keys the
// same names: a name alone must not lead to a key.
const (
	ownIssuer = "https://own.example/"
	issuerA   = "https://a.example/" // keys of five families, and an audience
	issuerB   = "https://b.example/" // a secret and an Ed25519 key
	issuerC   = "https://c.example/" // a source that counts how often it is asked
)

// issuerKeys are the keys of each.
var issuerKeys = sync.OnceValue(func() map[string]keyChain {
	return map[string]keyChain{ownIssuer: ownKeys(), issuerA: alienKeys(), issuerB: newKeyChain(), issuerC: newKeyChain()}
})

// countingSource is a source of keys that can be changed and fail.
type countingSource struct {
	set   atomic.Pointer[keys.Set]
	down  atomic.Bool
	asked atomic.Int64
}

func (s *countingSource) KeySet(context.Context, string) (*keys.Set, error) {
	s.asked.Add(1)
	if s.down.Load() {
		return nil, errors.New("no answer")
	}
	return s.set.Load(), nil
}

func newSource(list ...keys.Key) *countingSource {
	s := &countingSource{}
	s.set.Store(must(keys.NewSet(list...)))
	return s
}

// issuersVictim accepts tokens of all four. The source of C has a secret too,
// which it must not verify with: nothing hands secrets around.
func issuersVictim(t *testing.T, change ...func(*ginjwt.Config)) (*victim, *countingSource) {
	t.Helper()
	list, source := issuerKeys(), newSource(listedKeys(issuerKeys()[issuerC])...)
	ofB := listedKeys(list[issuerB])
	config := listConfig(listedKeys(ownKeys())...)
	config.EncodeIssuer = ownIssuer
	config.Issuers = []ginjwt.Issuer{
		{Name: issuerA, Keys: listedKeys(list[issuerA]), IdentityPrefix: "a:", Audience: []string{"shop", "urn:api"}},
		{Name: issuerB, Keys: []keys.Key{ofB[0], ofB[4]}, IdentityPrefix: "b:"},
		{Name: issuerC, KeySource: source, IdentityPrefix: "c:"},
	}
	for _, set := range change {
		set(&config)
	}
	return newVictim(t, config), source
}

// issued makes a token with the key of one issuer that says it is of another.
func issued(signer, alg, claims string) string {
	return seal(alg, issuerKeys()[signer].of(alg), kidHeader(alg, `"`+listedID(alg)+`"`), claims)
}

// claimsOf are good claims of alice at an issuer, whose name is given as JSON.
func claimsOf(iss string, members ...string) string {
	return aliceClaims(append([]string{`"iss":` + iss, `"aud":"shop"`}, members...)...)
}

func quoted(s string) string { return `"` + s + `"` }

// algorithmsOfIssuer are those that the tokens of each may have.
func algorithmsOfIssuer(name string) []string {
	switch name {
	case issuerB:
		return []string{"HS256", "EdDSA"}
	case issuerC:
		return families()[1:]
	}
	return families()
}

var issuerNames = []string{ownIssuer, issuerA, issuerB, issuerC}

// warm shows the application a good token of every issuer and family, so that
// it remembers them.
func warm(t *testing.T, v *victim) {
	t.Helper()
	for _, name := range issuerNames {
		for _, alg := range algorithmsOfIssuer(name) {
			for range 2 {
				v.accepted(t, issued(name, alg, claimsOf(quoted(name))), prefixOf(name)+"alice")
			}
		}
	}
}

func prefixOf(name string) string {
	return map[string]string{issuerA: "a:", issuerB: "b:", issuerC: "c:"}[name]
}

// Every issuer signs for every other, with every key that it has.
func TestThreatIssuerSignsForAnother(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	for range 2 { // cold, then warm
		for _, signer := range issuerNames {
			for _, claimed := range issuerNames {
				if signer == claimed {
					continue
				}
				for _, alg := range families() {
					message := msgSignature
					if !slices.Contains(algorithmsOfIssuer(claimed), alg) {
						message = msgAlg
					}
					v.refused(t, issued(signer, alg, claimsOf(quoted(claimed))), message) // T169
				}
			}
		}
		warm(t, v)
	}
}

// What the token itself rules out is nothing to ask a source about.
func TestThreatIssuerSourceIsNotAsked(t *testing.T) {
	t.Parallel()
	v, source := issuersVictim(t)
	warm(t, v)
	before := source.asked.Load()
	list := issuerKeys()[issuerC]
	ofC := claimsOf(quoted(issuerC))
	kid := `"kid":"` + listedID("ES256") + `"`
	good := issued(issuerC, "ES256", ofC)
	for _, a := range []attack{
		{"T001 none", b64(headerFor("none", kid)) + "." + b64(ofC) + ".", msgAlg},
		{"T002 nOnE", b64(headerFor("nOnE", kid)) + "." + b64(ofC) + ".", msgAlg},
		{"T005 no alg", seal("ES256", list.p256, `{`+kid+`}`, ofC), msgNoAlg},
		{"T006 alg null", seal("ES256", list.p256, `{"alg":null,`+kid+`}`, ofC), msgAlg},
		{"T006 alg an array", seal("ES256", list.p256, `{"alg":["ES256"],`+kid+`}`, ofC), msgAlg},
		{"T009 HMAC with its public key", seal("HS256", []byte(publicPEM(list.rsa.Public())), kidHeader("HS256", quoted(listedID("RS256"))), ofC), msgAlg},
		{"T026 HMAC with its secret", issued(issuerC, "HS256", ofC), msgAlg},
		{"T026 HS512 with its secret", seal("HS512", list.secret, kidHeader("HS512", quoted(listedID("HS256"))), ofC), msgAlg},
		{"T071 kid null", seal("ES256", list.p256, kidHeader("ES256", "null"), ofC), msgKeyID},
		{"T071 kid an array", seal("ES256", list.p256, kidHeader("ES256", `["x"]`), ofC), msgKeyID},
		{"T080 critical extension", seal("ES256", list.p256, headerFor("ES256", kid, `"crit":["x"]`), ofC), "Unsupported critical extension: x"},
		{"T092 payload is no JSON", seal("ES256", list.p256, headerFor("ES256", kid), ofC+"x"), msgClaimsJSON},
		{"T096 iss twice", seal("ES256", list.p256, headerFor("ES256", kid), claimsOf(quoted(issuerA), `"iss":"`+issuerC+`"`)), msgClaimsJSON},
		{"T096 iss twice, escaped", seal("ES256", list.p256, headerFor("ES256", kid), claimsOf(quoted(issuerA), `"\u0069ss":"`+issuerC+`"`)), msgClaimsJSON},
		{"T160 no iss", issued(issuerC, "ES256", aliceClaims()), msgSignature},
		{"T161 unknown iss", issued(issuerC, "ES256", claimsOf(`"https://d.example/"`)), msgSignature},
		{"T161 of the application", issued(issuerC, "ES256", claimsOf(quoted(ownIssuer))), msgSignature},
		{"T169 iss in the header", seal("ES256", list.p256, headerFor("ES256", kid, `"iss":"`+issuerC+`"`), aliceClaims()), msgSignature},
		{"no signature padding", good + "=", msgCrypto64},
	} {
		v.refused(t, a.token, a.message)
		assert.Equal(t, before, source.asked.Load(), a.name)
	}
}

func TestThreatIssuerName(t *testing.T) {
	t.Parallel()
	v, source := issuersVictim(t)
	warm(t, v)
	before := source.asked.Load()
	for _, name := range []string{issuerA, issuerB, issuerC} {
		alg := "EdDSA"
		for what, iss := range map[string]string{
			"T161 empty":                  `""`,
			"T161 prefix":                 quoted(name[:len(name)-1]),
			"T161 suffix":                 quoted(name[1:]),
			"T161 longer":                 quoted(name + "x"),
			"T161 NUL behind":             quoted(name + `\u0000`),
			"T161 NUL in front":           quoted(`\u0000` + name),
			"T161 blanks":                 quoted(" " + name + " "),
			"T161 line break":             quoted(name + `\n`),
			"T161 two in a text":          quoted(name + "," + ownIssuer),
			"T161 a wildcard":             `"*"`,
			"T161 its name":               `"A"`,
			"T161 its prefix":             quoted(prefixOf(name)),
			"T161 __proto__":              `"__proto__"`,
			"T162 array":                  `["` + name + `"]`,
			"T162 object":                 `{"` + name + `":true}`,
			"T162 null":                   `null`,
			"T162 number":                 `0`,
			"T162 true":                   `true`,
			"T162 JSON in a text":         quoted(`\"` + name + `\"`),
			"T163 upper case":             quoted(strings.ToUpper(name)),
			"T163 host in upper case":     quoted(strings.Replace(name, "example", "EXAMPLE", 1)),
			"T163 default port":           quoted(strings.Replace(name, ".example/", ".example:443/", 1)),
			"T163 percent-encoded":        quoted(strings.Replace(name, ".example", "%2eexample", 1)),
			"T163 dot segment":            quoted(name + "./"),
			"T163 two slashes":            quoted(name + "/"),
			"T163 another scheme":         quoted(strings.Replace(name, "https", "http", 1)),
			"T163 user in it":             quoted(strings.Replace(name, "//", "//x@", 1)),
			"T163 fragment":               quoted(name + "#"),
			"T163 dot behind the host":    quoted(strings.Replace(name, ".example/", ".example./", 1)),
			"T163 full stop of ideograms": quoted(strings.Replace(name, ".example", "。example", 1)),
			"T163 homoglyph":              quoted(strings.Replace(name, "example", "ехample", 1)),
		} {
			v.refused(t, issued(name, alg, claimsOf(iss)), msgSignature)
			assert.Equal(t, before, source.asked.Load(), "%s %s", what, name)
		}
		v.refused(t, issued(name, alg, aliceClaims(`"ISS":"`+name+`"`, `"aud":"shop"`)), msgSignature)
		v.refused(t, issued(name, alg, aliceClaims(`"claims":{"iss":"`+name+`"}`, `"aud":"shop"`)), msgSignature)
		assert.Equal(t, before, source.asked.Load())
	}
	for _, name := range []string{issuerA, issuerB, issuerC} {
		escaped := `"\u0068ttps:\/\/` + strings.TrimPrefix(name, "https://") + `"`
		v.accepted(t, issued(name, "EdDSA", claimsOf(escaped)), prefixOf(name)+"alice") // T163: the same text
	}
}

// Where the application wants its own issuer named, nobody is taken for it.
func TestThreatOwnIssuerIsNamed(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t, func(c *ginjwt.Config) { c.DecodeIssuer = ownIssuer })
	for range 2 {
		for what, a := range map[string]struct{ iss, message string }{
			"T161 unknown":  {`"https://d.example/"`, "Invalid issuer"},
			"T161 empty":    {`""`, "Invalid issuer"},
			"T161 prefix":   {quoted(ownIssuer[:5]), "Invalid issuer"},
			"T162 array":    {`["` + ownIssuer + `"]`, "Payload Issuer (iss) must be a string"},
			"T162 null":     {`null`, "Payload Issuer (iss) must be a string"},
			"T169 of A":     {quoted(issuerA), msgSignature},
			"T169 of C":     {quoted(issuerC), msgSignature},
			"T169 A, twice": {`"x","iss":"` + issuerA + `"`, msgClaimsJSON},
		} {
			t.Log(what)
			v.refused(t, issued(ownIssuer, "RS256", claimsOf(a.iss)), a.message)
		}
		v.refused(t, issued(ownIssuer, "RS256", aliceClaims()), `Token is missing the "iss" claim`)
		warm(t, v)
	}
}

func TestThreatIssuerAudience(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	const missing, form, wrong = `Token is missing the "aud" claim`, "Invalid claim format in token", "Audience doesn't match"
	for _, a := range []struct{ name, aud, message string }{
		{"T164 missing", "", missing},
		{"T164 empty text", `""`, missing},
		{"T164 empty array", `[]`, missing},
		{"T164 null", `null`, missing},
		{"T164 false", `false`, missing},
		{"T164 array of an empty text", `[""]`, wrong},
		{"T165 of another service", `"bank"`, wrong},
		{"T165 of the issuer itself", quoted(issuerA), wrong},
		{"T165 of us by our issuer", quoted(ownIssuer), wrong},
		{"T165 of others", `["bank","post"]`, wrong},
		{"T167 object", `{"shop":true}`, form},
		{"T167 number", `1`, form},
		{"T167 true", `true`, form},
		{"T167 nested", `[["shop"]]`, form},
		{"T167 mixed", `["shop",1]`, form},
		{"T167 null behind", `["shop",null]`, form},
		{"T168 prefix", `"sho"`, wrong},
		{"T168 longer", `"shops"`, wrong},
		{"T168 another case", `"Shop"`, wrong},
		{"T168 commas", `"bank,shop"`, wrong},
		{"T168 spaces", `"shop urn:api"`, wrong},
		{"T168 wildcard", `"*"`, wrong},
		{"T168 array in a text", `"[\"shop\"]"`, wrong},
		{"T168 NUL behind", `"shop\u0000"`, wrong},
	} {
		members := []string{`"iss":"` + issuerA + `"`}
		if a.aud != "" {
			members = append(members, `"aud":`+a.aud)
		}
		v.refusesAll(t, attack{a.name, issued(issuerA, "ES256", aliceClaims(members...)), a.message})
	}
	for _, aud := range []string{`"shop"`, `"urn:api"`, `["bank","shop"]`, `"s\u0068op"`} {
		v.accepted(t, issued(issuerA, "ES256", aliceClaims(`"iss":"`+issuerA+`"`, `"aud":`+aud)), "a:alice") // T166
	}
	v.accepted(t, issued(issuerB, "EdDSA", aliceClaims(`"iss":"`+issuerB+`"`)), "b:alice") // who has no Audience asks for none
}

// The identity of another issuer stays behind its prefix, whatever it says.
func TestThreatIssuerIdentity(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	token := func(members ...string) string {
		return issued(issuerB, "EdDSA", bareClaims(append(members, `"iss":"`+issuerB+`"`)...))
	}
	for sub, identity := range map[string]string{
		`"bob"`: "b:bob", `"a:bob"`: "b:a:bob", `"b:bob"`: "b:b:bob", `":"`: "b::", `" "`: "b: ", `"\u0000"`: "b:\x00", `"\b\bbob"`: "b:\b\bbob",
		`"../a:bob"`: "b:../a:bob", `"\u202ebob"`: "b:\u202ebob", `"null"`: "b:null", `"{}"`: "b:{}", `"bo\u0062"`: "b:bob",
	} {
		v.accepted(t, token(`"sub":`+sub), identity)
	}
	for _, sub := range []string{`null`, `0`, `42`, `1.5`, `1e3`, `true`, `false`, `["bob"]`, `{"id":"bob"}`, `[]`, `{}`} {
		v.refusesAll(t, attack{"T150 sub " + sub, token(`"sub":` + sub), msgSubject})
	}
	v.refusesAll(t,
		attack{"T150 no sub", token(), msgNoSubject},
		attack{"T150 SUB", token(`"SUB":"bob"`), msgNoSubject},
		attack{"T096 sub twice", token(`"sub":"bob"`, `"sub":"root"`), msgClaimsJSON},
		attack{"T096 sub twice, escaped", token(`"sub":"bob"`, `"s\u0075b":"root"`), msgClaimsJSON},
	)
}

// An empty identity is none, behind a prefix too.
func TestThreatIssuerEmptyIdentity(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	v.refused(t, issued(issuerB, "EdDSA", bareClaims(`"iss":"`+issuerB+`"`, `"sub":""`)), "Empty claim: sub")
}

// Who could name somebody else's users is found at start-up.
func TestThreatIssuerPrefixes(t *testing.T) {
	t.Parallel()
	key := func() []keys.Key { return []keys.Key{{ID: "1", Sign: alienKeys().secret}} }
	own := []keys.Key{{ID: "1", Sign: ownKeys().secret}}
	for name, config := range map[string]ginjwt.Config{
		"no prefix beside own keys":           {Keys: own, Issuers: []ginjwt.Issuer{{Name: "a", Keys: key()}}},
		"no prefix beside own secret":         {SecretKey: string(ownKeys().secret), Issuers: []ginjwt.Issuer{{Name: "a", Keys: key()}}},
		"no prefix of two":                    {Issuers: []ginjwt.Issuer{{Name: "a", Keys: key()}, {Name: "b", Keys: key()}}},
		"the same prefix":                     {Issuers: []ginjwt.Issuer{{Name: "a", Keys: key(), IdentityPrefix: "x:"}, {Name: "b", Keys: key(), IdentityPrefix: "x:"}}},
		"prefix of a prefix":                  {Issuers: []ginjwt.Issuer{{Name: "a", Keys: key(), IdentityPrefix: "x:"}, {Name: "b", Keys: key(), IdentityPrefix: "x:y:"}}},
		"prefix of a prefix, the other order": {Issuers: []ginjwt.Issuer{{Name: "b", Keys: key(), IdentityPrefix: "x:y:"}, {Name: "a", Keys: key(), IdentityPrefix: "x:"}}},
		"nothing is the prefix of all":        {Issuers: []ginjwt.Issuer{{Name: "a", Keys: key()}, {Name: "b", Keys: key(), IdentityPrefix: "x:"}}},
	} {
		assert.Contains(t, initError(t, config), "the issuer could name users of", name)
	}
}

// Keys of our own that come later make own users, whom another issuer could name.
func TestThreatSetKeysBesideIssuers(t *testing.T) {
	t.Parallel()
	config := listConfig()
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: listedKeys(issuerKeys()[issuerA])}}
	v := newVictim(t, config)
	v.accepted(t, issued(issuerA, "ES256", claimsOf(quoted(issuerA))), "alice")
	require.ErrorContains(t, v.mgr.SetKeys(listedKeys(ownKeys())...), "it could name the users of the manager itself")
	v.refused(t, issued(ownIssuer, "ES256", claimsOf(quoted(ownIssuer))), "Invalid issuer")
}

// Refresh tokens are traded by who made them.
func TestThreatIssuerTypes(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	const onlyOwn = "Only access tokens of this issuer are allowed"
	claims := func(typ string) string {
		return `{"exp":253402300799,"sub":"alice","aud":"shop","iss":"` + issuerA + `","type":` + typ + `}`
	}
	for range 2 {
		v.refused(t, issued(issuerA, "ES256", claims(`"refresh"`)), onlyOwn)
		v.refused(t, issued(issuerA, "ES256", claims(`"\u0072efresh"`)), onlyOwn)
		v.refused(t, issued(ownIssuer, "ES256", claims(`"refresh"`)), msgSignature)
		for _, typ := range []string{`"Refresh"`, `"id"`, `""`, `null`, `1`, `["access"]`, `"refresh "`, `"access\u0000"`} {
			v.refused(t, issued(issuerA, "ES256", claims(typ)), onlyOwn)
		}
		ofOwn := `{"exp":253402300799,"sub":"alice","type":"refresh"}`
		v.refusedAt(t, "/access", issued(ownIssuer, "ES256", ofOwn), "Only non-refresh tokens are allowed")
		for _, signer := range []string{issuerA, issuerB, issuerC} {
			v.refused(t, issued(signer, "EdDSA", ofOwn), msgSignature)
		}
	}
}

// An issuer that marks its access tokens has no others.
func TestThreatIssuerMediaTypes(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t, func(c *ginjwt.Config) { c.Issuers[1].Types = []string{"at+jwt"} })
	token := func(signer string, members ...string) string {
		header := headerFor("EdDSA", append(members, `"kid":"`+listedID("EdDSA")+`"`)...)
		return seal("EdDSA", issuerKeys()[signer].ed25519, header, claimsOf(quoted(signer)))
	}
	for _, typ := range []string{`"at+jwt"`, `"AT+JWT"`, `"application/at+jwt"`, `"at\u002bjwt"`} {
		v.accepted(t, token(issuerB, `"typ":`+typ), "b:alice")
	}
	for _, typ := range []string{`"JWT"`, `""`, `null`, `1`, `["at+jwt"]`, `"at+jwt "`, `"id+jwt"`, `"logout+jwt"`, `"text/at+jwt"`, `"application/application/at+jwt"`, `"at+jwt;x=1"`} {
		v.refusesAll(t, attack{"T087 T088 typ " + typ, token(issuerB, `"typ":`+typ), msgTyp})
	}
	v.refusesAll(t,
		attack{"T087 no typ", token(issuerB), msgTyp},
		attack{"T087 TYP", token(issuerB, `"TYP":"at+jwt"`), msgTyp},
		attack{"T087 twice", token(issuerB, `"typ":"at+jwt"`, `"typ":"JWT"`), msgHeaderJSON},
	)
	v.accepted(t, token(issuerA), "a:alice") // nothing changes for others
	v.accepted(t, token(ownIssuer, `"typ":"JWT"`), "alice")
}

// TestThreatIssuerClaimNames names claims by what means something elsewhere.
func TestThreatIssuerClaimNames(t *testing.T) {
	t.Parallel()
	key := []keys.Key{{ID: "1", Sign: alienKeys().secret}}
	for _, name := range []string{"iss", "aud", "exp", "nbf", "iat", "jti", "csrf"} {
		for field, i := range map[string]ginjwt.Issuer{
			"IdentityClaim": {IdentityClaim: name}, "TypeClaim": {TypeClaim: name}, "FreshClaim": {FreshClaim: name},
		} {
			i.Name, i.Keys = "a", key
			want := fmt.Sprintf("ginjwt: Issuers[0].%s: %q already has another meaning; use another name", field, name)
			assert.Equal(t, want, initError(t, ginjwt.Config{Issuers: []ginjwt.Issuer{i}}))
		}
	}
	for what, i := range map[string]ginjwt.Issuer{
		"type is fresh": {TypeClaim: "x", FreshClaim: "x"}, "type is identity": {TypeClaim: "x", IdentityClaim: "x"}, "fresh is identity": {FreshClaim: "x", IdentityClaim: "x"},
	} {
		i.Name, i.Keys = "a", key
		assert.Contains(t, initError(t, ginjwt.Config{Issuers: []ginjwt.Issuer{i}}), "already has another meaning", what)
	}
	for _, n := range []struct{ identity, typ, fresh string }{
		{"__proto__", "constructor", "kid"}, {"sid", "gen", "alg"}, {"kid", "sid", "gen"}, {"", "", ""}, {"a\"b", "c\\d", "e\u0000f"}, {"~1sub", "~", "\u212aid"},
	} {
		v, _ := issuersVictim(t, func(c *ginjwt.Config) {
			c.Issuers[1].IdentityClaim, c.Issuers[1].TypeClaim, c.Issuers[1].FreshClaim = n.identity, n.typ, n.fresh
		})
		identity, typ, fresh := or(n.identity, "sub"), or(n.typ, "type"), or(n.fresh, "fresh")
		claims := func(typeValue string) string {
			return fmt.Sprintf(`{"iss":%s,%s:"alice",%s:%s,%s:true}`, attackJSON(issuerB), attackJSON(identity), attackJSON(typ), typeValue, attackJSON(fresh))
		}
		token := v.accepted(t, issued(issuerB, "EdDSA", claims(`"access"`)), "b:alice")
		assert.True(t, token.Fresh)
		assert.Equal(t, map[string]string{identity: "alice", typ: "access"}["sid"], token.SessionID)
		v.refused(t, issued(issuerB, "EdDSA", claims(`"refresh"`)), "Only access tokens of this issuer are allowed")
		v.accepted(t, issued(ownIssuer, "EdDSA", aliceClaims(`"sid":"x"`)), "alice") // nothing changes for our own
		if n.identity != "" {
			v.refused(t, issued(issuerB, "EdDSA", fmt.Sprintf(`{"iss":%s,"sub":"alice"}`, attackJSON(issuerB))), "Missing claim: "+n.identity)
		}
	}
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// TestThreatIssuerKeysChange changes the keys of an issuer between requests
// with a token that is remembered.
func TestThreatIssuerKeysChange(t *testing.T) {
	t.Parallel()
	v, source := issuersVictim(t)
	original := source.set.Load()
	token := issued(issuerC, "RS256", claimsOf(quoted(issuerC)))
	v.accepted(t, token, "c:alice")
	for name, list := range map[string][]keys.Key{
		"T169 the keys of A, with the same names":  listedKeys(issuerKeys()[issuerA]),
		"T169 the own keys, with the same names":   listedKeys(ownKeys()),
		"T073 no such key":                         {{ID: "other", Sign: issuerKeys()[issuerC].p256}},
		"T076 the name is that of another family":  {{ID: listedID("RS256"), Sign: issuerKeys()[issuerC].p256}},
		"T077 retired":                             {{ID: listedID("RS256"), Sign: issuerKeys()[issuerC].rsa, NotAfter: time.Unix(1, 0)}},
		"T061 for another type of token":           {{ID: listedID("RS256"), Sign: issuerKeys()[issuerC].rsa, TokenType: keys.RefreshToken}},
		"T073 no keys at all":                      nil,
		"T078 the key is there, by another name":   {{ID: "other", Sign: issuerKeys()[issuerC].rsa, AllowMissingKeyID: true}},
		"T026 the key is there, for another usage": {{ID: listedID("RS256"), Algorithm: "PS256", Sign: issuerKeys()[issuerC].rsa}},
	} {
		source.set.Store(must(keys.NewSet(list...)))
		message := msgSignature
		if strings.HasPrefix(name, "T076") || strings.HasPrefix(name, "T026") {
			message = msgAlg
		}
		v.refused(t, token, message)
		source.set.Store(original)
		v.accepted(t, token, "c:alice")
	}
	source.set.Store(nil)
	v.refused(t, token, msgSignature)
	source.set.Store(original)
	source.down.Store(true)
	for _, encoded := range []string{token, issued(issuerC, "ES256", claimsOf(quoted(issuerC)))} {
		for _, route := range []string{"/access", "/optional"} {
			w, saw := v.send(route, encoded, false)
			assert.Equal(t, 503, w.Code)
			assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())
			assert.False(t, saw.handled)
			assert.Nil(t, saw.token)
		}
	}
	v.accepted(t, issued(issuerA, "ES256", claimsOf(quoted(issuerA))), "a:alice") // the others serve on
}

// TestThreatIssuerKeysChangeWhileServing is for the race detector.
func TestThreatIssuerKeysChangeWhileServing(t *testing.T) {
	t.Parallel()
	v, source := issuersVictim(t)
	mine, others := source.set.Load(), must(keys.NewSet(listedKeys(issuerKeys()[issuerA])...))
	mayPass := issued(issuerC, "EdDSA", claimsOf(quoted(issuerC)))
	never := issued(issuerB, "EdDSA", claimsOf(quoted(issuerC)))
	always := issued(issuerA, "EdDSA", claimsOf(quoted(issuerA)))
	done := make(chan struct{})
	var changes, requests sync.WaitGroup
	changes.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				source.set.Store([]*keys.Set{mine, others}[i%2])
			}
		}
	})
	for range 4 {
		requests.Go(func() {
			for range 200 {
				for token, statuses := range map[string][]int{mayPass: {200, 422}, never: {422}, always: {200}} {
					w, _ := v.send("/access", token, false)
					assert.Contains(t, statuses, w.Code)
				}
			}
		})
	}
	requests.Wait()
	close(done)
	changes.Wait()
	source.set.Store(others)
	v.refused(t, mayPass, msgSignature)
	source.set.Store(mine)
	v.accepted(t, mayPass, "c:alice")
}

// Keys in the token of another issuer are as little used as in our own.
func TestThreatIssuerHeaderBringsKey(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	t.Cleanup(func() {
		canary.Close()
		assert.Zero(t, fetched.Load(), "T063 T064 T310 a URL of the token was fetched")
	})
	v, _ := issuersVictim(t)
	for _, alg := range families()[1:] {
		for _, a := range broughtKeys(alg, listedID(alg), canary.URL) {
			for _, kid := range []string{`"kid":"` + listedID(alg) + `",`, `"kid":"` + canary.URL + `",`, ``} {
				token := seal(alg, alienKeys().of(alg), headerFor(alg, kid+a.token), claimsOf(quoted(issuerC)))
				v.refusesAll(t, attack{a.name + " " + alg + " " + kid, token, msgSignature})
			}
		}
	}
	v.refusesAll(t, attack{"T310 iss is a URL", issued(issuerA, "ES256", claimsOf(quoted(canary.URL))), msgSignature})
}

// A signature that is another one for the same bytes is another token to the
// cache, and must be looked at.
func TestThreatIssuerCacheKeepsWholeTokens(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	token := issued(issuerC, "ES256", claimsOf(quoted(issuerC)))
	v.accepted(t, token, "c:alice")
	header, payload, signature := cut(token)
	forged := b64(claimsOf(quoted(issuerC), `"admin":true`))
	v.refused(t, header+"."+forged+"."+signature, msgSignature)
	v.refused(t, header+"."+payload+".", msgSignature)
	for bit := range 8 {
		v.refused(t, withSignature(inputOf(token), flipped(signatureBytes(token), bit*60)), msgSignature)
	}
	r, s := must2(ecdsa.Sign(rand.Reader, issuerKeys()[issuerB].p256, digestOf(hashOf("ES256"), inputOf(token))))
	v.refused(t, withSignature(inputOf(token), halves(r, s, 32)), msgSignature)
}

// The key of an issuer does not make it a maker of our own tokens, nor of
// anything that is bought with them.
func TestThreatOnlyOtherIssuers(t *testing.T) {
	t.Parallel()
	source := newSource(listedKeys(issuerKeys()[issuerC])...)
	config := listConfig()
	config.Issuers = []ginjwt.Issuer{{Name: issuerC, KeySource: source}}
	v := newVictim(t, config)
	v.accepted(t, issued(issuerC, "ES256", claimsOf(quoted(issuerC))), "alice")
	before := source.asked.Load()
	for name, a := range map[string]struct{ iss, message string }{
		"unknown": {`"x"`, "Invalid issuer"}, "empty": {`""`, "Invalid issuer"}, "number": {`1`, "Payload Issuer (iss) must be a string"},
		"null": {`null`, "Payload Issuer (iss) must be a string"},
	} {
		for _, alg := range append(families(), "none") {
			token := b64(headerFor("none")) + "." + b64(claimsOf(a.iss)) + "."
			if alg != "none" {
				token = issued(issuerC, alg, claimsOf(a.iss))
			}
			v.refused(t, token, a.message)
		}
		assert.Equal(t, before, source.asked.Load(), "T161 "+name)
	}
	v.refused(t, issued(issuerC, "ES256", aliceClaims()), `Token is missing the "iss" claim`)
	for _, alg := range []string{"none", "HS256", "x"} {
		v.refused(t, withSignature(b64(headerFor(alg))+"."+b64(claimsOf(quoted(issuerC))), []byte(strconv.Itoa(1))), msgAlg)
	}
	assert.Equal(t, before, source.asked.Load())
	_, err := v.mgr.CreateAccessToken(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrNoSigningKey)
}

// However an issuer says that a token is for refreshing, it is not accepted.
func TestThreatIssuerRefreshByAnotherName(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"", "token_type", "kind"} {
		v, _ := issuersVictim(t, func(c *ginjwt.Config) { c.TypeClaim = own })
		for _, says := range []string{`"type":"refresh"`, `"token_type":"refresh"`, `"typ":"Refresh"`, `"type":"REFRESH"`, `"token_type":"access","type":"refresh"`} {
			token := issued(issuerB, "EdDSA", bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`, says))
			v.refused(t, token, "Only access tokens of this issuer are allowed")
			indented := issued(issuerB, "EdDSA", "\n\t "+bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`, says))
			v.refused(t, indented, "Only access tokens of this issuer are allowed")
		}
	}
}

// A pointer to the identity is the identity.
func TestThreatScopeClaimIsIdentity(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/sub", "/jti", "/s~1b"} {
		config := ginjwt.Config{SecretKey: string(ownKeys().secret), ScopeClaim: name, IdentityClaim: "s/b"}
		assert.Contains(t, initError(t, config), "already has another meaning", name)
	}
}
