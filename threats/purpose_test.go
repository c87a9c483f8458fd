package threats_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

var attackPurpose = ginjwt.Purpose{Name: "reset-password"}

func purposeLink(t testing.TB, v *victim, bound ...ginjwt.PurposeOption) string {
	t.Helper()
	return must(v.mgr.CreatePurposeToken(t.Context(), attackPurpose, "alice", bound...))
}

// refusesLink wants links to be refused that an attacker has made, and the victim's to be
// good afterwards.
func (v *victim) refusesLink(t *testing.T, good string, links map[string]string) {
	t.Helper()
	for name, link := range links {
		_, err := v.mgr.PeekPurposeToken(t.Context(), attackPurpose, link)
		require.ErrorIs(t, err, ginjwt.ErrInvalidToken, name)
		_, err = v.mgr.ConsumePurposeToken(t.Context(), attackPurpose, link)
		require.ErrorIs(t, err, ginjwt.ErrInvalidToken, name)
		assert.NotContains(t, err.Error(), "alice", name)
	}
	_, err := v.mgr.ConsumePurposeToken(t.Context(), attackPurpose, good)
	require.NoError(t, err)
}

func TestThreatForgedPurposeTokens(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			good := purposeLink(t, v)
			_, payload, signature := cut(good)
			claims := string(must(base64.RawURLEncoding.DecodeString(payload)))
			signed := func(header string, key any, alg string) string { return seal(alg, key, header, claims) }
			links := map[string]string{
				"T360 alg none":                    b64(headerFor("none", `"typ":"purpose+jwt"`)) + "." + payload + ".",
				"T360 alg none, the old signature": b64(headerFor("none", `"typ":"purpose+jwt"`)) + "." + payload + "." + signature,
				"T360 no signature":                strings.TrimSuffix(good, signature),
				"T361 another key":                 signed(headerFor(alg, `"typ":"purpose+jwt"`), alienKeys().of(alg), alg),
				"T361 a key in the header":         signed(headerFor(alg, `"typ":"purpose+jwt"`, `"jwk":`+publicJWK(jwkOf(alienKeys().of(alg)))), alienKeys().of(alg), alg),
				"T362 another user":                strings.Replace(good, payload, b64(strings.Replace(claims, `"alice"`, `"admin"`, 1)), 1),
				"T362 another purpose":             seal(alg, ownKeys().of(alg), headerFor(alg, `"typ":"purpose+jwt"`), strings.Replace(claims, "reset-password", "reset-password2", 1)),
				"T363 typ JWT":                     signed(headerFor(alg, `"typ":"JWT"`), ownKeys().of(alg), alg),
				"T363 no typ":                      signed(headerFor(alg), ownKeys().of(alg), alg),
				"T363 typ of tickets":              signed(headerFor(alg, `"typ":"ticket+jwt"`), ownKeys().of(alg), alg),
				"T363 two typs":                    signed(headerFor(alg, `"typ":"JWT"`, `"typ":"purpose+jwt"`), ownKeys().of(alg), alg),
				"T364 crit":                        signed(headerFor(alg, `"typ":"purpose+jwt"`, `"crit":["exp"]`), ownKeys().of(alg), alg),
				"T364 compressed":                  signed(headerFor(alg, `"typ":"purpose+jwt"`, `"zip":"DEF"`), ownKeys().of(alg), alg),
				"T365 huge":                        good + strings.Repeat("A", 1<<20),
				"T365 an access token":             own(alg, aliceClaims()),
			}
			if alg != "HS256" { // the public key as a secret
				links["T361 the public key as a secret"] = signed(headerFor("HS256", `"typ":"purpose+jwt"`), []byte(publicPEM(publicOf(ownKeys().of(alg)))), "HS256")
			}
			v.refusesLink(t, good, links)
		})
	}
}

func jwkOf(key any) any {
	if secret, ok := key.([]byte); ok {
		return secret
	}
	return publicOf(key)
}

// Who reads a link, and knows how it is made, cannot find out by trying what it is bound
// to: no HMAC with what stands in the link is the seal.
func TestThreatGuessedBinding(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "EdDSA")
	link := purposeLink(t, v, ginjwt.BoundTo("1234"))
	_, payload, signature := cut(link)
	var claims struct{ Bnd, Jti, Sub, Aud string }
	require.NoError(t, json.Unmarshal(must(base64.RawURLEncoding.DecodeString(payload)), &claims))
	require.NotEmpty(t, claims.Bnd)
	for _, key := range []string{"", claims.Jti, claims.Aud, claims.Sub, payload, signature, publicPEM(publicOf(ownKeys().ed25519))} {
		for _, text := range []string{"1234", claims.Jti + "1234", "1234" + claims.Jti, claims.Aud + claims.Jti + "1234"} {
			mac := hmac.New(sha256.New, []byte(key))
			mac.Write([]byte(text))
			assert.NotEqual(t, claims.Bnd, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
		}
	}
	// The seal of a token whose state the attacker knows fits no other token.
	own := purposeLink(t, v, ginjwt.BoundTo("1234"))
	_, other, _ := cut(own)
	assert.NotContains(t, string(must(base64.RawURLEncoding.DecodeString(other))), claims.Bnd)
}

// FuzzPeekPurposeToken looks at any text, and at any payload that is signed. What passes
// has all that a purpose token must have.
func FuzzPeekPurposeToken(f *testing.F) {
	v := fuzzVictim(f)
	header := headerFor("HS256", `"typ":"purpose+jwt"`)
	good := must(v.mgr.CreatePurposeToken(f.Context(), attackPurpose, "alice"))
	_, payload, _ := cut(good)
	f.Add(string(must(base64.RawURLEncoding.DecodeString(payload))))
	for _, seed := range []string{
		good, "", "..", `{}`, `null`, `{"type":"purpose","aud":"urn:ginjwt:purpose::reset-password","sub":"a","jti":"1","iat":1,"exp":9999999999,"at":1}`,
		`{"type":"purpose","aud":["urn:ginjwt:purpose::reset-password"],"sub":"a","jti":"1","iat":1,"exp":1e10,"at":1,"bnd":null}`,
		`{"type":"purpose","aud":"urn:ginjwt:purpose::reset-password","sub":"a","jti":"1","iat":1,"exp":9999999999,"at":01}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, encoded := range []string{text, seal("HS256", []byte(fuzzSecret), header, text)} {
			token, err := v.mgr.PeekPurposeToken(t.Context(), attackPurpose, encoded)
			if err != nil {
				assert.Nil(t, token)
				continue
			}
			assert.Equal(t, "reset-password", token.Purpose)
			assert.NotEmpty(t, token.ID)
			assert.NotEmpty(t, token.Identity)
			assert.False(t, token.IssuedAt.IsZero() || token.ExpiresAt.IsZero())
			for _, name := range []string{"at", "bnd", "aud", "sub", "exp", "type"} {
				assert.NotContains(t, token.Claims, name)
			}
			_, err = v.mgr.DecodeToken(t.Context(), encoded)
			require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
		}
	})
}
