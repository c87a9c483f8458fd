package ginjwt_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestLoadConfigReadsEverySetting(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"JWT_TOKEN_LOCATION":            "headers, cookies",
		"JWT_ACCESS_TOKEN_EXPIRES":      "5m",
		"JWT_REFRESH_TOKEN_EXPIRES":     "False",
		"JWT_ALGORITHM":                 "ES256",
		"JWT_DECODE_ALGORITHMS":         `["ES384", "HS256"]`,
		"JWT_SECRET_KEY":                "secret, with a comma",
		"JWT_PRIVATE_KEY":               `-----BEGIN KEY-----\nabc\n-----END KEY-----`,
		"JWT_PUBLIC_KEY":                "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
		"JWT_ENCODE_AUDIENCE":           "orders",
		"JWT_DECODE_AUDIENCE":           `["orders", "returns"]`,
		"JWT_ENCODE_ISSUER":             "https://id.example/a,b",
		"JWT_DECODE_ISSUER":             `["https://id.example", "https://old.example"]`,
		"JWT_DECODE_LEEWAY":             "10",
		"JWT_ENCODE_NBF":                "false",
		"JWT_VERIFY_SUB":                "False",
		"JWT_IDENTITY_CLAIM":            "member",
		"JWT_ERROR_MESSAGE_KEY":         "detail",
		"JWT_HEADER_NAME":               "X-Pass",
		"JWT_HEADER_TYPE":               "Token",
		"JWT_QUERY_STRING_NAME":         "pass",
		"JWT_QUERY_STRING_VALUE_PREFIX": "v1~",
		"JWT_JSON_KEY":                  "pass",
		"JWT_REFRESH_JSON_KEY":          "renewal",
		"JWT_ACCESS_COOKIE_NAME":        "a",
		"JWT_REFRESH_COOKIE_NAME":       "r",
		"JWT_ACCESS_COOKIE_PATH":        "/a",
		"JWT_REFRESH_COOKIE_PATH":       "/r",
		"JWT_COOKIE_DOMAIN":             "example.com",
		"JWT_COOKIE_SECURE":             "0",
		"JWT_COOKIE_SAMESITE":           "Strict",
		"JWT_SESSION_COOKIE":            "false",
		"JWT_COOKIE_CSRF_PROTECT":       "false",
		"JWT_CSRF_IN_COOKIES":           "false",
		"JWT_CSRF_METHODS":              "POST,PUT",
		"JWT_CSRF_CHECK_FORM":           "true",
		"JWT_COOKIE_PARTITIONED":        "true",
		"JWT_COOKIE_FORMER_DOMAINS":     "old.example,example",
		"JWT_COOKIE_FORMER_PATHS":       "/old, /older",
		"JWT_COOKIE_FORMER_PARTITIONED": "true",
		"JWT_CSRF_COOKIE_DOMAIN":        "pages.example.com",
		"JWT_MAX_FORM_SIZE":             "1048576",
		"JWT_ACCESS_CSRF_COOKIE_NAME":   "ca",
		"JWT_REFRESH_CSRF_COOKIE_NAME":  "cr",
		"JWT_ACCESS_CSRF_COOKIE_PATH":   "/ca",
		"JWT_REFRESH_CSRF_COOKIE_PATH":  "/cr",
		"JWT_ACCESS_CSRF_HEADER_NAME":   "X-A",
		"JWT_REFRESH_CSRF_HEADER_NAME":  "X-R",
		"JWT_ACCESS_CSRF_FIELD_NAME":    "fa",
		"JWT_REFRESH_CSRF_FIELD_NAME":   "fr",
		"JWT_KEYS":                      `{"kty":"oct","kid":"k","alg":"HS256","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"}`,
		"JWT_TYPE_CLAIM":                "token_type",
		"JWT_FRESH_CLAIM":               "is_fresh",
		"JWT_SCOPE_CLAIM":               "scp",
		"JWT_ROLES_CLAIM":               "/realm_access/roles",
		"JWT_ALLOW_SHORT_SECRET":        "true",
		"JWT_REQUIRED_CLAIMS":           "exp, jti",
		"JWT_DECODE_TYPES":              "rt+jwt",
		"JWT_ALLOW_ANY_OPTIONS":         "true",
		"JWT_MAX_TOKEN_SIZE":            "4096",
		"JWT_TOKEN_CACHE_SIZE":          "-1",
		"JWT_SESSION_GRACE":             "30",
		"JWT_SESSION_LIFETIME":          "720h",
		"JWT_MAX_SESSIONS":              "5",
		"JWT_RENEWED_TOKEN_HEADER":      "X-Renewed-Token", "JWT_REALM": "tenant 7",
		"JWT_CSRF_PROTECTION": "both", "JWT_CSRF_TRUSTED_ORIGINS": "https://a.example, https://b.example",
		"JWT_DPOP": "demanded", "JWT_DPOP_ORIGINS": "https://a.example, https://b.example/api", "JWT_DPOP_NONCE": "true",
		"JWT_DPOP_NONCE_SECRET": "a secret, with a comma", "JWT_DPOP_NONCE_OTHER_SECRET": "another", "JWT_DPOP_WINDOW": "30",
		"JWT_DETAILED_PAIRS": "true", "JWT_ERROR_PROFILE": "problem", "JWT_TICKET_NAME": "admit",
	}
	asked := map[string]bool{}
	config, err := ginjwt.LoadConfig(func(name string) (string, bool) {
		asked[name] = true
		value, ok := env[name]
		return value, ok
	})
	require.NoError(t, err)
	for name := range env {
		assert.True(t, asked[name], "%s is not read", name)
	}
	for _, name := range ginjwt.SettingNames() {
		assert.True(t, asked[name], "%s is not read", name)
	}
	assert.Len(t, ginjwt.SettingNames(), 43+39)
	assert.Equal(t, ginjwt.Config{
		SecretKey: "secret, with a comma", AllowShortSecret: true,
		PrivateKey: `-----BEGIN KEY-----\nabc\n-----END KEY-----`, PublicKey: "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
		Algorithm: "ES256", DecodeAlgorithms: []string{"ES384", "HS256"},
		AccessTokenExpires: 5 * time.Minute, RefreshTokenExpires: ginjwt.NeverExpires,
		TokenLocation: []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}, IdentityClaim: "member", DisableVerifySub: true,
		EncodeIssuer: "https://id.example/a,b", DecodeIssuer: "https://id.example", DecodeIssuers: []string{"https://old.example"},
		EncodeAudience: []string{"orders"}, DecodeAudience: []string{"orders", "returns"}, DecodeLeeway: 10 * time.Second,
		DisableEncodeNBF: true, ErrorMessageKey: "detail", HeaderName: "X-Pass", HeaderType: "Token",
		AccessCookieName: "a", AccessCookiePath: "/a", RefreshCookieName: "r", RefreshCookiePath: "/r",
		CookieDomain: "example.com", CookieSameSite: http.SameSiteStrictMode, DisableCookieSecure: true, DisableSessionCookie: true,
		CookiePartitioned: true, CookieFormerDomains: []string{"old.example", "example"}, CookieFormerPaths: []string{"/old", "/older"},
		CookieFormerPartitioned: true, CSRFCookieDomain: "pages.example.com", MaxFormSize: 1 << 20,
		DisableCookieCSRFProtect: true, DisableCSRFInCookies: true, CSRFCheckForm: true, CSRFMethods: []string{"POST", "PUT"},
		AccessCSRFCookieName: "ca", AccessCSRFCookiePath: "/ca", AccessCSRFHeaderName: "X-A", AccessCSRFFieldName: "fa",
		RefreshCSRFCookieName: "cr", RefreshCSRFCookiePath: "/cr", RefreshCSRFHeaderName: "X-R", RefreshCSRFFieldName: "fr",
		QueryStringName: "pass", QueryStringValuePrefix: "v1~", TicketName: "admit", JSONKey: "pass", RefreshJSONKey: "renewal",
		RequiredClaims: []string{"exp", "jti"}, DecodeTypes: []string{"rt+jwt"}, AllowAnyOptions: true, MaxTokenSize: 4096, TokenCacheSize: -1,
		Keys:      []keys.Key{{ID: "k", Algorithm: "HS256", Sign: []byte(strings.Repeat("k", 32))}},
		TypeClaim: "token_type", FreshClaim: "is_fresh", ScopeClaim: "scp", RolesClaim: "/realm_access/roles",
		SessionGrace: 30 * time.Second, SessionLifetime: 720 * time.Hour, MaxSessions: 5,
		CSRFProtection: "both", CSRFTrustedOrigins: []string{"https://a.example", "https://b.example"},
		DPoP: "demanded", DPoPOrigins: []string{"https://a.example", "https://b.example/api"}, DPoPNonce: true,
		DPoPNonceSecret: "a secret, with a comma", DPoPNonceOtherSecret: "another", DPoPWindow: 30 * time.Second,
		Realm: "tenant 7", DetailedPairs: true, ErrorProfile: "problem", RenewedTokenHeader: "X-Renewed-Token",
	}, withoutFuncs(config))
}

// withoutFuncs lets configs be compared: functions cannot be.
func withoutFuncs(config ginjwt.Config) ginjwt.Config {
	config.Now = nil
	return config
}

func TestLoadConfigOfNothingIsTheDefault(t *testing.T) {
	t.Parallel()
	config, err := ginjwt.LoadConfig(lookup(nil))
	require.NoError(t, err)
	assert.True(t, reflect.ValueOf(config).IsZero())
}

func TestLoadConfigValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value string
		want        ginjwt.Config
	}{
		{"JWT_ACCESS_TOKEN_EXPIRES", "3600", ginjwt.Config{AccessTokenExpires: time.Hour}},
		{"JWT_DECODE_LEEWAY", "1.5", ginjwt.Config{DecodeLeeway: 1500 * time.Millisecond}},
		{"JWT_SESSION_LIFETIME", "0", ginjwt.Config{}},
		{"JWT_REFRESH_TOKEN_EXPIRES", "90d", ginjwt.Config{RefreshTokenExpires: 90 * 24 * time.Hour}},
		{"JWT_SESSION_LIFETIME", "0d", ginjwt.Config{}},
		{"JWT_HEADER_TYPE", "", ginjwt.Config{DisableHeaderType: true}},
		{"JWT_QUERY_STRING_VALUE_PREFIX", "", ginjwt.Config{}},
		{"JWT_COOKIE_DOMAIN", "", ginjwt.Config{}},
		{"JWT_CSRF_COOKIE_DOMAIN", "", ginjwt.Config{}},
		{"JWT_ACCESS_TOKEN_EXPIRES", "106751d", ginjwt.Config{AccessTokenExpires: 106751 * 24 * time.Hour}},
		{"JWT_ACCESS_TOKEN_EXPIRES", "9223372036", ginjwt.Config{AccessTokenExpires: 9223372036 * time.Second}},
		{"JWT_COOKIE_SAMESITE", "none", ginjwt.Config{CookieSameSite: http.SameSiteNoneMode}},
		{"JWT_COOKIE_SAMESITE", "Default", ginjwt.Config{CookieSameSite: http.SameSiteDefaultMode}},
		{"JWT_COOKIE_SECURE", "True", ginjwt.Config{}},
		{"JWT_DECODE_ISSUER", "https://id.example", ginjwt.Config{DecodeIssuer: "https://id.example"}},
		{"JWT_DECODE_AUDIENCE", " a b ", ginjwt.Config{DecodeAudience: []string{" a b "}}},
		{"JWT_DECODE_AUDIENCE", `["a,b"]`, ginjwt.Config{DecodeAudience: []string{"a,b"}}},
		{"JWT_ENCODE_AUDIENCE", `["a", " b"]`, ginjwt.Config{EncodeAudience: []string{"a", " b"}}},
		{"JWT_TOKEN_LOCATION", "cookies", ginjwt.Config{TokenLocation: []ginjwt.Location{ginjwt.InCookies}}},
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{test.name: test.value}))
		require.NoError(t, err, test.name)
		assert.Equal(t, test.want, config, "%s=%s", test.name, test.value)
	}
}

func TestLoadConfigReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ginjwt.LoadConfig(lookup(map[string]string{
		"JWT_ACCESS_TOKEN_EXPIRES": "True", "JWT_REFRESH_TOKEN_EXPIRES": "-5", "JWT_DECODE_LEEWAY": "soon", "JWT_ENCODE_NBF": "maybe",
		"JWT_DECODE_AUDIENCE": "", "JWT_DECODE_ALGORITHMS": "HS256,,HS512", "JWT_CSRF_METHODS": "[1]", "JWT_REQUIRED_CLAIMS": "[]",
		"JWT_COOKIE_SAMESITE": "sometimes", "JWT_SECRET_KEY": "", "JWT_MAX_TOKEN_SIZE": "4 KiB", "JWT_DECODE_ISSUER": "[",
	}))
	require.Error(t, err)
	assert.Equal(t, []string{
		`ginjwt: JWT_ACCESS_TOKEN_EXPIRES: must be seconds, or a duration such as "15m" or "30d"`,
		`ginjwt: JWT_REFRESH_TOKEN_EXPIRES: must not be negative`,
		`ginjwt: JWT_DECODE_ALGORITHMS: contains an empty value`,
		`ginjwt: JWT_SECRET_KEY: is empty; set a value or remove it`,
		`ginjwt: JWT_DECODE_AUDIENCE: is empty; set a value or remove it`,
		`ginjwt: JWT_DECODE_ISSUER: is not a JSON array of strings; write the values in double quotes, such as ["a","b"]`,
		`ginjwt: JWT_DECODE_LEEWAY: must be seconds, or a duration such as "15m" or "30d"`,
		`ginjwt: JWT_ENCODE_NBF: must be true or false`,
		`ginjwt: JWT_COOKIE_SAMESITE: must be Lax, Strict, None or Default`,
		`ginjwt: JWT_CSRF_METHODS: is not a JSON array of strings; separate the values by commas, or write JSON with double quotes`,
		`ginjwt: JWT_REQUIRED_CLAIMS: is empty; set a value or remove it`,
		`ginjwt: JWT_MAX_TOKEN_SIZE: must be a whole number`,
	}, strings.Split(err.Error(), "\n"))
}

// In Python a text is one audience, and None is no scheme.
func TestTextsThatMeanAnotherThingInPython(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, says string }{
		{"JWT_DECODE_AUDIENCE", "a,b", `contains a comma; write ["a","b"] for two audiences, or ["a,b"] for one audience with a comma`},
		{"JWT_ENCODE_AUDIENCE", "a, b", `contains a comma; write ["a","b"] for two audiences, or ["a,b"] for one audience with a comma`},
		{"JWT_DECODE_AUDIENCE", "['a', 'b']", `is not a JSON array of strings; write the values in double quotes, such as ["a","b"]`},
		{"JWT_DECODE_AUDIENCE", `["a", ""]`, `contains an empty value`},
		{"JWT_HEADER_TYPE", "None", `is the string "None", which is not a scheme; leave the value empty if the header contains the token alone, or remove the variable for Bearer`},
		{"JWT_HEADER_TYPE", "null", `is the string "null", which is not a scheme; leave the value empty if the header contains the token alone, or remove the variable for Bearer`},
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{test.name: test.value}))
		require.EqualError(t, err, "ginjwt: "+test.name+": "+test.says)
		assert.Equal(t, ginjwt.Config{}, config)
	}
}

func TestDaysThatAreNone(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"d", "-1d", "1.5d", "1d12h", "1 d", "1D"} {
		_, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SESSION_LIFETIME": value}))
		assert.EqualError(t, err, `ginjwt: JWT_SESSION_LIFETIME: must be seconds, or a duration such as "15m" or "30d"`, value)
	}
}

func TestNumbersThatAreTooLargeSaySo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"JWT_ACCESS_TOKEN_EXPIRES", "JWT_REFRESH_TOKEN_EXPIRES", "JWT_DECODE_LEEWAY", "JWT_SESSION_GRACE", "JWT_SESSION_LIFETIME"} {
		for value, says := range map[string]string{
			"9223372037":            "is too large: a duration may have at most 106751 days (292 years)",
			"9999999999.5":          "is too large: a duration may have at most 106751 days (292 years)",
			"9999999999h":           "is too large: a duration may have at most 106751 days (292 years)",
			"2562047h99m":           "is too large: a duration may have at most 106751 days (292 years)",
			"106752d":               "is too large: a duration may have at most 106751 days (292 years)",
			"99999999999999999999d": "is too large: a duration may have at most 106751 days (292 years)",
			"-9999999999":           "must not be negative",
			"9999999999x":           `must be seconds, or a duration such as "15m" or "30d"`,
		} {
			_, err := ginjwt.LoadConfig(lookup(map[string]string{name: value}))
			assert.EqualError(t, err, "ginjwt: "+name+": "+says, value)
		}
	}
	for _, name := range []string{"JWT_MAX_TOKEN_SIZE", "JWT_TOKEN_CACHE_SIZE", "JWT_MAX_SESSIONS", "JWT_MAX_FORM_SIZE"} {
		_, err := ginjwt.LoadConfig(lookup(map[string]string{name: "99999999999999999999"}))
		assert.EqualError(t, err, fmt.Sprintf("ginjwt: %s: is out of range: a number must be between %d and %d", name, math.MinInt, math.MaxInt))
	}
}

// TestSettingsReadKeysInAllTheirForms has one of each kind. Package keys tests them all.
func TestSettingsReadKeysInAllTheirForms(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for name, form := range map[string]func(text string) string{
		"as it is":              func(text string) string { return text },
		"byte order mark":       func(text string) string { return "\ufeff" + text },
		`\r\n spelled out`:      func(text string) string { return strings.ReplaceAll(text, "\n", `\r\n`) },
		`\n and a line break`:   func(text string) string { return strings.ReplaceAll(text, "\n", "\\n\n") },
		"indented, in quotes":   func(text string) string { return `"` + strings.ReplaceAll(text, "\n", "\n  ") + `"` },
		"base64 without labels": func(text string) string { return strings.Join(strings.Split(text, "\n")[1:2], "") },
		"DER":                   func(text string) string { return string(derOf(t, text)) },
	} {
		file := filepath.Join(t.TempDir(), "key")
		for _, set := range []struct{ setting, text string }{
			{"JWT_PRIVATE_KEY", form(pems.Ed25519Private)}, {"JWT_PUBLIC_KEY", form(pems.Ed25519Public)}, {"JWT_KEYS", form(pems.Ed25519Private)},
		} {
			require.NoError(t, os.WriteFile(file, []byte(set.text), 0o600))
			for setting, value := range map[string]string{set.setting: set.text, set.setting + "_FILE": file} {
				config, err := ginjwt.LoadConfig(lookup(map[string]string{setting: value, "JWT_ALGORITHM": "EdDSA"}))
				require.NoError(t, err, "%s: %s", setting, name)
				assert.NoError(t, ginjwt.New(config).InitApp(nil), "%s: %s", setting, name)
			}
		}
	}
}

func derOf(t *testing.T, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	return block.Bytes
}

// A binary key may end with the byte of a line break, which is then part of it.
func TestABinaryKeyInAFileIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	var private ed25519.PrivateKey
	for public := (ed25519.PublicKey{0}); public[len(public)-1] != '\n'; {
		var err error
		public, private, err = ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
	}
	file := filepath.Join(t.TempDir(), "public.der")
	require.NoError(t, os.WriteFile(file, keytest.Must(x509.MarshalPKIXPublicKey(private.Public())), 0o600))
	config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_ALGORITHM": "EdDSA", "JWT_PUBLIC_KEY_FILE": file}))
	require.NoError(t, err)
	assert.NoError(t, ginjwt.New(config).InitApp(nil))
}

func TestAPathInASettingForATextIsNamed(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY", "JWT_KEYS"} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{setting: "/etc/keys/key.pem", "JWT_ALGORITHM": "EdDSA"}))
		if err == nil {
			err = ginjwt.New(config).InitApp(nil)
		}
		assert.ErrorContains(t, err, "is the path of a file, not the text of a key; set "+setting+"_FILE to it", setting)
	}
	pems := keytest.Generate(t)
	_, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_PRIVATE_KEY_FILE": pems.Ed25519Private}))
	assert.EqualError(t, err, "ginjwt: JWT_PRIVATE_KEY_FILE: contains the key itself, not the path of a file; use the setting without _FILE, or write the key to a file")
}

func TestAKeyForPSSIsNotUsedWithAnother(t *testing.T) {
	t.Parallel()
	private, err := os.ReadFile("keys/testdata/pss384.pem")
	require.NoError(t, err)
	assert.NoError(t, ginjwt.New(ginjwt.Config{Algorithm: "PS384", PrivateKey: string(private)}).InitApp(nil))
	err = ginjwt.New(ginjwt.Config{Algorithm: "RS256", PrivateKey: string(private)}).InitApp(nil)
	assert.EqualError(t, err, "ginjwt: PrivateKey (JWT_PRIVATE_KEY): is an RSA-PSS key, which is for PS384 only (algorithm RS256)")
}

func TestLoadConfigReadsFiles(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	config, err := ginjwt.LoadConfig(lookup(map[string]string{
		"JWT_SECRET_KEY_FILE":  file("a secret with a blank \r\n"),
		"JWT_PRIVATE_KEY_FILE": file(pems.RSAPrivate),
		"JWT_PUBLIC_KEY_FILE":  file(pems.RSAPublic),
		"JWT_KEYS_FILE":        file(pems.P256Private + pems.Ed25519Private),
	}))
	require.NoError(t, err)
	assert.Equal(t, "a secret with a blank ", config.SecretKey)
	assert.Equal(t, pems.RSAPrivate, config.PrivateKey)
	assert.Equal(t, pems.RSAPublic, config.PublicKey)
	assert.Len(t, config.Keys, 2)

	_, err = ginjwt.LoadConfig(lookup(map[string]string{
		"JWT_SECRET_KEY":       "x",
		"JWT_SECRET_KEY_FILE":  file("y"),
		"JWT_PRIVATE_KEY_FILE": "/the/secret/itself/by/mistake",
		"JWT_PUBLIC_KEY_FILE":  "",
		"JWT_KEYS_FILE":        file("nonsense"),
	}))
	assert.EqualError(t, err, strings.Join([]string{
		"ginjwt: JWT_SECRET_KEY_FILE: is set together with JWT_SECRET_KEY; remove one of them",
		"ginjwt: JWT_PRIVATE_KEY_FILE: the file cannot be opened: no such file or directory",
		"ginjwt: JWT_PUBLIC_KEY_FILE: is empty; set a value or remove it",
		"ginjwt: JWT_KEYS_FILE: neither a key in PEM form nor a JWK found",
	}, "\n"))
	for text, want := range map[string]string{
		"":                           "the file is empty",
		"\n":                         "is empty; set a value or remove it",
		strings.Repeat("s", 1<<20+1): "the file has more than 1048576 bytes",
	} {
		_, err = ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY_FILE": file(text)}))
		assert.EqualError(t, err, "ginjwt: JWT_SECRET_KEY_FILE: "+want)
	}
	_, err = ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY_FILE": t.TempDir()}))
	assert.EqualError(t, err, "ginjwt: JWT_SECRET_KEY_FILE: the file cannot be read: is a directory")
}

func TestShortSecretsInAListNeedTheSameConsent(t *testing.T) {
	t.Parallel()
	env := map[string]string{"JWT_KEYS": `{"kty":"oct","kid":"old","k":"c2VjcmV0","verify_unnamed":true}`}
	config, err := ginjwt.LoadConfig(lookup(env))
	require.NoError(t, err)
	assert.EqualError(t, ginjwt.New(config).InitApp(nil),
		"ginjwt: Keys (JWT_KEYS): has 6 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32")
	env["JWT_ALLOW_SHORT_SECRET"] = "true"
	config, err = ginjwt.LoadConfig(lookup(env))
	require.NoError(t, err)
	assert.NoError(t, ginjwt.New(config).InitApp(nil))
}

func TestKeysInOneLine(t *testing.T) {
	t.Parallel()
	oneLine := strings.ReplaceAll(keytest.Generate(t).P256Private, "\n", `\n`)
	config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_KEYS": oneLine}))
	require.NoError(t, err)
	assert.Len(t, config.Keys, 1)
	_, err = ginjwt.LoadConfig(lookup(map[string]string{"JWT_KEYS": ""}))
	assert.EqualError(t, err, "ginjwt: JWT_KEYS: is empty; set a value or remove it")
}
