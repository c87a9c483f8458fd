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

// publishedFor is how long others may keep what is published here.
const publishedFor = "public, max-age=300"

// JWKSHandler serves the public keys of the manager as a JWK Set (RFC 7517), for
// others who verify its tokens. Keys that do not sign yet are in it, so that
// everybody knows them before they do; retired keys, secrets and keys for
// refresh tokens only are not. Others may keep it for 5 minutes.
//
// Begin with Config.Keys, even of one key, if you publish: others take the
// tokens of a PrivateKey, which name no key, only while there is no other key.
//
// It panics if called before InitApp.
func (m *JWTManager) JWKSHandler() gin.HandlerFunc {
	m.mustBeReady("JWKSHandler")
	return func(c *gin.Context) {
		body, err := m.verifier.keySet().MarshalPublic(m.config.Now())
		publish(c, "application/jwk-set+json", body, err)
	}
}

// Metadata is what an issuer tells about itself, in the members of RFC 8414 §2
// and of OpenID Connect Discovery. Empty members are left out.
type Metadata struct {
	// Issuer is "iss" of the tokens. Empty means Config.EncodeIssuer, from which
	// it must not differ.
	Issuer string

	// JWKSURI is where JWKSHandler serves.
	JWKSURI string

	AuthorizationEndpoint string
	TokenEndpoint         string // where RefreshHandler, or a login, serves
	RevocationEndpoint    string // where RevocationHandler serves
	IntrospectionEndpoint string // where IntrospectionHandler serves
	UserinfoEndpoint      string
	ServiceDocumentation  string

	ScopesSupported []string

	// Extra holds further members, and wins over all others but "issuer".
	Extra map[string]any
}

// MetadataHandler serves what others need to find the keys: RFC 8414 at
// /.well-known/oauth-authorization-server, and OpenID Connect Discovery at
// /.well-known/openid-configuration. Both have the same members here.
//
// It panics if called before InitApp, if a member is not an absolute https URL
// (http will do on loopback), or if the issuer is not that of the tokens, or has
// a query. What is in Extra is not checked.
func (m *JWTManager) MetadataHandler(metadata Metadata) gin.HandlerFunc {
	m.mustBeReady("MetadataHandler")
	issuer := or(metadata.Issuer, m.config.EncodeIssuer)
	if issuer == "" || issuer != m.config.EncodeIssuer {
		panic("ginjwt: MetadataHandler: Issuer must be that of the tokens; set Config.EncodeIssuer")
	}
	if !isIssuerURL(issuer) {
		panic(fmt.Sprintf("ginjwt: MetadataHandler: issuer: %q is no absolute https URL without a query", issuer))
	}
	members := metadata.members()
	members["issuer"] = issuer
	if _, err := json.Marshal(members); err != nil {
		panic("ginjwt: MetadataHandler: Extra: " + err.Error())
	}
	return func(c *gin.Context) {
		now := maps.Clone(members)
		if _, given := now["id_token_signing_alg_values_supported"]; !given {
			now["id_token_signing_alg_values_supported"] = m.verifier.keySet().PublicAlgorithms(m.config.Now())
		}
		body, err := json.Marshal(now, json.Deterministic(true))
		publish(c, "application/json", body, err)
	}
}

// members returns what does not change. What both documents must have is there,
// empty or not.
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
			panic(fmt.Sprintf("ginjwt: MetadataHandler: %s: %q is no absolute https URL", name, endpoint))
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

// ResourceMetadataHandler serves the metadata of Config.Resources (RFC 9728), each at
// its [Resource.MetadataPath]. Register it there for all methods:
//
//	router.Any(mcp.MetadataPath(), mgr.ResourceMetadataHandler())
//
// Pages of every origin may read it, as clients in browsers must. Nothing of a request
// is in the answer, the host included. Others may keep it for 5 minutes. A path of no
// resource is answered 404.
//
// It panics if called before InitApp, or without Resources.
func (m *JWTManager) ResourceMetadataHandler() gin.HandlerFunc {
	m.mustBeReady("ResourceMetadataHandler")
	if len(m.resources) == 0 {
		panic("ginjwt: ResourceMetadataHandler: there are no resources; set Config.Resources")
	}
	return func(c *gin.Context) {
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
	}
}

// publish answers with JSON that others may keep, or with 304 if they have it.
func publish(c *gin.Context, contentType string, body []byte, err error) {
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, fmt.Errorf("ginjwt: what is published: %w", err))
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

// hasETag reports whether etag is among those of a header (RFC 9110 §13.1.2).
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
