package oddtext_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
)

// questions are the functions that must return false for every random secret.
var questions = map[string]func(string) bool{
	"InQuotes":         oddtext.InQuotes,
	"IsPython":         oddtext.IsPython,
	"HasPythonBytes":   oddtext.HasPythonBytes,
	"EndsInComment":    oddtext.EndsInComment,
	"EndsInLineBreak":  oddtext.EndsInLineBreak,
	"HasBlanksAround":  oddtext.HasBlanksAround,
	"HasByteOrderMark": oddtext.HasByteOrderMark,
	"IsUTF16":          oddtext.IsUTF16,
	"IsPlaceholder":    oddtext.IsPlaceholder,
	"IsPath":           oddtext.IsPath,
}

func TestTextsAreRecognised(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ yes, no []string }{
		"InQuotes": {
			[]string{`""`, `"a"`, "'a'", "`a`", "“a”", "‘a’", " \"a\"\r\n", `"a # b"`, `"a" # b`, `'a"b'`, "\"a\nb\"", `"ä"`},
			[]string{"", "a", `"`, `"a`, `a"`, `"a'`, `"a"b`, `"a" or "b"`, `"a"#b`, "”a“", "\"\xff\"", "\"\x00\""},
		},
		"IsPython": {
			[]string{"b'a'", `b"a"`, "rb'a'", "F'a'", " u'a'\n", "b''"},
			[]string{"", "'a'", "b'a\"", "bytes'a'", "x'a'", "b'a' # b", "ab'a'c", "b'\xff'"},
		},
		"HasPythonBytes": {
			[]string{`\xf9`, `b'a\xF9b'`, `a\x00`},
			[]string{"", `\x`, `\xf`, `\xg0`, `xf9`, "\xf9", "\\xf9\xff"},
		},
		"EndsInComment": {
			[]string{"a # b", "a #", "a\t#b", "a # b # c"},
			[]string{"", "a#b", "# a", " # a", "a # \xff"},
		},
		"EndsInLineBreak": {
			[]string{"a\n", "a\r\n", "a\r", "a\nb\n\n", "ä\n"},
			[]string{"", "a", "\na", "a\n ", "a\xff\n", "\x00\n"},
		},
		"HasBlanksAround": {
			[]string{" a", "a ", "\ta", "a\n", "\na", "ä\u00a0", " "},
			[]string{"", "a", "a b", " \xff", "\x01 "},
		},
		"HasByteOrderMark": {
			[]string{"\ufeff", "\ufeffa"},
			[]string{"", "a", "a\ufeff", "\ufeff\xff", "\xff\xfea"},
		},
		"IsUTF16": {
			[]string{"s\x00e\x00c\x00r\x00", "\x00s\x00e\x00c\x00r", "\xff\xfes\x00e\x00c\x00", "\xfe\xff\x00s\x00e\x00c", "\xfe\xff\x00s\x00e\x00c\x00", "s\x00e\x00\xac\x20r\x00"},
			[]string{"", "secret12", "s\x00e\x00c\x00", "\xff\xfesecret", "\xfe\xffsecret", strings.Repeat("\x00", 32), "s\x00e\x00\xac\x20\xac\x20", "secret\x00\x00"},
		},
		"IsPlaceholder": {
			[]string{"${SECRET}", "$SECRET", "{{ .Secret }}", "<your secret>", "${GEHEIMNIS_Ä}", "${}"},
			[]string{"", "$", "a$SECRET", "$SECRET b", "$5ECRET", "${a}b}", "<a>b>", "<\x81>"},
		},
		"IsPath": {
			[]string{
				"/etc/keys/private", "/run/secrets/jwt", "/Users/Ann/Key", "/custom/place-1/of.mine", "./key", "../key", `.\key`, "~/.ssh/id_ed25519", "file:///Key",
				`C:\keys\private`, "c:/Keys", `\\server\Share`, "@/run/jwt", "$HOME/key", "${HOME}/key", "key.pem", "keys/public.PEM", "My Keys/a.p8",
			},
			[]string{
				"", "secret", "a text. And another", "a.b", "/", "/secret", "/AB/cd+e", "a/b/c", "~secret", "$5/x", "{\"a\":\"b.json", "/etc/a\n/etc/b", "/etc/\x00", "/etc/\xff",
				"/etc/" + strings.Repeat("a", 4092),
			},
		},
	} {
		is := questions[name]
		for _, s := range test.yes {
			assert.True(t, is(s), "%s(%q)", name, s)
		}
		for _, s := range test.no {
			assert.False(t, is(s), "%s(%q)", name, s)
		}
	}
}

// Random bytes may begin and end with what looks odd around a text.
func TestRandomSecretsAreNotOdd(t *testing.T) {
	t.Parallel()
	for range 2000 {
		random := make([]byte, 32)
		_, _ = rand.Read(random)
		s := string(random)
		for _, secret := range []string{
			s, base64.StdEncoding.EncodeToString(random), base64.RawURLEncoding.EncodeToString(random), hex.EncodeToString(random), rand.Text() + rand.Text(),
			"/" + base64.StdEncoding.EncodeToString(random), `"` + s + `"`, "b'" + s + "'", s + " # a", s + `\xf9`, " " + s + "\r\n", "\ufeff" + s, "\xff\xfe" + s,
			"\xfe\xff" + s, "/etc/" + s, s + ".pem", "<" + s + ">", "${" + s + "}",
		} {
			for name, is := range questions {
				require.False(t, is(secret), "%s(%q)", name, secret)
			}
		}
	}
}

func TestUnquote(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		`"a"`: "a", "'a'": "a", "`a`": "a", "“a”": "a", "‘a’": "a", `""`: "", `"a"b"`: `a"b`, "'\xff'": "\xff",
	} {
		inner, ok := oddtext.Unquote(s)
		assert.True(t, ok, s)
		assert.Equal(t, want, inner)
	}
	for _, s := range []string{"", "a", `"`, `"a`, `a"`, `"a'`, ` "a"`, "”a“"} {
		inner, ok := oddtext.Unquote(s)
		assert.False(t, ok, s)
		assert.Equal(t, s, inner)
	}
}

func TestCutLineEnd(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"": "", "a": "a", "a\n": "a", "a\r\n": "a", "a\n\n": "a\n", "a\r\r\n": "a\r", "a\r": "a\r", "a\n\r": "a\n\r", "\n": "", "a ": "a ",
	} {
		assert.Equal(t, want, oddtext.CutLineEnd(file), "%q", file)
	}
}
