package main

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args, prefix string
		bytes        int
		decode       func(string) ([]byte, error)
	}{
		{"", "", 32, base64.RawURLEncoding.DecodeString},
		{"--bytes 40", "", 40, base64.RawURLEncoding.DecodeString},
		{"--algorithm HS384", "", 48, base64.RawURLEncoding.DecodeString},
		{"--algorithm HS512", "", 64, base64.RawURLEncoding.DecodeString},
		{"--format hex", "", 32, hex.DecodeString},
		{"--format env", "JWT_SECRET_KEY=", 32, base64.RawURLEncoding.DecodeString},
	} {
		args := append([]string{"secret"}, strings.Fields(test.args)...)
		first, second := newUser(t).ok(args...), newUser(t).ok(args...)
		assert.NotEqual(t, first, second)
		text, found := strings.CutPrefix(strings.TrimSuffix(first, "\n"), test.prefix)
		assert.True(t, found, test.args)
		secret, err := test.decode(text)
		assert.NoError(t, err, test.args)
		assert.Len(t, secret, test.bytes, test.args)
	}
}

func TestSecretMistakes(t *testing.T) {
	t.Parallel()
	for args, message := range map[string]string{
		"--bytes 31":                     "--bytes: HS256 needs a secret of at least 32 bytes (RFC 7518 §3.2)",
		"--algorithm HS512 --bytes 32":   "--bytes: HS512 needs a secret of at least 64 bytes (RFC 7518 §3.2)",
		"--bytes 4096":                   "--bytes: must be at most 1024; more bytes make a secret no stronger",
		"--algorithm ES256":              `--algorithm: "ES256" is not HS256, HS384 or HS512; for other algorithms make a key with: ginjwt key new`,
		"--format rot13":                 `--format: "rot13" is not base64url, hex or env`,
		"--algorithm HS256 --bytes many": "--bytes: must be a whole number",
	} {
		r := newUser(t).run("", append([]string{"secret"}, strings.Fields(args)...)...)
		assert.Equal(t, result{64, "", "ginjwt: " + message + "\nsee: ginjwt secret --help\n"}, r, args)
	}
}

func TestSecretInAFile(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	assert.Equal(t, "jwt.secret: a new secret of 32 bytes\n", u.ok("secret", "--out", "./jwt.secret"))
	assert.Len(t, u.read("jwt.secret"), 44)
	info, err := os.Stat(filepath.Join(u.dir, "jwt.secret"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	before := u.read("jwt.secret")
	assert.Equal(t, result{3, "", "ginjwt: jwt.secret: exists, and is not overwritten\n" +
		"choose another name, or remove the file if nobody needs it\n"}, u.run("", "secret", "--out", "./jwt.secret"))
	assert.Equal(t, before, u.read("jwt.secret"))
}

func TestSecretAsJSON(t *testing.T) {
	t.Parallel()
	answer := readJSON[map[string]any](t, newUser(t).ok("secret", "--algorithm", "HS384", "--json"))
	assert.Len(t, answer["secret"], 64)
	delete(answer, "secret")
	u := newUser(t)
	assert.Equal(t, map[string]any{"file": "s", "bytes": 64.0}, readJSON[map[string]any](t, u.ok("secret", "--algorithm", "HS512", "--out", "./s", "--json")))
	assert.Equal(t, map[string]any{"bytes": 48.0, "algorithm": "HS384"}, answer)
}
