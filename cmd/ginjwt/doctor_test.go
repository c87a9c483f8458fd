package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
)

// goodSecret is a secret that is in no documentation.
var goodSecret, _ = writtenSecret(newSecret(32), "env")

// cookies are good settings for cookies, and more.
func cookies(more ...string) []string {
	return append([]string{goodSecret, "JWT_TOKEN_LOCATION=cookies", "JWT_ACCESS_COOKIE_NAME=__Host-access", "JWT_REFRESH_COOKIE_PATH=/session"}, more...)
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		env            []string
		status, strict int
		findings       []string // severity, setting and field
	}{
		{"good", []string{goodSecret}, 0, 0, nil},
		{"nothing", nil, 2, 2, []string{"error JWT_SECRET_KEY SecretKey"}},
		{"cannot be read", []string{goodSecret, "JWT_COOKIE_SECURE=s3cret"}, 2, 2, []string{"error JWT_COOKIE_SECURE "}},
		{"refused", []string{"JWT_SECRET_KEY=s3cret"}, 2, 2, []string{"error JWT_SECRET_KEY SecretKey"}},
		{"a key that cannot be read has no consequences", []string{"JWT_KEYS=s3cret"}, 2, 2, []string{"error JWT_KEYS "}},
		{
			"places that cannot be read have no consequences", []string{goodSecret, "JWT_TOKEN_LOCATION=['cookies']", "JWT_COOKIE_SECURE=false", "JWT_CSRF_CHECK_FORM=true"},
			2, 2, []string{"error JWT_TOKEN_LOCATION "},
		},
		{
			"an algorithm that cannot be read makes no key useless", []string{`JWT_ALGORITHM="EdDSA"`, goodSecret, "JWT_PRIVATE_KEY=" + keytest.Generate(t).Ed25519Private},
			2, 2, []string{"error JWT_ALGORITHM ", "note JWT_DECODE_AUDIENCE DecodeAudience"},
		},
		{
			"algorithms that cannot be read make no key useless", []string{"JWT_DECODE_ALGORITHMS=['EdDSA']", goodSecret, "JWT_PUBLIC_KEY=" + keytest.Generate(t).Ed25519Public},
			2, 2, []string{"error JWT_DECODE_ALGORITHMS ", "note JWT_DECODE_AUDIENCE DecodeAudience"},
		},
		{"dangerous", []string{goodSecret, "JWT_ACCESS_TOKEN_EXPIRES=false"}, 2, 2, []string{"danger JWT_ACCESS_TOKEN_EXPIRES AccessTokenExpires"}},
		{"no such name", []string{goodSecret, "JWT_SECRET_KEYS=s3cret"}, 0, 1, []string{"warning JWT_SECRET_KEYS "}},
		{"quotes that docker passed on", []string{`JWT_SECRET_KEY="` + goodSecret[15:] + `"`}, 0, 1, []string{"warning JWT_SECRET_KEY SecretKey"}},
		{"a comment that docker passed on", []string{goodSecret + " # s3cret"}, 0, 1, []string{"warning JWT_SECRET_KEY SecretKey"}},
		{"lower case", []string{goodSecret, "jwt_algorithm=s3cret"}, 0, 1, []string{"warning jwt_algorithm "}},
		{"a store that is set in Go", []string{goodSecret, "JWT_MAX_SESSIONS=3", "JWT_SESSION_LIFETIME=2160h"}, 0, 0, []string{"note  Sessions"}},
		{"details of pairs", []string{goodSecret, "JWT_DETAILED_PAIRS=true", "JWT_RENEWED_TOKEN_HEADER=X-Token"}, 0, 0, []string{"note  Sessions", "note JWT_SESSION_LIFETIME SessionLifetime"}},
		{"cookies", cookies(), 0, 0, []string{"note JWT_CSRF_PROTECTION CSRFProtection"}},
		{"cookies with Fetch Metadata", cookies("JWT_CSRF_PROTECTION=fetch_metadata", "JWT_CSRF_TRUSTED_ORIGINS=https://app.example.com"), 0, 0, nil},
		{"cookies for pages on localhost", cookies("JWT_CSRF_PROTECTION=both", "JWT_CSRF_TRUSTED_ORIGINS=http://localhost:5173"), 0, 1, []string{"warning JWT_CSRF_TRUSTED_ORIGINS CSRFTrustedOrigins"}},
		{"cookies with an origin that no browser sends", cookies("JWT_CSRF_PROTECTION=both", "JWT_CSRF_TRUSTED_ORIGINS=https://app.example.com/"), 2, 2, []string{"error JWT_CSRF_TRUSTED_ORIGINS CSRFTrustedOrigins"}},
		{"two settings that contradict each other", cookies("JWT_CSRF_PROTECTION=both", "JWT_COOKIE_CSRF_PROTECT=false"), 2, 2, []string{"error JWT_CSRF_PROTECTION CSRFProtection", "warning JWT_COOKIE_CSRF_PROTECT DisableCookieCSRFProtect"}},
		{"others", []string{goodSecret, "PATH=/bin", "JWTX=1"}, 0, 0, nil},
	} {
		u := newUser(t, test.env...)
		assert.Equal(t, test.strict, u.run("", "doctor", "--strict").status, test.name)
		r := u.run("", "doctor", "--json")
		assert.Equal(t, test.status, r.status, test.name)
		var got []string
		for _, f := range readJSON[diagnosis](t, r.out).Findings {
			got = append(got, f.Severity+" "+f.Setting+" "+f.Field)
			assert.True(t, strings.HasSuffix(f.Problem, "."), f.Problem)
		}
		assert.Equal(t, test.findings, got, test.name)
		assert.NotContains(t, r.out+u.run("", "doctor").out, "s3cret", test.name)
	}
}

func TestDoctorReadsAFile(t *testing.T) {
	t.Parallel()
	u := newUser(t, "JWT_COOKIE_SECURE=perhaps")
	u.write(".env", "# settings\nexport JWT_SECRET_KEY='"+goodSecret[len("JWT_SECRET_KEY="):]+"'\nJWT_COOKIE_SECUR=true\nPORT=80\n")
	assert.Equal(t, result{0, `.env has 1 JWT_ setting.

warning: JWT_COOKIE_SECUR: Is not a setting and has no effect.
  Write JWT_COOKIE_SECURE if you mean that setting; otherwise remove it.

note: Line 2: JWT_SECRET_KEY: docker run --env-file does not accept "export" or blanks before the "=".

note: Line 2: JWT_SECRET_KEY: quotes and comments were removed; docker run --env-file keeps them in the value.

1 warning, 2 notes
`, ""}, u.run("", "doctor", "--env-file", "./.env"))

	u.write("good.env", goodSecret)
	assert.Equal(t, result{0, "good.env has 1 JWT_ setting.\n\nNothing to report.\n", ""}, u.run("", "doctor", "-e", "./good.env"))
	assert.Equal(t, result{0, `{
  "source": "good.env",
  "settings": [
    "JWT_SECRET_KEY"
  ],
  "findings": []
}
`, ""}, u.run("", "doctor", "-e", "./good.env", "--json"))

	u.write("bad.env", "JWT_SECRET_KEY\n")
	assert.Equal(t, result{3, "", "ginjwt: bad.env: line 1: is not KEY=value\n"}, u.run("", "doctor", "-e", "./bad.env"))
	assert.Equal(t, result{3, "", "ginjwt: no.env: no such file or directory\n"}, u.run("", "doctor", "-e", "./no.env"))
}

func TestDoctorSaysAllAtOnce(t *testing.T) {
	t.Parallel()
	u := newUser(t, "JWT_SECRET_KEY="+strings.Repeat("k", 31), "JWT_COOKIE_SECURE=s3cret")
	r := u.run("", "doctor")
	assert.Equal(t, 2, r.status)
	assert.Contains(t, r.out, "The environment has 2 JWT_ settings.\n\nerror: JWT_COOKIE_SECURE: Must be true or false.\n"+
		"  Correct the value, or remove the setting: LoadConfig returns this error.\n\nerror: JWT_SECRET_KEY (SecretKey): Has 31 bytes")
	assert.Contains(t, r.out, "\n2 errors")
}

// doctor reports files of settings that everybody can read. Commands that use them warn.
func TestFilesOfSettingsThatEverybodyReads(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write(".env", goodSecret+"\n")
	u.write("secret", strings.TrimPrefix(goodSecret, "JWT_SECRET_KEY="))
	u.ok("key", "add", "./keys.json")
	u.write("public.json", u.ok("key", "public", "./keys.json"))
	u.write("named.env", "JWT_SECRET_KEY_FILE="+filepath.Join(u.dir, "secret")+"\n")
	for _, name := range []string{".env", "secret", "keys.json", "public.json", "named.env"} {
		require.NoError(t, os.Chmod(filepath.Join(u.dir, name), 0o644))
	}
	const fix = "  chmod 600 the file; in a container, set the mode of what is mounted (defaultMode: 0400 in Kubernetes).\n"
	assert.Equal(t, result{1, ".env has 1 JWT_ setting.\n\nwarning: Everybody on this machine can read these secrets.\n  chmod 600 .env\n\n1 warning\n", ""},
		u.run("", "doctor", "-e", "./.env", "--strict"))
	r := u.run("", "mint", "-s", "a", "-e", "./.env")
	assert.Equal(t, result{0, r.out, "warning: .env: everybody on this machine can read these secrets; chmod 600 .env\n"}, r)

	assert.Equal(t, result{1, "named.env has 1 JWT_ setting.\n\nwarning: JWT_SECRET_KEY_FILE: Everybody on this machine can read these secrets.\n" + fix + "\n1 warning\n", ""},
		u.run("", "doctor", "-e", "./named.env", "--strict"))
	r = u.run("", "mint", "-s", "a", "-e", "./named.env")
	assert.Equal(t, result{0, r.out, "warning: JWT_SECRET_KEY_FILE: everybody on this machine can read these secrets\n"}, r)
	u.ok("mint", "-s", "a", "-e", "./named.env", "--key", "./"+u.private("keys.json"))

	u.env = []string{"JWT_KEYS_FILE=" + filepath.Join(u.dir, "public.json")}
	assert.NotContains(t, u.run("", "doctor").out, "Everybody")
}

// A finding has the name as it is written in the settings.
func TestDoctorNamesTheSettingWithTheFile(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "old", "--not-after", "+1s")
	u.ok("key", "add", "./keys.json")
	u.now = u.now.Add(time.Minute)
	u.env = []string{"JWT_KEYS_FILE=" + filepath.Join(u.dir, "keys.json"), goodSecret}
	var settings []string
	for _, f := range readJSON[diagnosis](t, u.run("", "doctor", "--json").out).Findings {
		settings = append(settings, f.Setting)
	}
	assert.Contains(t, settings, "JWT_KEYS_FILE", "a key has retired")
	assert.NotContains(t, settings, "JWT_KEYS")
}

// private makes a file readable only for its owner.
func (u *user) private(name string) string {
	u.t.Helper()
	require.NoError(u.t, os.Chmod(filepath.Join(u.dir, name), 0o600))
	return name
}
