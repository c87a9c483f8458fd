package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// keysIn reads a file with keys.
func (u *user) keysIn(name string) []keys.Key {
	u.t.Helper()
	list, err := keys.Parse([]byte(u.read(name)))
	require.NoError(u.t, err)
	return list
}

func TestKeyNew(t *testing.T) {
	t.Parallel()
	for _, algorithm := range allAlgorithms {
		for _, format := range []string{formJWK, formSet, formPEM} {
			u := newUser(t)
			if hashes[algorithm] != 0 && format == formPEM {
				r := u.run("", "key", "new", "--algorithm", algorithm, "--format", format)
				assert.Equal(t, 64, r.status)
				continue
			}
			out := u.ok("key", "new", "--algorithm", algorithm, "--bits", "2048", "--format", format, "--out", "./key")
			list := u.keysIn("key")
			require.Len(t, list, 1)
			thumbprint, err := list[0].Thumbprint()
			require.NoError(t, err)
			assert.Equal(t, "key: a new key for "+algorithm+", "+thumbprint+"\n", out)
			if format != formPEM {
				assert.Equal(t, thumbprint, list[0].ID)
				assert.Equal(t, algorithm, list[0].Algorithm)
			}
			info, err := os.Stat(filepath.Join(u.dir, "key"))
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode())

			before := u.read("key")
			again := u.run("", "key", "new", "--out", "./key")
			assert.Equal(t, 3, again.status)
			assert.Equal(t, before, u.read("key"))
		}
	}
}

func TestKeyNewWithMore(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	out := u.ok("key", "new", "--id", "k1", "--not-before", "2026-12-01", "--not-after", "+31d", "--type", "refresh")
	list, err := keys.Parse([]byte(out))
	require.NoError(t, err)
	list[0].Sign = nil
	assert.Equal(t, []keys.Key{{
		ID: "k1", Algorithm: "EdDSA", TokenType: keys.RefreshToken,
		NotBefore: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Local(),
		NotAfter:  noon.Add(31 * day).Local(),
	}}, local(list))
	assert.Equal(t, "{\n  \"algorithm\": \"EdDSA\",\n  \"file\": \"k.json\",\n  \"kid\": \"k2\"\n}\n", u.ok("key", "new", "--id", "k2", "--out", "./k.json", "--json"))
}

// local converts times to the local zone, so that tests can compare them.
func local(list []keys.Key) []keys.Key {
	for i := range list {
		list[i].NotBefore, list[i].NotAfter = list[i].NotBefore.Local(), list[i].NotAfter.Local()
	}
	return list
}

func TestKeyNewMistakes(t *testing.T) {
	t.Parallel()
	for args, message := range map[string]string{
		"--algorithm ed25519":              `--algorithm: unknown algorithm "ed25519"`,
		"--algorithm eddsa":                `--algorithm: unknown algorithm "eddsa"; did you mean "EdDSA"?`,
		"--bits 1024":                      "--bits: must be from 2048 to 8192",
		"--type id":                        `--type: "id" is neither access nor refresh`,
		"--not-before +2h --not-after +1h": "--not-after: must be after --not-before",
		"--not-after 2026-11-20":           "--not-after: is in the past; the key would never be used",
		"--not-before 24h":                 "--not-before: write +24h for a time from now on",
		"--format der":                     `--format: "der" is not jwk, set or pem`,
		"--format pem --id k1":             "--id: a PEM text cannot store it; use --format jwk",
		"--format pem --not-before +1h":    "--not-before: a PEM text cannot store it; use --format jwk",
		"--format pem --algorithm HS256":   "--format pem: a secret for HS256 has no PEM form; use --format jwk, or ginjwt secret",
	} {
		r := newUser(t).run("", append([]string{"key", "new"}, strings.Fields(args)...)...)
		assert.Equal(t, result{64, "", "ginjwt: " + message + "\nsee: ginjwt key new --help\n"}, r, args)
	}
}

// rfcKey is the key of RFC 8037, appendix A. The RFC has its thumbprint.
const rfcKey = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
const rfcThumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

func TestKeyThumbprint(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write("key", rfcKey)
	assert.Equal(t, rfcThumbprint+"\n", u.ok("key", "thumbprint", "./key"))
	u.write("public.pem", u.ok("key", "public", "./key", "--format", "pem"))
	assert.Equal(t, rfcThumbprint+"\n", u.ok("key", "thumbprint", "./public.pem"))
	assert.Equal(t, result{0, rfcThumbprint + "\n", ""}, u.run(rfcKey, "key", "thumbprint", "-"))
	assert.Equal(t, map[string][]map[string]string{"keys": {{"kid": rfcThumbprint, "thumbprint": rfcThumbprint}}},
		readJSON[map[string][]map[string]string](t, u.ok("key", "thumbprint", "./key", "--json")))
}

func TestKeyPublic(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write("key", rfcKey)
	public := map[string]string{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "alg": "EdDSA", "use": "sig", "kid": rfcThumbprint}
	assert.Equal(t, public, readJSON[map[string]string](t, u.ok("key", "public", "./key")))
	assert.Equal(t, map[string][]map[string]string{"keys": {public}}, readJSON[map[string][]map[string]string](t, u.ok("key", "public", "./key", "--format", "set")))
	assert.Equal(t, map[string][]map[string]string{"keys": {public}}, readJSON[map[string][]map[string]string](t, u.ok("jwks", "./key")))
	assert.Equal(t, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n", u.ok("key", "public", "./key", "--format", "pem"))

	u.ok("key", "new", "--algorithm", "HS256", "--id", "hs", "--out", "./secret")
	assert.Equal(t, result{3, "", "ginjwt: secret: hs is a secret, which has no public part: everybody who can verify with it can also sign\n"}, u.run("", "key", "public", "./secret"))
	u.ok("key", "add", "./keys.json")
	u.ok("key", "add", "./keys.json")
	assert.Equal(t, result{3, "", "ginjwt: keys.json: has 2 keys, and a JWK holds one; use --format set\n"}, u.run("", "key", "public", "./keys.json", "--format", "jwk"))
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--id", "ed", "--out", "./ed")
	u.ok("key", "new", "--id", "hs", "--algorithm", "HS256", "--out", "./hs")
	u.ok("key", "new", "--id", "old", "--not-after", "+1h", "--out", "./old")
	u.ok("key", "new", "--id", "next", "--not-before", "+2h", "--out", "./next")
	u.ok("key", "new", "--id", "rt", "--type", "refresh", "--out", "./rt")
	u.now = noon.Add(90 * time.Minute)
	r := u.run("", "jwks", "./ed", "./hs", "./old", "./next", "./rt")
	assert.Equal(t, 0, r.status)
	assert.Equal(t, "warning: hs: hs is a secret, and is not published\nwarning: old: old retired 30 minutes ago, and is not published\n"+
		"warning: rt: rt is for refresh tokens, which only your service verifies, and is not published\n", r.err)
	assert.Equal(t, 2, strings.Count(r.out, `"kid"`))
	assert.NotContains(t, r.out, `"d"`)
	assert.NotContains(t, r.out, `"k"`)

	r = u.run("", "jwks", "./hs")
	assert.Equal(t, 3, r.status)
	assert.Contains(t, r.err, "ginjwt: there is no public key to publish\n")
}

// jwks prints what a service publishes.
func TestJWKSIsThatOfTheService(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	for _, args := range []string{"--type access", "--type refresh", "--algorithm ES256", "--not-before +1h", "--algorithm HS256", "--not-after +1s"} {
		u.ok(append([]string{"key", "add", "./keys.json"}, strings.Fields(args)...)...)
	}
	u.now = noon.Add(time.Minute)
	m := ginjwt.New(ginjwt.Config{Keys: u.keysIn("keys.json"), Now: func() time.Time { return u.now }})
	require.NoError(t, m.InitApp(nil))
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequest("GET", "/.well-known/jwks.json", nil)
	m.JWKSHandler()(c)

	r := u.run("", "jwks", "./keys.json")
	assert.Equal(t, 3, strings.Count(r.out, `"kid"`))
	assert.JSONEq(t, w.Body.String(), r.out)
	assert.Contains(t, r.err, "is for refresh tokens, which only your service verifies, and is not published")
}

func TestKeyList(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	for _, args := range []string{
		"--id next --not-before +1h", "--id retired --not-after +1s --algorithm ES256", "--id signs --not-after +31d", "--id spare",
		"--id refresh --type refresh --first", "--id secret --algorithm HS256 --verify-unnamed",
	} {
		u.ok(append([]string{"key", "add", "./keys.json"}, strings.Fields(args)...)...)
	}
	u.now = noon.Add(time.Minute)
	assert.Equal(t, `KEY      ALGORITHM  TOKENS   USE    STATE
refresh  EdDSA      refresh  signs  active, signs new refresh tokens
next     EdDSA      all      signs  planned, signs in 59 minutes
retired  ES256      all      signs  retired 59 seconds ago
signs    EdDSA      all      signs  active, signs new access tokens, retires in 30 days
spare    EdDSA      all      signs  active
secret   HS256      all      signs  active, verifies tokens without kid
`, u.ok("key", "list", "./keys.json"))
}

// A key does not sign a token that outlives the key, if another key can sign it.
func TestKeyListKnowsWhichKeySigns(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "ends", "--not-after", "+2d")
	u.ok("key", "add", "./keys.json", "--id", "stays")
	assert.Equal(t, `KEY    ALGORITHM  TOKENS  USE    STATE
ends   EdDSA      all     signs  active, signs new access tokens, retires in 2 days
stays  EdDSA      all     signs  active, signs new refresh tokens
`, u.ok("key", "list", "./keys.json"))
}

func TestKeyListOfSeveralFiles(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write("key", rfcKey)
	u.write("public.pem", u.ok("key", "public", "./key", "--format", "pem"))
	assert.Equal(t, `KEY                                          ALGORITHM  TOKENS  USE       STATE                     FILE
kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k  EdDSA      all     signs     active, signs new tokens  key
kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k  EdDSA      all     verifies  active                    public.pem
`, u.ok("key", "list", "./key", "./public.pem"))
	assert.Equal(t, `{
  "keys": [
    {
      "file": "public.pem",
      "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
      "algorithm": "EdDSA",
      "private": false,
      "state": "active",
      "signing": []
    }
  ]
}
`, u.ok("key", "list", "./public.pem", "--json"))
}

// The error for a file without a key does not show the text of the file.
func TestKeyFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "s3cret", `{"kty":"oct","k":"s3cret"`, `{"kty":"s3cret"}`, `{"keys":[{"kty":"oct","k":"czNjcmV0","use":"enc"}]}`, "-----BEGIN s3cret-----\n", `["s3cret"]`} {
		u := newUser(t)
		u.write("key", text)
		for _, args := range [][]string{{"key", "list", "./key"}, {"key", "public", "./key"}, {"key", "thumbprint", "./key"}, {"key", "rotate", "./key"}, {"key", "add", "./key"}, {"jwks", "./key"}, {"mint", "-s", "a", "-k", "./key"}} {
			r := u.run("", args...)
			assert.Equal(t, 3, r.status, "%q %v", text, args)
			assert.True(t, strings.HasPrefix(r.err, "ginjwt: key: "), "%v: %s", args, r.err)
			assert.NotContains(t, r.err, "s3cret")
			assert.Empty(t, r.out)
			assert.Equal(t, text, u.read("key"))
		}
	}
}

func TestKeyRotate(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--id", "old", "--format", "set", "--out", "./keys.json")
	text := u.read("keys.json")
	const steps = `
  now           2026-11-21 12:00:00 UTC  the new key is published and verifies; the old one signs
  in 1 hour     2026-11-21 13:00:00 UTC  the new key signs; the old one verifies
  in 31 days    2026-12-22 13:00:00 UTC  the old key retires: tokens that it signed are refused

Every process must read the file again before 2026-11-21 13:00:00 UTC: restart it, or let it call SetKeys.
`
	assert.Equal(t, "Nothing was changed (--dry-run). This would happen:\nkeys.json: a new key for ES256, new\n  replaces old\n"+steps,
		u.ok("key", "rotate", "./keys.json", "--id", "new", "--algorithm", "ES256", "--dry-run"))
	assert.Equal(t, text, u.read("keys.json"))

	assert.Equal(t, "keys.json: a new key for EdDSA, new\n  replaces old\n"+steps, u.ok("key", "rotate", "./keys.json", "--id", "new"))
	assert.Equal(t, `KEY  ALGORITHM  TOKENS  USE    STATE
new  EdDSA      all     signs  planned, signs in 1 hour
old  EdDSA      all     signs  active, signs new tokens, retires in 31 days
`, u.ok("key", "list", "./keys.json"))

	text = u.read("keys.json")
	assert.Equal(t, result{3, "", "ginjwt: keys.json: a rotation is under way: new signs in 1 hour\nwait until then, or undo it with: ginjwt key retire keys.json old --never && ginjwt key remove keys.json new\n"},
		u.run("", "key", "rotate", "./keys.json"))
	assert.Equal(t, text, u.read("keys.json"))

	u.now = noon.Add(32 * day)
	assert.Equal(t, `{
  "file": "keys.json",
  "dry_run": false,
  "added": "third",
  "algorithm": "EdDSA",
  "activates": "2026-12-24T14:00:00Z",
  "replaced": [
    "new"
  ],
  "retires": "2027-01-25T14:00:00Z",
  "dropped": [
    "old"
  ]
}
`, u.ok("key", "rotate", "./keys.json", "--id", "third", "--drop-retired", "--activate-in", "1d2h", "--retire-after", "32d", "--json"))
}

// During a whole rotation from a secret to a key pair, no token is refused before it
// expires: neither by a process that reads the file again in time, nor by a service that
// knows only the published keys.
func TestRotationRefusesNobody(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--algorithm", "HS256", "--format", "set", "--out", "./keys.json")
	before := u.keysIn("keys.json")
	u.ok("key", "rotate", "./keys.json", "--algorithm", "EdDSA")
	after := u.keysIn("keys.json")

	now := noon
	manager := func(list []keys.Key) *ginjwt.JWTManager {
		m := ginjwt.New(ginjwt.Config{Keys: list, Now: func() time.Time { return now }, TokenCacheSize: -1})
		require.NoError(t, m.InitApp(nil))
		return m
	}
	late, early := manager(before), manager(after) // late reads the new file only after 59 minutes
	type issued struct {
		token   string
		expires time.Time
	}
	var live []issued
	algorithms := map[string]bool{}
	for step := 0; step < 40*24; step++ {
		now = noon.Add(time.Duration(step) * time.Hour)
		if step == 1 {
			late = manager(after)
		}
		if step < 35*24 && (step < 3 || step%6 == 0) {
			token, err := late.CreateRefreshToken(context.Background(), "alice")
			require.NoError(t, err)
			live = append(live, issued{token, now.Add(30 * day)})
		}
		if step%48 != 1 {
			continue
		}
		for _, i := range live {
			if !i.expires.After(now) {
				continue
			}
			for _, m := range []*ginjwt.JWTManager{late, early} {
				token, err := m.VerifyToken(context.Background(), i.token, ginjwt.Refresh())
				require.NoError(t, err, "%s", now)
				algorithms[token.Header()["alg"].(string)] = true
			}
		}
	}
	assert.Equal(t, map[string]bool{"HS256": true, "EdDSA": true}, algorithms)
}

// If access and refresh tokens have separate keys, a rotation replaces one of them and
// keeps the other.
func TestRotateOneType(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "a", "--type", "access")
	u.ok("key", "add", "./keys.json", "--id", "r", "--type", "refresh", "--algorithm", "ES256")
	r := u.run("", "key", "rotate", "./keys.json")
	assert.Equal(t, result{64, "", "ginjwt: access tokens and refresh tokens have separate keys; choose --type access or --type refresh, and rotate both one after the other\nsee: ginjwt key rotate --help\n"}, r)
	assert.Equal(t, result{3, "", "ginjwt: keys.json: has no key for all types of token\nchoose --type access or --type refresh\n"}, u.run("", "key", "rotate", "./keys.json", "--type", "all"))
	u.ok("key", "rotate", "./keys.json", "--type", "access", "--id", "a2", "--retire-after", "1h")
	u.ok("key", "rotate", "./keys.json", "--type", "refresh", "--id", "r2")
	assert.Equal(t, `KEY  ALGORITHM  TOKENS   USE    STATE
r2   ES256      refresh  signs  planned, signs in 1 hour
a2   EdDSA      access   signs  planned, signs in 1 hour
a    EdDSA      access   signs  active, signs new access tokens, retires in 2 hours
r    ES256      refresh  signs  active, signs new refresh tokens, retires in 31 days
`, u.ok("key", "list", "./keys.json"))
}

// A stolen key is retired immediately.
func TestRotateAtOnce(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--id", "old", "--out", "./key.json")
	u.ok("key", "rotate", "./key.json", "--id", "planned")
	u.now = noon.Add(time.Minute)
	assert.Equal(t, `key.json: a new key for EdDSA, new
  replaces planned
  replaces old
  removes planned, which is no longer used

  now           2026-11-21 12:01:00 UTC  the new key signs, and the old keys retire: tokens that they signed are refused

Every process must read the file again now: restart it, or let it call SetKeys.
`, u.ok("key", "rotate", "./key.json", "--id", "new", "--activate-in", "0", "--retire-after", "0", "--force"))
	assert.Equal(t, `KEY  ALGORITHM  TOKENS  USE    STATE
new  EdDSA      all     signs  active, signs new tokens
old  EdDSA      all     signs  retired now
`, u.ok("key", "list", "./key.json"))
}

// The commands that undo a rotation leave the file as it was before.
func TestUndoRotation(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "-older", "--algorithm", "ES256")
	u.ok("key", "add", "./keys.json", "--id", "$(old) one")
	u.ok("key", "add", "./keys.json", "--id", "leaves", "--not-after", "+5d")
	before := u.read("keys.json")
	u.ok("key", "rotate", "./keys.json", "--id", "new")
	r := u.run("", "key", "rotate", "./keys.json")
	assert.Equal(t, result{3, "", "ginjwt: keys.json: a rotation is under way: new signs in 1 hour\nwait until then, or undo it with: " +
		"ginjwt key retire --never -- keys.json -older && ginjwt key retire keys.json '$(old) one' --never && ginjwt key remove keys.json new\n"}, r)

	_, undo, _ := strings.Cut(r.err, "undo it with: ")
	out, err := u.shell(undo).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, before, u.read("keys.json"))
}

// The new key has the algorithm of the key that signs now, not of a planned key.
func TestRotateKeepsTheAlgorithm(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "signs", "--algorithm", "ES256")
	u.ok("key", "rotate", "./keys.json", "--id", "planned", "--algorithm", "EdDSA")
	u.ok("key", "rotate", "./keys.json", "--id", "new", "--activate-in", "0", "--retire-after", "0", "--force")
	assert.Equal(t, "ES256", u.keysIn("keys.json")[0].Algorithm)
}

// A rotation that leaves no time to read the file again prints a warning.
func TestRotateWithoutAWait(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	const warning = "warning: processes that have not read the file again when the new key begins to sign refuse its tokens; --activate-in 1h gives them time\n"
	for wait, want := range map[string]string{"0": warning, "4m": warning, "5m": ""} {
		u.ok("key", "add", "./"+wait)
		r := u.run("", "key", "rotate", "./"+wait, "--activate-in", wait)
		assert.Equal(t, result{0, r.out, want}, r, wait)
		u.ok("key", "add", "./json"+wait)
		assert.Equal(t, want, u.run("", "key", "rotate", "./json"+wait, "--activate-in", wait, "--json").err, wait)
	}
}

// The error for keys of one token type does not say that there is no key.
func TestRotateATypeThatHasNoKey(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json")
	assert.Equal(t, result{3, "", "ginjwt: keys.json: has no key for access tokens only\n" +
		"leave out --type, or choose another type; to add a separate key: ginjwt key add keys.json --first --type access\n"},
		u.run("", "key", "rotate", "./keys.json", "--type", "access"))
}

// Keys must not retire before their tokens expire.
func TestRotateTooSoon(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--out", "./key.json")
	assert.Equal(t, result{3, "", "ginjwt: --retire-after 20 days: tokens live for up to 30 days, so the last tokens of the old key would be refused before they expire\n" +
		"make it longer; or, to log users out on purpose, add --force\n"}, u.run("", "key", "rotate", "./key.json", "--retire-after", "20d"))
	u.env = []string{"JWT_REFRESH_TOKEN_EXPIRES=2160h"}
	assert.Contains(t, u.run("", "key", "rotate", "./key.json").err, "--retire-after 31 days: tokens live for up to 90 days")
	u.env = []string{"JWT_REFRESH_TOKEN_EXPIRES=false"}
	assert.Contains(t, u.run("", "key", "rotate", "./key.json").err, "--retire-after 31 days: tokens never expire, so all tokens of the old key would be refused")
	u.write(".env", "JWT_REFRESH_TOKEN_EXPIRES=a month")
	assert.Contains(t, u.run("", "key", "rotate", "./key.json", "-e", "./.env").err, "JWT_REFRESH_TOKEN_EXPIRES: must be seconds")
	u.write(".env", "JWT_REFRESH_TOKEN_EXPIRES=744h\nJWT_DECODE_LEEWAY=3600")
	assert.Contains(t, u.run("", "key", "rotate", "./key.json", "-e", "./.env").err, "--retire-after 31 days: tokens live for up to 31 days, with a leeway of 1 hour, so the last tokens of the old key would be refused before they expire")
	u.env = []string{"JWT_REFRESH_TOKEN_EXPIRES=7200"}
	u.ok("key", "rotate", "./key.json", "--retire-after", "2h")
}

func TestRotateMistakes(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--format", "pem", "--out", "./key.pem")
	assert.Equal(t, result{3, "", "ginjwt: key.pem: is a PEM text, which cannot store key IDs and times\n" +
		"make a JWK Set from it: ginjwt key add keys.json --from key.pem --verify-unnamed\n"}, u.run("", "key", "rotate", "./key.pem"))
	u.write("public.jwk", u.ok("key", "public", "./key.pem", "--format", "jwk"))
	assert.Equal(t, result{3, "", "ginjwt: public.jwk: has no key that signs\nadd one with: ginjwt key add public.jwk --first\n"}, u.run("", "key", "rotate", "./public.jwk"))
	assert.Equal(t, result{64, "", "ginjwt: standard input cannot be changed\nname a file\n"}, u.run("", "key", "rotate", "-"))
	assert.Equal(t, result{3, "", "ginjwt: no.json: no such file or directory\n"}, u.run("", "key", "rotate", "./no.json"))
}

// After a change from a PEM key to a list, older tokens are still accepted.
func TestFromPEMToAList(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--format", "pem", "--algorithm", "ES256", "--out", "./private.pem")
	m := ginjwt.New(ginjwt.Config{PrivateKey: u.read("private.pem"), Algorithm: "ES256", Now: func() time.Time { return noon }})
	require.NoError(t, m.InitApp(nil))
	token, err := m.CreateAccessToken(context.Background(), "alice")
	require.NoError(t, err)

	u.ok("key", "add", "./keys.json", "--from", "./private.pem", "--verify-unnamed")
	u.ok("key", "rotate", "./keys.json", "--algorithm", "EdDSA")
	assert.Equal(t, result{0, "", ""}, u.run(token, "verify", "-q", "--key", "./keys.json"))
}

func TestKeyRemove(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "first")
	u.ok("key", "rotate", "./keys.json", "--id", "planned")
	see := "\nsee: ginjwt key list keys.json\n"
	assert.Equal(t, result{3, "", "ginjwt: keys.json: has no key \"plannd\"; did you mean \"planned\"?" + see}, u.run("", "key", "remove", "./keys.json", "plannd"))
	assert.Equal(t, result{3, "", "ginjwt: keys.json: first is active: no other key signs tokens, and running services refuse such a list and keep the keys that they have\n" + instead + "--force removes it anyway\n"},
		u.run("", "key", "remove", "./keys.json", "first"))
	assert.Equal(t, result{0, "keys.json: removed planned\n",
		"warning: keys.json: no key signs tokens after 2026-12-22 13:00:00 UTC, when first retires; to cancel its retirement: ginjwt key retire keys.json first --never\n"},
		u.run("", "key", "remove", "./keys.json", "planned"))
	assert.Equal(t, "keys.json: first never retires\n", u.ok("key", "retire", "./keys.json", "first", "--never"))
	assert.NotContains(t, u.read("keys.json"), `"exp"`)
	assert.Equal(t, result{3, "", "ginjwt: keys.json: first is the only key; remove the file if nobody needs it\n"}, u.run("", "key", "remove", "./keys.json", "first", "--force"))
}

func TestKeyRetire(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "a")
	u.ok("key", "add", "./keys.json", "--id", "b")
	assert.Equal(t, "keys.json: a retires in 31 days (2026-12-22 12:00:00 UTC)\n", u.ok("key", "retire", "./keys.json", "a", "--at", "+31d"))
	assert.Equal(t, "{\n  \"kid\": \"a\",\n  \"not_after\": \"2026-11-21T12:00:00Z\"\n}\n", u.ok("key", "retire", "./keys.json", "a", "--at", "now", "--force", "--json"))
	see := "ginjwt: needs either --at WHEN or --never\nsee: ginjwt key retire --help\n"
	assert.Equal(t, result{64, "", see}, u.run("", "key", "retire", "./keys.json", "a"))
	assert.Equal(t, result{64, "", see}, u.run("", "key", "retire", "./keys.json", "a", "--never", "--at", "now"))
	r := u.run("", "key", "retire", "./keys.json", "b", "--at", "+2h")
	assert.Equal(t, 0, r.status)
	assert.Contains(t, r.err, "warning: keys.json: no key signs tokens after 2026-11-21 14:00:00 UTC, when b retires")
}

// A key in use does not retire immediately without --force: neither the only signing key, nor
// a key that has signed tokens.
func TestKeyRetireAtOnce(t *testing.T) {
	t.Parallel()
	for others, problem := range []string{
		"no other key signs tokens, and nobody could log in",
		"services would refuse its tokens",
	} {
		u := newUser(t)
		u.ok("key", "add", "./keys.json", "--id", "used")
		for range others {
			u.ok("key", "add", "./keys.json")
		}
		u.ok("key", "add", "./keys.json", "--id", "planned", "--not-before", "+1h")
		text := u.read("keys.json")
		for _, at := range []string{"now", "-1h"} {
			assert.Equal(t, result{3, "", "ginjwt: keys.json: used is active: " + problem + "\n" + instead + "--force retires it anyway\n"},
				u.run("", "key", "retire", "./keys.json", "used", "--at", at))
		}
		assert.Equal(t, text, u.read("keys.json"))
		warning := ""
		if others == 0 {
			warning = "warning: keys.json: no key signs tokens any more, and nobody can log in; " +
				"add one: ginjwt key add keys.json --first\n"
		}
		assert.Equal(t, result{0, "keys.json: used retires now (2026-11-21 12:00:00 UTC)\n", warning},
			u.run("", "key", "retire", "./keys.json", "used", "--at", "now", "--force"))
		u.ok("key", "retire", "./keys.json", "used", "--at", "now")
	}
}

// The last key for one type of token is not removed without --force.
func TestKeyRemoveTheLastOfAType(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "a", "--type", "access")
	u.ok("key", "add", "./keys.json", "--id", "r", "--type", "refresh")
	assert.Equal(t, result{3, "", "ginjwt: keys.json: r is active: no other key signs refresh tokens, and running services refuse such a list and keep the keys that they have\n" +
		instead + "--force removes it anyway\n"}, u.run("", "key", "remove", "./keys.json", "r"))
	assert.Equal(t, result{0, "keys.json: removed r\n", "warning: keys.json: no key signs refresh tokens any more, " +
		"and running services refuse such a list and keep the keys that they have; add one: ginjwt key add keys.json --first\n"},
		u.run("", "key", "remove", "./keys.json", "r", "--force"))
}

// instead is the advice of errors for a key in use.
const instead = "to replace it, use ginjwt key rotate, immediately with --activate-in 0 --retire-after 0 --force; "

// A key ID can be shortened with "…" if only one key begins with it.
func TestNamesCutShort(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	for _, id := range []string{"first-key", "second-key", "second-one", "-dash"} {
		u.ok("key", "add", "./keys.json", "--id", id, "--not-before", "+1h")
	}
	see := "\nsee: ginjwt key list keys.json\n"
	for id, message := range map[string]string{
		"second…": `keys.json: has several keys whose IDs begin with "second"`,
		"sec...":  `keys.json: has several keys whose IDs begin with "sec"`,
		"first":   `keys.json: has no key "first"; did you mean "first-key"?`,
		"…":       `keys.json: has no key "…"`,
		"frist…":  `keys.json: has no key "frist…"`,
	} {
		assert.Equal(t, result{3, "", "ginjwt: " + message + see}, u.run("", "key", "remove", "./keys.json", id), id)
	}
	assert.Equal(t, "keys.json: removed first-key\n", u.ok("key", "remove", "./keys.json", "fi…"))
	assert.Equal(t, "keys.json: second-one never retires\n", u.ok("key", "retire", "./keys.json", "second-o...", "--never"))
	assert.Equal(t, result{64, "", "ginjwt: unknown flag; if it is a key ID, write it after two dashes: ginjwt key remove -- FILE KID\nsee: ginjwt key remove --help\n"},
		u.run("", "key", "remove", "./keys.json", "-dash"))
	assert.Equal(t, "keys.json: removed -dash\n", u.ok("key", "remove", "--", "./keys.json", "-dash"))
}

// No new key has an ID that the command line would read as a flag.
func TestNewNamesAreNoFlags(t *testing.T) {
	t.Parallel()
	s := &keySpec{algorithm: "HS256"}
	for range 1000 { // one of 64 thumbprints begins with a dash
		key, err := s.newKey()
		require.NoError(t, err)
		require.NotEqual(t, "-", key.ID[:1])
	}
}

// A rotation does not extend the time of a key that retires soon.
func TestRotateAKeyThatRetires(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "old", "--not-after", "+2h")
	assert.Equal(t, result{3, "", "ginjwt: keys.json: no key would sign for a while: the keys that sign now retire before the new key signs\nmake --activate-in shorter, or 0\n"},
		u.run("", "key", "rotate", "./keys.json", "--activate-in", "3h"))
	u.ok("key", "rotate", "./keys.json", "--id", "new")
	assert.Equal(t, `KEY  ALGORITHM  TOKENS  USE    STATE
new  EdDSA      all     signs  planned, signs in 1 hour
old  EdDSA      all     signs  active, signs new tokens, retires in 2 hours
`, u.ok("key", "list", "./keys.json"))
}

// A change keeps unknown members, the mode of the file, and a symbolic link to it.
func TestChangeKeepsTheRest(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write("real.json", `{"note":"ours","keys":[`+rfcKey[:len(rfcKey)-1]+`,"kid":"k","x-team":"a<b"}]}`)
	require.NoError(t, os.Chmod(filepath.Join(u.dir, "real.json"), 0o640))
	require.NoError(t, os.Symlink("real.json", filepath.Join(u.dir, "keys.json")))
	u.ok("key", "rotate", "./keys.json")

	link, err := os.Readlink(filepath.Join(u.dir, "keys.json"))
	require.NoError(t, err)
	assert.Equal(t, "real.json", link)
	info, err := os.Stat(filepath.Join(u.dir, "real.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	var set struct {
		Note string
		Keys []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(u.read("real.json")), &set))
	assert.Equal(t, "ours", set.Note)
	assert.Equal(t, map[string]any{
		"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"kid": "k", "x-team": "a<b", "exp": float64(noon.Add(31*day + time.Hour).Unix()),
	}, set.Keys[1])
	entries, err := os.ReadDir(u.dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

// If two commands change a file at once, no change is lost: one of them fails and asks to
// wait.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--format", "set", "--out", "./keys.json")
	var group sync.WaitGroup
	var mu sync.Mutex
	added := 1
	for range 8 {
		group.Go(func() {
			for range 5 {
				r := u.run("", "key", "add", "./keys.json")
				if r.status == 0 {
					mu.Lock()
					added++
					mu.Unlock()
					continue
				}
				assert.Equal(t, result{3, "", "ginjwt: keys.json.new: another process is changing keys.json\nif no other process is running, remove keys.json.new\n"}, r)
			}
		})
	}
	group.Wait()
	assert.Len(t, u.keysIn("keys.json"), added)
	assert.Greater(t, added, 1)
}

// A file with private keys that everybody can read gets a warning. Public keys do not.
func TestFileThatEverybodyReads(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json")
	u.write("public.json", u.ok("key", "public", "./keys.json"))
	u.write("secret", testSecret)
	for _, name := range []string{"keys.json", "public.json", "secret"} {
		require.NoError(t, os.Chmod(filepath.Join(u.dir, name), 0o644))
	}
	warning := "warning: keys.json: everybody on this machine can read these secrets; chmod 600 keys.json\n"
	assert.Equal(t, warning, u.run("", "key", "list", "./keys.json").err)
	u.ok("key", "list", "./public.json")
	assert.Equal(t, "warning: secret: everybody on this machine can read these secrets; chmod 600 secret\n", u.run("", "mint", "-s", "a", "--secret-file", "./secret").err)
}

// A file with public keys that everybody can change gets a warning.
func TestFileThatEverybodyChanges(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json")
	u.write("public.json", u.ok("key", "public", "./keys.json"))
	for mode, can := range map[os.FileMode]string{0o602: "change", 0o606: "read and change", 0o660: "", 0o640: ""} {
		require.NoError(t, os.Chmod(filepath.Join(u.dir, "keys.json"), mode))
		want := ""
		if can != "" {
			want = "warning: keys.json: everybody on this machine can " + can + " these secrets; chmod 600 keys.json\n"
		}
		assert.Equal(t, want, u.run("", "key", "list", "./keys.json").err, mode)
	}
	require.NoError(t, os.Chmod(filepath.Join(u.dir, "public.json"), 0o666))
	assert.Equal(t, "warning: public.json: everybody on this machine can change these keys; chmod o-w public.json\n", u.run("", "key", "list", "./public.json").err)
}

// A change with a result that services would refuse changes nothing.
func TestChangeIsChecked(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "k")
	text := u.read("keys.json")
	r := u.run("", "key", "add", "./keys.json", "--id", "k")
	assert.Equal(t, 3, r.status)
	assert.Contains(t, r.err, "ginjwt: keys.json: not changed, because services would refuse it: key 2 of 2: has the ID \"k\" of another key")
	assert.Equal(t, text, u.read("keys.json"))
}

// A symbolic link cannot make a change copy a file from outside of the folder into it.
func TestAChangeReadsNoOtherFile(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.write("outside.json", rfcKey)
	require.NoError(t, os.Mkdir(filepath.Join(u.dir, "folder"), 0o700))
	folder, err := os.OpenRoot(filepath.Join(u.dir, "folder"))
	require.NoError(t, err)
	defer folder.Close()
	require.NoError(t, folder.Symlink("../outside.json", "keys.json"))
	_, _, err = readOnce(folder, "keys.json")
	assert.EqualError(t, err, "keys.json: is not a regular file")
	require.NoError(t, folder.Mkdir("keys", 0o700))
	_, _, err = readOnce(folder, "keys")
	assert.EqualError(t, err, "keys: is not a regular file")
}

func TestRotateAsksWhichOfKeysForAllAndForOneType(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--type", "access", "--format", "set", "--out", "./keys.json")
	u.ok("key", "add", "./keys.json")
	assert.Equal(t, result{64, "", "ginjwt: some keys are for one type of token only; choose --type access, --type refresh or --type all\nsee: ginjwt key rotate --help\n"},
		u.run("", "key", "rotate", "./keys.json"))
	assert.Equal(t, 0, u.run("", "key", "rotate", "./keys.json", "--type", "all").status)
}

// A flag with an empty value, as from a script with an unset variable, is an error.
func TestEmptyFlagsAreMistakes(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--format", "set", "--out", "./keys.json")
	before := u.read("keys.json")
	for _, args := range [][]string{
		{"key", "add", "./keys.json", "--from", ""}, {"key", "add", "./keys.json", "--from-secret", ""},
		{"key", "new", "--out", ""}, {"secret", "--out", ""}, {"doctor", "--env-file", ""},
		{"verify", "--audience", ""}, {"verify", "--scope", ""}, {"verify", "--role", ""}, {"verify", "--issuer", ""}, {"verify", "--key", ""}, {"verify", "--secret-file", ""},
	} {
		r := u.run(aliceToken, args...)
		flag := args[len(args)-2]
		assert.Equal(t, 64, r.status, "%v", args)
		assert.Empty(t, r.out, "%v", args)
		assert.True(t, strings.HasPrefix(r.err, "ginjwt: "+flag+": is empty; give a value, or leave out the flag\n"), "%v: %s", args, r.err)
	}
	assert.Equal(t, before, u.read("keys.json"))
	r := u.run(aliceToken, "verify", "--fresh-within", "0")
	assert.Equal(t, result{64, "", "ginjwt: --fresh-within: must be at least a second\nsee: ginjwt verify --help\n"}, r)
}

// All commands read the same forms of keys as a service.
func TestKeysInOtherForms(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--algorithm", "EdDSA", "--format", "jwk", "--id", "k", "--out", "./key.jwk")
	u.write("marked.jwk", "\ufeff"+u.read("key.jwk"))
	u.ok("key", "new", "--algorithm", "RS256", "--format", "pem", "--out", "./key.pem")
	block, _ := pem.Decode([]byte(u.read("key.pem")))
	u.write("key.der", string(block.Bytes))
	u.write("key.txt", base64.StdEncoding.EncodeToString(block.Bytes))
	assert.Equal(t, u.ok("key", "public", "./key.jwk"), u.ok("key", "public", "./marked.jwk"), "still a JWK")
	for _, name := range []string{"./key.der", "./key.txt"} {
		assert.Equal(t, u.ok("key", "public", "./key.pem"), u.ok("key", "public", name))
		token := u.ok("mint", "-s", "alice", "--key", "./key.pem")
		u.ok("verify", token, "--key", name)
		u.ok("inspect", token, "--key", name)
		u.ok("key", "add", name+".json", "--from", name)
	}
	assert.Equal(t, 0, u.run("", "key", "retire", "./marked.jwk", "k", "--at", "+1h", "--force").status)
	u.write("path.pem", "/etc/keys/private.pem\n")
	for args, says := range map[string]string{
		"key list ./path.pem":                "path.pem: is the path of a file, not the text of a key",
		"key public ./path.pem":              "path.pem: is the path of a file, not the text of a key",
		"inspect x.y.z --key ./path.pem":     "path.pem: is the path of a file, not the text of a key",
		"key add ./n.json --from ./path.pem": "path.pem: is the path of a file, not the text of a key",
	} {
		r := u.run("", strings.Fields(args)...)
		assert.Equal(t, 3, r.status, args)
		assert.Contains(t, r.err, says, args)
	}
}

// Keys with different algorithms can share an ID. The ID then does not say which key to
// change.
func TestANameOfSeveralKeysNamesNone(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "k")
	u.ok("key", "add", "./keys.json", "--id", "k", "--algorithm", "ES256")
	text := u.read("keys.json")
	for _, args := range [][]string{{"key", "retire", "--never", "./keys.json", "k"}, {"key", "remove", "./keys.json", "k"}} {
		r := u.run("", args...)
		assert.Equal(t, 3, r.status, args)
		assert.Contains(t, r.err, `keys.json: has several keys with the ID "k"`, args)
		assert.Equal(t, text, u.read("keys.json"), args)
	}
}

// An RSA-PSS key is used for PS algorithms only, even with another --algorithm.
func TestAKeyForPSSStaysOne(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	for _, name := range []string{"pss.pem", "pss384.pem"} {
		text, err := os.ReadFile("../../keys/testdata/" + name)
		require.NoError(t, err)
		u.write(name, string(text))
	}
	token := u.ok("mint", "-s", "alice", "--key", "./pss.pem", "--algorithm", "PS512")
	u.ok("verify", token, "--key", "./pss.pem", "--algorithm", "PS512")
	assert.Equal(t, 1, u.run(token, "verify", "--key", "./pss.pem").status, "without an algorithm it is PS256")
	r := u.run("", "key", "public", "./pss384.pem")
	assert.Equal(t, result{0, r.out, "warning: pss384.pem: the PEM text does not say that the key is for PS384 only; --format jwk does\n"}, r)
	assert.Contains(t, u.ok("key", "public", "./pss384.pem", "--format", "jwk"), `"alg": "PS384"`)
	u.ok("key", "add", "./keys.json", "--from", "./pss.pem", "--algorithm", "PS512")
	u.ok("verify", token, "--key", "./keys.json", "--algorithm", "PS512")
	for args, says := range map[string]string{
		"key add ./keys.json --from ./pss.pem --algorithm RS256":    "pss.pem: is an RSA-PSS key, which is for PS256, PS384, PS512 only (algorithm RS256)",
		"key add ./keys.json --from ./pss384.pem --algorithm PS256": "pss384.pem: is an RSA-PSS key, which is for PS384 only (algorithm PS256)",
		"mint -s alice --key ./pss384.pem --algorithm RS384":        "pss384.pem: is an RSA-PSS key, which is for PS384 only (algorithm RS384)",
	} {
		r := u.run("", strings.Fields(args)...)
		assert.Equal(t, 3, r.status, args)
		assert.Contains(t, r.err, says, args)
	}
}
