package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

func TestMint(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting, "JWT_COOKIE_CSRF_PROTECT=false")
	u.now = six
	assert.Equal(t, aliceToken+"\n", u.ok("mint", "--subject", "alice", "--id", "t-1"))
	u.now = noon
	assert.Equal(t, aliceToken+"\n", u.ok("mint", "-s", "alice", "--id", "t-1", "--at", "-6h"))
}

// The flags of mint are the options of CreateAccessToken.
func TestMintClaims(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting, "JWT_COOKIE_CSRF_PROTECT=false", "JWT_ENCODE_ISSUER=me", `JWT_ENCODE_AUDIENCE=["a","b"]`, "JWT_ACCESS_TOKEN_EXPIRES=60")
	u.write("claims.json", `{"role":"admin","n":12345678901234567890}`)
	for args, want := range map[string]string{
		"":                                 `"aud":["a","b"],"iss":"me","exp":1795262460`,
		"--expires 31d":                    `"aud":["a","b"],"iss":"me","exp":1797940800`,
		"--expires never":                  `"aud":["a","b"],"iss":"me"`,
		"--audience x --issuer you":        `"aud":"x","iss":"you","exp":1795262460`,
		"--audience x,y":                   `"aud":["x","y"],"iss":"me","exp":1795262460`,
		"--claims role=admin":              `"aud":["a","b"],"iss":"me","exp":1795262460,"role":"admin"`,
		"--claims role=a=b -c n:=3":        `"aud":["a","b"],"iss":"me","exp":1795262460,"n":3,"role":"a=b"`,
		`--claims {"a":[1]} -c a:={"b":2}`: `"aud":["a","b"],"iss":"me","exp":1795262460,"a":{"b":2}`,
		"--claims @./claims.json":          `"aud":["a","b"],"iss":"me","exp":1795262460,"n":12345678901234567890,"role":"admin"`,
	} {
		token := u.ok(append([]string{"mint", "--subject", "alice", "--id", "x"}, strings.Fields(args)...)...)
		_, claims := segmentsOf(strings.TrimSpace(token))
		assert.Equal(t, `{"fresh":false,"iat":1795262400,"jti":"x","type":"access","sub":"alice","nbf":1795262400,`+want+"}", string(claims), args)
	}
	for args, want := range map[string]string{
		"--fresh":                 `{"fresh":true,"iat":1795262400,"jti":"x","type":"access","sub":"alice","nbf":1795262400,`,
		"--fresh-for 5m":          `{"fresh":1795262700,"iat":1795262400,"jti":"x","type":"access","sub":"alice","nbf":1795262400,`,
		"--refresh":               `{"fresh":false,"iat":1795262400,"jti":"x","type":"refresh","sub":"alice","nbf":1795262400,`,
		"--not-before +1h":        `{"fresh":false,"iat":1795262400,"jti":"x","type":"access","sub":"alice","nbf":1795266000,`,
		"--not-before 2026-12-01": `{"fresh":false,"iat":1795262400,"jti":"x","type":"access","sub":"alice","nbf":1796083200,`,
	} {
		token := u.ok(append([]string{"mint", "--subject", "alice", "--id", "x"}, strings.Fields(args)...)...)
		_, claims := segmentsOf(strings.TrimSpace(token))
		assert.Contains(t, string(claims), want, args)
	}
}

// A service with the same settings accepts the tokens of mint.
func TestMintedTokenIsTaken(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	token := strings.TrimSpace(u.ok("mint", "--subject", "alice", "--fresh"))
	m := ginjwt.New(ginjwt.Config{SecretKey: testSecret, Now: func() time.Time { return noon }})
	require.NoError(t, m.InitApp(nil))
	got, err := m.VerifyToken(context.Background(), token, ginjwt.Fresh())
	require.NoError(t, err)
	assert.Equal(t, "alice", got.Identity)
}

func TestMintAsJSON(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting, "JWT_COOKIE_CSRF_PROTECT=false")
	u.now = six
	answer := readJSON[map[string]any](t, u.ok("mint", "--subject", "alice", "--id", "t-1", "--json"))
	assert.Equal(t, map[string]any{
		"token":  aliceToken,
		"header": map[string]any{"alg": "HS256", "typ": "JWT"},
		"claims": map[string]any{"fresh": false, "iat": 1795240800.0, "jti": "t-1", "type": "access", "sub": "alice", "nbf": 1795240800.0, "exp": 1795241700.0},
	}, answer)
}

func TestMintMistakes(t *testing.T) {
	t.Parallel()
	see := "\nsee: ginjwt mint --help\n"
	for _, test := range []struct {
		args   string
		status int
		err    string
	}{
		{"", 64, "needs --subject NAME" + see},
		{"alice", 64, "takes no arguments; name the user with --subject NAME" + see},
		{"--subject a --refresh --fresh", 64, "a refresh token is never fresh; leave out --refresh or --fresh" + see},
		{"--subject a --fresh --fresh-for 5m", 64, "--fresh and --fresh-for cannot be used together" + see},
		{"--subject a --expires soon", 64, "--expires: must be a duration, such as 15m, 12h, 31d or 2w" + see},
		{"--subject a --claims role", 64, "--claims: give a JSON object, @FILE, NAME=TEXT or NAME:=JSON" + see},
		{"--subject a --claims role:=admin", 64, `--claims: the value of "role" is not JSON; for text write role=…` + see},
		{"--subject a --claims @./no.json", 64, "--claims: no.json: no such file or directory" + see},
		{`--subject a --claims {"a":`, 64, "--claims: it is JSON that ends too early, at byte 6" + see},
		{"--subject a --claims exp=1", 3, "claim is set by this package: \"exp\": use WithExpires\nuse a flag for it: --expires, --not-before, --audience, --issuer, --id, --bound-to, --fresh, --refresh, --subject\n"},
	} {
		u := newUser(t, secretSetting)
		assert.Equal(t, result{test.status, "", "ginjwt: " + test.err}, u.run("", append([]string{"mint"}, strings.Fields(test.args)...)...), test.args)
	}
	assert.Equal(t, result{3, "", "ginjwt: there is no key to sign with\n" +
		"give a key with --key FILE or --secret-file FILE, or with JWT_… settings in the environment or in --env-file FILE; ginjwt secret makes one\n"},
		newUser(t).run("", "mint", "--subject", "alice"))
	assert.Equal(t, result{3, "", "ginjwt: SecretKey (JWT_SECRET_KEY): has 5 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32, or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)\n" +
		"the settings come from the environment; --env-file FILE reads them from a file. See: ginjwt doctor\n"},
		newUser(t, "JWT_SECRET_KEY=short").run("", "mint", "--subject", "alice"))
}

func TestMintNeedsAPrivateKey(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--out", "./key.jwk")
	u.write("public.jwk", u.ok("key", "public", "./key.jwk"))
	r := u.run("", "mint", "--subject", "alice", "--key", "./public.jwk")
	assert.Equal(t, 3, r.status)
	assert.Contains(t, r.err, "the key can only verify; use the private key\n")
}

// The error for a private key that does not sign now does not say that it can only verify.
func TestMintWithAKeyThatDoesNotSignNow(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--not-before", "+1h")
	assert.Equal(t, result{3, "", "ginjwt: no signing key: no key of the list signs access tokens at this time\n" +
		"every private key has retired, does not sign yet, or is for another type of token; see: ginjwt key list FILE\n"},
		u.run("", "mint", "-s", "alice", "--key", "./keys.json"))
}

// A binary secret can end in any byte.
func TestSecretFileThatEndsInACarriageReturn(t *testing.T) {
	t.Parallel()
	secret := strings.TrimPrefix(secretSetting, "JWT_SECRET_KEY=") + "\r"
	u := newUser(t, "JWT_SECRET_KEY="+secret)
	for _, end := range []string{"", "\r\n"} {
		u.write("secret", secret+end)
		token := u.ok("mint", "--subject", "alice", "--secret-file", "./secret")
		u.ok("verify", strings.TrimSpace(token))
	}
}
