package ginjwt_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Every location and every kind of route refuses a purpose token, without using it up.
func TestNoDoorTakesAPurposeToken(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	config := jwttest.Config(a.clock)
	config.Blocklist, config.Once, config.Sessions = a.list, a.once, &ginjwt.MemorySessions{Now: a.clock.Now}
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InJSON}
	config.Resources = []ginjwt.Resource{{URL: mcpURL}}
	mgr, engine := newManager(t, config)
	identities := func(c *gin.Context) { c.String(http.StatusOK, "in: %s", ginjwt.GetJWTIdentity(c)) }
	engine.POST("/access", mgr.JWTRequired(), identities)
	engine.POST("/optional", mgr.JWTRequired(ginjwt.Optional()), identities)
	engine.POST("/any", mgr.JWTRequired(ginjwt.AnyType()), identities)
	engine.POST("/unchecked", mgr.JWTRequired(ginjwt.SkipRevocationCheck()), identities)
	engine.POST("/needs-refresh", mgr.RefreshRequired(), identities)
	engine.POST("/mcp", mgr.JWTRequired(ginjwt.ForResource(mcpURL)), identities)
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/ticket", mgr.TicketHandler())
	engine.POST("/opened", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), identities)
	engine.POST("/logout", mgr.LogoutHandler())
	engine.POST("/revoke", mgr.RevocationHandler())
	engine.POST("/introspect", mgr.IntrospectionHandler(func(*gin.Context) bool { return true }))
	engine.POST("/net-http", gin.WrapH(mgr.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("in")) }))))
	encoded := purposeToken(t, mgr, confirm, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "admin"}))
	for _, path := range []string{"/access", "/optional", "/any", "/unchecked", "/needs-refresh", "/mcp", "/refresh", "/ticket", "/net-http"} {
		for name, request := range map[string]func() (string, []jwttest.RequestOption){
			"header": func() (string, []jwttest.RequestOption) {
				return path, []jwttest.RequestOption{jwttest.Bearer(encoded)}
			},
			"query": func() (string, []jwttest.RequestOption) { return path + "?jwt=" + encoded, nil },
			"json": func() (string, []jwttest.RequestOption) {
				return path, []jwttest.RequestOption{jwttest.JSON(`{"access_token":"` + encoded + `","refresh_token":"` + encoded + `"}`)}
			},
			"cookie": func() (string, []jwttest.RequestOption) {
				return path, []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+encoded+"; refresh_token_cookie="+encoded), jwttest.Header("X-CSRF-TOKEN", "x")}
			},
		} {
			target, options := request()
			w := jwttest.Do(engine, "POST", target, options...)
			assert.Contains(t, []int{401, 422}, w.Code, "%s %s: %s", path, name, w.Body)
			assert.NotContains(t, w.Body.String(), "in: ", path, name)
		}
	}
	assert.Equal(t, 422, jwttest.Do(engine, "POST", "/opened?ticket="+encoded).Code)
	assert.JSONEq(t, `{"active":false}`, jwttest.Do(engine, "POST", "/introspect", jwttest.Form("token", encoded)).Body.String())
	jwttest.Do(engine, "POST", "/revoke", jwttest.Form("token", encoded))
	jwttest.Do(engine, "POST", "/logout", jwttest.Form("access_token", encoded, "refresh_token", encoded))

	_, err := mgr.VerifyToken(t.Context(), encoded, ginjwt.AnyType())
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	_, err = mgr.DecodeToken(t.Context(), encoded, ginjwt.AllowExpired())
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	_, err = mgr.GetJTI(t.Context(), encoded)
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	_, err = mgr.GetCSRFToken(t.Context(), encoded)
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	consumed(t, mgr, confirm, encoded)
}

// A service that accepts the tokens of this one refuses purpose tokens, whatever key it has.
func TestNoOtherServiceTakesAPurposeToken(t *testing.T) {
	t.Parallel()
	key := keys.Key{ID: "k", Sign: []byte(appSecret())}
	a := newLinksApp(t, func(c *ginjwt.Config) {
		c.SecretKey, c.Keys, c.EncodeIssuer = "", []keys.Key{key}, issuerA
	})
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	for name, issuer := range map[string]ginjwt.Issuer{
		"by default":        {},
		"by other types":    {Types: []string{"JWT", "x+jwt"}},
		"by the claim":      {AccessTypes: []string{"purpose"}},
		"with any audience": {Audience: []string{"urn:ginjwt:purpose::confirm-address"}, AccessTypes: []string{"purpose"}},
	} {
		issuer.Name, issuer.Keys, issuer.AllowSharedIdentities = issuerA, []keys.Key{key}, true
		mgr, engine := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{issuer}, Now: a.clock.Now})
		engine.GET("/", mgr.JWTRequired(), identify)
		w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded))
		assert.Equal(t, 422, w.Code, name)
		assert.Contains(t, w.Body.String(), "The specified typ value is not allowed", name)
	}
	// golang-jwt does not check "typ". The audience keeps the token apart.
	_, err := jwt.Parse(encoded, func(*jwt.Token) (any, error) { return []byte(appSecret()), nil },
		jwt.WithAudience("shop"), jwt.WithTimeFunc(a.clock.Now))
	require.ErrorIs(t, err, jwt.ErrTokenInvalidAudience)
}

// Another issuer may have the same key. There "alice" is another user, so the token is refused.
func TestAPurposeTokenOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	key := keys.Key{ID: "k", Sign: []byte(appSecret())}
	a := newLinksApp(t, func(c *ginjwt.Config) {
		c.SecretKey, c.Keys, c.EncodeIssuer = "", []keys.Key{key}, issuerA
	})
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	theirs := ginjwt.Issuer{Name: issuerA, Keys: []keys.Key{key}, IdentityPrefix: "a|"}
	resolve := func(context.Context, string) (ginjwt.Issuer, error) { return theirs, nil }
	for name, config := range map[string]ginjwt.Config{
		"that is configured":    {Issuers: []ginjwt.Issuer{theirs}},
		"that is resolved":      {IssuerResolver: resolve},
		"that is not known":     {EncodeIssuer: issuerB},
		"where none has a name": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config.Keys, config.Now = []keys.Key{key}, a.clock.Now
			mgr, _ := newManager(t, config)
			refusedPurpose(t, mgr, confirm, encoded, ginjwt.ErrInvalidToken, "token_claims_invalid")
			consumed(t, mgr, confirm, purposeToken(t, mgr, confirm, "alice"))
		})
	}
	renamed, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{key}, Now: a.clock.Now, EncodeIssuer: issuerB, DecodeIssuers: []string{issuerA, issuerB}})
	consumed(t, renamed, confirm, encoded)
}

// Links that were sent before the manager had a name keep working, unless it checks names.
func TestPurposeTokensWithoutAnIssuer(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	for name, test := range map[string]struct {
		configure func(*ginjwt.Config)
		works     bool
	}{
		"EncodeIssuer":  {func(c *ginjwt.Config) { c.EncodeIssuer = issuerA }, true},
		"DecodeIssuer":  {func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuer = issuerA, issuerA }, false},
		"DecodeIssuers": {func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuers = issuerA, []string{issuerA} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, mgr := purposeToken(t, a.mgr, confirm, "alice"), a.manager(t, test.configure)
			if test.works {
				consumed(t, mgr, confirm, encoded)
				return
			}
			refusedPurpose(t, mgr, confirm, encoded, ginjwt.ErrInvalidToken, "token_claims_invalid")
		})
	}
}

// No token of another kind is accepted as a purpose token.
func TestNoOtherTokenIsAPurposeToken(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	pair, err := a.mgr.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	aud := ginjwt.WithAudience("urn:ginjwt:purpose::confirm-address")
	claims := ginjwt.WithClaims(ginjwt.Claims{"at": a.clock.Now().Unix()})
	for name, encoded := range map[string]string{
		"access":                     pair.AccessToken,
		"refresh":                    pair.RefreshToken,
		"with its audience":          jwttest.AccessToken(t, a.mgr, "alice", aud, claims),
		"with its typ, too":          jwttest.AccessToken(t, a.mgr, "alice", aud, claims, ginjwt.WithHeaders(ginjwt.Header{"typ": "purpose+jwt"})),
		"a refresh token like that":  jwttest.RefreshToken(t, a.mgr, "alice", aud, claims, ginjwt.WithHeaders(ginjwt.Header{"typ": "purpose+jwt"})),
		"of another issuer":          a.access(t, issuerA),
		"of another issuer like one": a.signed(t, issuerA, map[string]any{"typ": "purpose+jwt"}, jwt.MapClaims{"type": "purpose", "aud": "urn:ginjwt:purpose::confirm-address", "jti": "1", "at": 1, "exp": a.clock.Now().Unix() + 60}),
		"a logout token":             a.logoutToken(t, issuerA),
	} {
		refused := func(err error) { assert.ErrorIs(t, err, ginjwt.ErrInvalidToken, name) }
		_, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded)
		refused(err)
		_, err = a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded)
		refused(err)
	}
}

// A manager without a key of its own creates and accepts no purpose tokens.
func TestPurposeTokensWithoutAKey(t *testing.T) {
	t.Parallel()
	key := keys.Key{ID: "k", Sign: []byte(appSecret())}
	only, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}}}})
	_, err := only.CreatePurposeToken(t.Context(), confirm, "alice")
	require.ErrorIs(t, err, ginjwt.ErrNoSigningKey)
	a := newLinksApp(t, func(c *ginjwt.Config) { c.EncodeIssuer = issuerA })
	refusedPurpose(t, only, confirm, purposeToken(t, a.mgr, confirm, "alice"), ginjwt.ErrInvalidToken, "signature_invalid")
}

func TestEventsOfPurposeTokens(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.EncodeIssuer = "me" })
	encoded := purposeToken(t, a.mgr, confirm, "alice", ginjwt.BoundTo("hash"))
	about := ginjwt.Event{Issuer: "me", TokenType: "purpose", Purpose: "confirm-address"}
	about.TokenID, _ = claimsIn(t, encoded)["jti"].(string)
	of := func(kind ginjwt.EventKind, reason string) ginjwt.Event {
		e := about
		e.Kind, e.Reason = kind, reason
		if kind == ginjwt.EventRefused {
			e.Fault = ginjwt.FaultCaller
		}
		return e
	}
	assert.Equal(t, []ginjwt.Event{of(ginjwt.EventIssued, "")}, a.take())
	_, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded, ginjwt.BoundTo("hash"))
	require.NoError(t, err)
	assert.Empty(t, a.take(), "who looks changes nothing")
	_, err = a.mgr.PeekPurposeToken(t.Context(), confirm, encoded)
	require.Error(t, err)
	assert.Equal(t, []ginjwt.Event{of(ginjwt.EventRefused, "binding_mismatch")}, a.take())
	consumed(t, a.mgr, confirm, encoded, ginjwt.BoundTo("hash"))
	assert.Equal(t, []ginjwt.Event{of(ginjwt.EventConsumed, "")}, a.take())
	_, err = a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded, ginjwt.BoundTo("hash"))
	require.Error(t, err)
	assert.Equal(t, []ginjwt.Event{of(ginjwt.EventRefused, "token_consumed")}, a.take())

	_, err = a.mgr.ConsumePurposeToken(t.Context(), reset, "x")
	require.Error(t, err)
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller, Reason: "token_malformed", Purpose: "reset-password"}}, a.take())
	require.NoError(t, a.mgr.RevokePurposeTokens(t.Context(), reset, "alice"))
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventRevoked, TokenType: "purpose", Purpose: "reset-password", Cause: ginjwt.CauseApplication}}, a.take())

	a.once.down.Store(true)
	encoded = purposeToken(t, a.mgr, confirm, "alice")
	about.TokenID, _ = claimsIn(t, encoded)["jti"].(string)
	a.take()
	_, err = a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded)
	require.Error(t, err)
	failed := of(ginjwt.EventRefused, "store_unavailable")
	failed.Fault = ginjwt.FaultService
	assert.Equal(t, []ginjwt.Event{
		{Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService, Operation: ginjwt.OperationOnceClaim, Err: errStoreDown}, failed,
	}, a.take())
}

// A handler that responds with Refuse sends no event twice.
func TestARefusedPurposeTokenIsToldOnce(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	a.engine.GET("/confirm", func(c *gin.Context) {
		_, err := a.mgr.PeekPurposeToken(c, confirm, c.Query("token"))
		a.mgr.Refuse(c, err)
	})
	w := jwttest.Do(a.engine, "GET", "/confirm?token=x")
	assert.Equal(t, 422, w.Code)
	assert.JSONEq(t, `{"msg":"Not enough segments"}`, w.Body.String())
	assert.Len(t, a.take(), 1)
}
