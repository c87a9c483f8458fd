package mcpauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/mcp/mcpauth"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const resource = "https://api.example.com/mcp"

func newManager(t *testing.T, change func(*ginjwt.Config)) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(nil)
	config.Now = nil // the SDK asks the clock of the machine
	config.Resources = []ginjwt.Resource{{URL: resource}}
	change(&config)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return mgr
}

// info answers with what the SDK knows about the caller.
var info = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	answer := "nobody"
	if info := auth.TokenInfoFromContext(r.Context()); info != nil {
		answer = info.UserID + " " + strings.Join(info.Scopes, ",")
	}
	_, _ = io.WriteString(w, answer+string(body))
})

func TestHandler(t *testing.T) {
	t.Parallel()
	mgr := newManager(t, func(*ginjwt.Config) {})
	handler := mgr.Middleware(ginjwt.ForResource(resource))(mcpauth.Handler(info))
	scope := ginjwt.WithClaims(ginjwt.Claims{"scope": "a b"})
	audience := ginjwt.WithAudience(resource)
	for name, opts := range map[string][]ginjwt.TokenOption{
		"15 minutes": {audience, scope},
		"for ever":   {audience, scope, ginjwt.WithExpires(ginjwt.NeverExpires)},
	} {
		w := jwttest.Do(handler, "POST", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", opts...)))
		assert.Equal(t, "alice a,b", w.Body.String(), name)
	}
	preflight := func(r *http.Request) {
		r.Header.Set("Origin", "https://client.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
	}
	assert.Equal(t, "nobody", jwttest.Do(handler, "OPTIONS", "/", preflight).Body.String())
	assert.Equal(t, 401, jwttest.Do(handler, "OPTIONS", "/").Code)
	assert.Panics(t, func() { jwttest.Do(mcpauth.Handler(info), "POST", "/") }, "a route without JWTRequired")
}

// With clock skew, the SDK accepts every token that ginjwt accepts by its leeway.
func TestHandlerHasTheLeewayOfManagerAndIssuer(t *testing.T) {
	t.Parallel()
	mgr := newManager(t, func(c *ginjwt.Config) { c.DecodeLeeway = time.Minute })
	past := newManager(t, func(c *ginjwt.Config) {
		c.SecretKey = jwttest.Config(nil).SecretKey
		c.Now = func() time.Time { return time.Now().Add(-15*time.Minute - 10*time.Second) }
	})
	token := jwttest.AccessToken(t, past, "alice", ginjwt.WithAudience(resource))
	handler := mgr.Middleware(ginjwt.ForResource(resource))(mcpauth.Handler(info))
	assert.Equal(t, "alice ", jwttest.Do(handler, "POST", "/", jwttest.Bearer(token)).Body.String())

	const issuer = "https://issuer.example"
	mgr = newManager(t, func(c *ginjwt.Config) { // an issuer has 30 seconds without a setting
		key := keys.Key{Verify: []byte(jwttest.Config(nil).SecretKey), AllowMissingKeyID: true}
		c.Issuers = []ginjwt.Issuer{{Name: issuer, Keys: []keys.Key{key}, IdentityPrefix: "issuer:"}}
	})
	token = jwttest.AccessToken(t, past, "alice", ginjwt.WithAudience(resource), ginjwt.WithIssuer(issuer))
	handler = mgr.Middleware(ginjwt.ForResource(resource))(mcpauth.Handler(info))
	assert.Equal(t, "issuer:alice ", jwttest.Do(handler, "POST", "/", jwttest.Bearer(token)).Body.String())
}

func TestVerifier(t *testing.T) {
	t.Parallel()
	mgr := newManager(t, func(*ginjwt.Config) {})
	handler := auth.RequireBearerToken(mcpauth.Verifier(mgr, ginjwt.ForResource(resource)), &auth.RequireBearerTokenOptions{
		ResourceMetadataURL: ginjwt.Resource{URL: resource}.MetadataURL(), Scopes: []string{"a"},
	})(info)
	audience, scope := ginjwt.WithAudience(resource), ginjwt.WithClaims(ginjwt.Claims{"scope": "a"})
	for name, test := range map[string]struct {
		token  string
		status int
		body   string
	}{
		"good":        {jwttest.AccessToken(t, mgr, "alice", audience, scope), 200, "alice a"},
		"no scope":    {jwttest.AccessToken(t, mgr, "alice", audience), 403, "insufficient scope\n"},
		"no audience": {jwttest.AccessToken(t, mgr, "alice", scope), 401, "invalid token: token_claims_invalid\n"},
		"garbage":     {"garbage", 401, "invalid token: token_malformed\n"},
	} {
		w := jwttest.Do(handler, "POST", "/", jwttest.Bearer(test.token))
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
	}
}

// If a store is down, the client must not ask the user again, and learns no details.
func TestVerifierWithoutItsStore(t *testing.T) {
	t.Parallel()
	mgr := newManager(t, func(c *ginjwt.Config) { c.Blocklist = down{} })
	handler := auth.RequireBearerToken(mcpauth.Verifier(mgr), nil)(info)
	w := jwttest.Do(handler, "POST", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, 500, w.Code)
	assert.Equal(t, "tokens cannot be verified now\n", w.Body.String())
}

func TestStepUp(t *testing.T) {
	t.Parallel()
	mgr := newManager(t, func(*ginjwt.Config) {})
	scopes := mcpauth.ToolScopes{"write": {"a", "b"}}
	handler := mgr.Middleware(ginjwt.ForResource(resource))(scopes.StepUp(mgr, mcpauth.Handler(info)))
	token := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", ginjwt.WithAudience(resource), ginjwt.WithClaims(ginjwt.Claims{"scope": "a"})))
	const read, write = `{"method":"tools/call","params":{"name":"read"}}`, `{"method":"tools/call","params":{"name":"write"}}`

	w := jwttest.Do(handler, "POST", "/", token, jwttest.JSON(read))
	assert.Equal(t, "alice a"+read, w.Body.String(), "the message goes on whole")
	w = jwttest.Do(handler, "POST", "/", token, jwttest.JSON(write))
	assert.Equal(t, 403, w.Code)
	assert.Equal(t, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", `+
		`reason="insufficient_scope", scope="a b", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"`, w.Header().Get("WWW-Authenticate"))
	w = jwttest.Do(handler, "POST", "/", token, jwttest.JSON(read+strings.Repeat(" ", 8<<20)))
	assert.Equal(t, 400, w.Code, "too large")
}

var errDown = errors.New("dial tcp 10.0.0.1: secret detail")

// down is a blocklist that does not answer.
type down struct{}

func (down) Add(context.Context, string, time.Time) error      { return errDown }
func (down) Contains(context.Context, ...string) (bool, error) { return false, errDown }
