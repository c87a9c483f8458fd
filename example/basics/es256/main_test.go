package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
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

func newKey(t *testing.T, id string) keys.Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return keys.Key{ID: id, Sign: private}
}

// serve starts a service. It makes the router at the first request: before that, what
// the router needs may not exist.
func serve(t *testing.T, newRouter func() (*gin.Engine, error)) (url, addr string) {
	t.Helper()
	router := sync.OnceValues(newRouter)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if router, err := router(); assert.NoError(t, err) {
			router.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, server.Listener.Addr().String()
}

// TestPage makes the key with the command of the page.
func TestPage(t *testing.T) {
	t.Parallel()
	dir, bin := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "ginjwt"), "./cmd/ginjwt")
	build.Dir = filepath.Join("..", "..", "..")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	url, accounts := serve(t, func() (*gin.Engine, error) {
		config, err := ginjwt.LoadConfig(func(name string) (string, bool) {
			return filepath.Join(dir, "keys.json"), name == "JWT_KEYS_FILE"
		})
		if err != nil {
			return nil, err
		}
		return newAccounts(config)
	})
	_, shop := serve(t, func() (*gin.Engine, error) { return newShop(t.Context(), url+"/jwks.json") })
	console.Session{
		Page: "basics/es256.md", Dir: dir, Path: bin,
		Servers: map[string]string{"localhost:8080": accounts, "localhost:8081": shop},
	}.Run(t)
}

func TestThePrivateKeyIsNotPublished(t *testing.T) {
	t.Parallel()
	router, err := newAccounts(ginjwt.Config{Keys: []keys.Key{newKey(t, "1")}})
	require.NoError(t, err)
	w := jwttest.Do(router, "GET", "/jwks.json")
	var set struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &set))
	require.Len(t, set.Keys, 1)
	assert.Equal(t, "ES256", set.Keys[0]["alg"])
	assert.NotContains(t, set.Keys[0], "d", "the private part")
}

func TestTheShopRefusesAllButTokensOfAccountsForTheShop(t *testing.T) {
	t.Parallel()
	key := newKey(t, "1")
	url, _ := serve(t, func() (*gin.Engine, error) { return newAccounts(ginjwt.Config{Keys: []keys.Key{key}}) })
	shop, err := newShop(t.Context(), url+"/jwks.json")
	require.NoError(t, err)
	signer := func(key keys.Key) *ginjwt.JWTManager {
		mgr := ginjwt.New(ginjwt.Config{Keys: []keys.Key{key}, EncodeIssuer: issuer, EncodeAudience: []string{"shop"}})
		require.NoError(t, mgr.InitApp(nil))
		return mgr
	}
	same := signer(key)
	for name, tt := range map[string]struct {
		token, body string
		status      int
	}{
		"good":                       {jwttest.AccessToken(t, same, "alice"), `{"cart_of":"alice"}`, 200},
		"another key, same name":     {jwttest.AccessToken(t, signer(newKey(t, "1")), "alice"), `{"msg":"Signature verification failed"}` + "\n", 422},
		"for another service":        {jwttest.AccessToken(t, same, "alice", ginjwt.WithAudience("bank")), `{"msg":"Audience doesn't match"}` + "\n", 422},
		"of another issuer":          {jwttest.AccessToken(t, same, "alice", ginjwt.WithIssuer("https://other.example")), `{"msg":"Invalid issuer"}` + "\n", 422},
		"refresh token":              {jwttest.RefreshToken(t, same, "alice"), `{"msg":"Only access tokens of this issuer are allowed"}` + "\n", 422},
		"a token that never expires": {jwttest.AccessToken(t, same, "alice", ginjwt.WithExpires(ginjwt.NeverExpires)), `{"msg":"Token is missing the \"exp\" claim"}` + "\n", 422},
	} {
		w := jwttest.Do(shop, "GET", "/cart", jwttest.Bearer(tt.token))
		assert.Equal(t, tt.status, w.Code, name)
		assert.Equal(t, tt.body, w.Body.String(), name)
	}
}
