package threats_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

func TestThreatClaimsNotAnObject(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		v := victimOf(t, alg)
		for payload, message := range map[string]string{
			`null`: msgClaimsObj, `true`: msgClaimsObj, `0`: msgClaimsObj, `1e400`: msgClaimsObj, `"alice"`: msgClaimsObj, `"{\"sub\":\"alice\"}"`: msgClaimsObj,
			`[]`: msgClaimsObj, `[` + aliceClaims() + `]`: msgClaimsObj, ` null `: msgClaimsObj,
			``: msgClaimsJSON, ` `: msgClaimsJSON, `{`: msgClaimsJSON, `alice`: msgClaimsJSON, `{"sub"}`: msgClaimsJSON, `{"sub":"alice"`: msgClaimsJSON, "\x00": msgClaimsJSON,
			`{}`: msgNoSubject, ` { } `: msgNoSubject,
		} {
			v.refusesAll(t, attack{"T120 T121 " + alg + " " + payload, own(alg, payload), message})
		}
	}
}

// What every token must have is the application's to say; the original asks
// for an identity only.
func TestThreatClaimsRequired(t *testing.T) {
	t.Parallel()
	config := victimConfig("HS256")
	config.RequiredClaims = []string{"exp", "jti", "type"}
	v := newVictim(t, config)
	v.accepted(t, own("HS256", aliceClaims()), "alice")
	v.refusesAll(t,
		attack{"T121 nothing", own("HS256", `{}`), msgNoSubject},
		attack{"T121 no exp", own("HS256", `{"sub":"alice","jti":"1","type":"access"}`), `Token is missing the "exp" claim`},
		attack{"T121 no jti", own("HS256", `{"sub":"alice","exp":253402300799,"type":"access"}`), `Token is missing the "jti" claim`},
		attack{"T121 no type", own("HS256", `{"sub":"alice","exp":253402300799,"jti":"1"}`), `Token is missing the "type" claim`},
		attack{"T125 EXP is not exp", own("HS256", `{"sub":"alice","EXP":253402300799,"jti":"1","type":"access"}`), `Token is missing the "exp" claim`},
		attack{"T121 exp is null", own("HS256", `{"sub":"alice","exp":null,"jti":"1","type":"access"}`), "Expiration Time claim (exp) must be an integer."},
		attack{"T121 jti is null", own("HS256", `{"sub":"alice","exp":253402300799,"jti":null,"type":"access"}`), "JWT ID must be a string"},
	)
}

func TestThreatClaimsBadJSON(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	sign := func(payload string) string { return own("HS256", payload) }
	for name, text := range badJSON() {
		v.refusesAll(t, attack{"T122 T123 T124 T128 T129 " + name, sign(strings.Replace(text, "%s", `"sub":"alice"`, 1)), msgClaimsJSON})
	}
	for _, bigEndian := range []bool{true, false} {
		for _, mark := range []bool{true, false} {
			name := fmt.Sprintf("T138 UTF-16, big endian %v, with a mark %v", bigEndian, mark)
			v.refusesAll(t, attack{name, sign(utf16Text(aliceClaims(), bigEndian, mark)), msgClaimsJSON})
		}
	}
	v.refusesAll(t,
		attack{"T138 UTF-32", sign("\x00\x00\x00{\x00\x00\x00}"), msgClaimsJSON},
		attack{"T124 sub twice", sign(aliceClaims(`"sub":"admin"`)), msgClaimsJSON},
		attack{"T124 sub twice, the same", sign(aliceClaims(`"sub":"alice"`)), msgClaimsJSON},
		attack{"T124 exp twice", sign(aliceClaims(`"exp":4102444801`)), msgClaimsJSON},
		attack{"T124 type twice", sign(aliceClaims(`"type":"refresh"`)), msgClaimsJSON},
		attack{"T124 far apart", sign(aliceClaims(`"x":"`+strings.Repeat("x", 5000)+`"`, `"jti":"1"`)), msgClaimsJSON},
		attack{"T127 sub twice, escaped", sign(aliceClaims(`"s\u0075b":"admin"`)), msgClaimsJSON},
		attack{"T127 sub twice, escaped first", sign(`{"\u0073\u0075\u0062":"admin","sub":"alice"}`), msgClaimsJSON},
		attack{"T127 exp twice, escaped", sign(aliceClaims(`"e\u0078p":1`)), msgClaimsJSON},
		attack{"T128 a bad byte in the identity", sign("{\"sub\":\"ali\xffce\"}"), msgClaimsJSON},
		attack{"T128 an overlong letter in the identity", sign("{\"sub\":\"\xc1\xa1lice\"}"), msgClaimsJSON},
		attack{"T128 CESU-8 in the identity", sign("{\"sub\":\"\xed\xa0\xbd\xed\xb8\x80\"}"), msgClaimsJSON},
		attack{"T128 Latin-1 in the identity", sign("{\"sub\":\"Ren\xe9\"}"), msgClaimsJSON},
		attack{"T129 a lone surrogate in the identity", sign(`{"sub":"alice\ud83d"}`), msgClaimsJSON},
		attack{"T129 surrogates swapped in the identity", sign(`{"sub":"\ude00\ud83d"}`), msgClaimsJSON},
	)
	t.Run("T127 an escaped name is the name", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign(`{"s\u0075b":"\u0061lice"}`), "alice")
	})
	t.Run("T129 a pair of surrogates is a character", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign(`{"sub":"\ud83d\ude00"}`), "😀")
	})
	t.Run("T122 blanks are no data", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, sign("\r\n\t "+aliceClaims()+" \t\r\n"), "alice")
	})
}

// Names match exactly: one that differs in case, or folds to the same letters,
// is another claim.
func TestThreatClaimsFoldedNames(t *testing.T) {
	t.Parallel()
	config := victimConfig("HS256")
	config.DecodeIssuer, config.DecodeAudience = "me", []string{"us"}
	strict := newVictim(t, config)
	v := victimOf(t, "HS256")
	sign := func(payload string) string { return own("HS256", payload) }

	for _, name := range []string{"SUB", "Sub", "sUb", "ſub", `\u017fub`, "sub ", " sub", "sub\u200b", "ѕub", `sub\u0000`} {
		v.refusesAll(t, attack{"T125 T126 no sub but " + name, sign(bareClaims(`"` + name + `":"admin"`)), msgNoSubject})
		t.Run("T125 T126 sub beside "+name, func(t *testing.T) {
			t.Parallel()
			v.accepted(t, sign(bareClaims(`"sub":"alice"`, `"`+name+`":"admin"`)), "alice")
			token := v.accepted(t, sign(bareClaims(`"`+name+`":"admin"`, `"sub":"alice"`)), "alice")
			var claims struct {
				Sub string `json:"sub"`
				ID  string
			}
			require.NoError(t, token.Decode(&claims))
			assert.Equal(t, "alice", claims.Sub)
			assert.Equal(t, "alice", token.Claims()["sub"])
		})
	}
	strict.refusesAll(t,
		attack{"T125 ISS", sign(aliceClaims(`"ISS":"me"`, `"aud":"us"`)), `Token is missing the "iss" claim`},
		attack{"T126 iſs", sign(aliceClaims("\"i\u017fs\":\"me\"", `"aud":"us"`)), `Token is missing the "iss" claim`},
		attack{"T125 AUD", sign(aliceClaims(`"iss":"me"`, `"AUD":"us"`)), `Token is missing the "aud" claim`},
		attack{"T125 ISS beside iss", sign(aliceClaims(`"iss":"you"`, `"ISS":"me"`, `"aud":"us"`)), "Invalid issuer"},
		attack{"T125 AUD beside aud", sign(aliceClaims(`"iss":"me"`, `"aud":"them"`, `"AUD":"us"`)), "Audience doesn't match"},
	)
	t.Run("T125 iss and aud", func(t *testing.T) {
		t.Parallel()
		strict.accepted(t, sign(aliceClaims(`"iss":"me"`, `"aud":"us"`, `"ISS":"you"`, `"AUD":"them"`, `"i\u017fs":"you"`)), "alice")
	})

	past, refresh := `"exp":1609459200`, `"type":"refresh"`
	for _, name := range []string{"EXP", "Exp", "eXp"} {
		v.refusesAll(t, attack{"T125 " + name + " prolongs nothing", sign(`{"sub":"alice",` + past + `,"` + name + `":4102444800}`), msgExpired})
	}
	v.refusesAll(t, attack{"T125 NBF opens nothing", sign(aliceClaims(`"nbf":253402300799`, `"NBF":1`)), "The token is not yet valid (nbf)"})
	for _, a := range []struct{ name, route, payload, message string }{
		{"T125 TYPE is not used", "/access", `{"sub":"alice",` + refresh + `,"TYPE":"access"}`, "Only non-refresh tokens are allowed"},
		{"T125 Type is not used", "/refresh", `{"sub":"alice","type":"access","Type":"refresh"}`, "Only refresh tokens are allowed"},
		{"T125 TYPE alone", "/refresh", `{"sub":"alice","TYPE":"refresh"}`, "Only refresh tokens are allowed"},
		{"T125 FRESH", "/fresh", aliceClaims(`"FRESH":true`), msgNotFresh},
		{"T126 freſh", "/fresh", aliceClaims("\"fre\u017fh\":true"), msgNotFresh},
		{"T125 FRESH beside fresh", "/fresh", aliceClaims(`"fresh":false`, `"FRESH":true`), msgNotFresh},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			v.refusedAt(t, a.route, sign(a.payload), a.message)
		})
	}
	t.Run("T125 JTI and CSRF", func(t *testing.T) {
		t.Parallel()
		token := v.accepted(t, sign(`{"sub":"alice","JTI":"1","Jti":"2","CSRF":"3","c\u017frf":"4"}`), "alice")
		assert.Empty(t, token.ID)
		assert.Empty(t, token.CSRF)
		require.ErrorIs(t, v.mgr.RevokeToken(t.Context(), token), ginjwt.ErrNoID)
	})
}

// The identity reaches the application as it was signed, to the code point.
func TestThreatClaimsIdentity(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	for name, identity := range map[string]string{
		"T130 NUL":               "alice\x00admin",
		"T130 control":           "\x01\x02\x1b[31m\x7f",
		"T130 JSON":              `","type":"refresh","x":"`,
		"T130 object":            `{"sub":"admin"}`,
		"T130 markup":            `<script>alert(1)</script>&"'`,
		"T130 line separators":   "a\u2028b\u2029c\u0085d",
		"T130 SQL":               `' OR '1'='1`,
		"T131 composed":          "Ame\u0301lie",
		"T131 decomposed":        "Am\u00e9lie",
		"T131 homoglyph":         "аlice",
		"T131 right to left":     "\u202eecila\u202c",
		"T131 zero width":        "ali\u200bce",
		"T131 blanks":            "  alice  ",
		"T131 case":              "ALICE",
		"T131 full width":        "ａｌｉｃｅ",
		"T131 Turkish":           "İıſK",
		"T131 byte order mark":   "\ufeffalice",
		"T131 no character":      "\uffff\ufffe",
		"T131 replacement":       "\ufffd",
		"T131 beyond 16 bits":    "𝒶𝓁𝒾𝒸𝑒\U0010ffff",
		"T135 10000 letters":     strings.Repeat("a", 10000),
		"T136 CRLF":              "alice\r\nSet-Cookie: admin=1\r\n\r\n",
		"T136 LF":                "alice\nlevel=error msg=forged",
		"T130 null as text":      "null",
		"T130 number as text":    "1e3",
		"T130 percent-encoded":   "%61lice%00",
		"T130 format":            "%s%d%!v",
		"T130 backslash at last": `alice\`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sub := string(must(json.Marshal(identity)))
			token := v.accepted(t, own("HS256", bareClaims(`"sub":`+sub)), identity)
			assert.Equal(t, identity, token.Claims()["sub"])

			encoded, err := v.mgr.CreateAccessToken(t.Context(), identity)
			require.NoError(t, err)
			v.accepted(t, encoded, identity)
		})
	}
}

// The message to an unknown user holds the identity, as in the original: it
// must stay inside of the JSON text, and out of headers and logs.
func TestThreatClaimsIdentityInMessage(t *testing.T) {
	t.Parallel()
	v := newVictim(t, victimConfig("HS256"), func(m *ginjwt.JWTManager) {
		m.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return nil, nil })
	})
	identity := "bob\r\nX-Injected: 1\r\n\r\n</script>\x00\"}\u2028"
	for _, route := range []string{"/access", "/optional"} {
		w, saw := v.send(route, own("HS256", bareClaims(`"sub":`+string(must(json.Marshal(identity))))), false)
		assert.Equal(t, http.StatusUnauthorized, w.Code)
		assert.Equal(t, `{"msg":"Error loading the user bob\r\nX-Injected: 1\r\n\r\n</script>\u0000\"}\u2028"}`+"\n", w.Body.String(), "T136")
		assert.NotContains(t, fmt.Sprint(w.Header()), "Injected", "T136")
		assert.Equal(t, "Error #01: ginjwt: user not found (user_not_found)\n", saw.logged, "T136")
		assert.False(t, saw.handled)
		assert.Nil(t, saw.token)
	}
}

func TestThreatClaimsSubjectType(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		v := victimOf(t, alg)
		for _, sub := range []string{`0`, `42`, `-1.5`, `1e400`, `true`, `false`, `null`, `[]`, `["alice"]`, `{}`, `{"id":"alice"}`} {
			v.refusesAll(t, attack{"T132 " + alg + " " + sub, own(alg, bareClaims(`"sub":`+sub)), msgSubject})
		}
		v.refusesAll(t,
			attack{"T133 " + alg + " missing", own(alg, bareClaims()), msgNoSubject},
			attack{"T133 " + alg + " empty", own(alg, bareClaims(`"sub":""`)), "Empty claim: sub"},
		)
	}

	config := victimConfig("HS256")
	config.IdentityClaim = "user"
	v := newVictim(t, config)
	v.accepted(t, own("HS256", bareClaims(`"user":"bob"`, `"sub":"alice"`)), "bob")
	v.refusesAll(t,
		attack{"T133 sub is not the identity", own("HS256", bareClaims(`"sub":"alice"`)), "Missing claim: user"},
		attack{"T132 sub is checked all the same", own("HS256", bareClaims(`"user":"bob"`, `"sub":1`)), msgSubject},
		attack{"T125 USER", own("HS256", bareClaims(`"USER":"bob"`)), "Missing claim: user"},
		attack{"T133 empty, though sub is not", own("HS256", bareClaims(`"user":""`, `"sub":"alice"`)), "Empty claim: user"},
	)
	v.accepted(t, own("HS256", bareClaims(`"user":"bob"`, `"sub":""`)), "bob")

	_, err := v.mgr.CreateAccessToken(t.Context(), "")
	require.ErrorIs(t, err, ginjwt.ErrIdentity, "T133 nor is such a token made")
}

func nested(depth int, open, inner, end string) string {
	return strings.Repeat(open, depth) + inner + strings.Repeat(end, depth)
}

func TestThreatClaimsNesting(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	sign := func(value string) string { return own("HS256", aliceClaims(`"x":`+value)) }
	t.Run("T134 as deep as fits", func(t *testing.T) {
		t.Parallel()
		for _, value := range []string{nested(5800, "[", "", "]"), nested(1900, `{"":`, "0", "}"), nested(1250, `[{"a":`, "0", "}]")} {
			token := v.accepted(t, sign(value), "alice")
			assert.NotNil(t, token.Claims()["x"])
			var claims struct{ Sub, X any }
			assert.NoError(t, token.Decode(&claims))
		}
	})
	v.refusesAll(t,
		attack{"T134 deeper than fits", sign(nested(20000, "[", "", "]")), msgTooLarge},
		attack{"T134 open arrays", own("HS256", strings.Repeat("[", 12000)), msgClaimsJSON},
	)

	config := victimConfig("HS256")
	config.MaxTokenSize = 1 << 20
	large := newVictim(t, config)
	large.refusesAll(t,
		attack{"T134 arrays", sign(nested(20000, "[", "", "]")), msgClaimsJSON},
		attack{"T134 objects", sign(nested(20000, `{"a":`, "0", "}")), msgClaimsJSON},
		attack{"T134 arrays in the header", seal("HS256", ownKeys().secret, headerFor("HS256", `"x":`+nested(20000, "[", "", "]")), aliceClaims()), msgHeaderJSON},
	)
}

func TestThreatClaimsNumbers(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	for _, number := range []string{
		"9007199254740993", "-9007199254740993", "18446744073709551615", "18446744073709551616", "1e400", "-1e400", "1e-400", "0.1", "-0", "1.0",
		"3.14159265358979323846264338327950288", strings.Repeat("9", 400), "1E+2", "4102444800.000000001",
	} {
		t.Run("T137 "+number, func(t *testing.T) {
			t.Parallel()
			token := v.accepted(t, own("HS256", aliceClaims(`"n":`+number, `"deep":{"list":[`+number+`]}`)), "alice")
			want := json.Number(number)
			assert.Equal(t, want, token.Claims()["n"])
			assert.Equal(t, map[string]any{"list": []any{want}}, token.Claims()["deep"])
		})
	}
	t.Run("T137 what does not fit is an error", func(t *testing.T) {
		t.Parallel()
		token := v.accepted(t, own("HS256", aliceClaims(`"n":9007199254740993`, `"big":1e400`, `"small":300`)), "alice")
		var exact struct {
			N int64 `json:"n"`
		}
		require.NoError(t, token.Decode(&exact))
		assert.Equal(t, int64(9007199254740993), exact.N)
		assert.Error(t, token.Decode(&struct {
			Big float64 `json:"big"`
		}{}))
		assert.Error(t, token.Decode(&struct {
			Small uint8 `json:"small"`
		}{}))
		assert.Error(t, token.Decode(&struct {
			N int32 `json:"n"`
		}{}))
	})
	for _, exp := range []string{`1e400`, `100000000000000000000`, `253402300800`, `9223372036854775808`, `18446744073709551616`, strings.Repeat("9", 400), `"253402300800"`} {
		v.refusesAll(t, attack{"T137 exp " + exp, own("HS256", `{"sub":"alice","exp":`+exp+`}`), "Expiration Time claim (exp) must be an integer."})
	}
	v.refusesAll(t,
		attack{"T137 nbf beyond 64 bits", own("HS256", `{"sub":"alice","nbf":18446744073709551617}`), "The token is not yet valid (nbf)"},
		attack{"T137 iat beyond 64 bits", own("HS256", `{"sub":"alice","iat":18446744073709551617}`), "The token is not yet valid (iat)"},
		attack{"T137 iat before all time", own("HS256", `{"sub":"alice","iat":-1e300}`), "Issued At claim (iat) must be an integer."},
	)
	t.Run("T137 fresh beyond floating point", func(t *testing.T) {
		t.Parallel()
		v.refusedAt(t, "/fresh", own("HS256", aliceClaims(`"fresh":1e400`)), msgNotFresh)
	})
	t.Run("T137 the end of the calendar", func(t *testing.T) {
		t.Parallel()
		v.accepted(t, own("HS256", `{"sub":"alice","exp":253402300799}`), "alice")
	})
}
