// Package mcpauth connects ginjwt and the MCP SDK for Go. ginjwt verifies tokens and refuses
// requests, and tools learn who called them. Copy the package into your program, and change
// it as you need. ginjwt itself does not depend on the SDK.
package mcpauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gin-jwt-extended/ginjwt"
)

// Handler passes the token that JWTRequired verified to the MCP server next. Tools find its
// claims in req.Extra.TokenInfo, and the SDK keeps the MCP sessions of users apart. Tools do
// not get the encoded token. A tool that calls another service needs a token for that service.
//
// It panics on a route without JWTRequired. The token must be in the Authorization
// header, where the SDK wants it.
func Handler(next http.Handler) http.Handler {
	const decided = 100 * 365 * 24 * time.Hour // ginjwt has checked "exp", with the leeway of the issuer
	withInfo := auth.RequireBearerToken(verified, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true, ClockSkew: decided})(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ginjwt.GetJWTIdentity(r.Context()) == "" { // a CORS preflight
			next.ServeHTTP(w, r)
			return
		}
		withInfo.ServeHTTP(w, r)
	})
}

// verified is an auth.TokenVerifier that verifies nothing, because ginjwt already did.
func verified(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
	token, _ := ginjwt.GetToken(ctx)
	return infoOf(token), nil
}

// Verifier is for programs that use auth.RequireBearerToken in place of JWTRequired. The SDK
// then refuses requests, and its challenges contain less. Set scopes in the options of
// RequireBearerToken, which answers 403 if a scope is missing.
//
//	auth.RequireBearerToken(mcpauth.Verifier(mgr, ginjwt.ForResource(url)), &auth.RequireBearerTokenOptions{
//		ResourceMetadataURL: resource.MetadataURL(),
//	})
func Verifier(mgr *ginjwt.JWTManager, opts ...ginjwt.RequiredOption) auth.TokenVerifier {
	return func(ctx context.Context, encoded string, _ *http.Request) (*auth.TokenInfo, error) {
		token, err := mgr.VerifyToken(ctx, encoded, opts...)
		var refused *ginjwt.Error
		switch {
		case err == nil:
			return infoOf(token), nil
		case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
			return nil, fmt.Errorf("%w: %s", auth.ErrInvalidToken, refused.Reason)
		}
		return nil, errors.New("tokens cannot be verified now") // the client reads it
	}
}

func infoOf(token *ginjwt.Token) *auth.TokenInfo {
	return &auth.TokenInfo{
		Scopes:     token.Scopes(),
		Expiration: token.ExpiresAt,
		UserID:     token.Identity,
		Extra:      map[string]any{"issuer": token.Issuer},
	}
}

// ToolScopes are the scopes that a token needs for a tool, by the name of the tool. Other
// tools need only the scopes of the route.
type ToolScopes map[string][]string

// maxMessage is the maximum size of a message that StepUp reads. It is the limit of the SDK.
const maxMessage = mcp.DefaultMaxRequestBodyBytes

// StepUp answers a tool call with 403 if the token lacks scopes. MCP clients then ask the user
// for more scopes. Put it behind JWTRequired. StepUp is not the protection: Enforce checks
// everything that StepUp lets through.
func (s ToolScopes) StepUp(mgr *ginjwt.JWTManager, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := ginjwt.GetToken(r.Context())
		if !ok || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
		if err != nil {
			http.Error(w, "The message cannot be read", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if needed := s.neededBy(body); !holds(token.Scopes(), needed) {
			mgr.RefuseRequest(w, r, &ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: strings.Join(needed, " ")})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// neededBy returns the scopes that a tool call needs. Other messages need none.
func (s ToolScopes) neededBy(message []byte) []string {
	var call struct {
		Method string `json:"method"`
		Params struct {
			Name string `json:"name"`
		} `json:"params"`
	}
	if json.Unmarshal(message, &call) != nil || call.Method != "tools/call" {
		return nil
	}
	return s[call.Params.Name]
}

// Enforce refuses a tool call if the token lacks scopes. It uses the message as the MCP server
// parsed it. Add it as a middleware of the MCP server:
//
//	server.AddReceivingMiddleware(scopes.Enforce)
func (s ToolScopes) Enforce(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		if call, ok := req.(*mcp.CallToolRequest); ok {
			var scopes []string
			if extra := call.GetExtra(); extra != nil && extra.TokenInfo != nil {
				scopes = extra.TokenInfo.Scopes
			}
			if !holds(scopes, s[call.Params.Name]) {
				return nil, errors.New("the token does not allow this tool")
			}
		}
		return next(ctx, method, req)
	}
}

// holds reports whether all of needed are in scopes.
func holds(scopes, needed []string) bool {
	return !slices.ContainsFunc(needed, func(scope string) bool { return !slices.Contains(scopes, scope) })
}
