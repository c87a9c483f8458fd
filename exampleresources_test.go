package ginjwt_test

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// An MCP server, or an API, whose clients find the way to a token by themselves: the
// challenge names the metadata, and that names the issuers.
func ExampleResource() {
	config := ginjwt.Config{SecretKey: jwttest.Config(nil).SecretKey, EncodeIssuer: "https://login.example.com"}
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "tools for ", ginjwt.GetJWTIdentity(r.Context()))
	})

	mcp := ginjwt.Resource{URL: "https://api.example.com/mcp", ScopesSupported: []string{"notes:read"}}
	config.Resources = []ginjwt.Resource{mcp}

	mgr := ginjwt.New(config)
	router := exampleEngine(mgr)
	router.Any(mcp.MetadataPath(), mgr.ResourceMetadataHandler())
	router.Any("/mcp", mgr.JWTRequired(ginjwt.ForResource(mcp.URL), ginjwt.Scopes("notes:read")), gin.WrapH(server))

	fmt.Println(jwttest.Do(router, "POST", "/mcp").Header().Get("WWW-Authenticate"))
	fmt.Println(jwttest.Do(router, "GET", "/.well-known/oauth-protected-resource/mcp").Body)
	token := exampleToken(mgr, "alice", ginjwt.WithAudience(mcp.URL), ginjwt.WithClaims(ginjwt.Claims{"scope": "notes:read"}))
	fmt.Println(jwttest.Do(router, "POST", "/mcp", jwttest.Bearer(token)).Body)
	// Output:
	// Bearer realm="api", reason="token_missing", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp", scope="notes:read"
	// {"authorization_servers":["https://login.example.com"],"bearer_methods_supported":["header"],"resource":"https://api.example.com/mcp","scopes_supported":["notes:read"]}
	// tools for alice
}

// Without Gin, the same handlers stand in a mux of net/http.
func ExampleJWTManager_HTTPHandler() {
	mcp := ginjwt.Resource{URL: "https://api.example.com/mcp"}
	mgr := exampleManager(ginjwt.Config{EncodeIssuer: "https://login.example.com", Resources: []ginjwt.Resource{mcp}})
	server := http.NotFoundHandler()

	mux := http.NewServeMux()
	mux.Handle("POST /logout", mgr.HTTPHandler(mgr.LogoutHandler()))
	mux.Handle(mcp.MetadataPath(), mgr.HTTPHandler(mgr.ResourceMetadataHandler()))
	mux.Handle("/mcp", mgr.Middleware(ginjwt.ForResource(mcp.URL))(server))

	fmt.Println(jwttest.Do(mux, "GET", mcp.MetadataPath()).Code, jwttest.Do(mux, "POST", "/mcp").Code)
	fmt.Println(jwttest.Do(mux, "POST", "/logout").Code)
	// Output:
	// 200 401
	// 204
}
