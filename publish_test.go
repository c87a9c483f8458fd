package ginjwt_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// publicMember returns a JWK as it is published.
func publicMember(t *testing.T, key keys.Key) string {
	t.Helper()
	b, err := key.MarshalPublicJWK()
	require.NoError(t, err)
	return string(b)
}

func TestJWKSHandlerPublishesPublicKeysOnly(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	clock := &jwttest.Clock{}
	named := func(id, algorithm, text string) keys.Key {
		key := parsed(t, text)
		key.ID, key.Algorithm = id, algorithm
		return key
	}
	rsa, ec, ed := named("r", "RS256", pems.RSAPrivate), named("e", "ES256", pems.P256Public), named("d", "EdDSA", pems.Ed25519Private)
	planned, retiring, refresh := named("p", "ES384", pems.P384Private), named("o", "ES512", pems.P521Private), named("f", "EdDSA", pems.Ed25519Other)
	planned.NotBefore = clock.Now().Add(time.Hour)
	retiring.NotAfter = clock.Now().Add(time.Hour)
	refresh.TokenType = keys.RefreshToken
	mgr, engine := newManager(t, ginjwt.Config{
		Keys: []keys.Key{rsa, ec, ed, planned, retiring, refresh, secretKey("a")}, Now: clock.Now,
	})
	engine.GET("/jwks", mgr.JWKSHandler())

	w := jwttest.Do(engine, "GET", "/jwks")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"keys":[`+strings.Join([]string{
		publicMember(t, rsa), publicMember(t, ec), publicMember(t, ed), publicMember(t, planned), publicMember(t, retiring),
	}, ",")+`]}`, w.Body.String())
	assert.Equal(t, http.Header{
		"Content-Type": {"application/jwk-set+json"}, "Cache-Control": {"public, max-age=300"},
		"Etag": w.Header()["Etag"], "X-Content-Type-Options": {"nosniff"}, "Content-Length": {strconv.Itoa(w.Body.Len())},
	}, w.Header())
	etag := w.Header().Get("ETag")
	assert.Regexp(t, `^"[\w-]{43}"$`, etag)

	for _, header := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		w = jwttest.Do(engine, "GET", "/jwks", jwttest.Header("If-None-Match", header))
		assert.Equal(t, 304, w.Code, header)
		assert.Empty(t, w.Body.String())
		assert.Equal(t, etag, w.Header().Get("ETag"))
		assert.Equal(t, "public, max-age=300", w.Header().Get("Cache-Control"))
	}
	for _, header := range []string{`"x"`, `"x", *`, strings.Trim(etag, `"`)} {
		assert.Equal(t, 200, jwttest.Do(engine, "GET", "/jwks", jwttest.Header("If-None-Match", header)).Code, header)
	}
	clock.Advance(time.Hour)
	w = jwttest.Do(engine, "GET", "/jwks", jwttest.Header("If-None-Match", etag))
	assert.Equal(t, 200, w.Code)
	assert.NotContains(t, w.Body.String(), `"kid":"o"`, "retired")

	require.NoError(t, mgr.SetKeys(ed))
	assert.Equal(t, `{"keys":[`+publicMember(t, ed)+`]}`, jwttest.Do(engine, "GET", "/jwks").Body.String())
	require.NoError(t, mgr.SetKeys(secretKey("a")))
	assert.Equal(t, `{"keys":[]}`, jwttest.Do(engine, "GET", "/jwks").Body.String())
}

func TestWhatIsPublishedVerifiesOurTokens(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for _, config := range []ginjwt.Config{
		{Keys: []keys.Key{parsed(t, pems.RSAPrivate), parsed(t, pems.P256Private)}},
		{Keys: []keys.Key{parsed(t, pems.Ed25519Private)}},
	} {
		config.EncodeIssuer = issuerA
		mgr, engine := newManager(t, config)
		engine.GET("/jwks", mgr.JWKSHandler())
		published, err := keys.Parse(jwttest.Do(engine, "GET", "/jwks").Body.Bytes())
		require.NoError(t, err)
		verifier, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: published}}})
		token, err := verifier.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Identity)
	}
}

// TestWhatIsPublishedBesideAList leaves out a key without a name, which nobody
// could tell from the others.
func TestWhatIsPublishedBesideAList(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	config := ginjwt.Config{Algorithm: "ES256", PrivateKey: pems.P256Private}
	mgr, engine := newManager(t, config)
	engine.GET("/jwks", mgr.JWKSHandler())
	unnamed := publicMember(t, keys.Key{Algorithm: "ES256", Sign: parsed(t, pems.P256Private).Sign})
	assert.Equal(t, `{"keys":[`+unnamed+`]}`, jwttest.Do(engine, "GET", "/jwks").Body.String())
	config.Keys, config.Algorithm = []keys.Key{{ID: "n", Algorithm: "EdDSA", Sign: parsed(t, pems.Ed25519Private).Sign}}, "ES256"
	mgr, engine = newManager(t, config)
	engine.GET("/jwks", mgr.JWKSHandler())
	assert.Equal(t, `{"keys":[`+publicMember(t, config.Keys[0])+`]}`, jwttest.Do(engine, "GET", "/jwks").Body.String())
}

func TestMetadataHandler(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, ginjwt.Config{
		EncodeIssuer: "https://id.example",
		Keys:         []keys.Key{parsed(t, keytest.Generate(t).Ed25519Private), parsed(t, keytest.Generate(t).RSAPrivate), secretKey("a")},
	})
	engine.GET("/.well-known/openid-configuration", mgr.MetadataHandler(ginjwt.Metadata{
		JWKSURI:               "https://id.example/jwks",
		AuthorizationEndpoint: "https://id.example/authorize",
		TokenEndpoint:         "http://127.0.0.1:8080/token",
		ScopesSupported:       []string{"openid", "orders:read"},
		Extra:                 map[string]any{"grant_types_supported": []string{"refresh_token"}, "issuer": "https://evil.example"},
	}))
	w := jwttest.Do(engine, "GET", "/.well-known/openid-configuration")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var got map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	assert.Equal(t, map[string]any{
		"issuer":                                "https://id.example",
		"jwks_uri":                              "https://id.example/jwks",
		"authorization_endpoint":                "https://id.example/authorize",
		"token_endpoint":                        "http://127.0.0.1:8080/token",
		"scopes_supported":                      []any{"openid", "orders:read"},
		"grant_types_supported":                 []any{"refresh_token"},
		"response_types_supported":              []any{"code"},
		"subject_types_supported":               []any{"public"},
		"id_token_signing_alg_values_supported": []any{"EdDSA", "RS256"},
	}, got)
	assert.Equal(t, 304, jwttest.Do(engine, "GET", "/.well-known/openid-configuration", jwttest.Header("If-None-Match", w.Header().Get("ETag"))).Code)
}

func TestMistakesInWhatIsPublished(t *testing.T) {
	t.Parallel()
	fresh := ginjwt.New(jwttest.Config(nil))
	config := jwttest.Config(nil)
	plain, _ := newManager(t, config)
	config.EncodeIssuer = "me"
	odd, _ := newManager(t, config)
	config.EncodeIssuer = "https://id.example"
	mgr, _ := newManager(t, config)
	for want, call := range map[string]func() gin.HandlerFunc{
		"ginjwt: JWKSHandler must be called after InitApp":     fresh.JWKSHandler,
		"ginjwt: MetadataHandler must be called after InitApp": func() gin.HandlerFunc { return fresh.MetadataHandler(ginjwt.Metadata{}) },
		"ginjwt: MetadataHandler: Issuer must be the \"iss\" of the tokens; set Config.EncodeIssuer": func() gin.HandlerFunc {
			return plain.MetadataHandler(ginjwt.Metadata{Issuer: "https://id.example"})
		},
		`ginjwt: MetadataHandler: issuer: "me" is not an absolute https URL without a query`: func() gin.HandlerFunc {
			return odd.MetadataHandler(ginjwt.Metadata{})
		},
		`ginjwt: MetadataHandler: jwks_uri: "/jwks" is not an absolute https URL`: func() gin.HandlerFunc {
			return mgr.MetadataHandler(ginjwt.Metadata{JWKSURI: "/jwks"})
		},
		`ginjwt: MetadataHandler: userinfo_endpoint: "https://user@id.example/" is not an absolute https URL`: func() gin.HandlerFunc {
			return mgr.MetadataHandler(ginjwt.Metadata{UserinfoEndpoint: "https://user@id.example/"})
		},
		`ginjwt: MetadataHandler: token_endpoint: "http://id.example/token" is not an absolute https URL`: func() gin.HandlerFunc {
			return mgr.MetadataHandler(ginjwt.Metadata{TokenEndpoint: "http://id.example/token"})
		},
	} {
		assert.PanicsWithValue(t, want, func() { call() })
	}
	assert.Panics(t, func() { mgr.MetadataHandler(ginjwt.Metadata{Extra: map[string]any{"x": func() {}}}) })
}
