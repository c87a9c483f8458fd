package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// verify gives the answer of a service.
func TestVerify(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, args, env string
		after           time.Duration
		status          int
		first           string
	}{
		{"good", "", "", 0, 0, "valid: access token of alice, expires in 15 minutes"},
		{"to the last second", "", "", 899 * time.Second, 0, "valid: access token of alice, expires in 1 second"},
		{"expired", "", "", 900 * time.Second, 1, "refused: Token has expired (token_expired, answered 401)"},
		{"at another time", "--at +1h", "", 0, 1, "refused: Token has expired (token_expired, answered 401)"},
		{"at a time before", "--at 2026-11-21T06:05:00Z", "", day, 0, "valid: access token of alice, expires in 10 minutes"},
		{"leeway", "", "JWT_DECODE_LEEWAY=10", 905 * time.Second, 0, "valid: access token of alice, expires 5 seconds ago"},
		{"not yet", "", "", -2 * time.Second, 1, "refused: The token is not yet valid (iat) (token_not_yet_valid, answered 422)"},
		{"refresh wanted", "--type refresh", "", 0, 1, "refused: Only refresh tokens are allowed (token_wrong_type, answered 422)"},
		{"any", "--type any", "", 0, 0, "valid: access token of alice, expires in 15 minutes"},
		{"fresh wanted", "--fresh", "", 0, 1, "refused: Fresh token required (fresh_required, answered 401)"},
		{"no scope", "--scope read", "", 0, 1, "refused: Insufficient scope (insufficient_scope, answered 403)"},
		{"no role", "--role admin", "", 0, 1, "refused: Insufficient scope (insufficient_scope, answered 403)"},
		{"logged in long ago", "--fresh-within 5m", "", 0, 1, "refused: Fresh token required (fresh_required, answered 401)"},
		{"audience", "--audience api", "", 0, 1, "refused: Token is missing the \"aud\" claim (token_claims_invalid, answered 422)"},
		{"issuer", "--issuer me", "", 0, 1, "refused: Token is missing the \"iss\" claim (token_claims_invalid, answered 422)"},
		{"setting", "", "JWT_REQUIRED_CLAIMS=role", 0, 1, "refused: Token is missing the \"role\" claim (token_claims_invalid, answered 422)"},
		{"details of pairs", "", "JWT_DETAILED_PAIRS=true", 0, 0, "valid: access token of alice, expires in 15 minutes"},
		{"settings of sessions", "", "JWT_MAX_SESSIONS=3", 0, 0, "valid: access token of alice, expires in 15 minutes"},
	} {
		u := newUser(t, append([]string{secretSetting}, strings.Fields(test.env)...)...)
		u.now = six.Add(test.after)
		r := u.run(aliceToken, append([]string{"verify"}, strings.Fields(test.args)...)...)
		first, _, _ := strings.Cut(r.out, "\n")
		assert.Equal(t, test.first, first, test.name)
		assert.Equal(t, test.status, r.status, test.name)
		assert.Empty(t, r.err, test.name)

		quiet := u.run(aliceToken, append([]string{"verify", "-q"}, strings.Fields(test.args)...)...)
		assert.Equal(t, result{test.status, "", ""}, quiet, test.name)
	}
}

func TestVerifyScopesAndRoles(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	token := u.ok("mint", "--subject", "alice", "--claims", "scope=read write", "--claims", `roles:=["admin","power user"]`)
	for args, status := range map[string]int{
		"--scope=read": 0, "--scope=read,write": 0, "--scope=read,delete": 1,
		"--role=admin": 0, "--role=power user": 0, "--role=guest,admin": 0, "--role=guest": 1,
		"--fresh-within=5m": 1,
	} {
		assert.Equal(t, status, u.run(token, "verify", "-q", args).status, args)
	}
	assert.Equal(t, 0, u.run(u.ok("mint", "--subject", "alice", "--fresh"), "verify", "-q", "--fresh-within=5m").status)
}

func TestVerifyPrintsClaims(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	u.now = six
	assert.Equal(t, `valid: access token of alice, expires in 15 minutes
  fresh  false
  iat    1795240800  issued now (2026-11-21 06:00:00 UTC)
  jti    "t-1"
  type   "access"
  sub    "alice"
  nbf    1795240800  began to be valid now (2026-11-21 06:00:00 UTC)
  exp    1795241700  expires in 15 minutes (2026-11-21 06:15:00 UTC)
`, u.run("", "verify", aliceToken).out)
}

// Several tokens are answered in order, and one refusal sets the exit status.
func TestVerifyMany(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	u.now = six
	forgery := aliceToken[:len(aliceToken)-1] + "Q"
	tokens := "\n" + aliceToken + "\r\n\n  Bearer " + forgery + "\nnonsense\n"
	assert.Equal(t, result{1, `1  valid: access token of alice, expires in 15 minutes
2  refused: Signature verification failed (signature_invalid, answered 422)
3  refused: Not enough segments (token_malformed, answered 422)
`, ""}, u.run(tokens, "verify"))

	assert.Equal(t, result{1, `{"valid":true,"header":{"alg":"HS256","typ":"JWT"},"claims":{"fresh":false,"iat":1795240800,"jti":"t-1","type":"access","sub":"alice","nbf":1795240800,"exp":1795241700}}
{"valid":false,"refused":{"reason":"signature_invalid","message":"Signature verification failed","status":422}}
{"valid":false,"refused":{"reason":"token_malformed","message":"Not enough segments","status":422}}
`, ""}, u.run(tokens, "verify", "--json"))
}

// verify answers each token when it arrives, not at the end of the input.
func TestVerifyStream(t *testing.T) {
	t.Parallel()
	c := newUser(t, secretSetting).program("verify")
	in, err := c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	_, err = io.WriteString(in, "one\ntwo\n")
	require.NoError(t, err)
	lines := bufio.NewScanner(out)
	for _, want := range []string{"1  refused: Not enough segments (token_malformed, answered 422)", "2  refused: Not enough segments (token_malformed, answered 422)"} {
		require.True(t, lines.Scan())
		assert.Equal(t, want, lines.Text())
	}
	require.NoError(t, in.Close())
	assert.Error(t, c.Wait())
	assert.Equal(t, 1, c.ProcessState.ExitCode())
}

func TestVerifyTooLargeTokens(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	assert.Equal(t, result{3, "1  refused: Not enough segments (token_malformed, answered 422)\n2  refused: Not enough segments (token_malformed, answered 422)\n",
		"ginjwt: standard input: token 3 is larger than 1 MiB\n"}, u.run("a\nb\n"+strings.Repeat("c", 2<<20)+"\n", "verify"))
}

func TestVerifyWithoutTokenOrKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		env    []string
		stdin  string
		args   []string
		status int
		err    string
	}{
		{"no key", nil, aliceToken, nil, 3, "ginjwt: there is no key to verify with\n" +
			"give a key with --key FILE or --secret-file FILE, or with JWT_… settings in the environment or in --env-file FILE\n"},
		{"no token", []string{secretSetting}, "", nil, 3, "ginjwt: there is no token\ngive it as the argument, or on standard input: ginjwt verify < token.txt\n"},
		{"wrong settings", []string{"JWT_DECODE_LEEWAY=s3cret", "JWT_COOKIE_SECURE=s3cret", secretSetting}, aliceToken, nil, 3,
			"ginjwt: JWT_DECODE_LEEWAY: must be seconds, or a duration such as \"15m\" or \"30d\"\n" +
				"ginjwt: JWT_COOKIE_SECURE: must be true or false\n" +
				"the settings come from the environment; --env-file FILE reads them from a file. See: ginjwt doctor\n"},
		{"wrong type", []string{secretSetting}, aliceToken, []string{"--type", "id"}, 64,
			"ginjwt: --type: \"id\" is not access, refresh or any\nsee: ginjwt verify --help\n"},
		{"no scope", []string{secretSetting}, aliceToken, []string{"--scope", "read,"}, 64,
			"ginjwt: --scope: a scope is empty or has characters that scopes cannot have (RFC 6749 §3.3)\nsee: ginjwt verify --help\n"},
		{"scope with a blank", []string{secretSetting}, aliceToken, []string{"--scope", "read write"}, 64,
			"ginjwt: --scope: a scope is empty or has characters that scopes cannot have (RFC 6749 §3.3)\nsee: ginjwt verify --help\n"},
		{"no role", []string{secretSetting}, aliceToken, []string{"--role", ",x"}, 64, "ginjwt: --role: a role is empty or not UTF-8\nsee: ginjwt verify --help\n"},
		{"less than a second", []string{secretSetting}, aliceToken, []string{"--fresh-within", "1ms"}, 64, "ginjwt: --fresh-within: must be at least a second\nsee: ginjwt verify --help\n"},
		{"two kinds of key", nil, aliceToken, []string{"--secret-file", "./a", "--key", "./b"}, 64,
			"ginjwt: --secret-file and --key cannot be used together\nuse one of the two\n"},
		{"no algorithm", nil, aliceToken, []string{"--algorithm", "HS265", "--secret-file", "./a"}, 64,
			"ginjwt: --algorithm: unknown algorithm \"HS265\"; did you mean \"HS256\"?\nalgorithms: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA\n"},
		{"no secret", nil, aliceToken, []string{"--algorithm", "ES256", "--secret-file", "./a"}, 64,
			"ginjwt: --algorithm ES256: uses no secret\nuse --key FILE, or HS256, HS384 or HS512\n"},
		{"a file", []string{secretSetting}, "", []string{"main.go"}, 3, "ginjwt: main.go: is a file, not a token\nread it from standard input: < main.go\n"},
		{"no time", []string{secretSetting}, aliceToken, []string{"--at", "24h"}, 64, "ginjwt: --at: write +24h for a time from now on\nsee: ginjwt verify --help\n"},
	} {
		u := newUser(t, test.env...)
		assert.Equal(t, result{test.status, "", test.err}, u.run(test.stdin, append([]string{"verify"}, test.args...)...), test.name)
	}
}

// --key accepts every form of a key, and replaces the keys of the settings.
func TestVerifyWithKeys(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"EdDSA", "ES256", "ES384", "ES512", "RS256", "PS384"} {
		u := newUser(t, secretSetting)
		u.ok("key", "new", "--algorithm", algorithm, "--bits", "2048", "--format", "pem", "--out", "./private.pem")
		u.write("public.pem", u.ok("key", "public", "./private.pem"))
		u.write("jwks.json", u.ok("key", "public", "./private.pem", "--format", "set"))
		u.write("public.jwk", u.ok("key", "public", "./private.pem", "--format", "jwk"))
		if algorithm == "PS384" { // a PEM text does not name the algorithm
			u.write("jwks.json", strings.ReplaceAll(u.read("jwks.json"), "RS256", "PS384"))
			u.write("public.jwk", strings.ReplaceAll(u.read("public.jwk"), "RS256", "PS384"))
		}
		token := u.ok("mint", "--subject", "alice", "--key", "./private.pem", "--algorithm", algorithm)
		for _, key := range []string{"private.pem", "public.pem", "jwks.json", "public.jwk"} {
			args := []string{"verify", "--quiet", "--key", "./" + key}
			if strings.HasSuffix(key, ".pem") {
				args = append(args, "--algorithm", algorithm)
			}
			assert.Equal(t, result{0, "", ""}, u.run(token, args...), "%s %s", algorithm, key)
		}
		assert.Equal(t, 1, u.run(token, "verify").status, "the settings have another key")
	}
}

// A PEM key verifies tokens with any "kid".
func TestVerifyNamedTokenWithPEM(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--id", "2026-11", "--out", "./key.jwk")
	u.write("public.pem", u.ok("key", "public", "./key.jwk", "--format", "pem"))
	token := u.ok("mint", "--subject", "alice", "--key", "./key.jwk")
	assert.Equal(t, result{0, "", ""}, u.run(token, "verify", "-q", "--key", "./public.pem"))

	u.ok("key", "new", "--out", "./other.jwk")
	r := u.run(token, "inspect", "--key", "./other.jwk")
	assert.Contains(t, r.out, "Signature: NOT VERIFIED: none of the keys has the ID that the token names (\"kid\")\n")
}

func TestSecretFile(t *testing.T) {
	t.Parallel()
	u := newUser(t, "JWT_ALGORITHM=EdDSA", "JWT_PRIVATE_KEY=garbage")
	u.now = six
	u.write("secret", testSecret+"\n")
	u.write("env", secretSetting+"\n")
	u.write("empty", "\n")
	assert.Equal(t, result{0, "", ""}, u.run("", "verify", "-q", "--secret-file", "./secret", aliceToken))
	assert.Equal(t, result{0, "", ""}, u.run(testSecret, "verify", "-q", "--secret-file", "-", aliceToken))
	assert.Equal(t, result{0, "", ""}, u.run(aliceToken, "verify", "-q", "--env-file", "./env"))
	assert.Equal(t, result{3, "", "ginjwt: env: has a setting, not a plain secret\nread it with: --env-file env\n"}, u.run("", "verify", "--secret-file", "./env", aliceToken))
	assert.Equal(t, result{3, "", "ginjwt: empty: the secret is empty\n"}, u.run("", "verify", "--secret-file", "./empty", aliceToken))
}

// The JWK Set of another issuer has unusable keys, such as the encryption key of Keycloak.
func TestVerifyWithTheSetOfAnIssuer(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--algorithm", "EdDSA", "--format", "set", "--id", "k", "--out", "./keys.json")
	token := u.ok("mint", "--key", "./keys.json", "--subject", "alice")
	published := u.ok("jwks", "./keys.json")
	const others = `[{"kty":"AKP","kid":"pq","alg":"ML-DSA-44","pub":"AA"},{"kty":"RSA","kid":"enc","use":"enc","alg":"RSA-OAEP"},`
	u.write("set.json", strings.Replace(published, "[", others, 1))
	skipped := `warning: set.json: key is not used: number 1 of the set, "kid" "pq": is of the type "AKP", which is not supported` + "\n" +
		`warning: set.json: key is not used: number 2 of the set, "kid" "enc": is for the use "enc"` + "\n"
	assert.Equal(t, result{0, "", skipped}, u.run(token, "verify", "-q", "--key", "./set.json"))
	inspected := u.run(token, "inspect", "--key", "./set.json")
	assert.Contains(t, inspected.out, "Signature: valid")
	assert.Equal(t, skipped, inspected.err)

	key := strings.TrimSuffix(strings.TrimSpace(published)[strings.Index(published, "[")+1:], "]\n}")
	u.write("twice.json", `{"keys":[`+key+","+key+"]}")
	assert.Equal(t, result{0, "", ""}, u.run(token, "verify", "-q", "--key", "./twice.json"), "some issuers publish a key twice")

	u.write("own.json", strings.Replace(u.read("keys.json"), `[`, `[{"kty":"RSA","use":"enc"},`, 1))
	r := u.run(token, "verify", "-q", "--key", "./own.json")
	assert.Equal(t, 3, r.status, "a set of one's own is read strictly")
	assert.Contains(t, r.err, `keys[0]: the member "use" must be "sig"`)

	u.write("times.json", strings.Replace(published, "[", `[{"kty":"RSA","use":"enc","exp":4102444800},`, 1))
	r = u.run(token, "verify", "-q", "--key", "./times.json")
	assert.Equal(t, 3, r.status, "as JWT_KEYS_FILE, which obeys times in a set of one's own")
	assert.Contains(t, r.err, `keys[0]: the member "use" must be "sig"`)

	u.write("useless.json", `{"keys":`+others+`{"kty":"AKP"}]}`)
	r = u.run(token, "verify", "-q", "--key", "./useless.json")
	assert.Equal(t, 3, r.status)
	assert.Contains(t, r.err, `keys[0] (kid "pq"): the member "alg" names no signing algorithm of this package`)
}

// RFC 9864 calls EdDSA with Ed25519 "Ed25519".
func TestVerifyReadsEd25519(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--algorithm", "Ed25519", "--format", "pem", "--out", "./private.pem")
	token := u.ok("mint", "--key", "./private.pem", "--algorithm", "Ed25519", "--subject", "alice")
	assert.Equal(t, 0, u.run(token, "verify", "-q", "--key", "./private.pem", "--algorithm", "Ed25519").status)
	assert.Equal(t, 0, u.run(token, "verify", "-q", "--key", "./private.pem").status)
	assert.Contains(t, u.ok("inspect", token), `"EdDSA"`, "what is written")
	assert.NotContains(t, u.ok("inspect", forged(`{"alg":"Ed25519"}`, `{"sub":"alice"}`)), "not an algorithm of ginjwt")
}
