package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseEnvFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want environment
	}{
		{"", environment{}},
		{"A=b\n", environment{"A": "b"}},
		{"A=b", environment{"A": "b"}},
		{"A=b\r\nC=d\r\n", environment{"A": "b", "C": "d"}},
		{"\ufeffA=b\n", environment{"A": "b"}},
		{"# comment\n\n  # another\nA=b # why\n", environment{"A": "b"}},
		{"export A=b\n  C = d \n", environment{"A": "b", "C": "d"}},
		{"A=b#c\n", environment{"A": "b#c"}},
		{"A=\nB=''\nC=\"\"\n", environment{"A": "", "B": "", "C": ""}},
		{"A='b # \\n\"'\n", environment{"A": "b # \\n\""}},
		{`A="b\n\"c\" \\ \x"` + "\n", environment{"A": "b\n\"c\" \\ \\x"}},
		{"A=\"b\nc\"\nD=e\n", environment{"A": "b\nc", "D": "e"}},
		{"A='b' # why\nC=d\n", environment{"A": "b", "C": "d"}},
		{"A=b=c\n", environment{"A": "b=c"}},
		{"A=1\nA=2\n", environment{"A": "2"}},
		{"A=it's\n", environment{"A": "it's"}},
		{"A=b\t#c\n", environment{"A": "b"}},
		{"A= # c\nB=#d\n", environment{"A": "", "B": "#d"}},
		{"export\tA=b\n", environment{"A": "b"}},
	} {
		file, err := parseEnvFile(test.text)
		assert.NoError(t, err, "%q", test.text)
		assert.Equal(t, test.want, file.values, "%q", test.text)
	}
}

func TestEnvFileMistakes(t *testing.T) {
	t.Parallel()
	for text, message := range map[string]string{
		"A=1\nnonsense s3cret\n":    "line 2: is not KEY=value",
		"1A=s3cret\n":               "line 1: is not KEY=value",
		"A=\"b\nc\"\n=s3cret\n":     "line 3: is not KEY=value",
		"\n\nA=\"s3cret\nB=c\n":     "line 3: A: the quote \" is not closed",
		"A='s3cret' and more\n":     "line 1: A: there is text after the closing quote",
		"A=\"x\\n\\n\\ny\"\ns3cret": "line 2: is not KEY=value",
		"A=\"x\ny\"\n\nB='s3cret\n": "line 4: B: the quote ' is not closed",
	} {
		_, err := parseEnvFile(text)
		assert.EqualError(t, err, message, "%q", text)
	}
}

func TestEnvFileNotes(t *testing.T) {
	t.Parallel()
	file, err := parseEnvFile("JWT_A=1\nJWT_A='2'\nB='quoted'\nJWT_C=3 # three\nJWT_D=\"4\n5\"\nJWT_E=6\n")
	assert.NoError(t, err)
	assert.Equal(t, []string{
		"line 2: JWT_A is set again; the last value counts",
		"line 2: JWT_A: quotes and comments were removed; docker run --env-file keeps them in the value",
		"line 4: JWT_C: quotes and comments were removed; docker run --env-file keeps them in the value",
		"line 5: JWT_D: quotes and comments were removed; docker run --env-file keeps them in the value",
	}, file.notes)
}

// Lines that other programs read differently get a note, or a warning if the value differs.
func TestEnvFileForOthers(t *testing.T) {
	t.Parallel()
	const (
		quotes  = "line 1: JWT_A: quotes and comments were removed; docker run --env-file keeps them in the value"
		blanks  = "line 1: JWT_A: blanks around the value were removed; docker run --env-file keeps them"
		name    = `line 1: JWT_A: docker run --env-file does not accept "export" or blanks before the "="`
		windows = "the lines end in CRLF, as on Windows; a shell that reads the file adds the carriage returns to the values"
		shell   = "line 1: JWT_A: a shell that reads the file gets another value, because the value has no quotes"
		dotenv  = "line 1: JWT_A: has a backslash or a ${…} that python-dotenv, which Flask uses, reads differently; use another value, or set it in another way"
		other   = "line 1: JWT_A: has a $ or a ` outside of '…': docker compose and shells replace it, and docker run does not; write '…' around the value, or use another value"
	)
	for _, test := range []struct {
		line            string
		notes, warnings []string
	}{
		{"JWT_A=plain-_.:/+=%@,~", nil, nil},
		{"JWT_A=ab$cd", nil, []string{other}},
		{"JWT_A=`id`", nil, []string{other}},
		{`JWT_A="ab${cd}"`, []string{quotes}, []string{other}},
		{`JWT_A="ab\$cd" # $5`, []string{quotes}, []string{dotenv}},
		{`JWT_A="\\a\n\"\t"`, []string{quotes}, nil},
		{`JWT_A="\\\a"`, []string{quotes}, []string{dotenv}},
		{`JWT_A='a\b'`, []string{quotes}, nil},
		{`JWT_A='a\\b'`, []string{quotes}, []string{dotenv}},
		{`JWT_A='a\'`, []string{quotes}, []string{dotenv}},
		{"JWT_A='a${b}'", []string{quotes}, []string{dotenv}},
		{"JWT_A='ab$cd`'", []string{quotes}, nil},
		{"JWT_A=ab # $5", []string{quotes}, nil},
		{"export JWT_A=b", []string{name}, nil},
		{"JWT_A =b", []string{name}, nil},
		{" JWT_A=b", nil, nil},
		{"JWT_A=b ", []string{blanks}, nil},
		{"JWT_A= b", []string{blanks}, nil},
		{"JWT_A='b ' ", []string{quotes}, nil},
		{"JWT_A=b\r\n", []string{windows}, nil},
		{"JWT_A=two words", []string{shell}, nil},
		{`JWT_A=["a","b"]`, []string{shell}, nil},
		{`JWT_A=a\b`, []string{shell}, nil},
		{"OTHER=$a b", nil, nil},
	} {
		file, err := parseEnvFile(test.line)
		assert.NoError(t, err, test.line)
		assert.Equal(t, test.notes, file.notes, test.line)
		assert.Equal(t, test.warnings, file.warnings, test.line)
	}
}

// A secret that other programs read differently fails in CI, and gets a warning elsewhere.
func TestExpandedSecret(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write(".env", "JWT_SECRET_KEY=Kx93$djlw02kdLw93kdmWpqoz73jdkxLwQ\n")
	r := u.run("", "doctor", "-e", "./.env", "--strict")
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.out, "\nwarning: Line 1: JWT_SECRET_KEY: has a $ or a `")
	assert.Contains(t, u.run("", "mint", "-s", "alice", "-e", "./.env").err, "warning: .env: line 1: JWT_SECRET_KEY: has a $ or a `")
}

func FuzzParseEnvFile(f *testing.F) {
	for _, seed := range []string{"", "A=b", "export A='b\nc' # d\n", "A=\"\\", "=\n", "A", "JWT_SECRET_KEY=\"abc\"\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseEnvFile(text)
		if err != nil {
			assert.LessOrEqual(t, strings.Count(err.Error(), "\n"), 0)
		}
		for name := range file.values {
			assert.Regexp(t, envName, name)
		}
	})
}
