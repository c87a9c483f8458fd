package ginjwt_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// RFC 9449 §8.2: a cache that keeps a refusal would give its nonce to a later request.
func TestAResponseWithANonceIsNotCached(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	_, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoPNonce = true })
	key, other := jwttest.NewDPoPKey(t, clock), jwttest.NewDPoPKey(t, clock)
	w := jwttest.Do(engine, "POST", "/login", key.Sign(t, ""))
	require.Equal(t, http.StatusBadRequest, w.Code)
	key.Nonce = w.Header().Get("DPoP-Nonce")
	other.Nonce = key.Nonce
	require.NotEmpty(t, key.Nonce)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), "a login")

	pair := pairOf(t, engine, key)
	form := jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
	for name, do := range map[string]func() http.Header{
		"a route":                   func() http.Header { return jwttest.Do(engine, "GET", "/me", other.Sign(t, pair.AccessToken)).Header() },
		"a refresh by form":         func() http.Header { return jwttest.Do(engine, "POST", "/refresh", other.Sign(t, ""), form).Header() },
		"a refresh without a proof": func() http.Header { return jwttest.Do(engine, "POST", "/refresh", form).Header() },
		"a logout": func() http.Header {
			return jwttest.Do(engine, "POST", "/logout", other.Sign(t, pair.AccessToken)).Header()
		},
		"an introspection": func() http.Header {
			return jwttest.Do(engine, "POST", "/introspect", key.Sign(t, ""), jwttest.Form("token", pair.AccessToken)).Header()
		},
		"a route that lets the key in": func() http.Header { return jwttest.Do(engine, "GET", "/me", key.Sign(t, pair.AccessToken)).Header() },
	} {
		header := do()
		assert.Equal(t, key.Nonce, header.Get("DPoP-Nonce"), name)
		assert.Equal(t, "no-store", header.Get("Cache-Control"), name)
	}
}

// RFC 6749 §5.2 allows no quotes and no backslashes in a description.
func TestDescriptionsOfProofsForOAuthClients(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	_, engine := dpopService(t, clock, nil)
	key := jwttest.NewDPoPKey(t, clock)
	pair := pairOf(t, engine, key)
	form := jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
	const url = "http://example.com/refresh"
	set := func(name string, value any) func(header, claims map[string]any) {
		return func(_, claims map[string]any) { claims[name] = value }
	}
	for name, proof := range map[string]string{
		"another method": key.Proof(t, "GET", url, ""),
		"another URL":    key.Proof(t, "POST", url+"/other", ""),
		"another time":   key.Proof(t, "POST", url, "", set("iat", clock.Now().Unix()-999)),
		"no jti":         key.Proof(t, "POST", url, "", set("jti", 1)),
		"no typ":         key.Proof(t, "POST", url, "", func(header, _ map[string]any) { delete(header, "typ") }),
	} {
		w := jwttest.Do(engine, "POST", "/refresh", form, jwttest.Header("DPoP", proof))
		assert.Equal(t, http.StatusBadRequest, w.Code, name)
		assert.Regexp(t, regexp.MustCompile(`^\{"error":"invalid_dpop_proof","error_description":"[^"\\]{10,}"\}\n$`), w.Body.String(), name)
	}
}
