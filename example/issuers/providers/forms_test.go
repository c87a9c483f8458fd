package providers_test

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// While both kinds of tokens are in use, each needs its own key.
func TestSupabaseSecret(t *testing.T) {
	t.Parallel()
	const project = "https://abcdefghijklmnopqrst.supabase.co/auth/v1"
	const secret, kid = "a-secret-of-at-least-32-characters", "IBZFPqpuE0oC+hnZ"
	pages := keysAt(project + "/.well-known/jwks.json") // has none at first
	issuer, err := providers.SupabaseSecret(t.Context(), secret, kid, pages.served(t))
	require.NoError(t, err)
	s := newService(t, issuer)
	legacy := func(secret string, header members) string {
		return signedBy(t, jwt.SigningMethodHS256, []byte(secret), header, supabaseClaims(project))
	}
	const alice = "supabase:7f6a8d3e-0000-4000-8000-000000000000"
	assert.Equal(t, alice, s.get("/", legacy(secret, members{"kid": kid})))
	assert.Equal(t, alice, s.get("/", legacy(secret, members{"kid": nil})))
	assert.Equal(t, wrongAlgorithm, s.get("/", legacy(secret, members{"kid": "another"})), "that is for the key pairs")
	assert.Equal(t, `Unprocessable Entity {"msg":"Signature verification failed"}`, s.get("/", legacy("another-secret-of-32-characters-or-so", members{"kid": kid})))
}

// Without common_name, only users are accepted.
func TestCloudflareAccessForUsers(t *testing.T) {
	t.Parallel()
	proxy := proxies()[0]
	issuer, err := providers.CloudflareAccess(t.Context(), proxy.pages.served(t))
	require.NoError(t, err)
	issuer.IdentityClaims = nil
	s := newService(t, issuer)
	assert.Equal(t, proxy.token.want, s.get("/", proxy.sign(t, variant{})))
	service := proxy.sign(t, variant{claims: members{"sub": "", "common_name": "e367826f93b8d71185e03fe518aff3b4.access"}})
	assert.Equal(t, `Unprocessable Entity {"msg":"Empty claim: sub"}`, s.get("/", service))
}

func TestBehindProxy(t *testing.T) {
	t.Parallel()
	for i, header := range []string{"Cf-Access-Jwt-Assertion", "X-Goog-Iap-Jwt-Assertion", "Teleport-Jwt-Assertion"} {
		proxy := proxies()[i]
		issuers, err := proxy.issuers(t.Context(), proxy.pages.served(t))
		require.NoError(t, err)
		s := newServiceOf(t, providers.BehindProxy(header, issuers[0]))
		token := proxy.sign(t, variant{})
		w := jwttest.Do(s.engine, "GET", "/", jwttest.Header(header, token))
		assert.Equal(t, proxy.token.want, w.Body.String())
		w = jwttest.Do(s.engine, "GET", "/", jwttest.Bearer(token))
		assert.Equal(t, http.StatusUnauthorized, w.Code, "a client cannot choose the header")
	}
}

// The API server has a certificate of the cluster. It shows its keys only to service
// accounts, and their tokens change.
func TestKubernetesInAPod(t *testing.T) {
	t.Parallel()
	var sent []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization")+" "+r.Host+r.URL.Path)
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_ = json.NewEncoder(w).Encode(members{"keys": []members{rsaJWK()}})
	}))
	t.Cleanup(server.Close)
	account := t.TempDir()
	write := func(file, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(account, file), []byte(text), 0o600))
	}
	_, err := providers.KubernetesOptions(account)
	require.Error(t, err, "there is no authority")
	write("ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write("token", "first\n")
	options, err := providers.KubernetesOptions(account)
	require.NoError(t, err)
	reach(options.Client.Transport.(providers.InCluster).RoundTripper.(*http.Transport), server)

	issuer, err := providers.Kubernetes(t.Context(), options)
	require.NoError(t, err)
	remote := issuer.KeySource.(*jwks.Remote)
	require.NoError(t, remote.Ready(t.Context()))
	assert.Equal(t, []string{"key"}, remote.Status().Keys)
	write("token", "second")
	require.NoError(t, remote.Refresh(t.Context()))
	const asked = " kubernetes.default.svc/openid/v1/jwks"
	assert.Equal(t, []string{"Bearer first" + asked, "Bearer second" + asked}, sent)
	require.NoError(t, os.Remove(filepath.Join(account, "token")))
	require.Error(t, remote.Refresh(t.Context()))
	assert.Len(t, sent, 2)
}

func TestSPIFFEAlone(t *testing.T) {
	t.Parallel()
	manager, err := providers.SPIFFEAlone(t.Context(), spiffeBundle().served(t))
	require.NoError(t, err)
	engine := gin.New()
	require.NoError(t, manager.InitApp(engine))
	engine.GET("/", manager.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })
	s := service{manager, engine}
	claims := members{"sub": "spiffe://example.com/orders", "aud": []string{"shop-api"}}
	try := func(key any, header, claims members) string {
		return s.get("/", signedBy(t, jwt.SigningMethodES256, key, header, claims))
	}
	assert.Equal(t, "spiffe://example.com/orders", try(ecKey, nil, claims))
	assert.Equal(t, "spiffe://example.com/orders", try(ecKey, members{"typ": "JOSE"}, claims))
	assert.Equal(t, "spiffe://example.com/orders", try(ecKey, members{"typ": nil}, claims))
	assert.Equal(t, wrongAudience, try(ecKey, nil, with(claims, "aud", []string{"bank-api"})))
	assert.Equal(t, `Bad Request {"msg":"User claims verification failed"}`, try(ecKey, nil, with(claims, "sub", "spiffe://example.com.evil.example/orders")))
	assert.Equal(t, neverExpires, try(ecKey, nil, members{"sub": claims["sub"], "aud": claims["aud"], "exp": nil}))
	assert.Equal(t, `Unprocessable Entity {"msg":"Signature verification failed"}`, try(otherEC, nil, claims))
	x509SVID := signedBy(t, jwt.SigningMethodRS256, rsaKey, members{"kid": nil}, claims)
	assert.Equal(t, wrongAlgorithm, s.get("/", x509SVID), "the other keys of the bundle are for certificates")
}

// A logout at the provider ends its tokens if the logout names the user, or if the token
// names the session.
func TestLogoutsAtProviders(t *testing.T) {
	t.Parallel()
	logouts := map[string]variant{ // without the claims that all have
		"Auth0":     {header: members{"typ": "logout+jwt"}, claims: members{"sub": "auth0|123456", "sid": "s", "aud": "client"}, want: "Token has been revoked"},
		"Keycloak":  {claims: members{"sub": "f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e", "sid": "4c0a3a8a-3a47-4f2f-8e89-9e5f9b0a0a0a", "aud": "client", "typ": "Logout"}, want: "Token has been revoked"},
		"Zitadel":   {claims: members{"sub": "77776025198584418", "sid": "V1_1", "aud": []string{"client"}}, want: "Token has been revoked"},
		"Ory Hydra": {claims: members{"sid": "s", "aud": []string{"client"}}, want: "hydra:alice"},
	}
	for _, s := range slices.Concat(apis(), sessions()) {
		logout, there := logouts[s.provider]
		if !there {
			continue
		}
		issuers, err := s.issuers(t.Context(), s.pages.served(t))
		require.NoError(t, err)
		issuers[0].LogoutAudience = []string{"client"}
		service := newService(t, issuers...)
		service.engine.POST("/logout", service.jwt.BackChannelLogoutHandler())
		token := s.sign(t, variant{})
		require.Contains(t, service.get("/", token), s.token.want)

		maps.Copy(logout.claims, members{
			"iss": s.token.claims["iss"], "jti": "of the logout", "events": members{"http://schemas.openid.net/event/backchannel-logout": members{}},
		})
		w := jwttest.Do(service.engine, "POST", "/logout", jwttest.Form("logout_token", signed(t, logout.header, logout.claims)))
		require.Equal(t, http.StatusOK, w.Code, "%s: %s", s.provider, w.Body)
		assert.Contains(t, service.get("/", token), logout.want, s.provider)
	}
}
