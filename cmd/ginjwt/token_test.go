package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
)

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// Broken tokens are read as far as possible, with the place where they break.
func TestBrokenTokens(t *testing.T) {
	t.Parallel()
	header, claims := encode(`{"alg":"HS256"}`), encode(`{"sub":"alice"}`)
	for _, test := range []struct {
		name, token string
		header      string
		claims      string
		problems    []string
		complete    bool
	}{
		{"whole", header + "." + claims + ".c2ln", `{"alg":"HS256"}`, `{"sub":"alice"}`, nil, true},
		{"no dots", "hello", "null", "null", []string{
			"it has no dot: a token has three parts, separated by dots",
			"the header is cut off, or has a character too many: 5 characters cannot be base64"}, false},
		{"no signature", header + "." + claims, `{"alg":"HS256"}`, `{"sub":"alice"}`, []string{
			"it has 2 parts, not 3: the signature is missing; was it cut off?"}, true},
		{"encrypted", header + ".a.b.c.d", `{"alg":"HS256"}`, "null", []string{
			"it has 5 parts: an encrypted token (JWE), which only its receiver can read"}, false},
		{"four parts", header + "." + claims + ".c2ln.x", `{"alg":"HS256"}`, `{"sub":"alice"}`, []string{
			"it has 4 parts, not 3"}, true},
		{"wrapped", header + "." + claims[:8] + "\r\n  " + claims[8:] + ".c2ln", `{"alg":"HS256"}`, `{"sub":"alice"}`, []string{
			"it has blanks or line breaks, which are left out here"}, true},
		{"padding", header + "." + encode(`{"a":1}`) + "==.c2ln", `{"alg":"HS256"}`, `{"a":1}`, []string{
			"the payload ends with padding (=), which tokens do not have"}, true},
		{"other alphabet", header + "." + base64.RawStdEncoding.EncodeToString([]byte(`{"a":"???>>>"}`)) + ".c2ln", `{"alg":"HS256"}`, `{"a":"???>>>"}`, []string{
			"the payload is base64 with + and /, not base64url"}, true},
		{"stray bits", header + "." + claims + ".c2lnn3", `{"alg":"HS256"}`, `{"sub":"alice"}`, []string{
			"the signature has stray bits in its last character; was it changed?"}, true},
		{"bad character", header + "." + encode(`{"a":1,"b":2}`)[:12] + "%" + "AAAA.c2ln", `{"alg":"HS256"}`, `{"a":1}`, []string{
			`the payload breaks at character 13 of 17: '%' is not base64url`}, false},
		{"JSON ends", header + "." + encode(`{"a":1,"b":`) + ".c2ln", `{"alg":"HS256"}`, `{"a":1}`, []string{
			"the payload is JSON that ends too early, at byte 12"}, false},
		{"no JSON", header + "." + encode(`{"a":1,b:2}`) + ".c2ln", `{"alg":"HS256"}`, `{"a":1}`, []string{
			"the payload is not JSON from byte 8 on"}, false},
		{"a list", header + "." + encode(`[1]`) + ".c2ln", `{"alg":"HS256"}`, `null`, []string{
			"the payload is JSON, but not an object"}, false},
		{"two objects", header + "." + encode(`{"a":1} {}`) + ".c2ln", `{"alg":"HS256"}`, `{"a":1}`, []string{
			"the payload has text after its end, at byte 8"}, false},
		{"no UTF-8", header + "." + encode("{\"a\":\"\xff\"}") + ".c2ln", `{"alg":"HS256"}`, "{\"a\":\"\xff\"}", []string{
			"the payload is not UTF-8"}, false},
		{"empty parts", "..", "null", "null", []string{"the header is empty", "the payload is empty"}, false},
	} {
		got := takeApart(test.token)
		gotHeader, err := got.header.MarshalJSON()
		assert.NoError(t, err, test.name)
		gotClaims, err := got.claims.MarshalJSON()
		assert.NoError(t, err, test.name)
		assert.Equal(t, test.header, string(gotHeader), test.name)
		assert.Equal(t, test.claims, string(gotClaims), test.name)
		assert.Equal(t, test.problems, got.problems, test.name)
		assert.Equal(t, test.complete, got.complete, test.name)
	}
}

func TestCleanToken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a.b.c", "  a.b.c\r\n", `"a.b.c"`, "'a.b.c',", "Bearer a.b.c", "bearer   a.b.c", "Authorization: Bearer a.b.c",
		`"Authorization": Bearer a.b.c`[1:14] + ": Bearer a.b.c", "`a.b.c`", "BEARER\ta.b.c", "\ufeffa.b.c\r\n", "\ufeffBearer a.b.c",
	} {
		assert.Equal(t, "a.b.c", cleanToken(text), "%q", text)
	}
	for _, text := range []string{"", " ", `""`, "Bearer"} {
		assert.Equal(t, strings.TrimSpace(strings.Trim(text, `"`)), cleanToken(text), "%q", text)
	}
	assert.Equal(t, "bearera.b.c", cleanToken("bearera.b.c"))
}

// No input makes inspect panic or print anything but text.
func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		"", "..", "a.b.c", "hello", forged(`{"alg":"HS256"}`, `{"sub":"alice","exp":1}`),
		encode(`{"alg":"none","kid":"\u001b"}`) + "." + encode(`{"a":{"b":[{"password":"x"}]},"iat":1e400}`) + ".",
		encode("{") + "." + encode("{\"a\":\x1b") + "%." + "=", "Bearer \x00", forged(`{"alg":"HS256","alg":"none"}`, `{"exp":"1","iat":-1e300}`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, args := range [][]string{{"inspect"}, {"inspect", "--json"}, {"verify"}, {"verify", "--json"}} {
			var out, err bytes.Buffer
			env := []string{"JWT_SECRET_KEY=" + testSecret}
			status := run(args, strings.NewReader(token), &out, &err, env, func() time.Time { return noon })
			assert.Contains(t, []int{0, 1, 3}, status)
			for _, r := range out.String() + err.String() {
				assert.True(t, r == '\n' || unicode.IsPrint(r), "%q", r)
			}
		}
	})
}
