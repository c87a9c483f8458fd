package ginjwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// confirmed returns an access token with these members of "cnf", signed with the secret of
// config.
func confirmed(t *testing.T, config ginjwt.Config, cnf map[string]string) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": "alice", "type": "access", "jti": "1", "cnf": cnf}
	maps.Copy(claims, map[string]any{"iat": config.Now().Unix(), "exp": config.Now().Unix() + 900})
	encoded, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(config.SecretKey))
	require.NoError(t, err)
	return encoded
}

// proofAlgorithms are the algorithms of proofs in JSON.
const proofAlgorithms = `"ES256","ES384","ES512","EdDSA","PS256","PS384","PS512","RS256","RS384","RS512","Ed25519"`

// Challenges with the scheme DPoP have the metadata too (RFC 9728 §5.1). If a client may send
// both schemes, both challenges have it.
func TestChallengesOfAResourceForBoundTokens(t *testing.T) {
	t.Parallel()
	const (
		metadata = `, resource_metadata="` + mcpMetadata + `"`
		algs     = `DPoP algs="ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512 Ed25519"`
	)
	key := jwttest.NewDPoPKey(t, nil)
	for _, test := range []struct{ name, mode, path, token, challenge string }{
		{"no token", "accepted", "/open", "", `Bearer realm="api", reason="token_missing"` + metadata + `, ` + algs + metadata},
		{"no token on a bound route", "accepted", "/bound", "", algs + `, realm="api", reason="token_missing"` + metadata},
		{"no token, demanded", "demanded", "/open", "", algs + `, realm="api", reason="token_missing"` + metadata},
		{"no proof", "accepted", "/open", "bound", algs + `, realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is missing or not valid", reason="dpop_proof_missing"` + metadata},
		{"no key", "accepted", "/bound", "free", algs + `, realm="api", error="invalid_token", error_description="The token is bound to another key, or to none", reason="key_missing"` + metadata},
	} {
		config := jwttest.Config(nil)
		config.DPoP, config.Resources = test.mode, []ginjwt.Resource{{URL: mcpURL}}
		mgr, engine := newManager(t, config)
		engine.GET("/open", mgr.JWTRequired(ginjwt.ForResource(mcpURL)), identify)
		engine.GET("/bound", mgr.JWTRequired(ginjwt.ForResource(mcpURL), ginjwt.Bound()), identify)
		opts := map[string][]jwttest.RequestOption{}
		if test.mode == "accepted" {
			toMCP := ginjwt.WithAudience(mcpURL)
			opts["free"] = []jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", toMCP))}
			opts["bound"] = []jwttest.RequestOption{jwttest.Header("Authorization", "DPoP "+jwttest.AccessToken(t, mgr, "alice", toMCP, ginjwt.WithKeyThumbprint(key.Thumbprint(t))))}
		}
		w := jwttest.Do(engine, "GET", test.path, opts[test.token]...)
		assert.Equal(t, 401, w.Code, test.name)
		assert.Equal(t, []string{test.challenge}, w.Header().Values("WWW-Authenticate"), test.name)
	}
}

// The metadata of the issuer names the algorithms of proofs (RFC 9449 §5.1).
func TestIssuerMetadataNamesTheAlgorithmsOfProofs(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]any{"off": nil, "accepted": proofAlgorithms, "demanded": proofAlgorithms, "": `"ES256"`} {
		config := jwttest.Config(nil)
		config.EncodeIssuer, config.DPoP = "https://api.example.com", mode
		metadata := ginjwt.Metadata{}
		if mode == "" { // the application chooses
			config.DPoP, metadata.Extra = "accepted", map[string]any{"dpop_signing_alg_values_supported": []string{"ES256"}}
		}
		mgr, engine := newManager(t, config)
		engine.GET("/metadata", mgr.MetadataHandler(metadata))
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(jwttest.Do(engine, "GET", "/metadata").Body.Bytes(), &members))
		got := any(nil)
		if list, there := members["dpop_signing_alg_values_supported"]; there {
			got = string(list[1 : len(list)-1])
		}
		assert.Equal(t, want, got, mode)
	}
}

// Every guard of a manager that demands bound tokens says so.
func TestReportsSayWhereTokensMustBeBound(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string][]string{
		"accepted": {"GET     /bound  access in=headers bound", "GET     /open  access in=headers", "POST    /refresh  RefreshHandler: refresh in=json,headers"},
		"demanded": {"GET     /bound  access in=headers bound", "GET     /open  access in=headers bound", "POST    /refresh  RefreshHandler: refresh in=json,headers bound"},
	} {
		config := jwttest.Config(nil)
		config.DPoP, config.Sessions = mode, &ginjwt.MemorySessions{}
		mgr, engine := newManager(t, config)
		engine.GET("/open", mgr.JWTRequired(), identify)
		engine.GET("/bound", mgr.JWTRequired(ginjwt.Bound()), identify)
		engine.POST("/refresh", mgr.RefreshHandler())
		assert.Equal(t, want, linesOf(t, engine), mode)
		routes, err := ginjwt.Routes(engine)
		require.NoError(t, err)
		assert.True(t, routes[0].Guards[0].Bound)
		assert.Equal(t, mode == "demanded", routes[1].Guards[0].Bound)
	}
}

// A token that is bound to a certificate (RFC 8705) is not active where callers check the
// proofs of DPoP: they would find nothing to check.
func TestIntrospectionOfATokenWithACertificate(t *testing.T) {
	t.Parallel()
	const certificate = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
	config := jwttest.Config(&jwttest.Clock{})
	mgr, engine := newManager(t, config)
	engine.POST("/introspect", mgr.IntrospectionHandler(func(*gin.Context) bool { return true }, ginjwt.CallersCheckProofs()))
	jkt := jwttest.NewDPoPKey(t, nil).Thumbprint(t)
	for name, test := range map[string]struct {
		cnf    map[string]string
		active bool
	}{
		"a key":                   {map[string]string{"jkt": jkt}, true},
		"a certificate":           {map[string]string{"x5t#S256": certificate}, false},
		"a key and a certificate": {map[string]string{"jkt": jkt, "x5t#S256": certificate}, false},
	} {
		w := jwttest.Do(engine, "POST", "/introspect", jwttest.Form("token", confirmed(t, config, test.cnf)))
		require.Equal(t, http.StatusOK, w.Code, name)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		assert.Equal(t, test.active, answer["active"], name)
	}
}

// Events say whether a token is bound, so that an operator knows when all clients bind theirs.
func TestEventsSayWhetherATokenIsBound(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	var seen []ginjwt.Event
	_, engine := dpopService(t, clock, func(c *ginjwt.Config) {
		c.Observer = ginjwt.ObserverFunc(func(_ context.Context, e ginjwt.Event) { seen = append(seen, e) })
	})
	told := func() (lines []string) {
		for _, e := range seen {
			if e.TokenType != "" {
				lines = append(lines, fmt.Sprint(e.Kind, " ", e.TokenType, " ", e.Bound, " ", e.Reason))
			}
		}
		seen = nil
		return lines
	}
	key := jwttest.NewDPoPKey(t, clock)
	bound, free := pairOf(t, engine, key), pairOf(t, engine, nil)
	assert.Equal(t, []string{"issued access true ", "issued refresh true ", "issued access false ", "issued refresh false "}, told())
	jwttest.Do(engine, "GET", "/me", key.Sign(t, bound.AccessToken))
	jwttest.Do(engine, "GET", "/me", jwttest.Bearer(free.AccessToken))
	jwttest.Do(engine, "GET", "/me", jwttest.Bearer(bound.AccessToken))
	jwttest.Do(engine, "GET", "/bound", jwttest.Bearer(free.AccessToken))
	assert.Equal(t, []string{"accepted access true ", "accepted access false ", "refused access true key_scheme", "refused access false key_missing"}, told())
}
