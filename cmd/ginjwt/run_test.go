package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
)

func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, message string }{
		{"insepct", "ginjwt: unknown command \"insepct\"; did you mean \"inspect\"?\nsee: ginjwt --help\n"},
		{"insp --jsn", "ginjwt: unknown command \"insp\"; did you mean \"inspect\"?\nsee: ginjwt --help\n"},
		{aliceToken, "ginjwt: unknown command; to look into a token, use: ginjwt inspect\nsee: ginjwt --help\n"},
		{"frobnicate", "ginjwt: unknown command \"frobnicate\"\nsee: ginjwt --help\n"},
		{"key rotat", "ginjwt: unknown command \"rotat\"; did you mean \"rotate\"?\nsee: ginjwt key --help\n"},
		{"rotate keys.json", "ginjwt: unknown command \"rotate\"; did you mean \"key rotate\"?\nsee: ginjwt --help\n"},
		{"rotate keys.json --dry-run", "ginjwt: unknown command \"rotate\"; did you mean \"key rotate\"?\nsee: ginjwt --help\n"},
		{"list keys.json", "ginjwt: unknown command \"list\"; did you mean \"key list\"?\nsee: ginjwt --help\n"},
		{"new", "ginjwt: unknown command \"new\"; did you mean \"key new\"?\nsee: ginjwt --help\n"},
		{"rotatte", "ginjwt: unknown command \"rotatte\"; did you mean \"key rotate\"?\nsee: ginjwt --help\n"},
		{"help rotate", "ginjwt: unknown command \"rotate\"; did you mean \"key rotate\"?\nsee: ginjwt --help\n"},
		{"secret --byts 32", "ginjwt: unknown flag \"--byts\"; did you mean \"--bytes\"?\nsee: ginjwt secret --help\n"},
		{"secret --zzz", "ginjwt: unknown flag \"--zzz\"\nsee: ginjwt secret --help\n"},
		{"secret -z", "ginjwt: unknown flag \"-z\"\nsee: ginjwt secret --help\n"},
		{"secret extra", "ginjwt: takes no arguments, but got 1\nsee: ginjwt secret --help\n"},
		{"secret --color blue", "ginjwt: --color: \"blue\" is not auto, always or never\nsee: ginjwt --help\n"},
		{"secret -json", "ginjwt: unknown flag \"-json\"; did you mean \"--json\"?\nsee: ginjwt secret --help\n"},
		{"help insepct", "ginjwt: unknown command \"insepct\"; did you mean \"inspect\"?\nsee: ginjwt --help\n"},
		{"help key rotat", "ginjwt: unknown command \"rotat\"; did you mean \"rotate\"?\nsee: ginjwt key --help\n"},
		{"doctor .env", "ginjwt: takes no arguments, but got 1; did you mean --env-file .env?\nsee: ginjwt doctor --help\n"},
		{"inspect a b", "ginjwt: takes one token, but got 2 arguments; put quotes around a token with blanks\nsee: ginjwt inspect --help\n"},
		{"key list", "ginjwt: needs a file, or - for standard input\nsee: ginjwt key list --help\n"},
		{"key rotate", "ginjwt: takes one file, but got 0\nsee: ginjwt key rotate --help\n"},
	} {
		assert.Equal(t, result{64, "", test.message}, newUser(t).run("", strings.Fields(test.args)...), test.args)
	}
}

// Errors do not repeat a secret or a token in the wrong place, because logs contain them.
func TestMistakesDoNotRepeatSecrets(t *testing.T) {
	t.Parallel()
	secrets := []string{testSecret, strings.TrimPrefix(goodSecret, "JWT_SECRET_KEY="), "5f1d7a84c3be9026d1f0a7b2", aliceToken}
	for _, args := range []string{
		"%", "help %", "key %", "doctor %", "mint %", "mint -s a --algorithm %", "mint -s a --secret-file %", "verify --key %", "verify --type %", "verify -e %", "secret --format %",
		"secret --algorithm %", "key new --type %", "key new --algorithm %", "key new --format %", "key new --not-after %", "key list %", "key rotate %", "key remove % a", "jwks %", "version --color %",
	} {
		for _, secret := range secrets {
			r := newUser(t).run(aliceToken, strings.Fields(strings.ReplaceAll(args, "%", secret))...)
			assert.NotEqual(t, 0, r.status, args)
			assert.NotContains(t, r.out+r.err, secret, args)
		}
	}
}

func TestMayBeSecret(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		testSecret: true, aliceToken: true, "short1": false, "keys.json": false, "/etc/service/2026/keys-of-the-service": false,
		"keys-of-the-service-2026.json": false, "a-rather-long-name-of-a-file-without-numbers-2026-11-21.json": false, "/run/secrets/0123456789abcdef0123456789": false,
	} {
		assert.Equal(t, want, mayBeSecret(word), word)
	}
}

// Every command has a description and examples.
func TestHelp(t *testing.T) {
	t.Parallel()
	a := &app{out: &printer{}, err: &printer{}}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		assert.NotEmpty(t, c.Short, c.CommandPath())
		if c.Name() != "version" {
			assert.Contains(t, c.Example, "  ginjwt ", c.CommandPath())
			assert.NotEmpty(t, c.Long, c.CommandPath())
		}
		path := append(strings.Fields(c.CommandPath())[1:], "--help")
		r := newUser(t).run("", path...)
		assert.Equal(t, 0, r.status)
		assert.Contains(t, r.out, "Usage:")
		assert.Empty(t, r.err)
		for line := range strings.Lines(c.Long) {
			assert.LessOrEqual(t, len([]rune(line)), 86, "%s: %s", c.CommandPath(), line)
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(a.rootCommand())
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		assert.Contains(t, newUser(t).ok("completion", shell), "ginjwt")
	}
	assert.Equal(t, result{64, "", "ginjwt: unknown command \"nosuch\"\nsee: ginjwt completion --help\n"}, newUser(t).run("", "completion", "nosuch"))
	assert.Equal(t, result{64, "", "ginjwt: unknown command \"bsh\"; did you mean \"bash\"?\nsee: ginjwt completion --help\n"}, newUser(t).run("", "completion", "bsh"))
	out := newUser(t).run("", "__complete", "key", "new", "--algorithm", "E").out
	assert.Equal(t, "EdDSA\nES256\nES384\nES512\n:4\n", sorted(out))
}

func TestCompletionOfKeys(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "first")
	u.ok("key", "add", "./keys.json", "--id", "second")
	assert.Equal(t, "first\nsecond\n:4\n", u.run("", "__complete", "key", "remove", "./keys.json", "").out)
	for _, path := range []string{"./no.json", "./", "-"} {
		assert.Equal(t, ":1\n", u.run("", "__complete", "key", "remove", path, "").out, path)
	}
}

// A completion from a foreign file sends no control characters to the terminal.
func TestCompletionOfOddKeys(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	for _, id := range []string{"plain", "\x1b[31m", "a\nb", "x\ty", "\u202ez", "_activeHelp_ hello", "mit Ü"} {
		u.ok("key", "add", "./keys.json", "--id", id)
	}
	assert.Equal(t, "plain\nmit Ü\n:4\n", u.run("", "__complete", "key", "remove", "./keys.json", "").out)
}

// sorted sorts the suggestions of a completion.
func sorted(out string) string {
	offers := []string{}
	for _, name := range []string{"EdDSA", "ES256", "ES384", "ES512"} {
		if strings.Contains(out, name+"\n") {
			offers = append(offers, name)
		}
	}
	return strings.Join(offers, "\n") + out[strings.Index(out, "\n:"):]
}

func TestVersion(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, `^ginjwt \S+ \(go1\.\S+.*\)\n$`, newUser(t).ok("version"))
	assert.Equal(t, newUser(t).ok("version"), newUser(t).ok("--version"))
	assert.Equal(t, newUser(t).ok("key", "rotate", "--help"), newUser(t).ok("help", "key", "rotate"))
	answer := readJSON[map[string]string](t, newUser(t).ok("version", "--json"))
	assert.Contains(t, answer, "version")
	assert.Contains(t, answer, "commit")
	assert.Contains(t, answer["go"], "go1.")
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	names := []string{"inspect", "verify", "mint", "JWT_SECRET_KEY", "JWT_COOKIE_SECURE"}
	for typed, want := range map[string]string{
		"insepct":          `; did you mean "inspect"?`,
		"verfy":            `; did you mean "verify"?`,
		"VERIFY":           `; did you mean "verify"?`,
		"JWT_SECRET_KEYS":  `; did you mean "JWT_SECRET_KEY"?`,
		"JWT_COOKIE_SECUR": `; did you mean "JWT_COOKIE_SECURE"?`,
		"xyz":              "",
		"":                 "",
	} {
		assert.Equal(t, want, didYouMean(typed, names), typed)
	}
}
