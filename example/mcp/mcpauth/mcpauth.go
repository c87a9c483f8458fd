// Package mcpauth joins ginjwt and the MCP SDK for Go: ginjwt verifies tokens and
// refuses requests, and tools find who has called them. It is there to be copied into
// your program, and changed: the library itself needs no SDK.
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

// Handler hands the token that JWTRequired has verified on to the MCP server next: tools
// find it in req.Extra.TokenInfo, and the SDK keeps the MCP sessions of users apart. The
// token itself goes no further: a tool that calls another service needs a token for that
// one.
//
// It panics on a route without JWTRequired. The token must be in the Authorization
// header, where the SDK wants it.
func Handler(next http.Handler) http.Handler {
	const decided = 100 * 365 * 24 * time.Hour // ginjwt has looked at "exp", by the leeway of the issuer
	withInfo := auth.RequireBearerToken(verified, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true, ClockSkew: decided})(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ginjwt.GetJWTIdentity(r.Context()) == "" { // a CORS preflight
			next.ServeHTTP(w, r)
			return
		}
		withInfo.ServeHTTP(w, r)
	})
}

// verified is an auth.TokenVerifier that verifies nothing: ginjwt has.
func verified(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
	token, _ := ginjwt.GetToken(ctx)
	return infoOf(token), nil
}

// Verifier is for programs that keep auth.RequireBearerToken in place of JWTRequired:
// with it the SDK refuses requests, by less words. Scopes belong in the options of
// RequireBearerToken, which answers 403 if one is missing.
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

// ToolScopes says which scopes a token needs for a tool, by its name. Others need no
// more than the route asks for.
type ToolScopes map[string][]string

// maxMessage is how much of a message is read to see which tool it calls: as much as the
// SDK reads.
const maxMessage = mcp.DefaultMaxRequestBodyBytes

// StepUp answers the call of a tool for which the token lacks scopes with the 403 by
// which MCP clients ask the user for more. It stands behind JWTRequired, and decides
// nothing: what it lets through, Enforce checks.
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

// neededBy returns what the call of a tool needs; nothing for other messages.
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

// Enforce refuses calls of tools for which the token lacks scopes, however the message
// was written. It is a middleware of the MCP server:
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
