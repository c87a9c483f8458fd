package threats_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Keys in the token are never used: it is signed by whoever put them there.
func TestThreatHeaderBringsKey(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	t.Cleanup(func() {
		canary.Close()
		assert.Zero(t, fetched.Load(), "T063 T064 a URL of the token was fetched")
	})
	for _, alg := range families() {
		v := victimOf(t, alg)
		alien := alienKeys().of(alg)
		jwk, chain, thumbs := publicJWK(alienKeys().secret), `"AAAA"`, ""
		if alg != "HS256" {
			jwk = publicJWK(publicOf(alien))
			own := certificate(ownKeys().of(alg))
			chain = `"` + base64.StdEncoding.EncodeToString(certificate(alien)) + `"`
			sha1Sum, sha256Sum := sha1.Sum(own), sha256.Sum256(own)
			thumbs = fmt.Sprintf(`"x5t":%q,"x5t#S256":%q`, b64(string(sha1Sum[:])), b64(string(sha256Sum[:])))
		}
		for _, a := range []struct{ name, members string }{
			{"T060 jwk", `"jwk":` + jwk},
			{"T061 jwk under a kid", `"kid":"1","jwk":` + jwk},
			{"T061 kid in the jwk", `"jwk":{"kid":"1",` + jwk[1:]},
			{"T062 jwk of type oct", `"jwk":` + publicJWK(alienKeys().secret)},
			{"T062 jwk is null", `"jwk":null`},
			{"T063 jku", fmt.Sprintf(`"jku":"%s/jwks.json"`, canary.URL)},
			{"T063 jku under a kid", fmt.Sprintf(`"kid":"1","jku":"%s/.well-known/jwks.json"`, canary.URL)},
			{"T063 jku of a file", `"jku":"file:///dev/null"`},
			{"T063 jku with user", fmt.Sprintf(`"jku":"http://localhost@%s"`, strings.TrimPrefix(canary.URL, "http://"))},
			{"T064 x5u", fmt.Sprintf(`"x5u":"%s/cert.pem"`, canary.URL)},
			{"T065 x5c", `"x5c":[` + chain + `]`},
			{"T065 x5c of garbage", `"x5c":["!!","",null,5,{}]`},
			{"T065 x5c is no array", `"x5c":{}`},
			{"T066 x5t of the right certificate", strings.TrimPrefix(thumbs+`,"x5c":[`+chain+`]`, ",")},
			{"T063 iss and url", fmt.Sprintf(`"iss":%q,"url":%q`, canary.URL, canary.URL)},
		} {
			v.refusesAll(t, attack{a.name + " " + alg, seal(alg, alien, headerFor(alg, a.members), aliceClaims()), msgSignature})
		}
	}
}

// certificate returns a self-signed one.
func certificate(key any) []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Unix(1577836800, 0), NotAfter: time.Unix(253402300799, 0),
	}
	return must(x509.CreateCertificate(rand.Reader, template, template, publicOf(key), key))
}

// keyedVictim looks keys up by "kid", as an application would: one for HMAC,
// one for RSA.
func keyedVictim(t *testing.T) *victim {
	t.Helper()
	config := victimConfig("HS256")
	return newVictim(t, config, func(m *ginjwt.JWTManager) {
		list := map[string]keys.Key{
			"hs": {ID: "hs", Algorithm: "HS256", Sign: ownKeys().secret},
			"rs": {ID: "rs", Algorithm: "RS256", Verify: ownKeys().rsa.Public()},
		}
		m.DecodeKeyLoader(func(_ context.Context, unverified *ginjwt.Token) (keys.Key, error) {
			kid, _ := unverified.Header()["kid"].(string)
			return list[kid], nil
		})
	})
}

func TestThreatHeaderKeyID(t *testing.T) {
	t.Parallel()
	v := keyedVictim(t)
	t.Run("the keys work", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, seal("HS256", ownKeys().secret, headerFor("HS256", `"kid":"hs"`), aliceClaims()), "alice")
		v.accepted(t, seal("RS256", ownKeys().rsa, headerFor("RS256", `"kid":"rs"`), aliceClaims()), "alice")
	})
	for _, a := range []struct{ name, kid string }{
		{"T067 path traversal", `"../../../../../../dev/null"`},
		{"T067 path traversal, encoded", `"..%2f..%2f..%2fdev%2fnull"`},
		{"T067 absolute path", `"/proc/sys/kernel/randomize_va_space"`},
		{"T067 file URL", `"file:///dev/null"`},
		{"T067 share", `"\\\\host\\share\\key"`},
		{"T068 SQL", `"x' UNION SELECT 'secret';--"`},
		{"T068 SQL, always true", `"' OR '1'='1"`},
		{"T068 NoSQL", `"{\"$ne\":null}"`},
		{"T069 shell", `"hs;sleep 10"`},
		{"T069 pipe", `"|cat /etc/passwd"`},
		{"T069 JNDI", `"${jndi:ldap://localhost/a}"`},
		{"T069 template", `"{{.Key}}"`},
		{"T069 format", `"%s%n%x"`},
		{"T070 empty", `""`},
		{"T072 NUL behind", `"hs\u0000"`},
		{"T072 line break", `"hs\r\nX-Injected: 1"`},
		{"T072 long", `"` + strings.Repeat("k", 8000) + `"`},
		{"T073 unknown", `"hs2"`},
		{"T074 of the other key", `"rs"`},
		{"T075 upper case", `"HS"`},
		{"T075 blank in front", `" hs"`},
		{"T075 blank behind", `"hs "`},
		{"T075 homoglyph", `"һѕ"`},
		{"T075 full width", `"ｈｓ"`},
		{"T077 retired", `"hs-2019"`},
		{"T095 __proto__", `"__proto__"`},
		{"T095 constructor", `"constructor"`},
	} {
		message := msgSignature
		if a.kid == `"rs"` {
			message = msgAlg
		}
		for name, secret := range map[string][]byte{"own key": ownKeys().secret, "no key": {}, "zero": {0}, "alien key": alienKeys().secret} {
			v.refusesAll(t, attack{a.name + ", " + name, seal("HS256", secret, headerFor("HS256", `"kid":`+a.kid), aliceClaims()), message})
		}
	}
	sign := func(header string) string { return seal("HS256", ownKeys().secret, header, aliceClaims()) }
	v.refusesAll(t,
		attack{"T071 null", sign(headerFor("HS256", `"kid":null`)), msgKeyID},
		attack{"T071 number", sign(headerFor("HS256", `"kid":1`)), msgKeyID},
		attack{"T071 boolean", sign(headerFor("HS256", `"kid":true`)), msgKeyID},
		attack{"T071 array", sign(headerFor("HS256", `"kid":["hs"]`)), msgKeyID},
		attack{"T071 object", sign(headerFor("HS256", `"kid":{"hs":1}`)), msgKeyID},
		attack{"T072 of 64 KiB", sign(headerFor("HS256", `"kid":"`+strings.Repeat("k", 64<<10)+`"`)), msgTooLarge},
		attack{"T076 HMAC under the RSA key, with its PEM", seal("HS256", []byte(publicPEM(ownKeys().rsa.Public())), headerFor("HS256", `"kid":"rs"`), aliceClaims()), msgAlg},
		attack{"T076 RSA under the HMAC key", seal("RS256", ownKeys().rsa, headerFor("RS256", `"kid":"hs"`), aliceClaims()), msgAlg},
		attack{"T076 none under the HMAC key", b64(headerFor("none", `"kid":"hs"`)) + "." + b64(aliceClaims()) + ".", msgAlg},
		attack{"T078 none, own key", sign(headerFor("HS256")), msgSignature},
		attack{"T078 none, alien key", seal("HS256", alienKeys().secret, headerFor("HS256"), aliceClaims()), msgSignature},
		attack{"T079 twice", sign(headerFor("HS256", `"kid":"hs"`, `"kid":"rs"`)), msgHeaderJSON},
		attack{"T079 twice, escaped", sign(headerFor("HS256", `"kid":"hs"`, `"k\u0069d":"hs"`)), msgHeaderJSON},
		attack{"T079 KID only", sign(headerFor("HS256", `"KID":"hs"`)), msgSignature},
		attack{"T079 Kelvin sign", sign(headerFor("HS256", "\"\u212aid\":\"hs\"")), msgSignature},
	)
	t.Run("T079 KID beside kid", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign(headerFor("HS256", `"kid":"hs"`, `"KID":"rs"`)), "alice")
	})
}

// With one key in the settings there is nothing to choose, and "kid" is only
// a name: it opens nothing, and closes nothing.
func TestThreatHeaderKeyIDWithOneKey(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	for _, kid := range []string{`""`, `"1"`, `"../../dev/null"`, `"__proto__"`, `"hs\r\nX-Injected: 1"`} {
		header := headerFor("HS256", `"kid":`+kid)
		t.Run("T073 "+kid, func(t *testing.T) {
			t.Parallel()
			v.accepted(t, seal("HS256", ownKeys().secret, header, aliceClaims()), "alice")
			v.refused(t, seal("HS256", alienKeys().secret, header, aliceClaims()), msgSignature)
			v.refused(t, seal("HS256", []byte{}, header, aliceClaims()), msgSignature)
		})
	}
}

// What a map returns for a name it does not have is no key, of whatever type.
func TestThreatHeaderKeyIDUnknownToLoader(t *testing.T) {
	t.Parallel()
	for name, missing := range map[string]any{
		"T073 nil":                 nil,
		"T073 slice that is nil":   []byte(nil),
		"T073 pointer that is nil": (*rsa.PublicKey)(nil),
	} {
		v := newVictim(t, victimConfig("HS256"), func(m *ginjwt.JWTManager) {
			m.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) { return keys.Key{Verify: missing}, nil })
		})
		v.refusesAll(t,
			attack{name + ", own key", own("HS256", aliceClaims()), msgSignature},
			attack{name + ", no key", seal("HS256", []byte{}, headerFor("HS256"), aliceClaims()), msgSignature},
		)
	}
}

// The loader never sees a "kid" that is no text.
func TestThreatHeaderKeyIDType(t *testing.T) {
	t.Parallel()
	v := newVictim(t, victimConfig("HS256"), func(m *ginjwt.JWTManager) {
		m.DecodeKeyLoader(func(_ context.Context, unverified *ginjwt.Token) (keys.Key, error) {
			_ = unverified.Header()["kid"].(string) // panics if it is anything else
			return keys.Key{Verify: ownKeys().secret}, nil
		})
	})
	for _, kid := range []string{`null`, `0`, `-1`, `1e400`, `false`, `[]`, `{}`, `["a"]`} {
		v.refusesAll(t, attack{"T071 " + kid, seal("HS256", ownKeys().secret, headerFor("HS256", `"kid":`+kid), aliceClaims()), msgKeyID})
	}
}

func TestThreatHeaderCritical(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	const (
		list     = "Invalid 'crit' header: must be a non-empty list"
		names    = "Invalid 'crit' header: values must be strings"
		twice    = "Invalid 'crit' header: values must be different"
		absent   = "Critical extension 'b64' is missing from headers"
		unknown  = "Unsupported critical extension: "
		detached = `It is required that you pass in a value for the "detached_payload" argument to decode a message having the b64 header set to false.`
	)
	for _, a := range []struct{ name, members, message string }{
		{"T080 unknown", `"crit":["bork"],"bork":1`, unknown + "bork"},
		{"T080 of RFC 8225", `"crit":["ppt"],"ppt":"shaken"`, unknown + "ppt"},
		{"T080 a URL", `"crit":["http://localhost/x"],"http://localhost/x":true`, unknown + "http://localhost/x"},
		{"T080 behind b64", `"crit":["b64","bork"],"b64":true,"bork":1`, unknown + "bork"},
		{"T080 in front of b64", `"crit":["bork","b64"],"b64":true,"bork":1`, unknown + "bork"},
		{"T080 B64", `"crit":["B64"],"B64":true`, unknown + "B64"},
		{"T081 empty array", `"crit":[]`, list},
		{"T081 a text", `"crit":"b64","b64":true`, list},
		{"T081 null", `"crit":null`, list},
		{"T081 a number", `"crit":1`, list},
		{"T081 false", `"crit":false`, list},
		{"T081 an object", `"crit":{"b64":true},"b64":true`, list},
		{"T081 a number in it", `"crit":[1]`, names},
		{"T081 null in it", `"crit":[null]`, names},
		{"T081 an array in it", `"crit":[["b64"]],"b64":true`, names},
		{"T081 a number behind b64", `"crit":["b64",1],"b64":true`, names},
		{"T081 twice the same", `"crit":["b64","b64"],"b64":true`, twice},
		{"T081 twice the same, escaped", `"crit":["b64","b6\u0034"],"b64":true`, twice},
		{"T081 a registered name", `"crit":["alg"]`, unknown + "alg"},
		{"T081 exp", `"crit":["exp"],"exp":253402300799`, unknown + "exp"},
		{"T081 itself", `"crit":["crit"]`, unknown + "crit"},
		{"T081 an empty name", `"crit":[""],"":1`, unknown},
		{"T081 what is not there", `"crit":["b64"]`, absent},
		{"T081 crit twice", `"crit":["bork"],"crit":["b64"],"b64":true`, msgHeaderJSON},
		{"T082 b64 false", `"crit":["b64"],"b64":false`, detached},
		{"T083 b64 false without crit", `"b64":false`, detached},
	} {
		v.refusesAll(t, attack{a.name, seal("HS256", ownKeys().secret, headerFor("HS256", a.members), aliceClaims()), a.message})
	}
	raw := b64(headerFor("HS256", `"crit":["b64"]`, `"b64":false`)) + "." + aliceClaims()
	v.refusesAll(t, attack{"T082 payload not encoded", sealText("HS256", ownKeys().secret, raw), msgPayload64})
	t.Run("T081 b64 true is as without", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, seal("HS256", ownKeys().secret, headerFor("HS256", `"crit":["b64"]`, `"b64":true`), aliceClaims()), "alice")
	})
}

func TestThreatHeaderCompressedOrNested(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	var deflated bytes.Buffer
	w := must(flate.NewWriter(&deflated, flate.BestCompression))
	must(w.Write([]byte(aliceClaims())))
	require.NoError(t, w.Close())
	sign := func(payload string, members ...string) string {
		return seal("HS256", ownKeys().secret, headerFor("HS256", members...), payload)
	}
	inner := b64(headerFor("none")) + "." + b64(aliceClaims()) + "."
	const compressed = "Compressed tokens are not supported"
	v.refusesAll(t,
		attack{"T084 zip", sign(deflated.String(), `"zip":"DEF"`), msgClaimsJSON},
		attack{"T084 zip, not zipped", sign(aliceClaims(), `"zip":"DEF"`), compressed},
		attack{"T084 zip is null", sign(aliceClaims(), `"zip":null`), compressed},
		attack{"T084 zip is empty", sign(aliceClaims(), `"zip":""`), compressed},
		attack{"T085 unsigned token as payload", sign(inner, `"cty":"JWT"`), msgClaimsJSON},
		attack{"T085 in quotes", sign(`"`+inner+`"`, `"cty":"JWT"`), msgClaimsObj},
		attack{"T085 forged token as payload", sign(seal("HS256", alienKeys().secret, headerFor("HS256"), aliceClaims()), `"cty":"JWT"`), msgClaimsJSON},
		attack{"T085 good token as payload", sign(own("HS256", aliceClaims()), `"cty":"JWT"`), msgClaimsJSON},
		attack{"T085 forged outside, good inside", seal("HS256", alienKeys().secret, headerFor("HS256", `"cty":"JWT"`), own("HS256", aliceClaims())), msgClaimsJSON},
	)
	t.Run("T086 cty of plain claims", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign(aliceClaims(), `"cty":"JWT"`), "alice")
	})
}

func TestThreatHeaderType(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	sign := func(typ string) string {
		return seal("HS256", ownKeys().secret, headerFor("HS256", `"typ":`+typ), aliceClaims())
	}
	for _, typ := range []string{
		`"dpop+jwt"`, `"logout+jwt"`, `"secevent+jwt"`, `"rt+jwt"`, `"id_token+jwt"`, `"oauth-authz-req+jwt"`, `"JOSE"`, `"JWE"`, `"JOSE+JSON"`, `""`,
		`"JWT "`, `" JWT"`, `"JWT\u0000"`, `"JWT;x=1"`, `"JWT,at+jwt"`, `"text/jwt"`, `"application/application/jwt"`, `"/jwt"`, `"ＪＷＴ"`,
	} {
		v.refusesAll(t, attack{"T087 " + typ, sign(typ), msgTyp})
	}
	for _, typ := range []string{`null`, `1`, `true`, `["JWT"]`, `{"JWT":1}`} {
		v.refusesAll(t, attack{"T088 " + typ, sign(typ), msgTyp})
	}
	for _, typ := range []string{`"JWT"`, `"jwt"`, `"Jwt"`, `"at+jwt"`, `"AT+JWT"`, `"application/jwt"`, `"application/at+jwt"`, `"Application/JWT"`, `"\u004aWT"`} {
		t.Run("T089 "+typ, func(t *testing.T) {
			t.Parallel()
			v.accepted(t, sign(typ), "alice")
		})
	}
	t.Run("T089 absent", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, seal("HS256", ownKeys().secret, headerFor("HS256"), aliceClaims()), "alice")
	})
}

// badJSON are texts that parsers disagree about; %s stands for the members of
// an object.
func badJSON() map[string]string {
	return map[string]string{
		"a byte order mark":       "\xef\xbb\xbf{%s}",
		"data behind":             `{%s}x`,
		"an object behind":        `{%s}{}`,
		"a brace behind":          `{%s}}`,
		"a comma behind":          `{%s},`,
		"NUL behind":              "{%s}\x00",
		"data in front":           `x{%s}`,
		"an XSSI guard in front":  ")]}'\n{%s}",
		"NUL in front":            "\x00{%s}",
		"a comment":               `{/* */%s}`,
		"a comment at the end":    "{%s}//",
		"a hash comment":          "#\n{%s}",
		"a comma at the end":      `{%s,}`,
		"a comma in front":        `{,%s}`,
		"two commas":              `{%s,,"x":1}`,
		"no brace at the end":     `{%s`,
		"NaN":                     `{%s,"x":NaN}`,
		"Infinity":                `{%s,"x":Infinity}`,
		"-Infinity":               `{%s,"x":-Infinity}`,
		"undefined":               `{%s,"x":undefined}`,
		"a leading zero":          `{%s,"x":01}`,
		"a leading plus":          `{%s,"x":+1}`,
		"a leading dot":           `{%s,"x":.5}`,
		"a dot at the end":        `{%s,"x":1.}`,
		"a hex number":            `{%s,"x":0x10}`,
		"a minus":                 `{%s,"x":-}`,
		"True":                    `{%s,"x":True}`,
		"single quotes":           `{%s,'x':1}`,
		"a name without quotes":   `{%s,x:1}`,
		"a number as a name":      `{%s,1:1}`,
		"no value":                `{%s,"x":}`,
		"no colon":                `{%s,"x" 1}`,
		"an unknown escape":       `{%s,"x":"\x41"}`,
		"half an escape":          `{%s,"x":"\u00"}`,
		"a line feed in a text":   "{%s,\"x\":\"\n\"}",
		"NUL in a text":           "{%s,\"x\":\"\x00\"}",
		"a tab in a name":         "{%s,\"x\t\":1}",
		"a form feed as blank":    "{\f%s}",
		"a no-break space":        "{\u00a0%s}",
		"a byte that is no UTF-8": "{%s,\"x\":\"\xff\"}",
		"an overlong slash":       "{%s,\"x\":\"\xc0\xaf\"}",
		"an overlong NUL":         "{%s,\"x\":\"\xc0\x80\"}",
		"an overlong quote":       "{%s,\"x\":\"\xe0\x80\xa2\"}",
		"CESU-8":                  "{%s,\"x\":\"\xed\xa0\xbd\xed\xb8\x80\"}",
		"a surrogate in UTF-8":    "{%s,\"x\":\"\xed\xa0\x80\"}",
		"beyond U+10FFFF":         "{%s,\"x\":\"\xf4\x90\x80\x80\"}",
		"a character cut short":   "{%s,\"x\":\"\xe2\x82\"}",
		"no UTF-8 in a name":      "{%s,\"\xff\":1}",
		"a lone high surrogate":   `{%s,"x":"\ud800"}`,
		"a lone low surrogate":    `{%s,"x":"\udc00"}`,
		"surrogates swapped":      `{%s,"x":"\udc00\ud800"}`,
		"a high surrogate twice":  `{%s,"x":"\ud800\ud800"}`,
		"a surrogate in a name":   `{%s,"\ud800":1}`,
		"a name twice":            `{%s,"x":1,"x":1}`,
		"a name twice, escaped":   `{%s,"x":1,"\u0078":1}`,
		"a name twice, inside":    `{%s,"y":{"x":1,"x":2}}`,
		"a name twice, in a list": `{%s,"y":[0,[{"x":1,"\u0078":2}]]}`,
		"an empty name twice":     `{%s,"":1,"":2}`,
		"no end to arrays":        `{%s,"x":` + strings.Repeat("[", 8000),
		"no end to objects":       `{%s,"x":` + strings.Repeat(`{"a":`, 1600),
	}
}

// utf16Text writes s in UTF-16.
func utf16Text(s string, bigEndian, mark bool) string {
	var b []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, unit := range units {
		if bigEndian {
			b = append(b, byte(unit>>8), byte(unit))
		} else {
			b = append(b, byte(unit), byte(unit>>8))
		}
	}
	return string(b)
}

func TestThreatHeaderNotAnObject(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	sign := func(header string) string { return seal("HS256", ownKeys().secret, header, aliceClaims()) }
	for header, message := range map[string]string{
		`["alg","HS256"]`: msgHeaderObj, `[{"alg":"HS256"}]`: msgHeaderObj, `"HS256"`: msgHeaderObj, `256`: msgHeaderObj, `null`: msgHeaderObj,
		`true`: msgHeaderObj, ``: msgHeaderJSON, ` `: msgHeaderJSON, `HS256`: msgHeaderJSON, `{`: msgHeaderJSON, `}`: msgHeaderJSON, `{"alg"}`: msgHeaderJSON,
		`{}`: msgNoAlg,
	} {
		v.refusesAll(t, attack{"T091 " + header, sign(header), message})
	}
	for name, text := range badJSON() {
		v.refusesAll(t, attack{"T092 T093 T096 " + name, sign(strings.Replace(text, "%s", `"alg":"HS256"`, 1)), msgHeaderJSON})
	}
	for _, bigEndian := range []bool{true, false} {
		for _, mark := range []bool{true, false} {
			name := fmt.Sprintf("T092 UTF-16, big endian %v, with a mark %v", bigEndian, mark)
			v.refusesAll(t, attack{name, sign(utf16Text(headerFor("HS256"), bigEndian, mark)), msgHeaderJSON})
		}
	}
	v.refusesAll(t,
		attack{"T096 alg twice, escaped", sign(`{"alg":"HS256","\u0061lg":"none"}`), msgHeaderJSON},
		attack{"T096 alg twice, escaped first", sign(`{"\u0061\u006c\u0067":"none","alg":"HS256"}`), msgHeaderJSON},
		attack{"T096 none, escaped", b64(`{"\u0061lg":"n\u006fne"}`) + "." + b64(aliceClaims()) + ".", msgAlg},
	)
	t.Run("T096 an escaped name is the name", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign(`{"\u0061lg":"HS\u0032\u0035\u0036"}`), "alice")
	})
	t.Run("T095 further members are only members", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign(headerFor("HS256", `"__proto__":{"alg":"none"}`, `"constructor":null`, `"enc":"A128GCM"`)), "alice")
	})
}

func TestThreatHeaderEncrypted(t *testing.T) {
	t.Parallel()
	five := func(header string) string {
		return strings.Join([]string{b64(header), b64("key"), b64("0123456789ab"), b64(aliceClaims()), b64("0123456789abcdef")}, ".")
	}
	for _, alg := range families() {
		v := victimOf(t, alg)
		v.refusesAll(t,
			attack{"T094 " + alg + " JWE, dir", five(`{"alg":"dir","enc":"A256GCM"}`), msgPayload64},
			attack{"T094 " + alg + " JWE, RSA-OAEP", five(`{"alg":"RSA-OAEP-256","enc":"A128CBC-HS256"}`), msgPayload64},
			attack{"T094 " + alg + " JWE, PBES2", five(`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA"}`), msgPayload64},
			attack{"T094 " + alg + " five segments, signed", sealText(alg, ownKeys().of(alg), b64(headerFor(alg))+"."+b64(aliceClaims())+".."), msgPayload64},
			attack{"T094 " + alg + " empty key", five(`{"alg":"` + alg + `","enc":"A256GCM"}`), msgPayload64},
		)
	}
}
