package doctor

import (
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt"
)

// resourceRule says when a field of one of Resources should change.
type resourceRule struct {
	severity     Severity
	field        string
	when         func(c effectiveConfig, r ginjwt.Resource) bool
	problem, fix string
}

var resourceRules = []resourceRule{
	{Warning, "AuthorizationServers", func(c effectiveConfig, r ginjwt.Resource) bool {
		return len(r.AuthorizationServers) == 0 && len(c.Issuers) == 0 && c.EncodeIssuer == ""
	},
		"names no authorization server: clients learn that they need a token, but not where to get one. MCP clients give up.",
		"Set AuthorizationServers to the issuers of its tokens, or set Issuers."},
	{Warning, "AuthorizationServers", func(c effectiveConfig, r ginjwt.Resource) bool {
		return slices.ContainsFunc(r.AuthorizationServers, c.refusesServer)
	},
		"sends clients to a server whose tokens are refused: the server is not in Issuers, DecodeIssuer or DecodeIssuers.",
		`Write the server exactly as in the "iss" of its tokens, and add it to Issuers.`},
	{Note, "URL", func(c effectiveConfig, r ginjwt.Resource) bool {
		return c.signs() && len(c.Issuers) == 0 && c.IssuerResolver == nil && !slices.Contains(c.EncodeAudience, r.URL)
	},
		`is in the "aud" of no token: tokens of this service have EncodeAudience as "aud", and there are no other Issuers.`,
		"Add the URL to EncodeAudience, or create the tokens for this resource with WithAudience."},
}

// bearerRules check how clients of Resources send their tokens.
var bearerRules = []rule{
	{Warning, "TokenLocation", func(c effectiveConfig) bool { return len(c.Resources) > 0 && !c.reads(ginjwt.InHeaders) },
		"There are Resources, but tokens are not read from headers, where OAuth clients send them (RFC 6750 §2.1).",
		"Add InHeaders (headers) to TokenLocation, or only to the routes of the resources: JWTRequired(ForResource(…), Locations(InHeaders))."},
}

// refusesServer reports whether tokens of an authorization server are refused.
func (c effectiveConfig) refusesServer(name string) bool {
	isForeign := c.IssuerResolver != nil || slices.ContainsFunc(c.Issuers, func(i ginjwt.Issuer) bool { return i.Name == name })
	isOwn := c.hasKeys() && (c.EncodeIssuer == name || slices.Contains(c.issuers(), name))
	return !isForeign && !isOwn
}

// resourceFindings returns the findings about Resources.
func (c effectiveConfig) resourceFindings() (findings []Finding) {
	for n, resource := range c.Resources {
		for _, r := range resourceRules {
			if r.when(c, resource) {
				field := fmt.Sprintf("Resources[%d].%s", n, r.field)
				findings = append(findings, finding(r.severity, field, fmt.Sprintf("Resource %q %s", resource.URL, r.problem), r.fix))
			}
		}
	}
	return findings
}
