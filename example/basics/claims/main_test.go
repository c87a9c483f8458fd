package main

import (
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// newService returns the router, and a manager with the same key.
func newService(t *testing.T) (*gin.Engine, *ginjwt.JWTManager) {
	t.Helper()
	config := jwttest.Config(&jwttest.Clock{})
	router, err := newRouter(config)
	require.NoError(t, err)
	config.EncodeIssuer = "https://shop.example"
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return router, mgr
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, _ := newService(t)
	console.Session{Page: "basics/claims.md"}.RunOn(t, router)
}

func TestClaimsAreReadWithTheirTypes(t *testing.T) {
	t.Parallel()
	router, mgr := newService(t)
	for _, tt := range []struct {
		name   string
		claims ginjwt.Claims
		status int
		body   string
	}{
		{"all", ginjwt.Claims{"locale": "fr", "https://shop.example/plan": "free", "cart_limit": 5}, 200,
			`{"cart_limit":5,"iss":"https://shop.example","locale":"fr","plan":"free","sub":"bob"}`},
		{"none", nil, 200, `{"cart_limit":0,"iss":"https://shop.example","locale":"","plan":"","sub":"bob"}`},
		{"names of other case", ginjwt.Claims{"Cart_Limit": 5}, 200,
			`{"cart_limit":0,"iss":"https://shop.example","locale":"","plan":"","sub":"bob"}`},
		{"another type", ginjwt.Claims{"cart_limit": "5"}, 500, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(router, "GET", "/claims", jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob", ginjwt.WithClaims(tt.claims))))
			assert.Equal(t, tt.status, w.Code, w.Body)
			if tt.body != "" {
				assert.Equal(t, tt.body, w.Body.String())
			}
		})
	}
}

func TestRegisteredClaimsHaveOptionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	_, mgr := newService(t)
	for name, want := range map[string]string{
		"sub": `"sub": pass it as the identity`,
		"iss": `"iss": use WithIssuer`,
		"aud": `"aud": use WithAudience`,
		"exp": `"exp": use WithExpires`,
		"nbf": `"nbf": use WithNotBefore`,
		"iat": `"iat": set Config.Now`,
		"jti": `"jti": use WithID`,
	} {
		_, err := mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithClaims(ginjwt.Claims{name: "x"}))
		require.ErrorIs(t, err, ginjwt.ErrReservedClaim)
		assert.ErrorContains(t, err, want)
	}
}

func TestTokensOfOtherIssuersAreRefused(t *testing.T) {
	t.Parallel()
	router, mgr := newService(t)
	w := jwttest.Do(router, "GET", "/claims", jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob", ginjwt.WithIssuer("https://other.example"))))
	assert.Equal(t, 422, w.Code)
	assert.Equal(t, `{"msg":"Invalid issuer"}`+"\n", w.Body.String())
}
