package doctor

import (
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt"
)

// resourceRule says when a field of one of Resources is better changed.
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
		"names no authorization server: clients learn that they need a token, and not where to get one. MCP clients give up.",
		"Name the issuers in AuthorizationServers, or set Issuers."},
	{Warning, "AuthorizationServers", func(c effectiveConfig, r ginjwt.Resource) bool {
		return slices.ContainsFunc(r.AuthorizationServers, c.refusesServer)
	},
		"sends clients to a server whose tokens are refused: it is none of Issuers, and not in DecodeIssuer or DecodeIssuers.",
		`Write it as in the "iss" of its tokens, and give it an entry in Issuers.`},
	{Note, "URL", func(c effectiveConfig, r ginjwt.Resource) bool {
		return c.signs() && len(c.Issuers) == 0 && c.IssuerResolver == nil && !slices.Contains(c.EncodeAudience, r.URL)
	},
		`is in the "aud" of no token: those of this service are for EncodeAudience, and there are no other Issuers.`,
		"Add the URL to EncodeAudience, or give the tokens that are for it WithAudience."},
}

// bearerRules are about how clients of Resources send their tokens.
var bearerRules = []rule{
	{Warning, "TokenLocation", func(c effectiveConfig) bool { return len(c.Resources) > 0 && !c.reads(ginjwt.InHeaders) },
		"There are Resources, but no tokens are read from headers, where clients of OAuth send them (RFC 6750 §2.1).",
		"Add InHeaders (headers), or name it on their routes alone: JWTRequired(ForResource(…), Locations(InHeaders))."},
}

// refusesServer reports whether tokens of an authorization server are refused.
func (c effectiveConfig) refusesServer(name string) bool {
	isForeign := c.IssuerResolver != nil || slices.ContainsFunc(c.Issuers, func(i ginjwt.Issuer) bool { return i.Name == name })
	isOwn := c.hasKeys() && (c.EncodeIssuer == name || slices.Contains(c.issuers(), name))
	return !isForeign && !isOwn
}

// resourceFindings returns what is to be said about Resources.
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
