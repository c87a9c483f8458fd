package threats_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// resealed signs the header and payload segments as change leaves them, so that
// nothing is wrong with a token but how it is written.
func resealed(alg string, change func(header, payload string) (string, string)) string {
	header, payload := change(b64(headerFor(alg)), b64(aliceClaims()))
	return sealText(alg, ownKeys().of(alg), header+"."+payload)
}

// inEach puts text into each segment of a signed token: in front, in the middle
// and at the end.
func inEach(alg, text string) map[string]attack {
	insert := func(segment string, at int) string { return segment[:at] + text + segment[at:] }
	attacks := map[string]attack{}
	for where, part := range map[string]func(string) int{
		"in front":  func(string) int { return 0 },
		"inside":    func(s string) int { return len(s) / 2 },
		"after one": func(string) int { return 1 },
		"at the end": func(s string) int {
			return len(s)
		},
	} {
		header := resealed(alg, func(h, p string) (string, string) { return insert(h, part(h)), p })
		payload := resealed(alg, func(h, p string) (string, string) { return h, insert(p, part(p)) })
		good := own(alg, aliceClaims())
		_, _, signature := cut(good)
		attacks["header, "+where] = attack{token: header, message: msgHeader64}
		attacks["payload, "+where] = attack{token: payload, message: msgPayload64}
		attacks["signature, "+where] = attack{token: inputOf(good) + "." + insert(signature, part(signature)), message: msgCrypto64}
	}
	return attacks
}

func TestThreatEncodingCharacters(t *testing.T) {
	t.Parallel()
	victims := map[string]*victim{"HS256": victimOf(t, "HS256"), "EdDSA": victimOf(t, "EdDSA")}
	for name, text := range map[string]string{
		"T100 padding":             "=",
		"T100 twice":               "==",
		"T100 four times":          "====",
		"T103 CR":                  "\r",
		"T103 LF":                  "\n",
		"T103 CRLF":                "\r\n",
		"T103 four LF":             "\n\n\n\n",
		"T104 space":               " ",
		"T104 tab":                 "\t",
		"T104 NUL":                 "\x00",
		"T104 form feed":           "\f",
		"T104 DEL":                 "\x7f",
		"T104 no-break space":      "\u00a0",
		"T104 zero-width space":    "\u200b",
		"T104 zero-width joiner":   "\u200d",
		"T104 byte order mark":     "\ufeff",
		"T104 soft hyphen":         "\u00ad",
		"T104 !":                   "!",
		"T104 %":                   "%",
		"T104 ff":                  "\xff",
		"T104 four ff":             "\xff\xff\xff\xff",
		"T104 *":                   "*",
		"T104 ~":                   "~",
		"T101 +":                   "+",
		"T101 /":                   "/",
		"T105 a percent-encoded A": "%41",
		"T105 a percent-encoded =": "%3D",
		"T106 a full-width A":      "Ａ",
		"T106 a Cyrillic A":        "А",
	} {
		for alg, v := range victims {
			for where, a := range inEach(alg, text) {
				v.refusesAll(t, attack{name + " in " + where + ", " + alg, a.token, a.message})
			}
		}
	}
}

// padded makes text so long that its last base64 character has spare bits:
// two for a remainder of 2, four for a remainder of 1. JSON takes the blanks.
func padded(text string, remainder int) string {
	for len(text)%3 != remainder {
		text = text[:len(text)-1] + " }"
	}
	return text
}

func TestThreatEncodingSpareBits(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"HS256", "ES256", "RS256", "EdDSA"} {
		v := victimOf(t, alg)
		key := ownKeys().of(alg)
		for remainder, spare := range map[int]int{1: 16, 2: 4} {
			header, payload := b64(padded(headerFor(alg), remainder)), b64(padded(aliceClaims(), remainder))
			v.accepted(t, sealText(alg, key, header+"."+payload), "alice")
			for bits := 1; bits < spare; bits++ {
				name := fmt.Sprintf("T102 %s, remainder %d, bits %d, ", alg, remainder, bits)
				v.refusesAll(t,
					attack{name + "header", sealText(alg, key, withSpareBits(header, bits)+"."+payload), msgHeader64},
					attack{name + "payload", sealText(alg, key, header+"."+withSpareBits(payload, bits)), msgPayload64},
				)
			}
		}
		good := own(alg, aliceClaims())
		spare := 4 // of 32 bytes
		if len(signatureBytes(good))%3 == 1 {
			spare = 16
		}
		for bits := 1; bits < spare; bits++ {
			v.refusesAll(t, attack{fmt.Sprintf("T102 %s, signature, bits %d", alg, bits), withSpareBits(good, bits), msgCrypto64})
		}
	}
}

func withSpareBits(segment string, bits int) string {
	last := len(segment) - 1
	return segment[:last] + base64Alphabet[strings.IndexByte(base64Alphabet, segment[last])|bits:][:1]
}

func TestThreatEncodingAlphabet(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		v := victimOf(t, alg)
		key := ownKeys().of(alg)
		header, payload := b64(headerFor(alg, `"x":"???~~~>>>???"`)), b64(aliceClaims(`"x":"???~~~>>>???"`))
		require.True(t, strings.ContainsAny(header, "-_") && strings.ContainsAny(payload, "-_"))
		standard := strings.NewReplacer("-", "+", "_", "/")
		v.accepted(t, sealText(alg, key, header+"."+payload), "alice")
		v.refusesAll(t,
			attack{"T101 header, " + alg, sealText(alg, key, standard.Replace(header)+"."+payload), msgHeader64},
			attack{"T101 payload, " + alg, sealText(alg, key, header+"."+standard.Replace(payload)), msgPayload64},
			attack{"T101 signature, " + alg, standard.Replace(signedWithBoth(alg)), msgCrypto64},
		)
	}
}

// signedWithBoth returns a token with "-" or "_" in its signature, and in no
// other segment.
func signedWithBoth(alg string) string {
	for i := 0; ; i++ {
		token := own(alg, fmt.Sprintf(`{"sub":"alice","n":%d}`, i))
		if _, _, signature := cut(token); strings.ContainsAny(signature, "-_") && !strings.ContainsAny(inputOf(token), "-_") {
			return token
		}
	}
}

func TestThreatEncodingSegments(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		v := victimOf(t, alg)
		good := own(alg, aliceClaims())
		h, p, s := cut(good)
		for _, a := range []attack{
			{"T105 percent-encoded dots", h + "%2E" + p + "%2E" + s, msgSegments},
			{"T105 one percent-encoded dot", h + "." + p + "%2e" + s, msgSegments},
			{"T105 a percent-encoded letter", fmt.Sprintf("%%%02X", good[0]) + good[1:], msgHeader64},
			{"T106 ideographic full stops", h + "。" + p + "。" + s, msgSegments},
			{"T106 one-dot leaders", h + "\u2024" + p + "\u2024" + s, msgSegments},
			{"T106 middle dots", h + "·" + p + "·" + s, msgSegments},
			{"T106 colons", h + ":" + p + ":" + s, msgSegments},
			{"T106 slashes", h + "/" + p + "/" + s, msgSegments},
			{"T106 escaped dots", h + `\.` + p + `\.` + s, msgHeader64},
			{"T106 full-width letters", "ｅｙＪ" + good[3:], msgHeader64},
			{"T107 one character as header", "A." + p + "." + s, msgHeader64},
			{"T107 one character as payload", h + ".A." + s, msgPayload64},
			{"T107 one character as signature", h + "." + p + ".A", msgCrypto64},
			{"T107 five characters as signature", h + "." + p + ".AAAAA", msgCrypto64},
			{"T108 nothing", "", msgSegments},
			{"T108 a dot", ".", msgSegments},
			{"T108 two dots", "..", msgHeaderJSON},
			{"T108 three dots", "...", msgHeaderJSON},
			{"T108 many dots", strings.Repeat(".", 10000), msgHeaderJSON},
			{"T108 one segment", h, msgSegments},
			{"T108 two segments", h + "." + p, msgSegments},
			{"T108 two segments and a signature", h + "." + s, msgSegments},
			{"T108 four segments", good + "." + s, msgPayload64},
			{"T108 five segments", good + ".." + s, msgPayload64},
			{"T108 a dot behind", good + ".", msgPayload64},
			{"T108 a dot in front", "." + good, msgHeaderJSON},
			{"T108 two dots in the middle", h + ".." + p + "." + s, msgPayload64},
			{"T108 no header", "." + p + "." + s, msgHeaderJSON},
			{"T108 no payload", h + ".." + s, msgClaimsJSON},
			{"T108 detached payload, signed", sealText(alg, ownKeys().of(alg), h+"."), msgClaimsJSON},
			{"T108 header and payload swapped", sealText(alg, ownKeys().of(alg), p+"."+h), msgNoAlg},
			{"T108 header twice", sealText(alg, ownKeys().of(alg), h+"."+h), msgNoSubject},
			{"T108 twice in a row", good + good, msgPayload64},
			{"T108 twice with a dot", good + "." + good, msgPayload64},
			{"T108 signed over three segments", sealText(alg, ownKeys().of(alg), good), msgPayload64},
			{"T109 null", "null", msgSegments},
			{"T109 undefined", "undefined", msgSegments},
			{"T109 object", "[object Object]", msgSegments},
			{"T109 NaN", "NaN", msgSegments},
			{"T109 None", "None", msgSegments},
			{"T109 {{token}}", "{{token}}", msgSegments},
			{"T109 null, three times", "null.null.null", msgHeaderJSON},
			{"T112 in quotes", `"` + good + `"`, msgHeader64},
			{"T112 in single quotes", `'` + good + `'`, msgHeader64},
			{"T112 quote behind", good + `"`, msgCrypto64},
			{"T112 in brackets", "[" + good + "]", msgHeader64},
			{"T112 in angle brackets", "<" + good + ">", msgHeader64},
			{"T112 in braces", "{" + good + "}", msgHeader64},
			{"T112 comma behind", good + ",", msgCrypto64},
			{"T112 semicolon behind", good + ";", msgCrypto64},
			{"T112 comma in front", "," + good, msgHeader64},
			{"T112 Bearer in front", "Bearer " + good, msgHeader64},
			{"T112 backslash behind", good + `\`, msgCrypto64},
			{"T113 base64 of it all", b64(good), msgSegments},
			{"T113 base64 with padding", base64.StdEncoding.EncodeToString([]byte(good)), msgSegments},
			{"T113 segments encoded once more", b64(h) + "." + b64(p) + "." + b64(s), msgHeaderJSON},
			{"T113 header encoded once more, signed", sealText(alg, ownKeys().of(alg), b64(h)+"."+p), msgHeaderJSON},
			{"T113 payload encoded once more, signed", sealText(alg, ownKeys().of(alg), h+"."+b64(p)), msgClaimsJSON},
			{"T113 decoded text", headerFor(alg) + "." + aliceClaims() + "." + s, msgHeader64},
		} {
			v.refusesAll(t, attack{a.name + ", " + alg, a.token, a.message})
		}
	}
}

func TestThreatEncodingJSONSerialization(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		v := victimOf(t, alg)
		h, p, s := cut(own(alg, aliceClaims()))
		for _, a := range []struct{ name, token string }{
			{"T110 flattened", fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, p, h, s)},
			{"T110 general", fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, p, h, s)},
			{"T110 two signatures, one forged", fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":"AAAA"},{"protected":%q,"signature":%q}]}`, p, h, h, s)},
			{"T110 no signatures", fmt.Sprintf(`{"payload":%q,"signatures":[]}`, p)},
			{"T111 alg not protected", fmt.Sprintf(`{"payload":%q,"header":{"alg":%q},"signature":%q}`, p, alg, s)},
			{"T111 none, not protected", fmt.Sprintf(`{"payload":%q,"header":{"alg":"none"},"signature":""}`, p)},
			{"T111 nulls", `{"payload":null,"signatures":null,"protected":null}`},
			{"T111 null in the array", fmt.Sprintf(`{"payload":%q,"signatures":[null]}`, p)},
			{"T111 empty", `{}`},
			{"T111 an array", fmt.Sprintf(`[%q,%q,%q]`, h, p, s)},
		} {
			v.refusesAll(t, attack{a.name + ", " + alg, a.token, msgSegments})
		}
		v.refusesAll(t,
			attack{"T110 with two dots in it, " + alg, fmt.Sprintf(`{"payload":%q,"protected":%q,"x":".","signature":%q,"y":"."}`, p, h, s), msgHeader64},
			attack{"T110 around a token, " + alg, fmt.Sprintf(`{"payload":"%s.%s.%s"}`, h, p, s), msgHeader64},
			attack{"T110 between the dots, " + alg, h + `.{"payload":"` + p + `"}.` + s, msgPayload64},
		)
	}
}

// A token in the header is cut at white space and commas, as the header is a
// list: what is left is no token, or the very token.
func TestThreatEncodingInHeader(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	h, p, s := cut(own("HS256", aliceClaims()))
	const bad = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"
	for _, a := range []attack{
		{"T103 LF inside", h + ".\n" + p + "." + s, "Invalid payload padding"}, // net/http lets no LF through
		{"T103 CRLF and a header", h + "." + p + "." + s + "\r\nX-Injected: 1", bad},
		{"T104 space inside", h + ". " + p + "." + s, bad},
		{"T104 tab inside", h + ".\t" + p + "." + s, bad},
		{"T104 two tokens", h + "." + p + "." + s + " " + h + "." + p + "." + s, bad},
		{"T108 nothing", "", bad},
		{"T110 JSON", `{"payload":"` + p + `","protected":"` + h + `"}`, msgSegments},
		{"T112 comma inside", h + "," + p + "." + s, msgSegments},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, route := range []string{"/access", "/optional"} {
				v.refusedBy(t, route, a.token, false, []string{a.message})
			}
		})
	}
}

func TestThreatEncodingSize(t *testing.T) {
	t.Parallel()
	const limit = 16 << 10
	for _, alg := range []string{"HS256", "ES256"} {
		v := victimOf(t, alg)
		v.accepted(t, ofSize(alg, limit), "alice")
		v.refusesAll(t,
			attack{"T135 a byte too long, " + alg, ofSize(alg, limit+1), msgTooLarge},
			attack{"T135 a megabyte, " + alg, own(alg, aliceClaims(`"x":"`+strings.Repeat("x", 1<<20)+`"`)), msgTooLarge},
			attack{"T135 a megabyte that is no token, " + alg, strings.Repeat("A", 1<<20), msgTooLarge},
			attack{"T135 a megabyte of dots, " + alg, strings.Repeat(".", 1<<20), msgTooLarge},
			attack{"T135 as long as allowed, no token, " + alg, strings.Repeat("A", limit), msgSegments},
		)
	}
	config := victimConfig("HS256")
	config.MaxTokenSize = 300
	v := newVictim(t, config)
	v.accepted(t, ofSize("HS256", 300), "alice")
	v.refused(t, ofSize("HS256", 301), msgTooLarge)
	_, err := ginjwt.GetUnverifiedJWTHeaders(ofSize("HS256", limit+1))
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
}

// ofSize returns a good token of exactly so many bytes.
func ofSize(alg string, size int) string {
	room := size - len(own(alg, aliceClaims())) - 40
	for {
		for blanks := range 4 { // base64 has no segments of 4n+1 characters
			header := headerFor(alg)[1:] // so that the header makes up for it
			claims := aliceClaims()
			input := b64("{"+strings.Repeat(" ", blanks)+header) + "." + b64("{"+strings.Repeat(" ", max(0, room*3/4))+claims[1:])
			token := sealText(alg, ownKeys().of(alg), input)
			if len(token) == size {
				return token
			}
		}
		room++
	}
}
