package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// startOther starts a service that does what example/keys does on the page: it logs alice in,
// and publishes its keys.
func startOther(t *testing.T) (addr string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	addr = server.Listener.Addr().String()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	other := ginjwt.New(ginjwt.Config{
		Keys:         []keys.Key{{ID: "1", Sign: private}},
		EncodeIssuer: "http://" + addr, EncodeAudience: []string{"shop"},
	})
	router := gin.New()
	require.NoError(t, other.InitApp(router))
	router.GET("/.well-known/openid-configuration", other.MetadataHandler(ginjwt.Metadata{JWKSURI: "http://" + addr + "/jwks.json"}))
	router.GET("/jwks.json", other.JWKSHandler())
	router.POST("/login", func(c *gin.Context) {
		token, err := other.CreateAccessToken(c, "alice")
		assert.NoError(t, err)
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	})
	server.Config.Handler = router
	server.Start()
	t.Cleanup(server.Close)
	return addr
}

func TestPage(t *testing.T) {
	t.Parallel()
	other := startOther(t)
	issuer, err := provider(t.Context(), "http://"+other, "shop")
	require.NoError(t, err)
	config := jwttest.Config(nil)
	config.Issuers = []ginjwt.Issuer{issuer}
	router, err := newRouter(config)
	require.NoError(t, err)
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	console.Session{
		Page:    "providers.md",
		Servers: map[string]string{"localhost:8080": other, "localhost:8081": server.Listener.Addr().String()},
	}.Run(t)
}

func TestTokensOfBoth(t *testing.T) {
	t.Parallel()
	idp := jwttest.NewIssuer(t, nil)
	name := idp.URL
	issuer, err := provider(t.Context(), name, "shop")
	require.NoError(t, err)
	config := jwttest.Config(nil)
	config.Issuers = []ginjwt.Issuer{issuer}
	router, err := newRouter(config)
	require.NoError(t, err)
	config.EncodeIssuer = ownIssuer
	own := ginjwt.New(config) // makes tokens as the program does
	require.NoError(t, own.InitApp(gin.New()))

	do := func(method, path, token string) (int, string) {
		w := jwttest.Do(router, method, path, jwttest.Bearer(token))
		return w.Code, w.Body.String()
	}
	assertAnswer := func(method, path, token string, status int, body string) {
		t.Helper()
		code, text := do(method, path, token)
		assert.Equal(t, status, code)
		assert.Equal(t, body, text)
	}
	mine, theirs := jwttest.AccessToken(t, own, "alice"), idp.Token("alice", ginjwt.Claims{"aud": "shop"})
	assertAnswer("GET", "/protected", mine, 200, `{"identity":"alice","from":"http://localhost:8081"}`)
	assertAnswer("GET", "/protected", theirs, 200, `{"identity":"provider:alice","from":"`+name+`"}`)
	assertAnswer("GET", "/protected", jwttest.AccessToken(t, own, "bob"), 401, `{"msg":"Error loading the user bob"}`+"\n")
	assertAnswer("GET", "/protected", idp.Token("alice", ginjwt.Claims{"aud": "bank"}), 422, `{"msg":"Audience doesn't match"}`+"\n")

	code, text := do("POST", "/exchange", theirs)
	require.Equal(t, http.StatusOK, code, text)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	exchanged, err := own.DecodeToken(context.Background(), answer.AccessToken)
	require.NoError(t, err)
	assert.Equal(t, ownIssuer, exchanged.Issuer)
	assertAnswer("GET", "/protected", answer.AccessToken, 200, `{"identity":"provider:alice","from":"`+name+`"}`)
	assertAnswer("POST", "/exchange", answer.AccessToken, 403, `{"msg":"Send a token of the provider"}`)
}

func TestProviderMustBeHTTPS(t *testing.T) {
	t.Parallel()
	_, err := provider(t.Context(), "http://idp.example.com", "shop")
	require.EqualError(t, err, "jwks: issuer: is not https")
}
