package threats_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// listedID is the "kid" of the application's key of an algorithm.
func listedID(alg string) string { return "key-" + strings.ToLower(alg) }

// listedKeys are keys of five families, each with its name.
func listedKeys(chain keyChain) (list []keys.Key) {
	for _, alg := range families() {
		list = append(list, keys.Key{ID: listedID(alg), Algorithm: alg, Sign: chain.of(alg)})
	}
	return list
}

// listed makes a token by hand, as the application would with its list.
func listed(alg, payload string) string {
	return seal(alg, ownKeys().of(alg), kidHeader(alg, `"`+listedID(alg)+`"`), payload)
}

func kidHeader(alg, kid string) string { return headerFor(alg, `"kid":`+kid) }

func listConfig(list ...keys.Key) ginjwt.Config {
	return ginjwt.Config{
		Keys:           list,
		TokenLocation:  []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString},
		TokenCacheSize: tokenCache(),
	}
}

// listVictims are the application with a list of keys, twice: one has seen no
// token yet, the other remembers a good one of each key.
func listVictims(t *testing.T, setUp ...func(*ginjwt.JWTManager)) map[string]*victim {
	t.Helper()
	victims := map[string]*victim{}
	for _, name := range []string{"cold", "warm"} {
		victims[name] = newVictim(t, listConfig(listedKeys(ownKeys())...), setUp...)
	}
	for _, alg := range families() {
		victims["warm"].accepted(t, listed(alg, aliceClaims()), "alice")
	}
	return victims
}

func refusedByAll(t *testing.T, victims map[string]*victim, attacks ...attack) {
	t.Helper()
	for name, v := range victims {
		for _, a := range attacks {
			t.Run(a.name+", "+name, func(t *testing.T) {
				t.Parallel()
				v.refused(t, a.token, a.message)
			})
		}
	}
}

func TestThreatListedKeysWork(t *testing.T) {
	t.Parallel()
	for _, v := range listVictims(t) {
		for _, alg := range families() {
			v.accepted(t, listed(alg, aliceClaims()), "alice")
			v.accepted(t, seal(alg, ownKeys().of(alg), headerFor(alg, `"kid":"`+listedID(alg)+`"`, `"KID":"other"`), aliceClaims()), "alice")
		}
	}
}

func TestThreatListedKeyOfAnotherFamily(t *testing.T) {
	t.Parallel()
	victims := listVictims(t)
	for _, named := range families() {
		kid := `"` + listedID(named) + `"`
		for _, alg := range append(families(), "HS384", "HS512", "RS384", "PS512", "ES384", "ES512") {
			if alg == named {
				continue
			}
			refusedByAll(t, victims,
				attack{"T026 T076 " + alg + " under the key of " + named, seal(alg, ownKeys().of(alg), kidHeader(alg, kid), aliceClaims()), msgAlg},
				attack{"T026 " + alg + " of an alien under the key of " + named, seal(alg, alienKeys().of(alg), kidHeader(alg, kid), aliceClaims()), msgAlg},
				attack{"T074 named " + named + ", signed as " + alg, seal(alg, ownKeys().of(alg), kidHeader(named, kid), aliceClaims()), msgSignature},
			)
		}
		refusedByAll(t, victims,
			attack{"T001 none under the key of " + named, b64(kidHeader("none", kid)) + "." + b64(aliceClaims()) + ".", msgAlg},
			attack{"T005 no alg under the key of " + named, seal(named, ownKeys().of(named), `{"kid":`+kid+`}`, aliceClaims()), msgNoAlg},
			attack{"T074 " + named + " of an alien", seal(named, alienKeys().of(named), kidHeader(named, kid), aliceClaims()), msgSignature},
			attack{"T074 " + named + " without signature", b64(kidHeader(named, kid)) + "." + b64(aliceClaims()) + ".", msgSignature},
		)
	}
	for _, named := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		for name, secret := range disguises(publicOf(ownKeys().of(named))) {
			for _, kid := range []string{listedID(named), listedID("HS256")} {
				message := msgAlg
				if kid == listedID("HS256") {
					message = msgSignature
				}
				refusedByAll(t, victims, attack{
					name + " of " + named + " under " + kid,
					seal("HS256", []byte(secret), kidHeader("HS256", `"`+kid+`"`), aliceClaims()), message,
				})
			}
		}
	}
}

// A key is named, or it is none: nothing is tried, and nothing falls back.
func TestThreatListedKeyID(t *testing.T) {
	t.Parallel()
	victims := listVictims(t)
	for _, alg := range families() {
		id := listedID(alg)
		for _, a := range []struct{ name, kid string }{
			{"T067 path traversal", `"../../../../../../dev/null"`},
			{"T067 path traversal to the key", `"x/../` + id + `"`},
			{"T067 path traversal, encoded", `"..%2f..%2f` + id + `"`},
			{"T067 absolute path", `"/proc/sys/kernel/randomize_va_space"`},
			{"T067 file URL", `"file:///dev/null"`},
			{"T067 share", `"\\\\host\\share\\` + id + `"`},
			{"T068 SQL", `"x' UNION SELECT 'secret';--"`},
			{"T068 SQL, always true", `"` + id + `' OR '1'='1"`},
			{"T068 SQL, comment", `"` + id + `'--"`},
			{"T068 NoSQL", `"{\"$ne\":null}"`},
			{"T069 shell", `"` + id + `;sleep 10"`},
			{"T069 pipe", `"|cat /etc/passwd"`},
			{"T069 JNDI", `"${jndi:ldap://localhost/a}"`},
			{"T069 template", `"{{.Key}}"`},
			{"T069 format", `"%s%n%x"`},
			{"T070 empty", `""`},
			{"T072 NUL behind", `"` + id + `\u0000"`},
			{"T072 NUL in front", `"\u0000` + id + `"`},
			{"T072 line break", `"` + id + `\r\nX-Injected: 1"`},
			{"T072 line break at the end", `"` + id + `\n"`},
			{"T072 long", `"` + id + strings.Repeat("k", 8000) + `"`},
			{"T073 unknown", `"key"`},
			{"T073 a wildcard", `"*"`},
			{"T073 an index", `"0"`},
			{"T073 the algorithm", `"` + alg + `"`},
			{"T073 a thumbprint", `"` + thumbprint(alg) + `"`},
			{"T073 prefix", `"` + id[:len(id)-1] + `"`},
			{"T073 suffix", `"` + id[1:] + `"`},
			{"T073 two names", `"` + id + `,` + id + `"`},
			{"T075 upper case", `"` + strings.ToUpper(id) + `"`},
			{"T075 blank in front", `" ` + id + `"`},
			{"T075 blank behind", `"` + id + ` "`},
			{"T075 homoglyph", `"` + strings.Replace(id, "e", "е", 1) + `"`},
			{"T075 Kelvin sign", `"` + strings.Replace(id, "k", "\u212a", 1) + `"`},
			{"T075 full width", `"` + strings.Replace(id, "k", "ｋ", 1) + `"`},
			{"T075 combining mark", `"` + id + `\u0301"`},
			{"T075 invisible", `"` + id + `\u200b"`},
			{"T075 quoted", `"\"` + id + `\""`},
			{"T095 __proto__", `"__proto__"`},
		} {
			refusedByAll(t, victims,
				attack{a.name + " " + alg + ", own key", seal(alg, ownKeys().of(alg), kidHeader(alg, a.kid), aliceClaims()), msgSignature},
				attack{a.name + " " + alg + ", alien key", seal(alg, alienKeys().of(alg), kidHeader(alg, a.kid), aliceClaims()), msgSignature},
			)
		}
		sign := func(members ...string) string {
			return seal(alg, ownKeys().of(alg), headerFor(alg, members...), aliceClaims())
		}
		kid := `"kid":"` + id + `"`
		refusedByAll(t, victims,
			attack{"T071 null " + alg, sign(`"kid":null`), msgKeyID},
			attack{"T071 number " + alg, sign(`"kid":0`), msgKeyID},
			attack{"T071 boolean " + alg, sign(`"kid":true`), msgKeyID},
			attack{"T071 array " + alg, sign(`"kid":["` + id + `"]`), msgKeyID},
			attack{"T071 object " + alg, sign(`"kid":{"` + id + `":1}`), msgKeyID},
			attack{"T072 of 64 KiB " + alg, sign(`"kid":"` + strings.Repeat("k", 64<<10) + `"`), msgTooLarge},
			attack{"T078 none " + alg, sign(), msgSignature},
			attack{"T078 none, alien key " + alg, seal(alg, alienKeys().of(alg), headerFor(alg), aliceClaims()), msgSignature},
			attack{"T079 twice " + alg, sign(kid, `"kid":"other"`), msgHeaderJSON},
			attack{"T079 twice the same " + alg, sign(kid, kid), msgHeaderJSON},
			attack{"T079 twice, escaped " + alg, sign(kid, `"k\u0069d":"`+id+`"`), msgHeaderJSON},
			attack{"T079 KID only " + alg, sign(`"KID":"` + id + `"`), msgSignature},
			attack{"T079 Kelvin sign " + alg, sign("\"\u212aid\":\"" + id + "\""), msgSignature},
			attack{"T079 kid in the payload " + alg, seal(alg, ownKeys().of(alg), headerFor(alg), aliceClaims(kid)), msgSignature},
		)
		for name, v := range victims {
			t.Run("T079 escaped, it is the same name, "+alg+", "+name, func(t *testing.T) {
				t.Parallel()
				v.accepted(t, sign(`"\u006bid":"\u006b`+id[1:]+`"`), "alice")
			})
		}
	}
}

// thumbprint is the name that the key of an algorithm would have without ID.
func thumbprint(alg string) string {
	return must(keys.Key{Sign: ownKeys().of(alg)}.Thumbprint())
}

func TestThreatListedHeaderBringsKey(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	t.Cleanup(func() {
		canary.Close()
		assert.Zero(t, fetched.Load(), "T063 T064 a URL of the token was fetched")
	})
	victims := listVictims(t)
	for _, alg := range families() {
		for _, a := range broughtKeys(alg, listedID(alg), canary.URL) {
			for _, kid := range []string{`"kid":"` + listedID(alg) + `",`, `"kid":"alien",`, ``} {
				header := headerFor(alg, kid+a.token)
				refusedByAll(t, victims, attack{a.name + " " + alg + " " + kid, seal(alg, alienKeys().of(alg), header, aliceClaims()), msgSignature})
			}
		}
	}
}

// broughtKeys are the members of a header by which an alien brings a key.
func broughtKeys(alg, id, canary string) []attack {
	alien := alienKeys().of(alg)
	jwk, chain, thumbs := publicJWK(alienKeys().secret), `"AAAA"`, `"x5t":"AAAA"`
	if alg[:2] != "HS" {
		jwk = publicJWK(publicOf(alien))
		own := certificate(ownKeys().of(alg))
		chain = `"` + base64.StdEncoding.EncodeToString(certificate(alien)) + `"`
		sha1Sum, sha256Sum := sha1.Sum(own), sha256.Sum256(own)
		thumbs = fmt.Sprintf(`"x5t":%q,"x5t#S256":%q`, b64(string(sha1Sum[:])), b64(string(sha256Sum[:])))
	}
	return []attack{
		{name: "T060 jwk", token: `"jwk":` + jwk},
		{name: "T061 jwk with the kid", token: `"jwk":{"kid":"` + id + `",` + jwk[1:]},
		{name: "T062 jwk of type oct", token: `"jwk":` + publicJWK(alienKeys().secret)},
		{name: "T063 jku", token: `"jku":"` + canary + `/jwks.json"`},
		{name: "T063 jku of a file", token: `"jku":"file:///dev/null"`},
		{name: "T064 x5u", token: `"x5u":"` + canary + `/cert.pem"`},
		{name: "T065 x5c", token: `"x5c":[` + chain + `]`},
		{name: "T065 x5c of garbage", token: `"x5c":["!!","",null,5,{}]`},
		{name: "T066 x5t of the right certificate", token: thumbs + `,"x5c":[` + chain + `]`},
	}
}

// Tokens of before there was a list name no key. The keys that may have made
// them are tried, and no other.
func TestThreatUnnamedTokens(t *testing.T) {
	t.Parallel()
	list := listedKeys(ownKeys())
	for i := range list {
		list[i].AllowMissingKeyID = list[i].Algorithm == "ES256" || list[i].Algorithm == "HS256"
	}
	v := newVictim(t, listConfig(list...))
	for _, alg := range []string{"HS256", "ES256"} {
		unnamed := own(alg, aliceClaims())
		t.Run("T078 "+alg, func(t *testing.T) {
			t.Parallel()
			v.accepted(t, unnamed, "alice")
			v.accepted(t, seal(alg, ownKeys().of(alg), kidHeader(alg, `""`), aliceClaims()), "alice") // T070: an empty kid is none
		})
		v.refusesAll(t,
			attack{"T078 of an alien " + alg, seal(alg, alienKeys().of(alg), headerFor(alg), aliceClaims()), msgSignature},
			attack{"T070 empty kid of an alien " + alg, seal(alg, alienKeys().of(alg), kidHeader(alg, `""`), aliceClaims()), msgSignature},
			attack{"T073 unknown kid " + alg, seal(alg, ownKeys().of(alg), kidHeader(alg, `"x"`), aliceClaims()), msgSignature},
		)
	}
	for _, alg := range []string{"RS256", "PS256", "EdDSA", "HS512", "none"} {
		token := b64(headerFor(alg)) + "." + b64(aliceClaims()) + "."
		if alg != "none" {
			token = own(alg, aliceClaims())
		}
		v.refusesAll(t, attack{"T078 not of such a key " + alg, token, msgAlg})
	}
	for name, secret := range disguises(publicOf(ownKeys().p256)) {
		v.refusesAll(t, attack{name + ", unnamed", seal("HS256", []byte(secret), headerFor("HS256"), aliceClaims()), msgSignature})
	}
}

func TestThreatHugeLists(t *testing.T) {
	t.Parallel()
	var list []keys.Key
	for range 101 {
		list = append(list, keys.Key{Sign: []byte(rand.Text() + rand.Text()), AllowMissingKeyID: true})
	}
	const tooMany = "there are 101 keys, but at most 100 are allowed"
	assert.Equal(t, "ginjwt: Keys (JWT_KEYS): "+tooMany, initError(t, ginjwt.Config{Keys: list}), "T027")
	_, err := keys.NewSet(list...)
	require.EqualError(t, err, "keys: "+tooMany, "T027")

	v := newVictim(t, listConfig(list[:100]...))
	require.EqualError(t, v.mgr.SetKeys(list...), "ginjwt: SetKeys: "+tooMany, "T027")
	v.accepted(t, seal("HS256", list[99].Sign.([]byte), headerFor("HS256"), aliceClaims()), "alice")
	v.refused(t, seal("HS256", list[100].Sign.([]byte), headerFor("HS256"), aliceClaims()), msgSignature)
}

// Weak and broken keys are refused in a list as elsewhere, and say nothing of
// themselves.
func TestThreatWeakKeysInLists(t *testing.T) {
	t.Parallel()
	list := ownKeys()
	lines := []struct {
		name    string
		key     keys.Key
		problem string
	}{
		{"T019 PEM as secret", keys.Key{Sign: []byte(publicPEM(list.rsa.Public()))}, "is a PEM text, not a secret (algorithm HS256); set PrivateKey or PublicKey and the Algorithm"},
		{"T019 JWK as secret", keys.Key{Sign: []byte(publicJWK(list.rsa.Public()))}, "is a JWK, not a secret (algorithm HS256)"},
		{"T020 nothing", keys.Key{ID: "1"}, "there is no key"},
		{"T020 empty secret", keys.Key{Sign: []byte{}}, "there is no key"},
		{"T020 nil pointer", keys.Key{Verify: (*rsa.PublicKey)(nil)}, "there is no key, but a nil *rsa.PublicKey"},
		{"T021 short secret", keys.Key{ID: "1", Sign: list.secret[:31]}, "has 31 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32"},
		{"T024 another curve", keys.Key{ID: "1", Algorithm: "ES384", Verify: list.p256.Public()}, "needs a key on the curve P-384 (algorithm ES384)"},
		{"T025 another type", keys.Key{ID: "1", Algorithm: "HS256", Verify: list.rsa.Public()}, "needs a key for HMAC, not an RSA key (algorithm HS256)"},
		{"T025 a text", keys.Key{ID: "1", Algorithm: "HS256", Verify: string(list.secret)}, "a string cannot verify (algorithm HS256); write []byte(key) for a secret; the text of a key is read by keys.Parse"},
		{"T025 of two pairs", keys.Key{ID: "1", Sign: list.rsa, Verify: alienKeys().rsa.Public()}, "the private and the public key do not belong together"},
		{"T001 none", keys.Key{ID: "1", Algorithm: "none", Verify: list.secret}, `"none" is not a signing algorithm of this package`},
	}
	for _, a := range lines {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			_, err := keys.NewSet(a.key)
			require.EqualError(t, err, "keys: "+a.problem)
			assert.Equal(t, "ginjwt: Keys (JWT_KEYS): "+a.problem, initError(t, ginjwt.Config{Keys: []keys.Key{a.key}}))
			v := newVictim(t, listConfig(listedKeys(list)...))
			require.EqualError(t, v.mgr.SetKeys(a.key), "ginjwt: SetKeys: "+a.problem)
			v.accepted(t, listed("HS256", aliceClaims()), "alice")
		})
	}
	for name, key := range weakRSA() {
		_, err := keys.NewSet(keys.Key{Verify: key})
		require.Error(t, err, name)
		_, err = keys.Parse([]byte(fmt.Sprintf(`{"kty":"RSA","n":%q,"e":%q}`, b64(string(key.N.Bytes())), b64(string(big.NewInt(int64(key.E)).Bytes())))))
		require.Error(t, err, name)
	}
}

// Points off their curve, and keys of a wrong size, in a JWK.
func TestThreatBrokenPublicJWKs(t *testing.T) {
	t.Parallel()
	point := must(ownKeys().p256.PublicKey.Bytes())[1:]
	ec := func(crv string, x, y []byte) string {
		return fmt.Sprintf(`{"kty":"EC","crv":%q,"x":%q,"y":%q}`, crv, b64(string(x)), b64(string(y)))
	}
	flipped := append([]byte(nil), point...)
	flipped[63] ^= 1
	for name, jwk := range map[string]string{
		"T028 off the curve":        ec("P-256", flipped[:32], flipped[32:]),
		"T028 zero":                 ec("P-256", make([]byte, 32), make([]byte, 32)),
		"T028 x and y swapped":      ec("P-256", point[32:], point[:32]),
		"T028 of another curve":     ec("P-384", point[:32], point[32:]),
		"T028 said to be secp256k1": ec("secp256k1", point[:32], point[32:]),
		"T028 x too long":           ec("P-256", append([]byte{1}, point[:32]...), point[32:]),
		"T028 x cut short":          ec("P-256", point[:31], point[32:]),
		"T028 compressed":           fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q}`, b64(string(point[:32]))),
		"T028 Ed25519 of 31 bytes":  fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, b64(string(point[:31]))),
		"T028 Ed25519 of 33 bytes":  fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, b64(string(point[:33]))),
		"T028 X25519":               fmt.Sprintf(`{"kty":"OKP","crv":"X25519","x":%q}`, b64(string(point[:32]))),
	} {
		list, err := keys.Parse([]byte(jwk))
		require.Error(t, err, name)
		assert.Empty(t, list, name)
		assert.NotContains(t, err.Error(), b64(string(point[:31])), name)
		list, err = keys.Parse([]byte(`{"keys":[` + publicJWK(ownKeys().ed25519.Public()) + `,` + jwk + `]}`))
		require.Error(t, err, name)
		assert.Empty(t, list, name)
	}
}

// TestThreatRetiredKey lets the time of a key pass, with its tokens remembered.
func TestThreatRetiredKey(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		t.Run("T077 "+alg, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			end := clock.Now().Add(time.Minute)
			config := listConfig(
				keys.Key{ID: "old", Algorithm: alg, Sign: ownKeys().of(alg), NotAfter: end, AllowMissingKeyID: true},
				keys.Key{ID: "new", Sign: alienKeys().p256, NotBefore: end.Add(-time.Second)},
			)
			config.Now = clock.Now
			v := newVictim(t, config)
			payload := fmt.Sprintf(`{"sub":"alice","exp":%d}`, clock.Now().Unix()+3600)
			named := seal(alg, ownKeys().of(alg), kidHeader(alg, `"old"`), payload)
			unnamed := seal(alg, ownKeys().of(alg), headerFor(alg), payload)
			unseen := seal(alg, ownKeys().of(alg), headerFor(alg, `"kid":"old"`, `"x":1`), payload)
			clock.Advance(time.Minute - time.Second)
			v.accepted(t, named, "alice")
			v.accepted(t, unnamed, "alice")
			clock.Advance(time.Second)
			for _, token := range []string{named, unnamed, unseen} {
				v.refused(t, token, msgSignature)
				v.refused(t, token, msgSignature)
			}
			v.accepted(t, seal("ES256", alienKeys().p256, kidHeader("ES256", `"new"`), payload), "alice")
		})
	}
}

// jwks returns what the application publishes.
func jwks(t *testing.T, mgr *ginjwt.JWTManager) string {
	t.Helper()
	engine := gin.New()
	engine.GET("/jwks", mgr.JWKSHandler())
	w := jwttest.Do(engine, "GET", "/jwks")
	require.Equal(t, 200, w.Code)
	return w.Body.String()
}

// TestThreatRotation publishes a key, then signs with it, then drops the old.
func TestThreatRotation(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	first := keys.Key{ID: "first", Sign: ownKeys().p256}
	second := keys.Key{ID: "second", Sign: ownKeys().ed25519, NotBefore: clock.Now().Add(time.Hour)}
	config := listConfig(first)
	config.Now, config.AccessTokenExpires = clock.Now, 30*time.Minute
	v := newVictim(t, config)
	kidOf := func(encoded string) string { return fmt.Sprint(must(ginjwt.GetUnverifiedJWTHeaders(encoded))["kid"]) }

	require.NoError(t, v.mgr.SetKeys(second, first))
	assert.Contains(t, jwks(t, v.mgr), `"kid":"second"`, "T341 published before it signs")
	old := jwttest.AccessToken(t, v.mgr, "alice")
	assert.Equal(t, "first", kidOf(old), "T341")
	v.accepted(t, old, "alice")

	clock.Advance(time.Hour)
	old = jwttest.AccessToken(t, v.mgr, "alice")
	assert.Equal(t, "second", kidOf(old), "T341")
	clock.Advance(-20 * time.Minute)
	old = jwttest.AccessToken(t, v.mgr, "alice")
	require.Equal(t, "first", kidOf(old))
	clock.Advance(20 * time.Minute)
	v.accepted(t, old, "alice") // T343: signed by the key before, and not expired yet

	require.NoError(t, v.mgr.SetKeys(second))
	v.refused(t, old, msgSignature) // T343: remembered, but its key is gone
	assert.NotContains(t, jwks(t, v.mgr), "first")

	never := keys.Key{ID: "never", Sign: alienKeys().p256, NotBefore: clock.Now().Add(time.Hour)}
	for name, list := range map[string][]keys.Key{
		"T341 not yet":     {never},
		"T343 no keys":     {},
		"T025 verify only": {{ID: "x", Verify: alienKeys().p256.Public()}},
		"T025 one is weak": {second, {ID: "x", Sign: []byte("short")}},
	} {
		require.Error(t, v.mgr.SetKeys(list...), name)
		assert.Equal(t, "second", kidOf(jwttest.AccessToken(t, v.mgr, "alice")), name)
	}
}

// TestThreatKeysChangeWhileServing is for the race detector: every request sees
// the old keys or the new ones.
func TestThreatKeysChangeWhileServing(t *testing.T) {
	t.Parallel()
	a, b := keys.Key{ID: "k", Sign: ownKeys().secret}, keys.Key{ID: "k", Sign: alienKeys().secret}
	both := keys.Key{ID: "both", Sign: ownKeys().p256}
	v := newVictim(t, listConfig(a, both))
	engine := gin.New()
	engine.GET("/jwks", v.mgr.JWKSHandler())
	always := seal("ES256", ownKeys().p256, kidHeader("ES256", `"both"`), aliceClaims())
	sometimes := []string{
		seal("HS256", ownKeys().secret, kidHeader("HS256", `"k"`), aliceClaims()),
		seal("HS256", alienKeys().secret, kidHeader("HS256", `"k"`), aliceClaims()),
	}
	never := seal("HS256", []byte(strings.Repeat("x", 32)), kidHeader("HS256", `"k"`), aliceClaims())
	done := make(chan struct{})
	var changes, requests sync.WaitGroup
	changes.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			assert.NoError(t, v.mgr.SetKeys([]keys.Key{a, b}[i%2], both), "T342")
		}
	})
	for range 4 {
		requests.Go(func() {
			for range 200 {
				w, _ := v.send("/access", always, false)
				assert.Equal(t, 200, w.Code, "T342 %s", w.Body)
				w, _ = v.send("/access", never, false)
				assert.Equal(t, 422, w.Code, "T342")
				for _, token := range sometimes {
					w, _ = v.send("/access", token, false)
					assert.Contains(t, []int{200, 422}, w.Code, "T342")
				}
				made, err := v.mgr.CreateAccessToken(t.Context(), "alice")
				assert.NoError(t, err, "T342")
				assert.NotEmpty(t, made)
				assert.JSONEq(t, jwksOf(both), jwttest.Do(engine, "GET", "/jwks").Body.String(), "T342")
			}
		})
	}
	requests.Wait()
	close(done)
	changes.Wait()
	require.NoError(t, v.mgr.SetKeys(a, both))
	v.accepted(t, sometimes[0], "alice")
	v.refused(t, sometimes[1], msgSignature) // whatever an older cache has seen
	require.NoError(t, v.mgr.SetKeys(b, both))
	v.refused(t, sometimes[0], msgSignature)
	v.accepted(t, sometimes[1], "alice")
}

// jwksOf is the JWK Set of one key.
func jwksOf(k keys.Key) string {
	k.Algorithm = "ES256"
	return `{"keys":[` + string(must(k.MarshalPublicJWK())) + `]}`
}

// TestThreatPublishedSecrets looks for anything private in all that is
// published, in whatever form.
func TestThreatPublishedSecrets(t *testing.T) {
	t.Parallel()
	list := append(listedKeys(ownKeys()),
		keys.Key{ID: "p384", Sign: ownKeys().p384}, keys.Key{ID: "p521", Sign: ownKeys().p521},
		keys.Key{ID: "refresh", Sign: alienKeys().p256, TokenType: keys.RefreshToken},
		keys.Key{ID: "verifies", Verify: alienKeys().secret},
	)
	config := listConfig(list...)
	config.EncodeIssuer = "https://own.example"
	config.Issuers = []ginjwt.Issuer{{Name: "https://a.example", IdentityPrefix: "a:", Keys: []keys.Key{{ID: "of-a", Sign: alienKeys().ed25519}}}}
	v := newVictim(t, config)
	engine := gin.New()
	engine.GET("/jwks", v.mgr.JWKSHandler())
	engine.GET("/metadata", v.mgr.MetadataHandler(ginjwt.Metadata{}))

	published := jwttest.Do(engine, "GET", "/jwks").Body.String() + jwttest.Do(engine, "GET", "/metadata").Body.String()
	for name, secret := range privateNumbers(ownKeys(), alienKeys()) {
		for form, text := range map[string]string{
			"base64url": b64(string(secret)), "base64": base64.StdEncoding.EncodeToString(secret), "hex": hex.EncodeToString(secret),
			"text": string(secret), "decimal": new(big.Int).SetBytes(secret).String(), "PEM": hex.EncodeToString(secret[:16]),
		} {
			assert.NotContains(t, published, text, "T326 %s as %s", name, form)
		}
	}
	var set struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(jwttest.Do(engine, "GET", "/jwks").Body.Bytes(), &set))
	var ids []string
	for _, jwk := range set.Keys {
		ids = append(ids, jwk["kid"])
		for name := range jwk {
			assert.Contains(t, []string{"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"}, name, "T326")
		}
	}
	assert.Equal(t, []string{"key-rs256", "key-ps256", "key-es256", "key-eddsa", "p384", "p521"}, ids, "T326")
	onlySecrets := newVictim(t, listConfig(keys.Key{Sign: ownKeys().secret}))
	assert.Equal(t, `{"keys":[]}`, jwks(t, onlySecrets.mgr), "T326")
	assert.Equal(t, `{"keys":[]}`, jwks(t, victimOf(t, "HS256").mgr), "T326")
}

// privateNumbers are all that nobody else may know.
func privateNumbers(chains ...keyChain) map[string][]byte {
	numbers := map[string][]byte{}
	for i, c := range chains {
		n := fmt.Sprint(i)
		numbers["secret"+n], numbers["Ed25519 seed"+n] = c.secret, c.ed25519.Seed()
		numbers["RSA d"+n], numbers["RSA p"+n], numbers["RSA q"+n] = c.rsa.D.Bytes(), c.rsa.Primes[0].Bytes(), c.rsa.Primes[1].Bytes()
		numbers["RSA dp"+n], numbers["RSA qi"+n] = c.rsa.Precomputed.Dp.Bytes(), c.rsa.Precomputed.Qinv.Bytes()
		for _, ec := range []*ecdsa.PrivateKey{c.p256, c.p384, c.p521} {
			numbers[ec.Params().Name+n] = must(ec.Bytes())
		}
	}
	return numbers
}

// What a client says it has is compared with what there is now.
func TestThreatPublishedETag(t *testing.T) {
	t.Parallel()
	v := newVictim(t, listConfig(keys.Key{ID: "1", Sign: ownKeys().p256}))
	engine := gin.New()
	engine.GET("/jwks", v.mgr.JWKSHandler())
	etag := jwttest.Do(engine, "GET", "/jwks").Header().Get("ETag")
	status := func(ifNoneMatch string) int {
		return jwttest.Do(engine, "GET", "/jwks", jwttest.Header("If-None-Match", ifNoneMatch)).Code
	}
	for header, want := range map[string]int{
		etag: 304, "W/" + etag: 304, `"a", ` + etag: 304, "*": 304,
		"": 200, `""`: 200, `"a"`: 200, strings.Trim(etag, `"`): 200, strings.ToLower(etag): 200, etag + "x": 200, "w/" + etag: 200,
		strings.Repeat(",", 10000): 200,
	} {
		assert.Equal(t, want, status(header), header)
	}
	require.NoError(t, v.mgr.SetKeys(keys.Key{ID: "1", Sign: alienKeys().p256}))
	assert.Equal(t, 200, status(etag), "the key of the same name is another")
}

// Nothing in a list of keys turns a check off, and no key is made up.
func TestThreatListedDefaults(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]ginjwt.Config{
		"T344 no keys":        {Keys: []keys.Key{}},
		"T344 an empty key":   {Keys: []keys.Key{{}}},
		"T344 only a name":    {Keys: []keys.Key{{ID: "1", Algorithm: "HS256"}}},
		"T344 short, allowed": {AllowShortSecret: true, Keys: []keys.Key{{ID: "1", Algorithm: "HS256", Sign: []byte{}}}},
	} {
		assert.Contains(t, initError(t, config), "ginjwt: ", name)
	}
	curve := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	_, err := keys.NewSet(keys.Key{Sign: curve})
	require.Error(t, err, "T024")
}
