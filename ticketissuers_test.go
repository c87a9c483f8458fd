package ginjwt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// whose responds with the identity and the issuer of a request.
func whose(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	c.String(200, "%s of %s, session %q", token.Identity, token.Issuer, token.SessionID)
}

// Tokens of other issuers buy tickets. The manager signs the tickets with its own key. When a
// ticket is used, the rules of the issuer apply to the token.
func TestTicketsForTokensOfOtherIssuers(t *testing.T) {
	t.Parallel()
	key := secretKey("a")
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Blocklist, config.Once = &ginjwt.MemoryBlocklist{}, &ginjwt.MemoryOnce{Now: clock.Now}
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, IdentityPrefix: "a:", ScopeClaim: "scp", IdentityClaim: "user"}}
	mgr, engine := withTickets(t, config)
	engine.GET("/whose", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket), ginjwt.Scopes("read")), whose)
	issuer := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}, Now: clock.Now})
	claims := func(more ginjwt.Claims) ginjwt.TokenOption {
		all := ginjwt.Claims{"user": "alice", "scp": []string{"read"}, "sid": "theirs"}
		for name, value := range more {
			all[name] = value
		}
		return ginjwt.WithClaims(all)
	}
	alice := jwttest.AccessToken(t, issuer, "1", claims(nil))
	ticket := buy(t, engine, "GET", "/whose", jwttest.Bearer(alice))
	assert.Equal(t, `a:alice of https://a.example/, session "theirs"`, use(engine, "GET", "/whose", ticket).Body.String())
	assert.Equal(t, 401, use(engine, "GET", "/whose", ticket).Code)
	unscoped := jwttest.AccessToken(t, issuer, "1", claims(ginjwt.Claims{"scp": nil}))
	assert.Equal(t, 403, use(engine, "GET", "/whose", buy(t, engine, "GET", "/whose", jwttest.Bearer(unscoped))).Code)

	// The leeway of the issuer applies, 30 seconds, not the manager's.
	old := jwttest.AccessToken(t, issuer, "1", claims(nil), ginjwt.WithExpires(20*time.Second))
	ticket = buy(t, engine, "GET", "/whose", jwttest.Bearer(old))
	clock.Advance(25 * time.Second)
	assert.Equal(t, 200, use(engine, "GET", "/whose", ticket).Code)

	ticket = buy(t, engine, "GET", "/whose", jwttest.Bearer(alice))
	token, err := mgr.DecodeToken(t.Context(), alice)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.Equal(t, `{"msg":"Token has been revoked"}`+"\n", use(engine, "GET", "/whose", ticket).Body.String())
}

// A process that does not know an issuer, or does not know it any more, must not read the issuer's
// token as one of its own.
func TestTicketsForTokensOfIssuersThatAreUnknown(t *testing.T) {
	t.Parallel()
	key := secretKey("a")
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Once, config.Sessions = &ginjwt.MemoryOnce{Now: clock.Now}, &ginjwt.MemorySessions{Now: clock.Now}
	without := config
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, IdentityPrefix: "a:"}}
	mgr, knows := withTickets(t, config)
	_, knowsNot := withTickets(t, without)
	issuer := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}, Now: clock.Now})
	pair := newPair(t, mgr)
	admin := jwttest.AccessToken(t, issuer, "admin", ginjwt.WithClaims(ginjwt.Claims{"sid": pair.SessionID}))
	ticket := buy(t, knows, "GET", "/live", jwttest.Bearer(admin))
	w := use(knowsNot, "GET", "/live", ticket)
	assert.Equal(t, 422, w.Code, w.Body)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="signature_invalid"`)
	logsOut := without
	logsOut.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, IdentityPrefix: "a:", LogoutOnly: true, LogoutAudience: []string{"client"}}}
	_, only := withTickets(t, logsOut)
	assert.Equal(t, 422, use(only, "GET", "/live", ticket).Code, "its tokens are not accepted there")
	assert.Equal(t, "a:admin", use(knows, "GET", "/live", ticket).Body.String())

	// And the reverse: a name of the manager became the name of another issuer.
	own := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithIssuer(issuerB))
	ticket = buy(t, knows, "GET", "/live", jwttest.Bearer(own))
	with := without
	with.Issuers = []ginjwt.Issuer{{Name: issuerB, Keys: []keys.Key{key}, IdentityPrefix: "b:"}}
	_, took := withTickets(t, with)
	assert.Equal(t, 422, use(took, "GET", "/live", ticket).Code)
	assert.Equal(t, "alice", use(knowsNot, "GET", "/live", ticket).Body.String())
}

// A token without a "jti" is revoked by a hash of its whole payload.
func TestTicketsForTokensWithoutAnID(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("a", 32)
	config := jwttest.Config(nil)
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{{Verify: []byte(secret), AllowMissingKeyID: true}}, IdentityPrefix: "a:"}}
	mgr, engine := withTickets(t, config)
	encoded := signedHS256(`{"alg":"HS256"}`, " {\n"+`"iss": "`+issuerA+`", "exp": 253402300799, "sub": "al\u0069ce" , "csrf":"x"} `, secret)
	bearer := jwttest.Bearer(encoded)
	assert.Equal(t, "a:alice", use(engine, "GET", "/live", buy(t, engine, "GET", "/live", bearer)).Body.String())
	ticket := buy(t, engine, "GET", "/live", bearer)
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.Equal(t, 401, use(engine, "GET", "/live", ticket).Code)
}

// The IssuerResolver is asked when the ticket is used, as for tokens.
func TestTicketsForTokensOfResolvedIssuers(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, nil)
	a.engine.POST("/ticket", a.mgr.TicketHandler())
	a.engine.GET("/live", a.mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), identify)
	bearer := jwttest.Bearer(a.of(t, tenantA))
	assert.Equal(t, "idp.example/a|alice", use(a.engine, "GET", "/live", buy(t, a.engine, "GET", "/live", bearer)).Body.String())

	ticket := buy(t, a.engine, "GET", "/live", bearer)
	a.known = func(string) bool { return false }
	a.mgr.ForgetIssuers(tenantA)
	assert.Equal(t, 422, use(a.engine, "GET", "/live", ticket).Code, "the customer has left")

	a.known = func(string) bool { return true }
	a.clock.Advance(20 * time.Second)
	a.mgr.ForgetIssuers()
	a.fail(errDirectory)
	assert.Equal(t, 503, use(a.engine, "GET", "/live", ticket).Code, "nobody knows")
	a.fail(nil)
}

// The key for access tokens signs tickets. After the key is removed, its tickets are refused.
func TestTicketsAndTheRotationOfKeys(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	first, second := parsed(t, pems.P256Private), parsed(t, pems.Ed25519Private)
	first.ID, second.ID = "1", "2"
	clock := &jwttest.Clock{}
	mgr, engine := withTickets(t, ginjwt.Config{Keys: []keys.Key{first}, Now: clock.Now})
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	kept, gone := buy(t, engine, "GET", "/live", bearer), buy(t, engine, "GET", "/live", bearer)
	require.NoError(t, mgr.SetKeys(second, first))
	assert.Equal(t, "alice", use(engine, "GET", "/live", kept).Body.String())
	bought := buy(t, engine, "GET", "/live", bearer)
	require.NoError(t, mgr.SetKeys(second))
	assert.Equal(t, 422, use(engine, "GET", "/live", gone).Code)
	assert.Equal(t, "alice", use(engine, "GET", "/live", bought).Body.String(), "what the new key signed")
}

// Keys from loaders sign and verify tickets. The loaders get the user of the request.
func TestTicketsWithKeyLoaders(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("l", 32)
	var signedFor []any
	mgr, engine := withTickets(t, ginjwt.Config{}, func(m *ginjwt.JWTManager) {
		m.EncodeKeyLoader(func(_ context.Context, user any) (keys.Key, error) {
			signedFor = append(signedFor, user)
			return keys.Key{Algorithm: "HS256", Sign: []byte(secret)}, nil
		})
		m.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) {
			return keys.Key{Algorithm: "HS256", Verify: []byte(secret)}, nil
		})
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) { return "user " + token.Identity, nil })
	})
	ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, "alice", use(engine, "GET", "/live", ticket).Body.String())
	assert.Equal(t, []any{"alice", "user alice"}, signedFor)
}

// With a ticket, a token for a resource opens the same routes as without.
func TestTicketsOfResources(t *testing.T) {
	t.Parallel()
	mgr, engine := resourcesApp(t, func(*ginjwt.Config) {})
	engine.POST("/ticket", mgr.TicketHandler())
	engine.POST("/mcp/ticket", mgr.TicketHandler(ginjwt.ForResource(mcpURL)))
	tickets := ginjwt.Locations(ginjwt.InTicket)
	engine.GET("/mcp/live", mgr.JWTRequired(tickets, ginjwt.ForResource(mcpURL)), identify)
	engine.GET("/mcp/v2/live", mgr.JWTRequired(tickets, ginjwt.ForResource(mcpURL+"/v2")), identify)
	engine.GET("/live", mgr.JWTRequired(tickets), identify)
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", ginjwt.WithAudience(mcpURL)))

	assert.Equal(t, 422, jwttest.Do(engine, "POST", "/ticket", bearer, jwttest.JSON(`{"url":"/live"}`)).Code)
	for path, status := range map[string]int{"/mcp/live": 200, "/mcp/v2/live": 401, "/live": 422} {
		w := jwttest.Do(engine, "POST", "/mcp/ticket", bearer, order(t, "GET", path))
		require.Equal(t, 200, w.Code)
		ticket := strings.Split(w.Body.String(), `"`)[3]
		assert.Equal(t, status, use(engine, "GET", path, ticket).Code, path)
	}
}

// Tenants that share keys and stores refuse each other's tickets.
func TestTicketsOfRealms(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Once = &ginjwt.MemoryOnce{}
	config.Realm = "one"
	one, first := withTickets(t, config)
	config.Realm = "two"
	_, second := withTickets(t, config)
	ticket := buy(t, first, "GET", "/live", jwttest.Bearer(jwttest.AccessToken(t, one, "alice")))
	assert.Equal(t, 422, use(second, "GET", "/live", ticket).Code)
	assert.Equal(t, 200, use(first, "GET", "/live", ticket).Code)
}
