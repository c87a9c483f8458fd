package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// realFile is a .env file as Flask services have it, with the findings of doctor except
// notes: severity, setting, and the beginning of the fix. The test adds a secret, unless
// the secret is what is wrong.
type realFile struct {
	name, text string
	says       []string
}

var realFiles = []realFile{
	{"an application from a template", `
FLASK_ENV=development
FLASK_APP=api.app:create_app
SECRET_KEY=changeme
DATABASE_URI=sqlite:///api.db
CELERY_BROKER_URL=amqp://guest:guest@localhost/
JWT_BLACKLIST_ENABLED=True
JWT_BLACKLIST_TOKEN_CHECKS=access,refresh`, []string{
		"warning JWT_BLACKLIST_ENABLED Remove it: every token is checked",
		"warning JWT_BLACKLIST_TOKEN_CHECKS Remove it: access and refresh tokens are always checked",
	}},
	{"only Flask's own secret", `
SECRET_KEY=0b5f8f6e1a4c4d7d9f3a2c1b0e9d8c7f
JWT_ACCESS_TOKEN_EXPIRES=3600`, []string{"error JWT_SECRET_KEY Make one with: openssl rand -base64 32"}},
	{"a short secret", `
JWT_SECRET_KEY=s3cr3t-of-mine
`, []string{"error JWT_SECRET_KEY Make one with: openssl rand -base64 32, or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true)"}},
	{"cookies in development", `
JWT_TOKEN_LOCATION=["headers", "cookies"]
JWT_COOKIE_SECURE=False
JWT_COOKIE_CSRF_PROTECT=True
JWT_COOKIE_SAMESITE=Lax
JWT_ACCESS_COOKIE_PATH=/api/
JWT_REFRESH_COOKIE_PATH=/token/refresh`, []string{"danger JWT_COOKIE_SECURE Remove DisableCookieSecure"}},
	{"a list of Python", `
JWT_TOKEN_LOCATION=['headers','cookies']`, []string{"error JWT_TOKEN_LOCATION Separate the values by commas"}},
	{"hours in the name", `
JWT_ACCESS_TOKEN_EXPIRES_HOURS=24
JWT_REFRESH_TOKEN_EXPIRES_DAYS=30`, []string{
		"warning JWT_ACCESS_TOKEN_EXPIRES_HOURS Write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=24h",
		"warning JWT_REFRESH_TOKEN_EXPIRES_DAYS Write the unit after the number, in JWT_REFRESH_TOKEN_EXPIRES: such as JWT_REFRESH_TOKEN_EXPIRES=30d",
	}},
	{"minutes and days that the code multiplies", `
JWT_ACCESS_TOKEN_EXPIRES=15
JWT_REFRESH_TOKEN_EXPIRES=30`, []string{
		"warning JWT_ACCESS_TOKEN_EXPIRES Write the unit after the number",
		"warning JWT_REFRESH_TOKEN_EXPIRES Write the unit after the number",
	}},
	{"a full-stack template of another framework", `
DOMAIN=localhost
PROJECT_NAME="Full Stack"
ACCESS_TOKEN_EXPIRE_MINUTES=11520
FIRST_SUPERUSER=admin@example.com
JWT_ALGORITHM=HS256
JWT_EXPIRE_MINUTES=60
JWT_SECRET=changethis`, []string{
		"error JWT_SECRET_KEY Make one with: openssl rand -base64 32",
		"warning JWT_EXPIRE_MINUTES Write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES",
		"warning JWT_SECRET Write JWT_SECRET_KEY.",
	}},
	{"Flask-JWT", `
JWT_AUTH_URL_RULE=/login
JWT_AUTH_USERNAME_KEY=email
JWT_AUTH_HEADER_PREFIX=JWT
JWT_EXPIRATION_DELTA=timedelta(seconds=1800)
JWT_LEEWAY=10
JWT_VERIFY_CLAIMS=signature,exp`, []string{
		"warning JWT_AUTH_HEADER_PREFIX Write JWT_HEADER_TYPE",
		"warning JWT_AUTH_URL_RULE Remove it: write your own login route",
		"warning JWT_AUTH_USERNAME_KEY Remove it: write your own login route",
		"warning JWT_EXPIRATION_DELTA Write JWT_ACCESS_TOKEN_EXPIRES",
		"warning JWT_LEEWAY Write JWT_DECODE_LEEWAY",
		"warning JWT_VERIFY_CLAIMS Remove it",
	}},
	{"Flask-JWT-Extended 3", `
JWT_IDENTITY_CLAIM=identity
JWT_USER_CLAIMS=user_claims
JWT_CLAIMS_IN_REFRESH_TOKEN=True
JWT_CSRF_HEADER_NAME=X-XSRF-TOKEN
JWT_TOKEN_LOCATION=headers`, []string{
		"warning JWT_CLAIMS_IN_REFRESH_TOKEN Remove it",
		"warning JWT_CSRF_HEADER_NAME Write JWT_ACCESS_CSRF_HEADER_NAME and JWT_REFRESH_CSRF_HEADER_NAME",
		"warning JWT_USER_CLAIMS Remove it",
	}},
	{"expressions of Python", `
JWT_ACCESS_TOKEN_EXPIRES=timedelta(hours=1)
JWT_REFRESH_TOKEN_EXPIRES=60 * 60 * 24 * 30`, []string{
		"error JWT_ACCESS_TOKEN_EXPIRES Write 1h.",
		"error JWT_REFRESH_TOKEN_EXPIRES Write the seconds: 2592000.",
	}},
	{"the settings module, copied", `
JWT_SECRET_KEY=os.environ.get("JWT_SECRET_KEY", "dev-secret-that-is-long-enough")
JWT_COOKIE_DOMAIN=None
JWT_SESSION_COOKIE=False`, []string{
		"error JWT_SECRET_KEY Write the resulting value.",
		"error JWT_COOKIE_DOMAIN Remove the variable.",
	}},
	{"a prefix for from_prefixed_env", `
FLASK_JWT_SECRET_KEY=0b5f8f6e1a4c4d7d9f3a2c1b0e9d8c7f
FLASK_JWT_COOKIE_SECURE=true`, []string{
		"error JWT_SECRET_KEY Make one with: openssl rand -base64 32",
		"warning FLASK_JWT_COOKIE_SECURE Write JWT_COOKIE_SECURE",
		"warning FLASK_JWT_SECRET_KEY Write JWT_SECRET_KEY",
	}},
	{"cookies of a neighbour", `
JWT_TOKEN_LOCATION=cookies
JWT_COOKIE_NAME=session
JWT_COOKIE_PATH=/
JWT_COOKIE_HTTPONLY=true
JWT_COOKIE_MAX_AGE=86400`, []string{
		"warning JWT_COOKIE_HTTPONLY Remove it: token cookies are always HttpOnly",
		"warning JWT_COOKIE_MAX_AGE Remove it: cookies last until the browser is closed",
		"warning JWT_COOKIE_NAME Write JWT_ACCESS_COOKIE_NAME and JWT_REFRESH_COOKIE_NAME",
		"warning JWT_COOKIE_PATH Write JWT_ACCESS_COOKIE_PATH and JWT_REFRESH_COOKIE_PATH",
	}},
	{"a service of Node", `
PORT=3000
JWT_EXPIRES_IN=7d
JWT_REFRESH_SECRET=s3cr3t
JWT_ISSUER=https://api.example.com
JWT_AUDIENCE=web`, []string{
		"warning JWT_AUDIENCE Write JWT_ENCODE_AUDIENCE", "warning JWT_EXPIRES_IN Write JWT_ACCESS_TOKEN_EXPIRES",
		"warning JWT_ISSUER Write JWT_ENCODE_ISSUER", "warning JWT_REFRESH_SECRET Write JWT_SECRET_KEY",
	}},
	{"a service of PHP", `
APP_KEY=base64:xyz
JWT_TTL=60
JWT_REFRESH_TTL=20160
JWT_ALGO=HS256
JWT_BLACKLIST_ENABLED=true`, []string{
		"warning JWT_ALGO Write JWT_ALGORITHM", "warning JWT_BLACKLIST_ENABLED Remove it", "warning JWT_REFRESH_TTL Write JWT_REFRESH_TOKEN_EXPIRES",
		"warning JWT_TTL Write JWT_ACCESS_TOKEN_EXPIRES",
	}},
	{"misspelled", `
JWT_ACESS_TOKEN_EXPIRES=3600
JWT_COOKIE_SAMSITE=Strict`, []string{
		"warning JWT_ACESS_TOKEN_EXPIRES Write JWT_ACCESS_TOKEN_EXPIRES if you mean that setting",
		"warning JWT_COOKIE_SAMSITE Write JWT_COOKIE_SAMESITE if you mean that setting",
	}},
	{"empty values of a template", `
JWT_ACCESS_TOKEN_EXPIRES=
JWT_COOKIE_SECURE=
JWT_COOKIE_DOMAIN=
JWT_COOKIE_SAMESITE=`, []string{
		"error JWT_ACCESS_TOKEN_EXPIRES Set a value or remove it.", "error JWT_COOKIE_SECURE Set a value or remove it.",
		"error JWT_COOKIE_SAMESITE Set a value or remove it.",
	}},
	{"an hour as a fraction of a day", `
JWT_ACCESS_TOKEN_EXPIRES=0.3`, []string{"error JWT_ACCESS_TOKEN_EXPIRES A number without a unit means seconds: write the unit"}},
	{"tokens that never expire", `
JWT_ACCESS_TOKEN_EXPIRES=False`, []string{"danger JWT_ACCESS_TOKEN_EXPIRES Leave AccessTokenExpires at its 15 minutes"}},
	{"all as it should be", `
# tokens
export JWT_ACCESS_TOKEN_EXPIRES=900
JWT_REFRESH_TOKEN_EXPIRES=2592000
JWT_DECODE_LEEWAY=10
JWT_ERROR_MESSAGE_KEY=message
JWT_DECODE_AUDIENCE=web`, nil},
}

// Each file means the same to ginjwt, or doctor names the line that does not, and what to
// write.
func TestDoctorOfRealFiles(t *testing.T) {
	t.Parallel()
	for _, file := range realFiles {
		text := strings.TrimSpace(file.text) + "\n"
		if !slices.ContainsFunc(file.says, func(s string) bool { return strings.HasPrefix(s, "error JWT_SECRET_KEY") }) {
			text += goodSecret + "\n"
		}
		u := newUser(t)
		u.write(".env", text)
		said := worse(t, u, "doctor", "-e", "./.env")
		require.Len(t, said, len(file.says), "%s: %q", file.name, said)
		assert.Equal(t, said, worse(t, newUser(t, environ(t, text)...), "doctor"), "%s: the environment", file.name)
		for i, begins := range file.says {
			assert.True(t, strings.HasPrefix(said[i], begins), "%s: %s", file.name, said[i])
		}
	}
}

// worse returns the findings of doctor except notes.
func worse(t *testing.T, u *user, args ...string) (said []string) {
	t.Helper()
	for _, f := range readJSON[diagnosis](t, u.run("", append(args, "--json")...).out).Findings {
		if f.Severity != "note" {
			said = append(said, f.Severity+" "+f.Setting+" "+f.Fix)
		}
	}
	return said
}

// environ returns the environment of a file.
func environ(t *testing.T, text string) (env []string) {
	t.Helper()
	file, err := parseEnvFile(text)
	require.NoError(t, err)
	for name, value := range file.values {
		env = append(env, name+"="+value)
	}
	return env
}
