package threats_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The proofs of every algorithm pass. Otherwise the refusals below would prove nothing.
func TestDPoPProofsPass(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		f := newDPoPForger(t, a, alg)
		for range 2 { // the second by the key that is known
			a.passes(t, "GET", "/private", dpopSend(f.token, f.sign(f.header(), f.get())))
			a.passes(t, "GET", "/bound", dpopSend(f.token, f.sign(f.header(), f.claims("GET", "/bound"))))
		}
		for name, header := range map[string]string{
			"more parameters": f.header(`"kid":"x"`, `"jku":"https://evil.example/keys"`, `"x5c":["AA"]`, `"x5u":"https://evil.example"`, `"x":{"y":1}`),
			"the long type":   strings.Replace(f.header(), "dpop+jwt", "application/dpop+jwt", 1),
		} {
			w := a.passes(t, "GET", "/private", dpopSend(f.token, f.sign(header, f.get())))
			assert.Equal(t, 200, w.Code, "%s: %s", alg, name)
		}
	}
}

// A proof with a valid signature, whose header is none of a proof.
func TestAttackDPoPHeaders(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	f := newDPoPForger(t, a, "ES256")
	good, jwk := f.header(), f.jwk()
	with := func(was, is string) string {
		require.Contains(t, good, was)
		return strings.Replace(good, was, is, 1)
	}
	p256 := alienKeys().p256
	private := strings.TrimSuffix(jwk, "}") + `,"d":"` + b64(string(must(p256.Bytes()))) + `"}`
	other := publicJWK(publicOf(ownKeys().p256))
	point := must(p256.PublicKey.Bytes())[1:]
	x, y := b64(string(point[:32])), b64(string(point[32:]))
	for name, header := range map[string]string{
		"T370 no typ":                 with(`"typ":"dpop+jwt",`, ``),
		"T370 typ of an access token": with(`dpop+jwt`, `JWT`),
		"T370 typ at+jwt":             with(`dpop+jwt`, `at+jwt`),
		"T370 typ with a space":       with(`dpop+jwt`, ` dpop+jwt`),
		"T370 typ in a list":          with(`"dpop+jwt"`, `["dpop+jwt"]`),
		"T370 typ null":               with(`"dpop+jwt"`, `null`),
		"T370 typ twice":              f.header(`"typ":"dpop+jwt"`),
		"T370 typ escaped and twice":  f.header(`"t\u0079p":"dpop+jwt"`),
		"T371 no alg":                 with(`"alg":"ES256",`, ``),
		"T371 alg none":               with(`"ES256"`, `"none"`),
		"T371 alg None":               with(`"ES256"`, `"None"`),
		"T371 alg empty":              with(`"ES256"`, `""`),
		"T371 alg null":               with(`"ES256"`, `null`),
		"T371 alg twice":              f.header(`"alg":"ES256"`),
		"T371 alg HS256":              with(`"ES256"`, `"HS256"`),
		"T371 alg of another family":  with(`"ES256"`, `"RS256"`),
		"T371 alg of another curve":   with(`"ES256"`, `"ES384"`),
		"T371 alg EdDSA":              with(`"ES256"`, `"EdDSA"`),
		"T371 alg in another case":    with(`"ES256"`, `"es256"`),
		"T371 alg of encryption":      with(`"ES256"`, `"ECDH-ES"`),
		"T371 alg ES256K":             with(`"ES256"`, `"ES256K"`),
		"T372 crit":                   f.header(`"crit":["exp"]`),
		"T372 crit b64":               f.header(`"crit":["b64"]`, `"b64":true`),
		"T372 crit empty":             f.header(`"crit":[]`),
		"T372 crit null":              f.header(`"crit":null`),
		"T372 b64 false":              f.header(`"b64":false`),
		"T372 b64 true":               f.header(`"b64":true`),
		"T372 zip":                    f.header(`"zip":"DEF"`),
		"T372 zip null":               f.header(`"zip":null`),
		"T372 kid is a number":        f.header(`"kid":1`),
		"T373 no jwk":                 with(`,"jwk":`+jwk, ``),
		"T373 jwk null":               with(jwk, `null`),
		"T373 jwk as a string":        with(jwk, string(must(json.Marshal(jwk)))),
		"T373 jwk in a list":          with(jwk, `[`+jwk+`]`),
		"T373 jwk empty":              with(jwk, `{}`),
		"T373 jwk twice":              f.header(`"jwk":` + jwk),
		"T373 jwk twice, another one": f.header(`"jwk":` + other),
		"T373 jwk of another key":     with(jwk, other),
		"T373 JWK in another case":    with(`"jwk"`, `"JWK"`),
		"T373 only kid":               with(`"jwk":`+jwk, `"kid":"1"`),
		"T373 only jku":               with(`"jwk":`+jwk, `"jku":"https://evil.example/keys"`),
		"T373 only x5c":               with(`"jwk":`+jwk, `"x5c":["AA=="]`),
		"T373 a set of keys":          with(jwk, `{"keys":[`+jwk+`]}`),
		"T374 private key":            with(jwk, private),
		"T374 private part is empty":  with(jwk, strings.TrimSuffix(jwk, "}")+`,"d":""}`),
		"T374 private part is null":   with(jwk, strings.TrimSuffix(jwk, "}")+`,"d":null}`),
		"T374 symmetric part":         with(jwk, strings.TrimSuffix(jwk, "}")+`,"k":"AAAA"}`),
		"T374 symmetric key":          with(jwk, publicJWK([]byte("a secret of a client with more than thirty-two bytes"))),
		"T374 member twice":           with(jwk, strings.TrimSuffix(jwk, "}")+`,"x":"`+x+`"}`),
		"T374 member twice, escaped":  with(jwk, strings.TrimSuffix(jwk, "}")+`,"\u0078":"`+x+`"}`),
		"T374 for encryption":         with(jwk, strings.TrimSuffix(jwk, "}")+`,"use":"enc"}`),
		"T374 not to verify":          with(jwk, strings.TrimSuffix(jwk, "}")+`,"key_ops":["sign"]}`),
		"T374 for another algorithm":  with(jwk, strings.TrimSuffix(jwk, "}")+`,"alg":"ES384"}`),
		"T374 of another curve":       with(jwk, publicJWK(publicOf(alienKeys().p384))),
		"T374 RSA":                    with(jwk, publicJWK(publicOf(alienKeys().rsa))),
		"T374 not on the curve":       with(jwk, fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, y, x)),
		"T374 infinity":               with(jwk, fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, b64(strings.Repeat("\x00", 32)), b64(strings.Repeat("\x00", 32)))),
		"T374 x has spare bits":       with(jwk, fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, withSpareBits("."+x, 1)[1:], y)),
		"T374 an unknown curve":       with(`"P-256"`, `"P-192"`),
		"T374 an unknown type":        with(`"EC"`, `"XX"`),
		"T375 list":                   `[` + good + `]`,
		"T375 text":                   string(must(json.Marshal(good))),
		"T375 two objects":            good + good,
		"T375 byte order mark":        "\xef\xbb\xbf" + good,
		"T375 not UTF-8":              f.header("\"x\":\"\xff\""),
		"T375 half a surrogate":       f.header(`"x":"\ud800"`),
		"T375 unknown member twice":   f.header(`"x":1`, `"x":2`),
		"T375 unknown, nested twice":  f.header(`"x":{"y":1,"y":2}`),
		"T375 comma at the end":       f.header(``),
		"T375 large jwk":              with(jwk, strings.TrimSuffix(jwk, "}")+`,"x5c":["`+strings.Repeat("A", 9000)+`"]}`),
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				reason := "dpop_proof_invalid"
				if name == "T373 jwk of another key" { // which nobody needs to read further
					reason = "key_mismatch"
				}
				a.refuses(t, reason, "GET", "/private", dpopSend(f.token, f.sign(header, f.get())))
				a.refuses(t, "dpop_proof_invalid", "POST", "/login", jwttest.Header("DPoP", f.sign(header, f.claims("POST", "/login"))))
				a.passes(t, "GET", "/private", dpopSend(f.token, f.sign(good, f.get()))) // the key is known now
			}
		})
	}
}

// Other spellings of one key have one thumbprint, so they bind to nothing else.
func TestDPoPSpellingsOfAKey(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	for _, alg := range []string{"ES256", "RS256"} {
		f := newDPoPForger(t, a, alg)
		var jwk map[string]string
		require.NoError(t, json.Unmarshal([]byte(f.jwk()), &jwk))
		for name := range jwk {
			if name == "kty" || name == "crv" {
				continue
			}
			value := jwk[name]
			padded := base64.URLEncoding.EncodeToString(must(base64.RawURLEncoding.DecodeString(value)))
			for _, spelling := range []string{padded, b64("\x00" + string(must(base64.RawURLEncoding.DecodeString(value))))} {
				header := strings.Replace(f.header(), value, spelling, 1)
				a.passes(t, "GET", "/private", dpopSend(f.token, f.sign(header, f.get())))
				w := a.passes(t, "POST", "/login", jwttest.Header("DPoP", f.sign(header, f.claims("POST", "/login"))))
				var pair ginjwt.TokenPair
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
				of := func(token string) string { return must(a.mgr.DecodeToken(t.Context(), token)).KeyThumbprint() }
				assert.Equal(t, of(f.token), of(pair.AccessToken), "%s, %s", alg, name)
			}
		}
		deep := f.header(`"x":` + strings.Repeat(`[`, 900) + strings.Repeat(`]`, 900))
		a.passes(t, "GET", "/private", dpopSend(f.token, f.sign(deep, f.get())))
	}
}

// Keys that are too weak or too large, in proofs that are otherwise right.
func TestAttackDPoPWeakKeys(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	n := alienKeys().rsa.N
	rsaJWK := func(n *big.Int, e string) string {
		return fmt.Sprintf(`{"kty":"RSA","n":%q,"e":%q}`, b64(string(n.Bytes())), e)
	}
	huge := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 32000), big.NewInt(1))
	for name, jwk := range map[string]string{
		"T376 1024 bits":          rsaJWK(new(big.Int).Rsh(n, 1024), "AQAB"),
		"T376 exponent 1":         rsaJWK(n, "AQ"),
		"T376 exponent 0":         rsaJWK(n, "AA"),
		"T376 no exponent":        rsaJWK(n, ""),
		"T376 even exponent":      rsaJWK(n, "Ag"),
		"T376 exponent of 8 byte": rsaJWK(n, "AQAAAAAAAAE"),
		"T376 even modulus":       rsaJWK(new(big.Int).Lsh(big.NewInt(1), 2048), "AQAB"),
		"T376 small factors":      rsaJWK(new(big.Int).Mul(big.NewInt(3), n), "AQAB"),
		"T376 32000 bits":         rsaJWK(huge, "AQAB"),
		"T376 other primes":       strings.TrimSuffix(rsaJWK(n, "AQAB"), "}") + `,"oth":[]}`,
		"T376 a private exponent": strings.TrimSuffix(rsaJWK(n, "AQAB"), "}") + `,"d":"AQAB"}`,
		"T376 a prime":            strings.TrimSuffix(rsaJWK(n, "AQAB"), "}") + `,"p":"AQAB"}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newDPoPForger(t, a, "RS256")
			header := `{"typ":"dpop+jwt","alg":"RS256","jwk":` + jwk + `}`
			a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(f.token, f.sign(header, f.get())))
			a.refuses(t, "dpop_proof_invalid", "POST", "/login", jwttest.Header("DPoP", f.sign(header, f.claims("POST", "/login"))))
		})
	}
	t.Run("T376 a weak key of its own", func(t *testing.T) {
		small := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
		header := `{"typ":"dpop+jwt","alg":"ES256","jwk":` + publicJWK(&small.PublicKey) + `}`
		f := newDPoPForger(t, a, "ES256")
		input := b64(header) + "." + b64(f.claims("POST", "/login"))
		r, s, err := ecdsa.Sign(rand.Reader, small, digestOf(hashOf("ES256"), input))
		require.NoError(t, err)
		a.refuses(t, "dpop_proof_invalid", "POST", "/login", jwttest.Header("DPoP", withSignature(input, halves(r, s, 32))))
	})
}

// The public key of a client as the secret of HMAC, in each form that code has ever taken for one.
func TestAttackDPoPConfusion(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		f := newDPoPForger(t, a, alg)
		for name, secret := range map[string]string{
			"JWK": f.jwk(), "PEM": publicPEM(publicOf(f.key)), "no secret": "", "null": "null",
		} {
			for _, hmac := range []string{"HS256", "HS384", "HS512", "none", "dir"} {
				t.Run("T377 "+alg+" "+name+" "+hmac, func(t *testing.T) {
					header := strings.Replace(f.header(), `"`+alg+`"`, `"`+hmac+`"`, 1)
					signed := strings.Replace(hmac, "none", "HS256", 1)
					proof := seal(strings.Replace(signed, "dir", "HS256", 1), []byte(secret), header, f.get())
					a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(f.token, proof))
					a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(f.token, inputOf(proof)+"."))
				})
			}
		}
	}
}

// The form of a proof around its header and its claims.
func TestAttackDPoPEncodings(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	f := newDPoPForger(t, a, "ES256")
	for _, known := range []bool{false, true} {
		if known {
			a.passes(t, "GET", "/private", dpopSend(f.token, f.sign(f.header(), f.get())))
		}
		forged := func(change func(header, payload, signature string) string) func() string {
			return func() string { return change(cut(f.sign(f.header(), f.get()))) }
		}
		for name, proof := range map[string]func() string{
			"empty":               func() string { return "" },
			"one dot":             func() string { return "." },
			"two dots":            func() string { return ".." },
			"the token itself":    func() string { return f.token },
			"no signature":        forged(func(h, p, _ string) string { return h + "." + p }),
			"empty signature":     forged(func(h, p, _ string) string { return h + "." + p + "." }),
			"four segments":       forged(func(h, p, s string) string { return h + "." + p + "." + s + "." + s }),
			"a dot before":        forged(func(h, p, s string) string { return "." + h + "." + p + "." + s }),
			"a dot after":         forged(func(h, p, s string) string { return h + "." + p + "." + s + "." }),
			"padding":             forged(func(h, p, s string) string { return h + "." + p + "." + s + "==" }),
			"padding of header":   forged(func(h, p, s string) string { return h + "=." + p + "." + s }),
			"spare bits":          forged(func(h, p, s string) string { return withSpareBits(h+"."+p+"."+s, 1) }),
			"a space inside":      forged(func(h, p, s string) string { return h + ". " + p + "." + s }),
			"a tab inside":        forged(func(h, p, s string) string { return h + ".\t" + p + "." + s }),
			"a line break inside": forged(func(h, p, s string) string { return h + ".\n" + p + "." + s }),
			"a NUL after":         forged(func(h, p, s string) string { return h + "." + p + "." + s + "\x00" }),
			"quotes":              forged(func(h, p, s string) string { return `"` + h + "." + p + "." + s + `"` }),
			"a scheme":            forged(func(h, p, s string) string { return "DPoP " + h + "." + p + "." + s }),
			"joined with a comma": forged(func(h, p, s string) string { return h + "." + p + "." + s + "," + h + "." + p + "." + s }),
			"a comma after":       forged(func(h, p, s string) string { return h + "." + p + "." + s + "," }),
			"another signature": forged(func(h, p, s string) string {
				return h + "." + p + "." + b64(string(flipped(must(base64.RawURLEncoding.DecodeString(s)), 7)))
			}),
			"a signature of zeros": forged(func(h, p, s string) string { return h + "." + p + "." + b64(strings.Repeat("\x00", 64)) }),
			"a signature in DER": func() string {
				input := inputOf(f.sign(f.header(), f.get()))
				return input + "." + b64(string(must(ecdsa.SignASN1(rand.Reader, alienKeys().p256, digestOf(hashOf("ES256"), input)))))
			},
			"too large": func() string { return f.sign(f.header(), f.get(`"x":"`+strings.Repeat("x", 9000)+`"`)) },
			"no JSON":   func() string { return f.sign(f.header(), "x") },
			"a list":    func() string { return f.sign(f.header(), "["+f.get()+"]") },
			"nothing":   func() string { return f.sign(f.header(), "") },
		} {
			t.Run(fmt.Sprintf("T378 %s, known %t", name, known), func(t *testing.T) {
				a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(f.token, proof()))
			})
		}
		t.Run("T378 two headers", func(t *testing.T) {
			proof := f.sign(f.header(), f.get())
			a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(f.token, proof, proof))
			a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(f.token, proof, ""))
			a.refuses(t, "dpop_proof_invalid", "POST", "/login", func(r *http.Request) { r.Header["Dpop"] = []string{proof, proof} })
			a.passes(t, "GET", "/private", dpopSend(f.token, proof)) // it was not used up
		})
	}
}

// The claims of a proof: what is missing, has another type, or is for something else.
func TestAttackDPoPClaims(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	f := newDPoPForger(t, a, "ES256")
	now := a.at(0)
	proof := func(members string) string { return f.sign(f.header(), `{`+members+`}`) }
	claims := func(jti, htm, htu, iat, ath string) string {
		return proof(`"jti":` + jti + `,"htm":` + htm + `,"htu":` + htu + `,"iat":` + iat + `,"ath":` + ath)
	}
	id := func() string { return `"` + rand.Text() + `"` }
	const get, url = `"GET"`, `"http://example.com/private"`
	ath := `"` + dpopHash(f.token) + `"`
	type refused struct{ proof, reason string }
	invalid := func(proof string) refused { return refused{proof, "dpop_proof_invalid"} }
	late := func(iat string) refused { return refused{claims(id(), get, url, iat, ath), "dpop_proof_time"} }
	for name, v := range map[string]refused{
		"T379 no jti":              invalid(proof(`"htm":"GET","htu":` + url + `,"iat":` + now + `,"ath":` + ath)),
		"T379 jti is empty":        invalid(claims(`""`, get, url, now, ath)),
		"T379 jti is a number":     invalid(claims(`1`, get, url, now, ath)),
		"T379 jti is null":         invalid(claims(`null`, get, url, now, ath)),
		"T379 jti is too long":     invalid(claims(`"`+strings.Repeat("x", 256)+`"`, get, url, now, ath)),
		"T379 jti twice":           invalid(f.sign(f.header(), f.get(`"jti":"2"`))),
		"T379 jti twice, escaped":  invalid(f.sign(f.header(), f.get(`"jt\u0069":"2"`))),
		"T379 JTI":                 invalid(proof(`"JTI":"x","htm":"GET","htu":` + url + `,"iat":` + now + `,"ath":` + ath)),
		"T380 no htm":              invalid(proof(`"jti":"x","htu":` + url + `,"iat":` + now + `,"ath":` + ath)),
		"T380 another method":      invalid(claims(id(), `"POST"`, url, now, ath)),
		"T380 in lower case":       invalid(claims(id(), `"get"`, url, now, ath)),
		"T380 in a list":           invalid(claims(id(), `["GET"]`, url, now, ath)),
		"T380 with a space":        invalid(claims(id(), `"GET "`, url, now, ath)),
		"T380 empty":               invalid(claims(id(), `""`, url, now, ath)),
		"T380 any":                 invalid(claims(id(), `"*"`, url, now, ath)),
		"T381 no htu":              invalid(proof(`"jti":"x","htm":"GET","iat":` + now + `,"ath":` + ath)),
		"T381 another path":        invalid(claims(id(), get, `"http://example.com/optional"`, now, ath)),
		"T381 a slash more":        invalid(claims(id(), get, `"http://example.com/private/"`, now, ath)),
		"T381 two slashes":         invalid(claims(id(), get, `"http://example.com//private"`, now, ath)),
		"T381 another case":        invalid(claims(id(), get, `"http://example.com/Private"`, now, ath)),
		"T381 an escaped slash":    invalid(claims(id(), get, `"http://example.com%2Fprivate"`, now, ath)),
		"T381 another host":        invalid(claims(id(), get, `"http://evil.example/private"`, now, ath)),
		"T381 a longer host":       invalid(claims(id(), get, `"http://example.com.evil.example/private"`, now, ath)),
		"T381 a user":              invalid(claims(id(), get, `"http://x@example.com/private"`, now, ath)),
		"T381 the host as a user":  invalid(claims(id(), get, `"http://example.com@evil.example/private"`, now, ath)),
		"T381 another port":        invalid(claims(id(), get, `"http://example.com:8080/private"`, now, ath)),
		"T381 the port of https":   invalid(claims(id(), get, `"http://example.com:443/private"`, now, ath)),
		"T381 another scheme":      invalid(claims(id(), get, `"https://example.com/private"`, now, ath)),
		"T381 a WebSocket":         invalid(claims(id(), get, `"ws://example.com/private"`, now, ath)),
		"T381 no scheme":           invalid(claims(id(), get, `"//example.com/private"`, now, ath)),
		"T381 only a path":         invalid(claims(id(), get, `"/private"`, now, ath)),
		"T381 only a host":         invalid(claims(id(), get, `"http://example.com"`, now, ath)),
		"T381 no host":             invalid(claims(id(), get, `"http:///private"`, now, ath)),
		"T381 opaque":              invalid(claims(id(), get, `"http:example.com/private"`, now, ath)),
		"T381 a backslash":         invalid(claims(id(), get, `"http://example.com\\private"`, now, ath)),
		"T381 a space before":      invalid(claims(id(), get, `" http://example.com/private"`, now, ath)),
		"T381 a line break":        invalid(claims(id(), get, `"http://example.com/private\n"`, now, ath)),
		"T381 a NUL":               invalid(claims(id(), get, `"http://example.com/private\u0000"`, now, ath)),
		"T381 a dot after":         invalid(claims(id(), get, `"http://example.com./private"`, now, ath)),
		"T381 in a list":           invalid(claims(id(), get, `[`+url+`]`, now, ath)),
		"T381 any":                 invalid(claims(id(), get, `"*"`, now, ath)),
		"T381 htu twice":           invalid(f.sign(f.header(), f.get(`"htu":`+url))),
		"T382 no iat":              invalid(proof(`"jti":"x","htm":"GET","htu":` + url + `,"ath":` + ath)),
		"T382 iat is a string":     invalid(claims(id(), get, url, `"`+now+`"`, ath)),
		"T382 iat is true":         invalid(claims(id(), get, url, `true`, ath)),
		"T382 iat is null":         invalid(claims(id(), get, url, `null`, ath)),
		"T382 iat in a list":       invalid(claims(id(), get, url, `[`+now+`]`, ath)),
		"T382 iat is zero":         late(`0`),
		"T382 iat is negative":     late(`-` + now),
		"T382 iat is infinite":     late(`1e999`),
		"T382 iat does not fit":    late(`99999999999999999999999999`),
		"T382 iat wraps":           late(`18446744073709551616`),
		"T382 iat in milliseconds": late(now + `000`),
		"T382 just too old":        late(a.at(-61)),
		"T382 just too early":      late(a.at(61)),
		"T382 exp does not help":   {f.sign(f.header(), strings.Replace(f.get(`"exp":`+a.at(9999)), `"iat":`+now, `"iat":`+a.at(-61), 1)), "dpop_proof_time"},
		"T382 exp has passed":      {f.sign(f.header(), f.get(`"exp":`+a.at(-61))), "dpop_proof_time"},
		"T382 nbf is ahead":        {f.sign(f.header(), f.get(`"nbf":`+a.at(61))), "dpop_proof_time"},
		"T383 no ath":              invalid(proof(`"jti":` + id() + `,"htm":"GET","htu":` + url + `,"iat":` + now)),
		"T383 ath is empty":        invalid(claims(id(), get, url, now, `""`)),
		"T383 ath is null":         invalid(claims(id(), get, url, now, `null`)),
		"T383 ath of another":      invalid(claims(id(), get, url, now, `"`+dpopHash(f.token+"x")+`"`)),
		"T383 ath of nothing":      invalid(claims(id(), get, url, now, `"`+dpopHash("")+`"`)),
		"T383 ath with the scheme": invalid(claims(id(), get, url, now, `"`+dpopHash("DPoP "+f.token)+`"`)),
		"T383 ath is padded":       invalid(claims(id(), get, url, now, `"`+dpopHash(f.token)+`="`)),
		"T383 ath is cut":          invalid(claims(id(), get, url, now, `"`+dpopHash(f.token)[:42]+`"`)),
		"T383 ath has spare bits":  invalid(claims(id(), get, url, now, `"`+withSpareBits("."+dpopHash(f.token), 1)[1:]+`"`)),
		"T383 the token as ath":    invalid(claims(id(), get, url, now, `"`+f.token+`"`)),
		"T383 ath twice":           invalid(f.sign(f.header(), f.get(`"ath":`+ath))),
		"T384 nonce is a number":   invalid(f.sign(f.header(), f.get(`"nonce":1`))),
		"T384 nonce is empty":      invalid(f.sign(f.header(), f.get(`"nonce":""`))),
	} {
		t.Run(name, func(t *testing.T) {
			a.refuses(t, v.reason, "GET", "/private", dpopSend(f.token, v.proof))
		})
	}
	for name, proof := range map[string]string{
		"exp and nbf around now":     f.sign(f.header(), f.get(`"exp":`+a.at(1), `"nbf":`+a.at(0))),
		"a nonce that nobody wanted": f.sign(f.header(), f.get(`"nonce":"x"`)),
		"other claims":               f.sign(f.header(), f.get(`"sub":"mallory"`, `"cnf":{"jkt":"x"}`, `"x":{"y":[1]}`)),
		"the oldest":                 claims(id(), get, url, a.at(-60), ath),
		"the newest":                 claims(id(), get, url, a.at(60), ath),
		"a fraction":                 claims(id(), get, url, now+".9", ath),
		"the longest jti":            claims(`"`+strings.Repeat("x", 255)+`"`, get, url, now, ath),
		"a query":                    claims(id(), get, `"http://example.com/private?x=1"`, now, ath),
		"a fragment":                 claims(id(), get, `"http://example.com/private#x"`, now, ath),
		"the default port":           claims(id(), get, `"http://EXAMPLE.com:80/private"`, now, ath),
	} {
		t.Run("T385 "+name, func(t *testing.T) {
			a.passes(t, "GET", "/private", dpopSend(f.token, proof))
		})
	}
}

// A proof is refused as a replay for as long as it would be accepted otherwise, by whatever
// fraction of a second the clock is ahead.
func TestAttackDPoPReplayAtTheBorders(t *testing.T) {
	t.Parallel()
	for _, fraction := range []time.Duration{0, 999 * time.Millisecond} {
		for _, window := range []time.Duration{time.Second, time.Minute, 10 * time.Minute} {
			for _, path := range []string{"/private", "/bound"} {
				t.Run(fmt.Sprintf("T386 %s %s %s", fraction, window, path), func(t *testing.T) {
					t.Parallel()
					a := newDPoPApp(t, func(c *ginjwt.Config) {
						c.DPoPWindow, c.Once, c.AccessTokenExpires = window, &ginjwt.MemoryOnce{Now: c.Now}, 24*time.Hour
					})
					a.clock.Advance(fraction)
					pair := a.login(t, a.key)
					seconds := int64(window / time.Second)
					proof := a.key.Proof(t, "GET", "http://example.com"+path, pair.AccessToken, func(_, claims map[string]any) { claims["iat"] = a.clock.Now().Unix() + seconds })
					a.passes(t, "GET", path, dpopSend(pair.AccessToken, proof))
					for range 2*seconds + 1 {
						w := jwttest.Do(a.engine, "GET", path, dpopSend(pair.AccessToken, proof))
						require.Equal(t, 401, w.Code)
						require.Contains(t, w.Header().Get("WWW-Authenticate"), "dpop_proof_replayed")
						a.clock.Advance(time.Second)
					}
					a.refuses(t, "dpop_proof_time", "GET", path, dpopSend(pair.AccessToken, proof))
				})
			}
		}
	}
}

// Another signature of the same claims is the same proof: its "jti" was used.
func TestAttackDPoPMalleableReplay(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, nil)
	f := newDPoPForger(t, a, "ES256")
	claims := f.get()
	proof := f.sign(f.header(), claims)
	signature := signatureBytes(proof)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	mirrored := withSignature(inputOf(proof), halves(r, s.Sub(elliptic.P256().Params().N, s), 32))
	a.passes(t, "GET", "/private", dpopSend(f.token, mirrored))
	a.refuses(t, "dpop_proof_replayed", "GET", "/private", dpopSend(f.token, proof))
	a.refuses(t, "dpop_proof_replayed", "GET", "/private", dpopSend(f.token, f.sign(f.header(), claims)))
	a.refuses(t, "dpop_proof_replayed", "GET", "/private", dpopSend(f.token, f.sign(f.header(`"x":1`), claims)))
}
