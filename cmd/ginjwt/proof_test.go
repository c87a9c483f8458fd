package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const certificate = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"

// keyOf returns a DPoP key with the clock of the user.
func (u *user) keyOf() *jwttest.DPoPKey {
	key := jwttest.NewDPoPKey(u.t, nil)
	now := u.now
	key.Now = func() time.Time { return now }
	return key
}

func TestInspectDPoPProofs(t *testing.T) {
	t.Parallel()
	const (
		me     = "https://api.example.com/v1/me"
		nobody = "Signature: NOT VERIFIED: the header has no public key (\"jwk\") for its algorithm\n"
	)
	type change = func(header, claims map[string]any)
	for _, test := range []struct {
		name   string
		env    string
		change change
		after  time.Duration
		want   string
	}{
		{"good", "", func(_, _ map[string]any) {}, 30 * time.Second, "Signature: valid\nVerdict: accepted once, in this request\n"},
		{"old", "", func(_, _ map[string]any) {}, 2 * time.Minute,
			"Signature: valid\nVerdict: refused: The DPoP proof was made at another time (\"iat\"): compare the clock with the header Date (dpop_proof_time, answered 401)\n"},
		{"old, with a larger window", "JWT_DPOP_WINDOW=3m", func(_, _ map[string]any) {}, 2 * time.Minute, "Signature: valid\nVerdict: accepted once, in this request\n"},
		{"of this origin", "JWT_DPOP=demanded JWT_DPOP_ORIGINS=https://api.example.com", func(_, _ map[string]any) {}, 0, "Signature: valid\nVerdict: accepted once, in this request\n"},
		{"of this origin with a path", "JWT_DPOP_ORIGINS=https://api.example.com/v1", func(_, _ map[string]any) {}, 0, "Signature: valid\nVerdict: accepted once, in this request\n"},
		{"of this origin with its whole path", "JWT_DPOP_ORIGINS=" + me, func(_, _ map[string]any) {}, 0, "Signature: valid\nVerdict: accepted once, in this request\n"},
		{"of another origin", "JWT_DPOP_ORIGINS=https://api.example.org", func(_, _ map[string]any) {}, 0,
			"Signature: valid\nVerdict: refused: The DPoP proof is for another URL (\"htu\") (dpop_proof_invalid, answered 401)\n"},
		{"with a foreign nonce", "JWT_DPOP_NONCE=true JWT_DPOP_NONCE_SECRET=" + testSecret, func(_, claims map[string]any) { claims["nonce"] = "n" }, 0,
			"Signature: valid\nVerdict: refused: The DPoP proof needs the nonce of this response (dpop_nonce_required, answered 401)\n"},
		{"changed", "", func(header, _ map[string]any) { header["jwk"] = map[string]string(nil) }, 0,
			nobody + "Verdict: refused: The DPoP proof must have its public key in \"jwk\" (dpop_proof_invalid, answered 401)\n"},
		{"with a secret key", "", func(header, _ map[string]any) {
			header["jwk"] = map[string]string{"kty": "oct", "k": "AAAA"}
		}, 0, nobody + "Verdict: refused: The key in the \"jwk\" of the DPoP proof is not a valid public key for its \"alg\" (dpop_proof_invalid, answered 401)\n" +
			"Warning: \"jwk\" in the header has a private or secret part: everybody who has seen this can sign with the key; make a new key\n"},
		{"without a method", "", func(_, claims map[string]any) { delete(claims, "htm") }, 0,
			"Signature: valid\nVerdict: refused: The DPoP proof needs a valid claim \"htm\" (dpop_proof_invalid, answered 401)\n"},
	} {
		u := newUser(t, strings.Fields(test.env)...)
		proof := u.keyOf().Proof(t, "GET", me, "the token", test.change)
		u.now = u.now.Add(test.after)
		r := u.run("DPoP: "+proof, "inspect")
		assert.Equal(t, test.want, part(t, r.out, "Signature"), test.name)
		assert.Equal(t, result{0, r.out, ""}, r, test.name)
	}
}

// A service derives its nonces from its keys. With these keys inspect judges a nonce as the
// service does, and without them it says that it does not.
func TestInspectChecksNoncesWithTheKeysOfTheService(t *testing.T) {
	t.Parallel()
	const url = "https://api.example.com/login"
	service := newUser(t, "JWT_DPOP=accepted", "JWT_DPOP_NONCE=true", "JWT_SECRET_KEY="+testSecret)
	nonce := service.nonce()
	key := service.keyOf()
	inspect := func(u *user, nonce string) string {
		key.Nonce = nonce
		out := u.run(key.Proof(t, "POST", url, ""), "inspect").out
		return part(t, part(t, out, "DPoP proof"), "  nonce  ")
	}
	good := "\n\nSignature: valid\nVerdict: accepted once, in this request\n"
	refused := "\n\nSignature: valid\nVerdict: refused: The DPoP proof needs the nonce of this response (dpop_nonce_required, answered 401)\n"

	assert.Equal(t, `  nonce    "`+nonce+`"`+good, inspect(service, nonce))
	assert.Equal(t, `  nonce    none`+refused, inspect(service, ""))
	assert.Equal(t, `  nonce    "n-1"`+refused, inspect(service, "n-1"))

	realm := newUser(t, append(service.env, "JWT_REALM=other")...)
	assert.Equal(t, `  nonce    "`+nonce+`"`+refused, inspect(realm, nonce))

	keyless := newUser(t, "JWT_DPOP_NONCE=true")
	assert.Equal(t, `  nonce    "n-1", which is not checked without the keys that sign, or JWT_DPOP_NONCE_SECRET`+good, inspect(keyless, "n-1"))

	service.now = service.now.Add(4 * time.Minute)
	key.Now = func() time.Time { return service.now }
	assert.Equal(t, `  nonce    "`+nonce+`"`+refused, inspect(service, nonce), "a nonce that is too old")
}

// A public key on the command line can make no nonces. It still verifies tokens of a service
// that requires nonces.
func TestKeysOfFlagsNeedNoNonceSecret(t *testing.T) {
	t.Parallel()
	u := newUser(t, "JWT_SECRET_KEY="+testSecret, "JWT_DPOP=accepted", "JWT_DPOP_NONCE=true")
	assert.Equal(t, 0, u.run("", "key", "new", "--algorithm", "ES256", "--out", "./keys.json").status)
	public := u.run("", "jwks", "./keys.json")
	require.NoError(t, os.WriteFile(u.dir+"/public.json", []byte(public.out), 0o600))
	token := u.run("", "mint", "--key", "./keys.json", "--subject", "alice")
	assert.Equal(t, result{0, token.out, ""}, token)
	assert.Equal(t, 0, u.run(token.out, "verify", "--key", "./public.json").status)
	assert.Contains(t, u.run(token.out, "inspect", "--key", "./public.json").out, "Signature: valid\n")

	key := u.keyOf()
	key.Nonce = "n-1"
	assert.Contains(t, u.run(key.Proof(t, "GET", "https://api.example.com/me", "the token"), "inspect", "--key", "./public.json").out,
		"which is not checked without the keys that sign, or JWT_DPOP_NONCE_SECRET\n")
}

// mint binds a token to the key of a client, and says so where a service binds all tokens.
func TestMintBoundTokens(t *testing.T) {
	t.Parallel()
	u := newUser(t, "JWT_SECRET_KEY="+testSecret, "JWT_DPOP=demanded")
	thumbprint := u.keyOf().Thumbprint(t)
	token := u.run("", "mint", "--subject", "alice", "--bound-to", thumbprint)
	assert.Equal(t, result{0, token.out, ""}, token)
	assert.Contains(t, u.run(token.out, "inspect").out, "Bound: to the key "+thumbprint+";")

	unbound := u.run("", "mint", "--subject", "alice")
	assert.Equal(t, result{unbound.status, "", "ginjwt: a service with these settings makes only tokens that are bound to a key (JWT_DPOP is demanded)\n" +
		"name the key of the client: --bound-to THUMBPRINT; ginjwt key thumbprint FILE prints it\n"}, unbound)
	assert.NotZero(t, unbound.status)

	for _, broken := range []string{"short", thumbprint + "A", certificate[:42] + "*"} {
		r := u.run("", "mint", "--subject", "alice", "--bound-to", broken)
		assert.NotZero(t, r.status, broken)
		assert.Empty(t, r.out, broken)
	}
}

// nonce returns the nonce that a service with the settings of the user hands out now.
func (u *user) nonce() string {
	u.t.Helper()
	config, err := ginjwt.LoadConfig(func(name string) (string, bool) {
		for _, setting := range u.env {
			if value, ok := strings.CutPrefix(setting, name+"="); ok {
				return value, true
			}
		}
		return "", false
	})
	require.NoError(u.t, err)
	config.Now = func() time.Time { return u.now }
	m := ginjwt.New(config)
	r := gin.New()
	require.NoError(u.t, m.InitApp(r))
	r.POST("/login", func(c *gin.Context) {
		_, err := m.CreateAccessToken(c, "alice")
		m.Refuse(c, err)
	})
	w := jwttest.Do(r, "POST", "http://example.com/login", u.keyOf().Sign(u.t, ""))
	require.NotEmpty(u.t, w.Header().Get("DPoP-Nonce"))
	return w.Header().Get("DPoP-Nonce")
}

func TestInspectExplainsAProof(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	key := u.keyOf()
	r := u.run(key.Proof(t, "POST", "https://api.example.com/me", "the token"), "inspect")
	assert.Equal(t, `DPoP proof
  kind     it goes into the header DPoP of one request; no service accepts it as a token
  request  POST https://api.example.com/me
  token    only the token with the SHA-256 hash 2Udy_Xap46HBcGc4R7qPloUf1COxp4NIcc0seGM8fpc
  key      `+key.Thumbprint(t)+`, as in the "cnf" of tokens that are bound to it
  nonce    none

Signature: valid
Verdict: accepted once, in this request
`, part(t, r.out, "DPoP proof"))

	key.Nonce = "n-1"
	r = u.run(key.Proof(t, "POST", "https://api.example.com/login", ""), "inspect")
	assert.Equal(t, `  token    none: it is for a login, a refresh or an endpoint of OAuth
  key      `+key.Thumbprint(t)+`, as in the "cnf" of tokens that are bound to it
  nonce    "n-1", which is not checked without JWT_DPOP_NONCE

Signature: valid
Verdict: accepted once, in this request
`, part(t, r.out, "  token  "))

	broken := key.Proof(t, "POST", "https://api.example.com/login", "")
	broken = broken[:strings.LastIndex(broken, ".")+1] + strings.Repeat("A", 86)
	assert.Equal(t, "Signature: INVALID: the key in its header did not make it\n"+
		"Verdict: refused: The signature of the DPoP proof is not valid (dpop_proof_invalid, answered 401)\n", part(t, u.run(broken, "inspect").out, "Signature"))

	for name, odd := range map[string]string{
		"empty":    forgedProof(`{}`, `{}`),
		"numbers":  forgedProof(`{"jwk":1}`, `{"htm":1,"htu":2,"ath":3,"nonce":4}`),
		"bad URLs": forgedProof(`{"jwk":{}}`, `{"htm":"G\nET","htu":"\u001b[2J://"}`),
		"cut":      "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30",
	} {
		r := u.run(odd, "inspect")
		assert.Contains(t, r.out, "Verdict: refused: ", name)
		assert.NotContains(t, r.out, "\x1b", name)
	}
}

func forgedProof(header, payload string) string {
	return forged(strings.Replace(header, "{", `{"typ":"dpop+jwt"`+strings.Repeat(",", min(1, len(header)-2)), 1), payload)
}

func TestVerifyRefusesProofsAndBoundTokens(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	key := u.keyOf()
	bound, err := u.service(nil).CreateAccessToken(t.Context(), "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	require.NoError(t, err)
	for encoded, why := range map[string]string{
		key.Proof(t, "GET", "https://api.example.com", ""): "it is a DPoP proof, which no service accepts as a token; ginjwt inspect explains it",
		bound: "it is bound to a key, and a service accepts it only with a DPoP proof of this key; ginjwt inspect explains it",
	} {
		r := u.run(encoded, "verify", "--json")
		assert.Equal(t, 1, r.status)
		assert.Equal(t, why, readJSON[struct{ Why string }](t, r.out).Why)
	}
}

func TestInspectBoundTokens(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	key := u.keyOf()
	jkt := key.Thumbprint(t)
	create := func(opts ...ginjwt.TokenOption) string {
		token, err := u.service(nil).CreateAccessToken(t.Context(), "alice", opts...)
		require.NoError(t, err)
		return token
	}
	const unsupported = `Verdict: refused: The token is bound by a method that is not supported: only "jkt" (DPoP) is, and not the certificate of mutual TLS ("x5t#S256") (key_unsupported, answered 401)` + "\n"
	for _, test := range []struct{ name, env, encoded, want string }{
		{"bound", secretSetting, create(ginjwt.WithKeyThumbprint(jkt)),
			"Signature: valid\nBound: to the key " + jkt + "; without a DPoP proof of this key, a service refuses the token\nVerdict: accepted with a DPoP proof\n"},
		{"without the key of the service", "", create(ginjwt.WithKeyThumbprint(jkt)),
			"Signature: NOT VERIFIED: no key was given, so anybody may have written this\nBound: to the key " + jkt +
				"; without a DPoP proof of this key, a service refuses the token\nVerdict: accepted with a DPoP proof if the signature is valid\n"},
		{"not bound, but it must be", secretSetting + " JWT_DPOP=demanded", create(),
			"Signature: valid\nVerdict: refused: The token is bound to no key: log in with a DPoP proof (key_missing, answered 401)\n"},
		{"to a certificate", secretSetting, forged(`{"alg":"HS256"}`, `{"type":"access","sub":"alice","exp":9999999999,"cnf":{"x5t#S256":"`+certificate+`"}}`),
			"Signature: valid\nBound: by a method that ginjwt does not support (\"x5t#S256\")\n" + unsupported},
		{"to nothing", secretSetting, forged(`{"alg":"HS256"}`, `{"type":"access","sub":"alice","exp":9999999999,"cnf":7}`),
			"Signature: valid\nBound: by a method that ginjwt does not support (not readable)\n" + unsupported},
	} {
		u := newUser(t, strings.Fields(test.env)...)
		r := u.run(test.encoded, "inspect")
		got := part(t, r.out, "Signature")
		if i := strings.Index(got, "Warning: "); i >= 0 {
			got = got[:i]
		}
		assert.Equal(t, test.want, got, test.name)
		assert.Equal(t, strings.Contains(test.want, jkt), strings.Contains(u.run(test.encoded, "inspect", "--json").out, `"bound_to": "`+jkt+`"`), test.name)
	}
}
