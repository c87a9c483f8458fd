package jwttest_test

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// newShop returns a service that accepts tokens of issuer, and the keys that it has fetched.
func newShop(t *testing.T, issuer *jwttest.Issuer, clock *jwttest.Clock) (*gin.Engine, *jwks.Remote) {
	t.Helper()
	keys, err := jwks.Discover(t.Context(), issuer.URL, jwks.Options{AllowLoopbackHTTP: true})
	require.NoError(t, err)
	config := jwttest.Config(clock)
	config.Issuers = []ginjwt.Issuer{{
		Name: issuer.URL, KeySource: keys, Audience: []string{"shop"}, IdentityPrefix: "idp:", RequiredClaims: []string{"exp"},
	}}
	return newApp(ginjwt.New(config)), keys
}

func TestIssuerMakesTokens(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	issuer := jwttest.NewIssuer(t, clock)
	shop, _ := newShop(t, issuer, clock)
	for name, test := range map[string]struct {
		claims ginjwt.Claims
		status int
		body   string
	}{
		"right":             {ginjwt.Claims{"aud": "shop"}, 200, "Hello, idp:alice"},
		"several audiences": {ginjwt.Claims{"aud": []string{"bank", "shop"}}, 200, "Hello, idp:alice"},
		"another user":      {ginjwt.Claims{"aud": "shop", "sub": "bob"}, 200, "Hello, idp:bob"},
		"another audience":  {ginjwt.Claims{"aud": "bank"}, 422, `{"msg":"Audience doesn't match"}` + "\n"},
		"no audience":       {nil, 422, `{"msg":"Token is missing the \"aud\" claim"}` + "\n"},
		"no expiry":         {ginjwt.Claims{"aud": "shop", "exp": nil}, 422, `{"msg":"Token is missing the \"exp\" claim"}` + "\n"},
		"another issuer":    {ginjwt.Claims{"aud": "shop", "iss": "https://evil.example"}, 422, `{"msg":"The specified alg value is not allowed"}` + "\n"},
	} {
		w := jwttest.Do(shop, "GET", "/me", jwttest.Bearer(issuer.Token("alice", test.claims)))
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
	}

	token := issuer.Token("alice", ginjwt.Claims{"aud": "shop"})
	clock.Advance(15*time.Minute + 30*time.Second) // with the tolerated clock skew
	assert.Equal(t, 401, jwttest.Do(shop, "GET", "/me", jwttest.Bearer(token)).Code)
	token = issuer.Token("alice", ginjwt.Claims{"aud": "shop"})
	assert.Equal(t, 200, jwttest.Do(shop, "GET", "/me", jwttest.Bearer(token)).Code, "the issuer has the same clock")
}

func TestIssuerRotatesItsKey(t *testing.T) {
	t.Parallel()
	issuer := jwttest.NewIssuer(t, nil)
	shop, keys := newShop(t, issuer, nil)
	status := func(token string) int { return jwttest.Do(shop, "GET", "/me", jwttest.Bearer(token)).Code }
	first := issuer.Token("alice", ginjwt.Claims{"aud": "shop"})
	assert.Equal(t, 200, status(first))

	issuer.RotateKey()
	second := issuer.Token("alice", ginjwt.Claims{"aud": "shop"})
	require.NoError(t, keys.Refresh(t.Context()))
	assert.Equal(t, 200, status(second))
	assert.Equal(t, 200, status(first))
	assert.Equal(t, []string{"key-1", "key-2"}, keys.Status().Keys)

	issuer.RotateKey()
	require.NoError(t, keys.Refresh(t.Context()))
	assert.Equal(t, 422, status(first), "its key is no longer published")
	assert.Equal(t, 200, status(second))
}

// Two issuers have different keys, even under the same "kid".
func TestIssuersDiffer(t *testing.T) {
	t.Parallel()
	issuer, other := jwttest.NewIssuer(t, nil), jwttest.NewIssuer(t, nil)
	shop, _ := newShop(t, issuer, nil)
	forged := other.Token("alice", ginjwt.Claims{"aud": "shop", "iss": issuer.URL})
	assert.Equal(t, 422, jwttest.Do(shop, "GET", "/me", jwttest.Bearer(forged)).Code)
}

func TestIssuerStopsWithItsTest(t *testing.T) {
	t.Parallel()
	var conn net.Conn
	t.Run("its test", func(t *testing.T) { //nolint:paralleltest // it must end first
		address := strings.TrimPrefix(jwttest.NewIssuer(t, nil).URL, "http://")
		var err error
		conn, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
	})
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server is still there")
}
