package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

// service is the program on its own port, with the authorization server that it trusts.
type service struct {
	*authServer
	router *gin.Engine
	origin string
}

func newService(t *testing.T) *service {
	t.Helper()
	authorization := newAuthServer(t)
	issuer, err := provider(t.Context(), authorization.url)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	router, err := newRouter(origin, issuer)
	require.NoError(t, err)
	server.Config.Handler = router
	server.Start()
	t.Cleanup(server.Close)
	return &service{authorization, router, origin}
}

// connect starts a client of the SDK that knows only the URL of the server.
func (s *service) connect(t *testing.T) *mcp.ClientSession {
	t.Helper()
	handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		PreregisteredClient:      &oauthex.ClientCredentials{ClientID: "desktop", Issuer: s.url},
		RedirectURL:              "http://localhost/callback",
		AuthorizationCodeFetcher: agree,
	})
	require.NoError(t, err)
	client := mcp.NewClient(&mcp.Implementation{Name: "desktop", Version: "1.0.0"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: s.origin + "/mcp", OAuthHandler: handler}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// agree is the browser of a user who agrees.
func agree(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, args.URL, nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	back, err := answer.Location()
	if err != nil {
		return nil, errors.New(answer.Status)
	}
	query := back.Query()
	return &auth.AuthorizationResult{Code: query.Get("code"), State: query.Get("state"), Iss: query.Get("iss")}, nil
}

func call(t *testing.T, session *mcp.ClientSession, tool string) string {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: note{"list"}})
	require.NoError(t, err)
	require.False(t, result.IsError)
	return result.Content[0].(*mcp.TextContent).Text
}

// A refused client gets a token by itself. The 401 leads it to the metadata, the issuer and a
// token. The 403 of a tool leads it to the user, and to a token with more scopes.
func TestAClientFindsItsWay(t *testing.T) {
	t.Parallel()
	s := newService(t)
	session := s.connect(t)
	assert.Equal(t, "alice reads list", call(t, session, "read_note"))
	assert.Equal(t, []string{"notes:read"}, s.scopesAsked(), "of the route: the 401 says so")

	assert.Equal(t, "alice writes list", call(t, session, "write_note"))
	assert.Equal(t, []string{"notes:read", "notes:read notes:write"}, s.scopesAsked(), "the 403 asks for more")
	assert.Equal(t, "alice writes list", call(t, session, "write_note"))
	assert.Equal(t, "alice reads list", call(t, session, "read_note"))
	assert.Len(t, s.scopesAsked(), 2)
	for _, asked := range s.asked {
		assert.Equal(t, s.origin+"/mcp", asked.Get("resource"))
	}
}

const callRead = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_note","arguments":{"title":"list"}}}`

var (
	callWrite = strings.Replace(callRead, "read_note", "write_note", 1)
	accepts   = jwttest.Header("Accept", "application/json, text/event-stream")
)

func TestWhatIsAnswered(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := func(audience, scope string) jwttest.RequestOption {
		encoded, err := s.tokenFor(audience, scope)
		require.NoError(t, err)
		return jwttest.Bearer(encoded)
	}
	const all = "notes:read notes:write"
	resource := s.origin + "/mcp"
	metadata := `, resource_metadata="` + s.origin + `/.well-known/oauth-protected-resource/mcp"`
	const invalid = `Bearer realm="api", error="invalid_token", error_description="The token is not valid", reason="`
	const insufficient = `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"`
	for _, test := range []struct {
		name      string
		token     jwttest.RequestOption
		message   string
		status    int
		challenge string
	}{
		{"no token", jwttest.Header("X-Nothing", "1"), callRead, 401, `Bearer realm="api", reason="token_missing"` + metadata + `, scope="notes:read"`},
		{"garbage", jwttest.Bearer("garbage"), callRead, 401, invalid + `token_malformed"` + metadata + `, scope="notes:read"`},
		{"for the API", token("api", all), callRead, 401, invalid + `token_claims_invalid"` + metadata + `, scope="notes:read"`},
		{"for another server", token(s.origin, all), callRead, 401, invalid + `token_claims_invalid"` + metadata + `, scope="notes:read"`},
		{"for a longer name", token(resource+"/", all), callRead, 401, invalid + `token_claims_invalid"` + metadata + `, scope="notes:read"`},
		{"no scope", token(resource, "openid"), callRead, 403, insufficient + `, scope="notes:read"` + metadata},
		{"reads", token(resource, "notes:read"), callRead, 200, ""},
		{"may not write", token(resource, "notes:read"), callWrite, 403, insufficient + `, scope="notes:write"` + metadata},
		{"writes", token(resource, all), callWrite, 200, ""},
	} {
		host := func(r *http.Request) { r.Host = strings.TrimPrefix(s.origin, "http://") }
		w := jwttest.Do(s.router, "POST", "/mcp", jwttest.JSON(test.message), accepts, host, test.token)
		assert.Equal(t, test.status, w.Code, test.name+w.Body.String())
		assert.Equal(t, test.challenge, w.Header().Get("WWW-Authenticate"), test.name)
	}
	assert.Equal(t, 200, jwttest.Do(s.router, "GET", "/api/me", token("api", "")).Code)
	assert.Equal(t, 422, jwttest.Do(s.router, "GET", "/api/me", token(resource, all)).Code, "no token of the MCP server passes at the API")
}

// The tool is refused in every spelling of a call: the MCP server checks what StepUp cannot
// see.
func TestNoCallGetsAround(t *testing.T) {
	t.Parallel()
	s := newService(t)
	encoded, err := s.tokenFor(s.origin+"/mcp", "notes:read")
	require.NoError(t, err)
	for _, message := range []string{
		strings.Replace(callWrite, `"method"`, `"method":"tools/list","method"`, 1),
		strings.Replace(callWrite, `"params"`, `"Params":{"name":"read_note"},"params"`, 1),
		strings.Replace(callWrite, `"name":"write_note"`, `"name":"write_note","Name":"read_note"`, 1),
		strings.Replace(callWrite, `"method":"tools/call"`, `"method":"tools/call","Method":"tools/list"`, 1),
		strings.Replace(callWrite, "write_note", `write\u005fnote`, 1),
		"[" + callWrite + "]",
		"\ufeff" + callWrite,
	} {
		host := func(r *http.Request) { r.Host = strings.TrimPrefix(s.origin, "http://") }
		w := jwttest.Do(s.router, "POST", "/mcp", jwttest.JSON(message), accepts, host, jwttest.Bearer(encoded))
		assert.NotContains(t, w.Body.String(), "alice writes", message)
	}
}

func TestTheMetadata(t *testing.T) {
	t.Parallel()
	s := newService(t)
	w := jwttest.Do(s.router, "GET", "/.well-known/oauth-protected-resource/mcp")
	assert.JSONEq(t, `{"resource":"`+s.origin+`/mcp","resource_name":"Notes","authorization_servers":["`+s.url+`"],`+
		`"scopes_supported":["notes:read"],"bearer_methods_supported":["header"]}`, w.Body.String())
}
