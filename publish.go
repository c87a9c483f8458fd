package ginjwt

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
)

// publishedFor is how long clients may cache what these handlers publish.
const publishedFor = "public, max-age=300"

// JWKSHandler serves the public keys of the manager as a JWK Set (RFC 7517), for services
// that verify its tokens. The set includes keys that do not sign yet, so that verifiers
// know a key before its first token. It has no retired keys, no secrets, and no keys for
// refresh tokens only. Clients may cache it for 5 minutes.
//
// Use Config.Keys if you publish keys, even for a single key. Tokens of a PrivateKey have
// no "kid", and verifiers accept them only while the set has no other key.
//
// It panics if called before InitApp.
func (m *JWTManager) JWKSHandler() gin.HandlerFunc {
	m.mustBeReady("JWKSHandler")
	return describe(routeFacts{handler: "JWKSHandler", open: true}, func(c *gin.Context) {
		body, err := m.verifier.keySet().MarshalPublic(m.config.Now())
		publish(c, "application/jwk-set+json", body, err)
	})
}

// Metadata describes an issuer to its clients, with the members of RFC 8414 §2 and of
// OpenID Connect Discovery. Empty members are left out.
type Metadata struct {
	// Issuer is the "iss" of the tokens. Empty means Config.EncodeIssuer. MetadataHandler
	// panics if it is another value.
	Issuer string

	// JWKSURI is the URL of JWKSHandler.
	JWKSURI string

	AuthorizationEndpoint string
	TokenEndpoint         string // URL of RefreshHandler, or of a login
	RevocationEndpoint    string // URL of RevocationHandler
	IntrospectionEndpoint string // URL of IntrospectionHandler
	UserinfoEndpoint      string
	ServiceDocumentation  string

	ScopesSupported []string

	// Extra contains more members. They replace all members of the same name except
	// "issuer".
	Extra map[string]any
}

// MetadataHandler serves the metadata, which tells clients where the keys are. Register it
// for both documents, which have the same members in ginjwt: RFC 8414 at
// /.well-known/oauth-authorization-server, and OpenID Connect Discovery at
// /.well-known/openid-configuration.
//
// With Config.DPoP, the member "dpop_signing_alg_values_supported" lists the algorithms of
// proofs (RFC 9449 §5.1).
//
// It panics if called before InitApp, if the issuer is not Config.EncodeIssuer, or if
// the issuer has a query. It also panics if a member is not an absolute https URL (http
// works on loopback). It does not check Extra.
func (m *JWTManager) MetadataHandler(metadata Metadata) gin.HandlerFunc {
	m.mustBeReady("MetadataHandler")
	issuer := or(metadata.Issuer, m.config.EncodeIssuer)
	if issuer == "" || issuer != m.config.EncodeIssuer {
		panic("ginjwt: MetadataHandler: Issuer must be the \"iss\" of the tokens; set Config.EncodeIssuer")
	}
	if !isIssuerURL(issuer) {
		panic(fmt.Sprintf("ginjwt: MetadataHandler: issuer: %q is not an absolute https URL without a query", issuer))
	}
	members := metadata.members()
	members["issuer"] = issuer
	if _, given := members["dpop_signing_alg_values_supported"]; !given && m.possession.mode != dpopOff {
		members["dpop_signing_alg_values_supported"] = proofAlgorithms
	}
	if _, err := json.Marshal(members); err != nil {
		panic("ginjwt: MetadataHandler: Extra: " + err.Error())
	}
	return describe(routeFacts{handler: "MetadataHandler", open: true}, func(c *gin.Context) {
		now := maps.Clone(members)
		if _, given := now["id_token_signing_alg_values_supported"]; !given {
			now["id_token_signing_alg_values_supported"] = m.verifier.keySet().PublicAlgorithms(m.config.Now())
		}
		body, err := json.Marshal(now, json.Deterministic(true))
		publish(c, "application/json", body, err)
	})
}

// members returns the members that do not change. It always includes the members that
// both documents require, even if they are empty.
func (d Metadata) members() map[string]any {
	members := map[string]any{
		"response_types_supported": []string{},
		"subject_types_supported":  []string{"public"},
	}
	for name, endpoint := range map[string]string{
		"jwks_uri":               d.JWKSURI,
		"authorization_endpoint": d.AuthorizationEndpoint,
		"token_endpoint":         d.TokenEndpoint,
		"revocation_endpoint":    d.RevocationEndpoint,
		"introspection_endpoint": d.IntrospectionEndpoint,
		"userinfo_endpoint":      d.UserinfoEndpoint,
		"service_documentation":  d.ServiceDocumentation,
	} {
		if endpoint == "" {
			continue
		}
		if !isPublicURL(endpoint) {
			panic(fmt.Sprintf("ginjwt: MetadataHandler: %s: %q is not an absolute https URL", name, endpoint))
		}
		members[name] = endpoint
	}
	if d.AuthorizationEndpoint != "" {
		members["response_types_supported"] = []string{"code"}
	}
	if len(d.ScopesSupported) > 0 {
		members["scopes_supported"] = slices.Clone(d.ScopesSupported)
	}
	maps.Copy(members, d.Extra)
	return members
}

// ResourceMetadataHandler serves the metadata of Config.Resources (RFC 9728), each at its
// [Resource.MetadataPath]. Register it there for all methods:
//
//	router.Any(mcp.MetadataPath(), mgr.ResourceMetadataHandler())
//
// Pages of every origin may read the metadata, as clients in browsers need it. The
// response contains nothing of the request, not even the host. Clients may cache it for
// 5 minutes. A path without a resource gets 404.
//
// It panics if called before InitApp, or without Config.Resources.
func (m *JWTManager) ResourceMetadataHandler() gin.HandlerFunc {
	m.mustBeReady("ResourceMetadataHandler")
	if len(m.resources) == 0 {
		panic("ginjwt: ResourceMetadataHandler: there are no resources; set Config.Resources")
	}
	return describe(routeFacts{handler: "ResourceMetadataHandler", open: true}, func(c *gin.Context) {
		const methods = "GET, HEAD, OPTIONS"
		metadata := metadataAt(m.resources, c.Request.URL)
		c.Header("Access-Control-Allow-Origin", "*")
		switch {
		case metadata == nil:
			c.AbortWithStatus(http.StatusNotFound)
		case c.Request.Method == http.MethodOptions:
			c.Header("Access-Control-Allow-Methods", methods)
			c.Header("Access-Control-Allow-Headers", "*") // MCP clients send MCP-Protocol-Version
			c.AbortWithStatus(http.StatusNoContent)
		case c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
			c.Header("Allow", methods)
			c.AbortWithStatus(http.StatusMethodNotAllowed)
		default:
			publish(c, "application/json", metadata, nil)
		}
	})
}

// publish responds with JSON that clients may cache, or with 304 if they have it.
func publish(c *gin.Context, contentType string, body []byte, err error) {
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, fmt.Errorf("ginjwt: publish: %w", err))
		return
	}
	sum := sha256.Sum256(body)
	etag := `"` + base64url.Encode(sum[:]) + `"`
	c.Header("Cache-Control", publishedFor)
	c.Header("ETag", etag)
	c.Header("X-Content-Type-Options", "nosniff")
	if hasETag(c.GetHeader("If-None-Match"), etag) {
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	c.Header("Content-Length", strconv.Itoa(len(body))) // or it is sent in chunks, by older versions of Gin
	c.Data(http.StatusOK, contentType, body)
}

// hasETag reports whether a header lists etag (RFC 9110 §13.1.2).
func hasETag(header, etag string) bool {
	if strings.Trim(header, blanks) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.Trim(candidate, blanks), "W/") == etag {
			return true
		}
	}
	return false
}
