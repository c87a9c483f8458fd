package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestConfigWithNothingSet(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	config, err := loadConfig(dir, true, environment(nil))
	require.NoError(t, err)
	secret, err := os.ReadFile(filepath.Join(dir, "jwt-secret"))
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(secret)), config.SecretKey)
	config.SecretKey = ""
	assert.Equal(t, ginjwt.Config{CSRFProtection: "fetch_metadata", DisableCSRFInCookies: true, RefreshCookiePath: "/web", DisableCookieSecure: true}, config)

	config, err = loadConfig(dir, false, environment(nil))
	require.NoError(t, err)
	assert.False(t, config.DisableCookieSecure, "cookies for other machines are Secure")
}

func TestEnvironmentWins(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	secret := strings.Repeat("s", 32)
	config, err := loadConfig(dir, true, environment(map[string]string{
		"JWT_SECRET_KEY": secret, "JWT_REFRESH_COOKIE_PATH": "/", "JWT_COOKIE_SECURE": "true", "JWT_ACCESS_TOKEN_EXPIRES": "10m",
	}))
	require.NoError(t, err)
	assert.Equal(t, ginjwt.Config{CSRFProtection: "fetch_metadata", DisableCSRFInCookies: true, SecretKey: secret, RefreshCookiePath: "/", AccessTokenExpires: 10 * time.Minute}, config)
	assert.NoFileExists(t, filepath.Join(dir, "jwt-secret"))
}

func TestKeyFilesKeepTheSecretAway(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("PEM"), 0o600))
	for name, value := range map[string]string{"JWT_PRIVATE_KEY": "PEM", "JWT_PUBLIC_KEY": "PEM", "JWT_PRIVATE_KEY_FILE": file} {
		dir := newDataDir(t)
		config, err := loadConfig(dir, true, environment(map[string]string{name: value}))
		require.NoError(t, err)
		assert.Empty(t, config.SecretKey, "a secret that nobody set must not be used where someone set a key")
		assert.NoFileExists(t, filepath.Join(dir, "jwt-secret"))
	}
}

func TestEveryHMACTakesTheSecret(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"HS256", "HS384", "HS512"} {
		config, err := loadConfig(newDataDir(t), true, environment(map[string]string{"JWT_ALGORITHM": algorithm}))
		require.NoError(t, err)
		require.NoError(t, ginjwt.New(config).InitApp(nil))
	}
}

func TestSettingsReachTheRoutes(t *testing.T) {
	t.Parallel()
	s := startService(t, filepath.Join(t.TempDir(), "data"), map[string]string{
		"JWT_ERROR_MESSAGE_KEY":  "error",
		"JWT_ACCESS_COOKIE_NAME": "session",
		"JWT_HEADER_TYPE":        "Token",
		"JWT_MAX_SESSIONS":       "2",
	}, &jwttest.Clock{})
	s.register(t, alice)
	answer := tokensIn(t, s.do("POST", "/login", jwttest.JSON(alice)))
	requireAnswer(t, s.do("GET", "/me", jwttest.Header("Authorization", "Token "+answer.AccessToken)), 200,
		`{"id":1,"name":"alice","admin":true}`)
	requireAnswer(t, s.do("GET", "/me"), 401, `{"error":"Missing Authorization Header"}`)
	requireAnswer(t, s.do("GET", "/nowhere"), 404, `{"error":"Not found"}`)

	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	requireNoContent(t, s.do("POST", "/web/logout", jwttest.RefreshCookies(login)))
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 401, `{"error":"Token has been revoked"}`)
	s.clock.Advance(time.Second)
	s.login(t, alice)
	s.login(t, alice)
	requireAnswer(t, s.do("GET", "/me", jwttest.Header("Authorization", "Token "+answer.AccessToken)), 401,
		`{"error":"Token has been revoked"}`)
}

func TestRunReportsMistakes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	open := t.TempDir()
	require.NoError(t, os.Chmod(open, 0o755))
	for _, tt := range []struct {
		why      string
		args     []string
		settings map[string]string
		want     string
	}{
		{"argument", []string{"serve"}, nil, `unexpected argument "serve"`},
		{"address", []string{"-addr", "nonsense"}, nil, "listen tcp: address nonsense: missing port in address"},
		{"directory", []string{"-data", open}, nil, open + " is open to other users (mode 0755): chmod 700 " + open},
		{"other database", nil, map[string]string{"DATABASE_URL": "mysql://alice:hunter2@localhost/users"}, "DATABASE_URL: " +
			"must be like postgres://user:password@host:5432/name; other databases are not supported, " +
			"and without it the users are in an SQLite file"},
		{"no URL of a database", nil, map[string]string{"DATABASE_URL": "postgres://alice:hunt/er2@localhost/users"}, "DATABASE_URL: " +
			"must be like postgres://user:password@host:5432/name; other databases are not supported, " +
			"and without it the users are in an SQLite file"},
		{"no URL of Redis", nil, map[string]string{"REDIS_URL": "redis://alice:hunt/er2@localhost"}, "REDIS_URL: " +
			"must be like redis://user:password@host:6379/0, or rediss:// for TLS"},
		{"never expires", nil, map[string]string{"JWT_ACCESS_TOKEN_EXPIRES": "false"}, "ginjwt: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): " +
			"must not be NeverExpires with Sessions, which remember an ended session for as long as its access tokens live; set a lifetime"},
		{"setting", nil, map[string]string{"JWT_COOKIE_SECURE": "perhaps"}, "ginjwt: JWT_COOKIE_SECURE: must be true or false"},
		{"short secret", nil, map[string]string{"JWT_SECRET_KEY": "short"}, "ginjwt: SecretKey (JWT_SECRET_KEY): has 5 bytes, " +
			"but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32, " +
			"or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)"},
	} {
		args := append([]string{"-addr", "127.0.0.1:0", "-data", dir}, tt.args...)
		lookup := func(name string) (string, bool) {
			value, ok := tt.settings[name]
			return value, ok || name == "GIN_MODE" // which is one for all tests
		}
		require.EqualError(t, run(t.Context(), args, lookup, io.Discard, io.Discard), tt.want, tt.why)
	}
}
