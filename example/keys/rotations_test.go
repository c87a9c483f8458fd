package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func newManager(t testing.TB, config ginjwt.Config) *ginjwt.JWTManager {
	t.Helper()
	jwt := ginjwt.New(config)
	require.NoError(t, jwt.InitApp(gin.New()))
	return jwt
}

func newSecret(t testing.TB) []byte {
	t.Helper()
	secret := make([]byte, 32)
	_, err := rand.Read(secret)
	require.NoError(t, err)
	return secret
}

func newRSA(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return key
}

func assertAccepts(t *testing.T, jwt *ginjwt.JWTManager, token string) {
	t.Helper()
	_, err := jwt.VerifyToken(t.Context(), token, ginjwt.AnyType())
	assert.NoError(t, err)
}

func assertRefuses(t *testing.T, jwt *ginjwt.JWTManager, token string) {
	t.Helper()
	_, err := jwt.VerifyToken(t.Context(), token, ginjwt.AnyType())
	assert.ErrorIs(t, err, ginjwt.ErrInvalidToken)
}

// A rotation is the same for all kinds of keys. Processes with the old list and processes
// with the new list accept each other's tokens.
func TestRotationsOfAllKinds(t *testing.T) {
	t.Parallel()
	rs256 := keys.Key{Algorithm: "RS256", Sign: newRSA(t, 2048)}
	hs256 := func() keys.Key { return keys.Key{Sign: newSecret(t)} }
	for name, kind := range map[string]struct{ old, fresh keys.Key }{
		"HS256 to HS256": {hs256(), hs256()},
		"HS256 to EdDSA": {hs256(), newEdDSA(t, "")},
		"RS256 to ES256": {rs256, newES256(t, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			now, old, fresh := clock.Now(), kind.old, kind.fresh
			before := newManager(t, ginjwt.Config{Keys: []keys.Key{old}, Now: clock.Now})
			first := jwttest.RefreshToken(t, before, "alice")

			fresh.NotBefore = now.Add(time.Hour)             // until then, the key is only published
			old.NotAfter = fresh.NotBefore.AddDate(0, 0, 31) // its last refresh token lives for 30 days
			list := []keys.Key{fresh, old}
			after := newManager(t, ginjwt.Config{Keys: list, Now: clock.Now})

			assertAccepts(t, after, first)
			assertAccepts(t, before, jwttest.RefreshToken(t, after, "alice"))
			require.NoError(t, before.SetKeys(list...))
			clock.Advance(time.Hour)
			second := jwttest.RefreshToken(t, after, "alice")
			assert.NotEqual(t, keyOf(t, first), keyOf(t, second))
			assertAccepts(t, before, second)
			assertAccepts(t, before, first)
			clock.Advance(31 * 24 * time.Hour)
			assertRefuses(t, after, first)
		})
	}
}

// A service with JWT_SECRET_KEY gets a list. Processes with only the secret and processes
// with the list accept each other's tokens.
func TestFromSecretToList(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	oldSecret := string(newSecret(t))
	before := newManager(t, ginjwt.Config{SecretKey: oldSecret, Now: clock.Now})
	unnamed := jwttest.AccessToken(t, before, "alice")
	assert.Nil(t, keyOf(t, unnamed))

	old := keys.Key{
		Sign:              []byte(oldSecret),
		AllowMissingKeyID: true, // tokens from before the list have no "kid"
	}
	fresh := newEdDSA(t, "2026-12")
	fresh.NotBefore = clock.Now().Add(time.Hour)
	after := newManager(t, ginjwt.Config{Keys: []keys.Key{fresh, old}, Now: clock.Now})

	assertAccepts(t, after, unnamed)
	named := jwttest.AccessToken(t, after, "alice")
	assert.NotNil(t, keyOf(t, named))
	assertAccepts(t, before, named)
	assertAccepts(t, after, named)
}

// If all processes restart at once, the old secret can stay in SecretKey.
func TestSecretBesideList(t *testing.T) {
	t.Parallel()
	oldSecret := string(newSecret(t))
	private := newEdDSA(t, "").Sign
	config := ginjwt.Config{
		Keys:      []keys.Key{{ID: "2026-12", Sign: private}}, // signs
		SecretKey: oldSecret,                                  // verifies older tokens
	}
	jwt := newManager(t, config)
	unnamed := jwttest.AccessToken(t, newManager(t, ginjwt.Config{SecretKey: oldSecret}), "alice")
	assertAccepts(t, jwt, unnamed)
	assert.Equal(t, "2026-12", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))

	require.NoError(t, jwt.SetKeys(newEdDSA(t, "2027-01")))
	assertRefuses(t, jwt, unnamed) // SetKeys replaces SecretKey too
}

// Everybody with the public key can verify access tokens. Only this service can verify
// refresh tokens.
func TestSeparateKeys(t *testing.T) {
	t.Parallel()
	private, secret := newEdDSA(t, "").Sign, newSecret(t)
	config := ginjwt.Config{
		EncodeIssuer: "https://accounts.example.com",
		Keys: []keys.Key{
			{ID: "access-1", Sign: private, TokenType: keys.AccessToken},
			{ID: "refresh-1", Sign: secret, TokenType: keys.RefreshToken}, // HS256
		},
	}
	jwt := ginjwt.New(config)
	router, err := newRouter(jwt)
	require.NoError(t, err)
	assert.Equal(t, "access-1", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))
	assert.Equal(t, "refresh-1", keyOf(t, jwttest.RefreshToken(t, jwt, "alice")))
	published := jwttest.Do(router, "GET", "/.well-known/jwks.json").Body.String()
	assert.Contains(t, published, `"access-1"`)
	assert.NotContains(t, published, `"refresh-1"`)

	forger := newManager(t, ginjwt.Config{Keys: []keys.Key{{ID: "access-1", Sign: private}}})
	assertRefuses(t, jwt, jwttest.RefreshToken(t, forger, "alice"))
}

// A thief with a key makes tokens that no blocklist knows. Removing the key makes them
// worthless.
func TestLeak(t *testing.T) {
	t.Parallel()
	leaked, clean := newEdDSA(t, "leaked"), newEdDSA(t, "clean")
	jwt := newManager(t, ginjwt.Config{Keys: []keys.Key{leaked}})
	thief := newManager(t, ginjwt.Config{Keys: []keys.Key{leaked}})
	forged, mine := jwttest.AccessToken(t, thief, "admin"), jwttest.AccessToken(t, jwt, "alice")
	token, err := jwt.DecodeToken(t.Context(), forged)
	require.NoError(t, err)
	require.NoError(t, jwt.RevokeToken(t.Context(), token))
	again := jwttest.AccessToken(t, thief, "admin")
	assertAccepts(t, jwt, again)

	require.NoError(t, jwt.SetKeys(clean))
	assertRefuses(t, jwt, again)
	assertRefuses(t, jwt, mine) // every user must log in again
}

// opaque is a key in hardware, or in the cloud.
type opaque struct{ crypto.Signer }

// mistakes are typical problems with keys, by the error text that docs/keys.md explains.
func mistakes(t *testing.T) map[string]error {
	t.Helper()
	dir := t.TempDir()
	key, other := newEdDSA(t, "1"), newES256(t, "1")
	der, err := x509.MarshalPKCS8PrivateKey(key.Sign)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	file := filepath.Join(dir, "keys.pem")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	small, err := x509.MarshalPKIXPublicKey(&newSmallRSA(t).PublicKey)
	require.NoError(t, err)
	published, err := keys.Key{ID: "theirs", Verify: key.Sign.(ed25519.PrivateKey).Public()}.MarshalPublicJWK()
	require.NoError(t, err)
	verifies := keys.Key{Verify: other.Sign.(*ecdsa.PrivateKey).Public()}
	retired := newEdDSA(t, "old")
	retired.NotAfter = time.Now().Add(-time.Minute)

	load := func(settings ...string) error {
		_, err := ginjwt.LoadConfig(func(name string) (string, bool) {
			for i := 0; i < len(settings); i += 2 {
				if settings[i] == name {
					return settings[i+1], true
				}
			}
			return "", false
		})
		return err
	}
	list := func(list ...keys.Key) error { return ginjwt.New(ginjwt.Config{Keys: list}).InitApp(gin.New()) }
	create := func(config ginjwt.Config) error {
		_, err := newManager(t, config).CreateAccessToken(t.Context(), "alice")
		return err
	}
	return map[string]error{
		"JWT_KEYS_FILE: the file cannot be opened: no such file or directory": load("JWT_KEYS_FILE", filepath.Join(dir, "none")),
		"JWT_KEYS_FILE: is set together with JWT_KEYS; remove one of them":    load("JWT_KEYS_FILE", file, "JWT_KEYS", string(text)),
		"not valid JSON, or it has a member twice":                            load("JWT_KEYS", `{"keys":[`),
		"a PEM block is damaged":                                              load("JWT_KEYS", strings.Replace(string(text), "M", "!", 1)),
		"the key is encrypted; decrypt it first":                              load("JWT_KEYS", string(encrypted)),
		`the member "use" must be "sig"`:                                      load("JWT_KEYS", `{"keys":[{"kty":"RSA","use":"enc","exp":4102444800},`+string(published)+`]}`),
		"has 1024 bits, but must have at least 2048": load("JWT_KEYS",
			string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: small}))),
		`has the ID "1" of another key`:              list(key, newEdDSA(t, "1")),
		"a main.opaque cannot sign":                  list(keys.Key{Algorithm: "EdDSA", Sign: opaque{key.Sign.(crypto.Signer)}}),
		"is a PEM text, not a secret":                ginjwt.New(ginjwt.Config{SecretKey: string(text)}).InitApp(gin.New()),
		"has 6 bytes, but must have at least the 32": ginjwt.New(ginjwt.Config{SecretKey: "secret"}).InitApp(gin.New()),
		"none of the keys signs access tokens now":   newManager(t, ginjwt.Config{Keys: []keys.Key{key}}).SetKeys(verifies),
		"no key of the list signs access tokens":     create(ginjwt.Config{Keys: []keys.Key{retired, verifies}}),
		"set Config.EncodeIssuer":                    panicOf(func() { newManager(t, ginjwt.Config{Keys: []keys.Key{key}}).MetadataHandler(ginjwt.Metadata{}) }),
		"The specified alg value is not allowed":     refusal(t, keys.Key{ID: "1", Sign: key.Sign}, keys.Key{ID: "1", Sign: other.Sign}),
		"Signature verification failed":              refusal(t, keys.Key{ID: "1", Sign: key.Sign}, keys.Key{ID: "2", Sign: key.Sign}),
	}
}

func newSmallRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	return newRSA(t, 1024)
}

func panicOf(f func()) (err error) {
	defer func() { err = fmt.Errorf("%v", recover()) }()
	f()
	return nil
}

// refusal returns the error for a token of one key, where the manager has another key.
func refusal(t *testing.T, made, has keys.Key) error {
	t.Helper()
	token := jwttest.AccessToken(t, newManager(t, ginjwt.Config{Keys: []keys.Key{made}}), "alice")
	_, err := newManager(t, ginjwt.Config{Keys: []keys.Key{has}}).DecodeToken(t.Context(), token)
	return err
}

// The page explains errors by their texts.
func TestMistakesInDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/keys.md")
	require.NoError(t, err)
	for text, err := range mistakes(t) {
		require.ErrorContains(t, err, text)
		assert.Contains(t, string(page), text)
	}
}

// BenchmarkAlgorithms compares the cost of a login, and of the first request with a token.
func BenchmarkAlgorithms(b *testing.B) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(b, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	small, large := newRSA(b, 2048), newRSA(b, 3072)
	for _, kind := range []struct {
		name, algorithm string
		key             any
	}{
		{"HS256", "HS256", newSecret(b)},
		{"EdDSA", "EdDSA", edwards},
		{"ES256", "ES256", p256},
		{"RS256-2048", "RS256", small},
		{"RS256-3072", "RS256", large},
		{"PS256-3072", "PS256", large},
	} {
		jwt := newManager(b, ginjwt.Config{Keys: []keys.Key{{Algorithm: kind.algorithm, Sign: kind.key}}, TokenCacheSize: -1})
		token := jwttest.AccessToken(b, jwt, "alice")
		b.Run("Sign/"+kind.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := jwt.CreateAccessToken(b.Context(), "alice"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(token)), "token-bytes")
		})
		b.Run("Verify/"+kind.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := jwt.DecodeToken(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Printing a key shows its name, and no secret.
func TestPrinting(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte("s"), 32)
	key := keys.Key{ID: "2026-12", Algorithm: "HS256", Sign: secret}
	assert.Equal(t, `keys.Key{ID: "2026-12", Algorithm: "HS256", signs}`, fmt.Sprintf("%+v", key))
}
