package services_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/recipes/services"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

func newKey(t *testing.T, id string) keys.Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return keys.Key{ID: id, Sign: private}
}

// world is orders, billing, and a provider that both trust.
type world struct {
	orders  *ginjwt.JWTManager
	key     keys.Key // of orders
	billing string
	given   atomic.Int64 // tokens of the provider
	token   string       // the address where it gives them
}

const clientSecret = "a secret of orders at the provider"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{key: newKey(t, "first")}
	ordersServer, providerServer := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	address := func(s *httptest.Server) string { return "http://" + s.Listener.Addr().String() }
	jwt, router, err := services.NewOrders(address(ordersServer), w.key)
	require.NoError(t, err)
	w.orders, ordersServer.Config.Handler = jwt, router
	providerServer.Config.Handler = w.provider(t, address(providerServer))
	w.token = address(providerServer) + "/token"
	billing, err := services.NewBilling(t.Context(), address(ordersServer), address(providerServer), jwks.Options{AllowLoopbackHTTP: true})
	require.NoError(t, err)
	billingServer := httptest.NewServer(billing)
	w.billing = billingServer.URL
	for _, s := range []*httptest.Server{ordersServer, providerServer} {
		s.Start()
		t.Cleanup(s.Close)
	}
	t.Cleanup(billingServer.Close)
	return w
}

// provider gives tokens to whom it knows by a client secret.
func (w *world) provider(t *testing.T, name string) http.Handler {
	t.Helper()
	jwt := ginjwt.New(ginjwt.Config{Keys: []keys.Key{newKey(t, "of the provider")}, EncodeIssuer: name})
	r := gin.New()
	require.NoError(t, jwt.InitApp(r))
	r.GET("/.well-known/openid-configuration", jwt.MetadataHandler(ginjwt.Metadata{JWKSURI: name + "/jwks.json"}))
	r.GET("/jwks.json", jwt.JWKSHandler())
	r.POST("/token", func(c *gin.Context) {
		if id, secret, _ := c.Request.BasicAuth(); id != "orders" || secret != "a+secret+of+orders+at+the+provider" {
			c.Status(http.StatusUnauthorized)
			return
		}
		w.given.Add(1)
		scope := ginjwt.WithClaims(ginjwt.Claims{"scope": c.PostForm("scope")})
		token, err := jwt.CreateAccessToken(c, "orders", ginjwt.WithAudience(c.PostForm("audience")), scope)
		assert.NoError(t, err)
		c.JSON(http.StatusOK, gin.H{"access_token": token, "token_type": "Bearer", "expires_in": 900})
	})
	return r
}

func (w *world) own(audience string) services.OwnTokens {
	return services.OwnTokens{JWT: w.orders, Identity: "worker", Audience: audience, Lifetime: 5 * time.Minute}
}

// post returns the answer of billing.
func (w *world) post(t *testing.T, client *http.Client, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.billing+path, http.NoBody)
	require.NoError(t, err)
	answer, err := client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return fmt.Sprintf("%d %s", answer.StatusCode, body)
}

func TestWithAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := services.NewClient(w.own("billing"))
	assert.Equal(t, `200 {"caller":"orders:worker"}`, w.post(t, client, "/invoices"))
	assert.Equal(t, `403 {"msg":"Insufficient scope"}`+"\n", w.post(t, client, "/refunds"), "for callers of the provider")

	other := services.NewClient(w.own("shipping"))
	assert.Equal(t, `422 {"msg":"Audience doesn't match"}`+"\n", w.post(t, other, "/invoices"))
	token, err := w.own("billing").Token()
	require.NoError(t, err)
	_, err = w.orders.VerifyToken(t.Context(), token.AccessToken)
	assert.ErrorIs(t, err, ginjwt.ErrInvalidToken, "no login at orders")
}

func TestWithTokensOfAProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := services.NewClient(services.ProviderTokens(t.Context(), w.token, clientSecret, "billing"))
	for range 3 {
		assert.Equal(t, `200 {"caller":"provider:orders"}`, w.post(t, client, "/refunds"))
	}
	assert.EqualValues(t, 1, w.given.Load(), "it is used again")
	assert.Equal(t, `403 {"msg":"Insufficient scope"}`+"\n", w.post(t, client, "/invoices"), "for orders only")

	_, err := services.NewClient(services.ProviderTokens(t.Context(), w.token, "wrong", "billing")).Get(w.billing) //nolint:bodyclose // there is none
	assert.ErrorContains(t, err, "401")
}

// counted counts the tokens of a source.
type counted struct {
	oauth2.TokenSource
	n atomic.Int64
}

func (c *counted) Token() (*oauth2.Token, error) {
	c.n.Add(1)
	return c.TokenSource.Token()
}

// A token is replaced a minute before it expires, not after the first refusal.
func TestTokensAreReplacedInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for lifetime, want := range map[time.Duration]int64{5 * time.Minute: 1, 59 * time.Second: 3} {
		own := w.own("billing")
		own.Lifetime = lifetime
		source := &counted{TokenSource: own}
		client := services.NewClient(source)
		for range 3 {
			assert.Equal(t, `200 {"caller":"orders:worker"}`, w.post(t, client, "/invoices"))
		}
		assert.Equal(t, want, source.n.Load(), lifetime)
	}
}

// billing learns of a new key as soon as a token names it.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := services.NewClient(w.own("billing"))
	assert.Equal(t, `200 {"caller":"orders:worker"}`, w.post(t, before, "/invoices"))
	require.NoError(t, w.orders.SetKeys(newKey(t, "next"), w.key)) // the first signs, both verify
	assert.Equal(t, `200 {"caller":"orders:worker"}`, w.post(t, services.NewClient(w.own("billing")), "/invoices"))
	assert.Equal(t, `200 {"caller":"orders:worker"}`, w.post(t, before, "/invoices"), "its token is of the old key")
}

// A redirect does not take the token to another host.
func TestTokensStayWithTheirHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := atomic.Bool{}
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	t.Cleanup(thief.Close)
	redirecting := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	answer, err := services.NewClient(w.own("billing")).Get(redirecting.URL)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusTemporaryRedirect, answer.StatusCode)
	assert.False(t, asked.Load())
}
