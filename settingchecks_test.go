package ginjwt_test

import (
	"fmt"
	"log"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Values that were written for Python, or for another reader of .env files, are
// refused by name: as text they would mean something else.
func TestValuesForOtherReadersAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ setting, value, problem string }{
		{"JWT_COOKIE_DOMAIN", "None", `is the string "None", which does not mean "no value" in ginjwt; remove the variable`},
		{"JWT_DECODE_AUDIENCE", "null", `is the string "null", which does not mean "no value" in ginjwt; remove the variable`},
		{"JWT_SECRET_KEY", "None", `is the string "None", which does not mean "no value" in ginjwt; remove the variable`},
		{"JWT_SECRET_KEY", `os.environ.get("JWT_SECRET_KEY", "dev")`, "is a Python expression, which is not evaluated; write the resulting value"},
		{"JWT_SECRET_KEY", `os.environ["JWT_SECRET_KEY"]`, "is a Python expression, which is not evaluated; write the resulting value"},
		{"JWT_SECRET_KEY", `config('JWT_SECRET_KEY', cast=str) # decouple`, "is a Python expression, which is not evaluated; write the resulting value"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "timedelta(hours=1)", "is a Python expression, which is not evaluated; write 1h"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "datetime.timedelta( days = 30 )", "is a Python expression, which is not evaluated; write 30d"},
		{"JWT_REFRESH_TOKEN_EXPIRES", "timedelta(weeks=2)", "is a Python expression, which is not evaluated; write the days, such as 14d"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "timedelta(days=1, hours=2)", `is a Python expression, which is not evaluated; write the resulting duration, such as "15m" or "30d"`},
		{"JWT_DECODE_LEEWAY", "timedelta(seconds=10)", "is a Python expression, which is not evaluated; write 10s"},
		{"JWT_PRIVATE_KEY", `open("key.pem").read()`, "is a Python expression, which is not evaluated; set JWT_PRIVATE_KEY_FILE to the path of the file"},
		{"JWT_SECRET_KEY", `io.open('secret', 'rb').read()`, "is a Python expression, which is not evaluated; set JWT_SECRET_KEY_FILE to the path of the file"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "60 * 60 * 24", "is a Python expression, which is not evaluated; write the seconds: 86400"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "999999999*999999999", `is a Python expression, which is not evaluated; write the resulting duration, such as "15m" or "30d"`},
		{"JWT_ACCESS_TOKEN_EXPIRES", "900 # 15 minutes", `ends in a comment, from the "#" on, which docker run --env-file keeps as part of the value; put the comment on its own line`},
		{"JWT_COOKIE_DOMAIN", " # none yet", `ends in a comment, from the "#" on, which docker run --env-file keeps as part of the value; put the comment on its own line`},
		{"JWT_ACCESS_COOKIE_NAME", `"sid"`, "has quotes around it, which docker run --env-file and Kubernetes keep as part of the value; remove them"},
		{"JWT_ALGORITHM", "'HS256' # the default", "has quotes around it, which docker run --env-file and Kubernetes keep as part of the value; remove them"},
		{"JWT_SECRET_KEY_FILE", `"/run/secrets/jwt"`, "has quotes around it, which docker run --env-file and Kubernetes keep as part of the value; remove them"},
		{"JWT_ACCESS_TOKEN_EXPIRES", `b"900"`, "is a Python literal; write only what is between the quotes"},
		{"JWT_ERROR_MESSAGE_KEY", `u'msg'`, "is a Python literal; write only what is between the quotes"},
		{"JWT_ERROR_MESSAGE_KEY", "msg\r", "has white space around it, such as the carriage return of a Windows file; remove the white space"},
		{"JWT_ALGORITHM", "HS256 ", "has white space around it, such as the carriage return of a Windows file; remove the white space"},
		{"JWT_COOKIE_DOMAIN", "False", "is False, but this setting is not a flag; set a value or remove it"},
		{"JWT_DECODE_AUDIENCE", "true", "is true, but this setting is not a flag; set a value or remove it"},
		{"JWT_TOKEN_LOCATION", "['headers','cookies']", "is not a JSON array of strings; separate the values by commas, or write JSON with double quotes"},
		{"JWT_TOKEN_LOCATION", "('headers', 'cookies')", "has quotes or brackets around its values; remove them and separate the values by commas"},
		{"JWT_TOKEN_LOCATION", `"headers","cookies"`, "has quotes or brackets around its values; remove them and separate the values by commas"},
		{"JWT_DECODE_ISSUER", `("a", "b")`, `is a Python tuple or set; write ["a","b"]`},
		{"JWT_DECODE_AUDIENCE", `{'a'}`, `is a Python tuple or set; write ["a","b"]`},
		{"JWT_ENCODE_AUDIENCE", `( "a", )`, `is a Python tuple or set; write ["a","b"]`},
		{
			"JWT_CSRF_METHODS", "[]",
			"is an empty list, which means no method in Flask-JWT-Extended; write JWT_COOKIE_CSRF_PROTECT=false for no method, or remove it for the default",
		},
		{"JWT_COOKIE_SECURE", "", "is empty; set a value or remove it"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "", "is empty; set a value or remove it"},
		{"JWT_COOKIE_SAMESITE", "", "is empty; set a value or remove it"},
		{"JWT_MAX_SESSIONS", "", "is empty; set a value or remove it"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "0.3", `is less than a second; a number without a unit means seconds: write the unit, such as "15m" or "30d"`},
	} {
		_, err := ginjwt.LoadConfig(lookup(map[string]string{test.setting: test.value}))
		assert.EqualError(t, err, "ginjwt: "+test.setting+": "+test.problem, test.value)
	}
}

// What only looks like the above is taken as it stands, without a word.
func TestValuesThatOnlyLookLikeThoseOfOthers(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{"JWT_COOKIE_SAMESITE": "None"},
		{"JWT_REALM": "tenant #7"},
		{"JWT_SECRET_KEY": "a#b#c"},
		{"JWT_SECRET_KEY": `"half a quote`},
		{"JWT_DECODE_ISSUER": "https://id.example/#main"},
		{"JWT_DECODE_AUDIENCE": `["a,b", "c"]`},
		{"JWT_ACCESS_TOKEN_EXPIRES": "False"},
		{"JWT_ACCESS_TOKEN_EXPIRES": "300"},
		{"JWT_ACCESS_TOKEN_EXPIRES": "30s"},
		{"JWT_REFRESH_TOKEN_EXPIRES": "3600"},
		{"JWT_DECODE_LEEWAY": "10"},
		{"JWT_COOKIE_SECURE": "True"},
		{"JWT_QUERY_STRING_VALUE_PREFIX": "Bearer "},
		{"JWTX": "1", "JWT": "1", "MY_JWT": "1", "FLASK_ENV": "production", "JWT_": ""},
	} {
		config, err := ginjwt.LoadConfig(lookup(env))
		require.NoError(t, err, env)
		assert.Empty(t, config.Warnings, env)
	}
}

// A secret may be any text, as the service beside this one may sign with the same
// text. So what is odd is a warning. None shows the secret.
func TestSecretsThatWereNotMeantSo(t *testing.T) {
	t.Parallel()
	for value, problem := range map[string]string{
		`"s3cret"`:           "has quotes around it",
		`'s3cret'`:           "has quotes around it",
		`"s3cret" # comment`: "has quotes around it",
		`s3cret # comment`:   "ends in what looks like a comment",
		`b's3cret'`:          "is a Python literal",
		`b"s3cret"`:          "is a Python literal",
		"\ufeffs3cret":       "begins with a byte order mark",
		"s3cret\n":           "ends with a line break",
		" s3cret":            "begins or ends with a space",
		"s3cret\t":           "begins or ends with a space",
		`b'\xf9s3cret'`:      "contains Python byte escapes",
		`\xF9s3cret`:         "contains Python byte escapes",
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY": value}))
		require.NoError(t, err)
		assert.Equal(t, value, config.SecretKey)
		require.Len(t, config.Warnings, 1, value)
		assert.Equal(t, "JWT_SECRET_KEY", config.Warnings[0].Setting)
		assert.True(t, strings.HasPrefix(config.Warnings[0].Problem, problem), config.Warnings[0].Problem)
		assert.NotContains(t, config.Warnings[0].String(), "s3cret")
	}
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte("b'\\x00' # bytes"), 0o600))
	config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY_FILE": path}))
	require.NoError(t, err)
	assert.Empty(t, config.Warnings, "the name of a file says nothing about the secret in it")

	for secret, problem := range map[string]string{
		"\ufeffs3cret":                       "begins with a byte order mark",
		"s3cret\n\n":                         "ends with a line break",
		"s3cret ":                            "begins or ends with a space",
		"\xff\xfes\x003\x00c\x00r\x00\n\x00": "is UTF-16 text",
		"\xfe\xff\x00s\x003\x00c\x00r\x00\n": "is UTF-16 text",
	} {
		require.NoError(t, os.WriteFile(path, []byte(secret), 0o600))
		config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY_FILE": path}))
		require.NoError(t, err)
		require.Len(t, config.Warnings, 1, secret)
		assert.Equal(t, "JWT_SECRET_KEY_FILE", config.Warnings[0].Setting)
		assert.True(t, strings.HasPrefix(config.Warnings[0].Problem, problem), config.Warnings[0].Problem)
		assert.Equal(t, strings.TrimSuffix(secret, "\n"), config.SecretKey, "nothing is changed but the line break that ends a file")
	}
}

// Random bytes are no text, whatever they begin and end with.
func TestSecretsThatAreNoTextRaiseNoWarning(t *testing.T) {
	t.Parallel()
	bytes := strings.Repeat("\xf9\x81\x07", 10)
	for _, secret := range []string{
		`"` + bytes + `"`, "b'" + bytes + "'", bytes + " # " + bytes, bytes + `\x00`, " " + bytes + "\n", "\ufeff" + bytes, "\xff\xfe" + bytes,
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY": secret}))
		require.NoError(t, err)
		assert.Empty(t, config.Warnings, "%q", secret)
	}
}

// A secret that is no text may end in any byte: only the line break that ends the
// file is not a part of it.
func TestASecretInAFileLosesOnlyALineBreak(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	for file, secret := range map[string]string{
		"\x00s3cret\xff\r":   "\x00s3cret\xff\r",
		"\x00s3cret\r\n":     "\x00s3cret",
		"\x00s3cret\n":       "\x00s3cret",
		"\x00s3cret\n\n":     "\x00s3cret\n",
		"\x00s3cret\r\n\n":   "\x00s3cret\r\n",
		"\x00s3cret\n\r":     "\x00s3cret\n\r",
		"\x00s3cret\r\r\n":   "\x00s3cret\r",
		"\x00s3cret\xff\x00": "\x00s3cret\xff\x00",
	} {
		require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
		config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SECRET_KEY_FILE": path}))
		require.NoError(t, err)
		assert.Equal(t, secret, config.SecretKey, "%q", file)
	}
}

func TestShortLifetimesWithoutAUnit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		setting, value string
		want           time.Duration
		says           string
	}{
		{"JWT_ACCESS_TOKEN_EXPIRES", "15", 15 * time.Second, "less than 5 minutes"},
		{"JWT_ACCESS_TOKEN_EXPIRES", "299", 299 * time.Second, "less than 5 minutes"},
		{"JWT_REFRESH_TOKEN_EXPIRES", "30", 30 * time.Second, "less than an hour"},
		{"JWT_REFRESH_TOKEN_EXPIRES", "3599", 3599 * time.Second, "less than an hour"},
		{"JWT_SESSION_LIFETIME", "90", 90 * time.Second, "less than an hour"},
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{test.setting: test.value}))
		require.NoError(t, err)
		assert.Equal(t, test.want, max(config.AccessTokenExpires, config.RefreshTokenExpires, config.SessionLifetime))
		assert.Equal(t, []ginjwt.SettingWarning{{
			Setting: test.setting,
			Problem: "is a number without a unit, so it means seconds: " + test.says + ", which is probably a mistake",
			Fix:     "write the unit after the number: m for minutes, h for hours, d for days, s for seconds",
		}}, config.Warnings)
	}
}

// A lifetime of 0 makes tokens of Flask-JWT-Extended that never expire, and is the
// default in ginjwt.
func TestLifetimesOfNothing(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"JWT_ACCESS_TOKEN_EXPIRES", "JWT_REFRESH_TOKEN_EXPIRES"} {
		for _, value := range []string{"0", "0.0", "0d", "0m"} {
			config, err := ginjwt.LoadConfig(lookup(map[string]string{setting: value}))
			require.NoError(t, err)
			assert.Zero(t, max(config.AccessTokenExpires, config.RefreshTokenExpires))
			assert.Equal(t, []ginjwt.SettingWarning{{
				Setting: setting,
				Problem: "is 0, which means the default in ginjwt; in Flask-JWT-Extended it makes tokens that never expire",
				Fix:     "remove it for the default, or write false for tokens that never expire",
			}}, config.Warnings, value)
		}
	}
	config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_SESSION_LIFETIME": "0", "JWT_DECODE_LEEWAY": "0"}))
	require.NoError(t, err)
	assert.Empty(t, config.Warnings)
}

// What nobody reads is named when a service starts, with what to write.
func TestNamesThatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, fix := range map[string]string{
		"JWT_BLACKLIST_ENABLED":           "remove it: every token is checked against Config.Blocklist",
		"JWT_BLACKLIST_TOKEN_CHECKS":      "remove it: access and refresh tokens are always checked",
		"JWT_USER_CLAIMS":                 "remove it: an AdditionalClaimsLoader puts claims at the top level",
		"JWT_CLAIMS_IN_REFRESH_TOKEN":     "remove it: refresh tokens get the claims of an AdditionalClaimsLoader too",
		"JWT_CSRF_HEADER_NAME":            "write JWT_ACCESS_CSRF_HEADER_NAME and JWT_REFRESH_CSRF_HEADER_NAME",
		"JWT_AUTH_URL_RULE":               "remove it: write your own login route",
		"JWT_EXPIRATION_DELTA":            "write JWT_ACCESS_TOKEN_EXPIRES",
		"JWT_AUTH_HEADER_PREFIX":          "write JWT_HEADER_TYPE",
		"JWT_DEFAULT_REALM":               "remove it",
		"JWT_COOKIE_HTTPONLY":             "remove it: token cookies are always HttpOnly",
		"JWT_COOKIE_NAME":                 "write JWT_ACCESS_COOKIE_NAME and JWT_REFRESH_COOKIE_NAME",
		"JWT_COOKIE_PATH":                 "write JWT_ACCESS_COOKIE_PATH and JWT_REFRESH_COOKIE_PATH",
		"JWT_COOKIE_MAX_AGE":              "remove it: cookies last until the browser is closed",
		"JWT_SECRET":                      "write JWT_SECRET_KEY",
		"JWT_PUBLIC_KEY_PATH":             "write JWT_PUBLIC_KEY_FILE",
		"JWT_ACCESS_TOKEN_EXPIRES_HOURS":  "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=24h",
		"JWT_ACCESS_TOKEN_EXPIRE_MINUTES": "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=15m",
		"JWT_REFRESH_TOKEN_EXPIRES_DAYS":  "write the unit after the number, in JWT_REFRESH_TOKEN_EXPIRES: such as JWT_REFRESH_TOKEN_EXPIRES=30d",
		"JWT_EXPIRES_IN_SECONDS":          "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=900s",
		"JWT_COOKIE_MAX_AGE_DAYS":         "remove it: cookies last until the browser is closed",
		"JWT_ACCESS_MINUTES":              "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=15m",
		"JWT_ACCESS_TOKEN_HOURS":          "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=24h",
		"JWT_REFRESH_DAYS":                "write the unit after the number, in JWT_REFRESH_TOKEN_EXPIRES: such as JWT_REFRESH_TOKEN_EXPIRES=30d",
		"JWT_TTL_HOURS":                   "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as",
		"JWT_REFRESH_TOKEN_EXPIRES_IN":    "write JWT_REFRESH_TOKEN_EXPIRES, with a unit",
		"JWT_ACCESS_TOKEN_SECRET":         "write JWT_SECRET_KEY",
		"AUTHJWT_SECRET_KEY":              "write JWT_SECRET_KEY",
		"JWT_LEEWAY_SECONDS":              "write the unit after the number, in JWT_DECODE_LEEWAY: such as",
		"JWT_SESSION_LIFETIME_DAYS":       "write the unit after the number, in JWT_SESSION_LIFETIME: such as JWT_SESSION_LIFETIME=30d",
		"JWT_EXPIRATION_HOURS":            "write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=24h",
		"FLASK_JWT_SECRET_KEY":            "write JWT_SECRET_KEY, or give LoadConfig a lookup that adds the prefix",
		"MY_APP_JWT_COOKIE_SECURE":        "write JWT_COOKIE_SECURE, or give LoadConfig a lookup that adds the prefix",
		"JWT_SECRET_KEYS":                 "write JWT_SECRET_KEY if you mean that setting; otherwise remove it",
		"jwt_algorithm":                   "write JWT_ALGORITHM if you mean that setting; otherwise remove it",
		"JWT_COOKIE_SAMSITE":              "write JWT_COOKIE_SAMESITE if you mean that setting; otherwise remove it",
		"JWT_EXPIRY":                      "write JWT_ACCESS_TOKEN_EXPIRES, with a unit",
		"JWT_TOKEN_EXPIRATION_TIME":       "write JWT_ACCESS_TOKEN_EXPIRES, with a unit",
		"JWT_REFRESH_TOKEN_VALIDITY":      "write JWT_REFRESH_TOKEN_EXPIRES, with a unit",
		"JWT_COOKIE_CSRF_PROTECTION":      "write JWT_COOKIE_CSRF_PROTECT if you mean that setting; otherwise remove it, unless another program reads it",
		"JWT_ALGORITHM_NAME":              "write JWT_ALGORITHM if you mean that setting; otherwise remove it, unless another program reads it",
		"JWT_SECRET_KEY_PREVIOUS":         "remove it, unless another program reads it",
		"JWT_SECRET_KEY_PATH":             "write JWT_SECRET_KEY_FILE",
		"JWT_VERIFY_AUD":                  `remove it: "aud" is verified if JWT_DECODE_AUDIENCE is set`,
		"GF_AUTH_JWT_HEADER_NAME":         "write JWT_HEADER_NAME, or give LoadConfig a lookup that adds the prefix; ignore this if another program reads it",
		"JWT_COOKIE_LIFE_OF_BRIAN":        "remove it, unless another program reads it",
		"JWT_ACCESS_CSRF_COOKIE_VALUE":    "remove it, unless another program reads it",
	} {
		warnings := ginjwt.UnreadSettings(slices.Values([]string{name, "PATH", "JWT_ALGORITHM", name}))
		require.Len(t, warnings, 1, name)
		assert.Equal(t, name, warnings[0].Setting)
		assert.NotEmpty(t, warnings[0].Problem)
		assert.True(t, strings.HasPrefix(warnings[0].Fix, fix), "%s: %s", name, warnings[0].Fix)
	}
}

// Kubernetes tells every container where services are: one of the name jwt-issuer is
// no mistake of anybody.
func TestServicesOfKubernetesAreNoSettings(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"JWT_SERVICE_HOST", "JWT_SERVICE_PORT", "JWT_ISSUER_SERVICE_PORT_HTTP", "JWT_PORT", "JWT_ISSUER_PORT",
		"JWT_PORT_80_TCP", "JWT_PORT_80_TCP_PROTO", "JWT_PORT_80_TCP_PORT", "JWT_ISSUER_PORT_8080_TCP_ADDR", "JWT_PORT_53_UDP",
	} {
		assert.Empty(t, ginjwt.UnreadSettings(slices.Values([]string{name})), name)
	}
	assert.Len(t, ginjwt.UnreadSettings(slices.Values([]string{"JWT_SERVICE", "JWT_PORTAL", "JWT_HOST"})), 3)
}

// Advice names settings that exist.
func TestSuccessorsExist(t *testing.T) {
	t.Parallel()
	known := ginjwt.SettingNames()
	asked := map[string]bool{}
	_, err := ginjwt.LoadConfig(func(name string) (string, bool) {
		asked[name] = true
		return "", false
	})
	require.NoError(t, err)
	for _, name := range known {
		delete(asked, name)
	}
	warnings := ginjwt.UnreadSettings(maps.Keys(asked))
	assert.Greater(t, len(warnings), 100)
	for _, w := range warnings {
		for _, word := range strings.FieldsFunc(w.Fix, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') }) {
			if strings.HasPrefix(word, "JWT_") {
				assert.Contains(t, known, word, w.Setting)
			}
		}
	}
}

// A lookup that reads something else than the environment is asked for the names
// that are known not to be read; one that reads the environment is asked for all.
func TestLoadConfigWarnsOfNamesThatNobodyReads(t *testing.T) {
	t.Parallel()
	config, err := ginjwt.LoadConfig(lookup(map[string]string{
		"JWT_USER_CLAIMS": "s3cret", "JWT_REFRESH_TOKEN_EXPIRES_DAYS": "s3cret", "FLASK_JWT_SECRET_KEY": "s3cret", "JWT_ALGORITHM": "HS512",
	}))
	require.NoError(t, err)
	var names []string
	for _, w := range config.Warnings {
		names = append(names, w.Setting)
		assert.NotContains(t, w.String(), "s3cret")
	}
	assert.Equal(t, []string{"FLASK_JWT_SECRET_KEY", "JWT_REFRESH_TOKEN_EXPIRES_DAYS", "JWT_USER_CLAIMS"}, names)
}

// What is said about settings that nobody reads, when the service starts?
func ExampleConfig_warnings() {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})))
	setEnvironment(map[string]string{
		"JWT_SECRET_KEY":                 "Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f",
		"JWT_ACCESS_TOKEN_EXPIRES_HOURS": "24",
		"JWT_COOKIE_SECUR":               "false",
	})

	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ginjwt.New(config).InitApp(nil))
	// Output:
	// level=WARN msg="ginjwt: JWT_ACCESS_TOKEN_EXPIRES_HOURS: is not a setting and has no effect: it has a unit in its name" fix="write the unit after the number, in JWT_ACCESS_TOKEN_EXPIRES: such as JWT_ACCESS_TOKEN_EXPIRES=24h"
	// level=WARN msg="ginjwt: JWT_COOKIE_SECUR: is not a setting and has no effect" fix="write JWT_COOKIE_SECURE if you mean that setting; otherwise remove it"
	// <nil>
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// The way out of a short secret that its error names: nobody has to log in again.
func TestAShortSecretIsReplacedWhileItsTokensLive(t *testing.T) {
	t.Parallel()
	service := func(env map[string]string) *ginjwt.JWTManager {
		config, err := ginjwt.LoadConfig(lookup(env))
		require.NoError(t, err)
		mgr := ginjwt.New(config)
		require.NoError(t, mgr.InitApp(nil))
		return mgr
	}
	before := service(map[string]string{"JWT_SECRET_KEY": "s3cret", "JWT_ALLOW_SHORT_SECRET": "true"})
	after := service(map[string]string{
		"JWT_SECRET_KEY": "s3cret", "JWT_ALLOW_SHORT_SECRET": "true",
		"JWT_KEYS": `{"kty":"oct","kid":"new","alg":"HS256","k":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"}`,
	})
	_, err := after.VerifyToken(t.Context(), jwttest.AccessToken(t, before, "alice"))
	require.NoError(t, err)
	_, err = before.VerifyToken(t.Context(), jwttest.AccessToken(t, after, "alice"))
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken, "the new key signs")
}
