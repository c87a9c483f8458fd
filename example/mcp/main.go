// Command mcp runs an MCP server next to an API. MCP clients find the identity provider in the
// metadata of the server (RFC 9728), and get a token there. If a tool needs more scopes, they
// ask the user.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/mcp/mcpauth"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

func main() {
	provider, err := provider(context.Background(), os.Getenv("PROVIDER")) // such as http://localhost:8080/realms/demo
	if err != nil {
		log.Fatal(err)
	}
	router, err := newRouter("http://localhost:8082", provider)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8082"))
}

// provider returns the identity provider with this name, as an issuer.
func provider(ctx context.Context, name string) (ginjwt.Issuer, error) {
	keys, err := jwks.Discover(ctx, name, jwks.Options{
		AllowLoopbackHTTP: true, // to try it on one machine; leave it out otherwise
		OnError:           func(err error) { log.Print(err) },
	})
	return ginjwt.Issuer{Name: name, KeySource: keys, Audience: []string{"api"}, RequiredClaims: []string{"exp"}}, err
}

// newRouter serves an API and an MCP server. origin is the address that clients use.
func newRouter(origin string, provider ginjwt.Issuer) (*gin.Engine, error) {
	notes := ginjwt.Resource{URL: origin + "/mcp", Name: "Notes", ScopesSupported: []string{"notes:read"}}
	jwt := ginjwt.New(ginjwt.Config{
		Issuers:   []ginjwt.Issuer{provider},
		Resources: []ginjwt.Resource{notes},
	})
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.GET("/api/me", jwt.JWTRequired(), whoAmI)

	server := scopes.StepUp(jwt, mcpauth.Handler(notesServer()))
	router.Any(notes.MetadataPath(), jwt.ResourceMetadataHandler())
	router.Any("/mcp", jwt.JWTRequired(ginjwt.ForResource(notes.URL), ginjwt.Scopes("notes:read")), gin.WrapH(server))
	return router, nil
}

// whoAmI stands for the handlers of the API.
func whoAmI(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

// scopes are the scopes that tools need beside the scopes of the route.
var scopes = mcpauth.ToolScopes{"write_note": {"notes:write"}}

// notesServer is an MCP server with two tools. It keeps no state between requests, so every
// request is checked on its own.
func notesServer() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	server.AddReceivingMiddleware(scopes.Enforce)
	mcp.AddTool(server, &mcp.Tool{Name: "read_note", Description: "Reads a note of the user."}, readNote)
	mcp.AddTool(server, &mcp.Tool{Name: "write_note", Description: "Writes a note of the user."}, writeNote)
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true})
}

type note struct {
	Title string `json:"title"`
}

// readNote stands for the tools of the application.
func readNote(_ context.Context, req *mcp.CallToolRequest, in note) (*mcp.CallToolResult, any, error) {
	return said(req.Extra.TokenInfo.UserID + " reads " + in.Title), nil, nil
}

func writeNote(_ context.Context, req *mcp.CallToolRequest, in note) (*mcp.CallToolResult, any, error) {
	return said(req.Extra.TokenInfo.UserID + " writes " + in.Title), nil, nil
}

func said(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}
