package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// aliceToken is an access token of alice, signed with testSecret at six o'clock and valid
// for 15 minutes. Another program computed it.
const aliceToken = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" +
	".eyJmcmVzaCI6ZmFsc2UsImlhdCI6MTc5NTI0MDgwMCwianRpIjoidC0xIiwidHlwZSI6ImFjY2VzcyIsInN1YiI6ImFsaWNlIiwibmJmIjoxNzk1MjQwODAwLCJleHAiOjE3OTUyNDE3MDB9" +
	".r6NHCKesJuWD66RtBxVIuSdTmA44Eit9_Ymjur8dVFM"

// six is when aliceToken was made.
var six = time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)

const secretSetting = "JWT_SECRET_KEY=" + testSecret

func TestInspect(t *testing.T) {
	t.Parallel()
	const shown = `Header
  alg  "HS256"
  typ  "JWT"

Claims
  fresh  false
  iat    1795240800  issued 11 minutes ago (2026-11-21 06:00:00 UTC)
  jti    "t-1"
  type   "access"
  sub    "alice"
  nbf    1795240800  began to be valid 11 minutes ago (2026-11-21 06:00:00 UTC)
  exp    1795241700  expires in 4 minutes (2026-11-21 06:15:00 UTC)

`
	for _, test := range []struct {
		name  string
		env   []string
		after time.Duration
		end   string
	}{
		{"with the key", []string{secretSetting}, 0, "Signature: valid\nVerdict: accepted\n"},
		{"without a key", nil, 0, "Signature: NOT VERIFIED: no key was given, so anybody may have written this\n" +
			"Verdict: accepted if the signature is valid\n"},
		{"with another key", []string{"JWT_SECRET_KEY=" + strings.Repeat("k", 32)}, 0, "Signature: INVALID: none of the given keys made it\n" +
			"Verdict: refused: Signature verification failed (signature_invalid, answered 422)\n"},
		{"for another algorithm", []string{"JWT_SECRET_KEY=" + strings.Repeat("k", 64), "JWT_ALGORITHM=HS512"}, 0,
			"Signature: NOT VERIFIED: none of the keys is for the algorithm of the token (\"alg\")\n" +
				"Verdict: refused: The specified alg value is not allowed (signature_invalid, answered 422)\n"},
		{"for another audience", []string{secretSetting, "JWT_DECODE_AUDIENCE=api"}, 0, "Signature: valid\n" +
			"Verdict: refused: Token is missing the \"aud\" claim (token_claims_invalid, answered 422)\n"},
		{"for another audience, without a key", []string{"JWT_DECODE_AUDIENCE=api"}, 0, "Signature: NOT VERIFIED: no key was given, so anybody may have written this\n" +
			"Verdict: refused: Token is missing the \"aud\" claim (token_claims_invalid, answered 422)\n"},
	} {
		u := newUser(t, test.env...)
		u.now = six.Add(11 * time.Minute)
		assert.Equal(t, result{0, shown + test.end, ""}, u.run(aliceToken, "inspect"), test.name)
		assert.Equal(t, result{0, shown + test.end, ""}, u.run("", "inspect", aliceToken), test.name)
		assert.Equal(t, result{0, shown + test.end, ""}, u.run("\n  'Bearer "+aliceToken+"' \n", "inspect", "-"), test.name)
	}
}

func TestInspectTimes(t *testing.T) {
	t.Parallel()
	at := noon.Unix()
	for claim, want := range map[string]string{
		fmt.Sprintf(`"exp":%d`, at-3*86400):  "expired 3 days ago (2026-11-18 12:00:00 UTC)",
		fmt.Sprintf(`"exp":%d`, at):          "expired now (2026-11-21 12:00:00 UTC)",
		fmt.Sprintf(`"exp":%d.5`, at+60):     "expires in 1 minute (2026-11-21 12:01:00 UTC)",
		fmt.Sprintf(`"nbf":%d`, at+7200):     "not valid yet, only in 2 hours (2026-11-21 14:00:00 UTC)",
		fmt.Sprintf(`"iat":%d`, at+120):      "issued in 2 minutes: in the future (2026-11-21 12:02:00 UTC)",
		fmt.Sprintf(`"fresh":%d`, at+120):    "stops being fresh in 2 minutes (2026-11-21 12:02:00 UTC)",
		fmt.Sprintf(`"fresh":%d`, at-120):    "fresh until 2 minutes ago (2026-11-21 11:58:00 UTC)",
		fmt.Sprintf(`"auth_time":%d`, at-10): "logged in 10 seconds ago (2026-11-21 11:59:50 UTC)",
	} {
		r := newUser(t).run(forged(`{"alg":"HS256"}`, "{"+claim+"}"), "inspect")
		assert.Contains(t, r.out, "  "+want+"\n", claim)
	}
}

// The warnings of inspect by their codes.
func TestInspectWarnings(t *testing.T) {
	t.Parallel()
	iat, exp := noon.Unix(), noon.Add(time.Hour).Unix()
	good := fmt.Sprintf(`"sub":"alice","iat":%d,"exp":%d`, iat, exp)
	weak := "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ" +
		".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c" // the token that everybody has seen
	for _, test := range []struct {
		name, token string
		codes       []string
	}{
		{"nothing", forged(`{"alg":"HS256"}`, "{"+good+"}"), nil},
		{"none", encode(`{"alg":"none"}`) + "." + encode("{"+good+"}") + ".", []string{"alg_none"}},
		{"None", encode(`{"alg":"None"}`) + "." + encode("{"+good+"}") + ".", []string{"alg_none"}},
		{"no alg", forged(`{}`, "{"+good+"}"), []string{"alg_missing"}},
		{"unknown alg", forged(`{"alg":"ES256K"}`, "{"+good+"}"), []string{"alg_unknown"}},
		{"no signature", encode(`{"alg":"HS256"}`) + "." + encode("{"+good+"}") + ".", []string{"no_signature"}},
		{"weak secret", weak, []string{"weak_secret", "no_exp"}},
		{"jwk", forged(`{"alg":"HS256","jwk":{}}`, "{"+good+"}"), []string{"key_in_header"}},
		{"jku and x5c", forged(`{"alg":"HS256","jku":"https://x","x5c":[]}`, "{"+good+"}"), []string{"key_in_header", "key_in_header"}},
		{"path in kid", forged(`{"alg":"HS256","kid":"../../dev/null"}`, "{"+good+"}"), []string{"odd_kid"}},
		{"crit", forged(`{"alg":"HS256","crit":["b64"],"b64":true}`, "{"+good+"}"), []string{"extension", "extension"}},
		{"no exp", forged(`{"alg":"HS256"}`, `{"sub":"alice"}`), []string{"no_exp"}},
		{"long life", forged(`{"alg":"HS256"}`, fmt.Sprintf(`{"iat":%d,"exp":%d}`, iat, iat+86401)), []string{"long_life"}},
		{"refresh tokens live long", forged(`{"alg":"HS256"}`, fmt.Sprintf(`{"type":"refresh","iat":%d,"exp":%d}`, iat, iat+86401)), nil},
		{"purpose tokens live for days", forged(`{"alg":"HS256","typ":"purpose+jwt"}`, fmt.Sprintf(`{"aud":"urn:ginjwt:purpose::x","iat":%d,"exp":%d}`, iat, iat+30*86400)), nil},
		{"but no longer", forged(`{"alg":"HS256","typ":"purpose+jwt"}`, fmt.Sprintf(`{"aud":"urn:ginjwt:purpose::x","iat":%d,"exp":%d}`, iat, iat+30*86400+1)), []string{"long_life"}},
		{"never valid", forged(`{"alg":"HS256"}`, fmt.Sprintf(`{"iat":%d,"exp":%d}`, iat, iat-1)), []string{"exp_before_iat"}},
		{"milliseconds", forged(`{"alg":"HS256"}`, fmt.Sprintf(`{"iat":%d,"exp":%d000}`, iat, exp)), []string{"milliseconds"}},
		{"password", forged(`{"alg":"HS256"}`, "{"+good+`,"password":"x"}`), []string{"secret_in_claims"}},
		{"inside", forged(`{"alg":"HS256"}`, "{"+good+`,"user":{"api_key":"x"}}`), []string{"secret_in_claims"}},
		{"not a password", forged(`{"alg":"HS256"}`, "{"+good+`,"password_changed_at":1,"has_password":true}`), nil},
		{"twice", forged(`{"alg":"HS256"}`, "{"+good+`,"sub":"bob"}`), []string{"twice"}},
		{"control characters", forged(`{"alg":"HS256"}`, "{"+good+`,"name":["\u001b[31m"]}`), []string{"control_characters"}},
		{"turned around", forged(`{"alg":"HS256"}`, "{"+good+`,"name":"\u202e"}`), []string{"control_characters"}},
		{"large", forged(`{"alg":"HS256"}`, "{"+good+`,"name":"`+strings.Repeat("x", 4000)+`"}`), []string{"large"}},
	} {
		r := newUser(t).run(test.token, "inspect", "--json")
		answer := readJSON[struct{ Warnings []caution }](t, r.out)
		var codes []string
		for _, w := range answer.Warnings {
			codes = append(codes, w.Code)
			assert.NotEmpty(t, w.Text)
		}
		assert.Equal(t, test.codes, codes, test.name)
	}
}

func TestInspectAsJSON(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	assert.Equal(t, `{
  "header": {
    "alg": "HS256",
    "typ": "JWT"
  },
  "claims": {
    "fresh": false,
    "iat": 1795240800,
    "jti": "t-1",
    "type": "access",
    "sub": "alice",
    "nbf": 1795240800,
    "exp": 1795241700
  },
  "times": {
    "exp": "2026-11-21T06:15:00Z",
    "iat": "2026-11-21T06:00:00Z",
    "nbf": "2026-11-21T06:00:00Z"
  },
  "signature": "not_verified",
  "reason": "no key was given, so anybody may have written this",
  "refused": {
    "reason": "token_expired",
    "message": "Token has expired",
    "status": 401
  },
  "bytes": 225
}
`, u.run(aliceToken, "inspect", "--json").out)
}

// inspect shows a broken token as far as it can read it.
func TestInspectBrokenToken(t *testing.T) {
	t.Parallel()
	token := encode(`{"alg":"HS256"}`) + "." + encode("{\"sub\":\"alice\",\"name\":\"\x1b[31m\"}") + ".c2ln"
	assert.Equal(t, result{1, `Header
  alg  "HS256"

Claims
  sub  "alice"
  as text: {"sub":"alice","name":"\u001b[31m"}

Broken: the payload is not JSON from byte 24 on
Signature: NOT VERIFIED: no key was given, so anybody may have written this
Verdict: refused: Invalid payload string: not valid JSON (token_malformed, answered 422)
`, ""}, newUser(t).run(token, "inspect"))
}

// The exit status is 1 for every defect.
func TestInspectStatus(t *testing.T) {
	t.Parallel()
	for token, status := range map[string]int{
		aliceToken:                               0,
		aliceToken[:len(aliceToken)-1] + "Q":     0, // a token with a bad signature is not broken
		aliceToken[:len(aliceToken)-1] + "J":     1, // but this text cannot be a signature
		aliceToken[:len(aliceToken)-44]:          1,
		aliceToken + "=":                         1,
		"Bearer " + aliceToken:                   0,
		aliceToken[:40] + "\n" + aliceToken[40:]: 1,
	} {
		assert.Equal(t, status, newUser(t).run(token, "inspect").status, token)
	}
}

// Bytes that are not text are not shown.
func TestInspectNoToken(t *testing.T) {
	t.Parallel()
	assert.Equal(t, result{1, `Broken: the header is not JSON from byte 1 on
Broken: the payload is not JSON from byte 1 on
Signature: NOT VERIFIED: no key was given, so anybody may have written this
Verdict: refused: Invalid header string: not valid JSON (token_malformed, answered 422)
`, ""}, newUser(t).run("_-_-.-_-_._-_-", "inspect"))
}

func TestInspectInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, stdin string
		args        []string
		err         string
	}{
		{"nothing", "  \n", nil, "ginjwt: there is no token\ngive it as the argument, or on standard input: ginjwt inspect < token.txt\n"},
		{"two", aliceToken + "\n" + aliceToken, nil, "ginjwt: got 2 tokens\ninspect reads one: head -1 tokens.txt | ginjwt inspect; ginjwt verify reads one per line\n"},
		{"too large", strings.Repeat("a", 1<<20+1), nil, "ginjwt: the token is larger than 1 MiB\n"},
		{"far too large", strings.Repeat("a", 1<<22), nil, "ginjwt: standard input: is larger than 1 MiB\n"},
		{"a key that is not there", aliceToken, []string{"--key", "./no.pem"}, "ginjwt: no.pem: no such file or directory\n--key reads PEM, JWK and JWK Set files; for a plain secret use --secret-file\n"},
		{"input twice", aliceToken, []string{"--secret-file", "-"}, "ginjwt: standard input can be read only once; put one of the two inputs in a file\n"},
	} {
		assert.Equal(t, result{3, "", test.err}, newUser(t).run(test.stdin, append([]string{"inspect"}, test.args...)...), test.name)
	}
	r := newUser(t).run(forged(`{"alg":"HS256"}`, `{"a":"`+strings.Repeat("x", 700<<10)+`"}`), "inspect")
	assert.Equal(t, 0, r.status)
	assert.Contains(t, r.out, "Verdict: refused: Token is too large (token_malformed, answered 422)\n")

	deep := strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000)
	assert.Equal(t, 0, newUser(t).run(forged(`{"alg":"HS256"}`, deep), "inspect").status)
}

// inspect works even if the environment of the shell has wrong settings.
func TestInspectWithWrongSettings(t *testing.T) {
	t.Parallel()
	for setting, problem := range map[string]string{
		"JWT_COOKIE_SECURE=perhaps": "JWT_COOKIE_SECURE: must be true or false",
		"JWT_KEYS_FILE=no.json":     "JWT_KEYS_FILE: the file cannot be opened: no such file or directory",
	} {
		r := newUser(t, setting).run(aliceToken, "inspect")
		assert.Equal(t, 0, r.status, setting)
		assert.Equal(t, "warning: "+problem+"; the settings in the environment are ignored (see: ginjwt doctor)\n", r.err, setting)
		assert.Contains(t, r.out, "Signature: NOT VERIFIED", setting)
	}
	u := newUser(t)
	u.write(".env", "JWT_COOKIE_SECURE=perhaps")
	r := u.run(aliceToken, "inspect", "--env-file", "./.env")
	assert.Equal(t, 3, r.status)
	assert.Contains(t, r.err, "the settings come from .env. See: ginjwt doctor --env-file .env\n")
}

// inspect verifies tokens that are signed with a secret that every service refuses.
func TestInspectWithAWeakSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ secret, warning, caution string }{
		{"hunter2", "the secret has 7 bytes; no service starts with less than 32", "the token is signed with the given secret. The secret has 7 bytes"},
		{"secret", "the secret has 6 bytes; no service starts with less than 32", "the token is signed with a secret from a public list"},
		{"a-string-secret-at-least-256-bits-long", "the secret is publicly known; no service starts with it", "the token is signed with a secret from a public list"},
		{"change-me-please-this-is-not-secret", "", "the token is signed with the given secret. The secret is made of words"},
	} {
		u := newUser(t, "JWT_SECRET_KEY="+test.secret)
		warning := ""
		if test.warning != "" {
			warning = "warning: " + test.warning + "\n"
		}
		r := u.run(signedBy(test.secret, noon), "inspect")
		assert.Equal(t, result{0, r.out, warning}, r, test.secret)
		assert.Contains(t, r.out, "Signature: valid\n", test.secret)
		assert.Contains(t, r.out, "Verdict: accepted\n", test.secret)
		assert.Contains(t, r.out, "Warning: "+test.caution, test.secret)

		r = u.run(aliceToken, "inspect")
		assert.Equal(t, result{0, r.out, warning}, r, test.secret)
		assert.Contains(t, r.out, "Signature: INVALID: none of the given keys made it\n", test.secret)
		assert.NotContains(t, r.out, "Warning: ", "the secret did not make this token")
	}
}

// signedBy returns a token that is valid for an hour.
func signedBy(secret string, at time.Time) string {
	claims := fmt.Sprintf(`{"fresh":false,"iat":%d,"jti":"t-1","type":"access","sub":"alice","nbf":%[1]d,"csrf":"x","exp":%d}`, at.Unix(), at.Unix()+3600)
	signed := encode(`{"alg":"HS256","typ":"JWT"}`) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(string(mac.Sum(nil)))
}

// A secret on the command line is refused, and the error does not repeat it.
func TestSecretOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"inspect", "--secret", "s3cr3t-value"}, {"mint", "--secret=s3cr3t-value"}, {"verify", "--secret", "s3cr3t-value"}} {
		r := newUser(t).run(aliceToken, args...)
		assert.Equal(t, result{64, "", "ginjwt: --secret: everybody on this machine can read a secret on the command line (ps), and your shell keeps it in its history; " +
			"use --secret-file FILE, --env-file FILE or the environment variable JWT_SECRET_KEY\nsee: ginjwt " + args[0] + " --help\n"}, r)
	}
}

// inspect says why the key that a token names does not verify the token.
func TestInspectWithAKeyThatIsNotForTheToken(t *testing.T) {
	t.Parallel()
	for args, reason := range map[string]string{
		"--id k --not-after +1h":   `the key that the token names ("kid") retired 1 hour ago`,
		"--id k --algorithm ES256": `the key that the token names ("kid") is for another algorithm, ES256`,
		"--id other":               `none of the keys has the ID that the token names ("kid")`,
	} {
		u := newUser(t)
		u.ok("key", "add", "./signs.json", "--id", "k")
		u.ok(append([]string{"key", "add", "./keys.json"}, strings.Fields(args)...)...)
		u.ok("key", "add", "./keys.json", "--id", "spare")
		token := u.ok("mint", "-s", "alice", "--expires", "1d", "--key", "./signs.json")
		u.now = noon.Add(2 * time.Hour)
		assert.Contains(t, u.run(token, "inspect", "--key", "./keys.json").out, "Signature: NOT VERIFIED: "+reason+"\n", args)
	}
}

// inspect and verify say which key of a list signed a token, and which were not tried.
func TestTheKeyOfAListIsNamed(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "new")
	u.ok("key", "add", "./keys.json", "--id", "other", "--algorithm", "ES256", "--verify-unnamed")
	u.ok("key", "add", "./keys.json", "--id", "old", "--not-after", "+1h", "--verify-unnamed")
	token := u.ok("mint", "-s", "alice", "--expires", "1d", "--key", "./keys.json")
	u.now = noon.Add(2 * time.Hour)
	assert.Contains(t, u.ok("inspect", token, "--key", "./keys.json"), "Signature: valid\nVerdict: accepted\nKey: new\n")
	assert.Contains(t, u.ok("verify", token, "--key", "./keys.json"), "\nKey: new\n")

	r := u.run(aliceToken, "verify", "--key", "./keys.json")
	assert.Equal(t, result{1, `refused: The specified alg value is not allowed (signature_invalid, answered 422)
Why: none of the keys is for the algorithm of the token ("alg")
Skipped: new: the token names no key ("kid"), and this key does not verify tokens without "kid"
Skipped: other: it is for another algorithm, ES256
Skipped: old: it retired 1 hour ago
`, ""}, r)
	r = u.run(aliceToken, "inspect", "--key", "./keys.json")
	assert.Contains(t, r.out, "Skipped: old: it retired 1 hour ago\n")
}

func TestAnEncryptedTokenIsNamed(t *testing.T) {
	t.Parallel()
	token := encode(`{"alg":"RSA-OAEP","enc":"A256GCM"}`) + ".YQ.YQ.YQ.YQ"
	assert.Contains(t, newUser(t).run(token, "inspect").out, "Broken: it has 5 parts: an encrypted token (JWE), which only its receiver can read\n")
	r := newUser(t, "JWT_SECRET_KEY="+testSecret).run(token, "verify")
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.out, "\nWhy: it has five parts: an encrypted token (JWE), which only its receiver can read; ginjwt reads signed tokens\n")
}
