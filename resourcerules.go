package ginjwt

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// resourceRules are what the routes of a [Resource] require and send, and its published
// metadata.
type resourceRules struct {
	audience  []string // its URL
	parameter string   // of challenges
	metadata  []byte   // JSON

	path, query string // of the metadata
}

// resourceRules makes the rules of all resources. The settings are already checked.
func (c Config) resourceRules() (all []*resourceRules) {
	for _, r := range c.Resources {
		u, _ := url.Parse(r.URL)
		metadata, _ := r.metadata(c)
		all = append(all, &resourceRules{
			audience:  []string{r.URL},
			parameter: `, resource_metadata="` + r.MetadataURL() + `"`,
			metadata:  metadata,
			path:      r.MetadataPath(),
			query:     u.RawQuery,
		})
	}
	return all
}

// resourceURLs returns the URLs of all resources.
func (c Config) resourceURLs() (urls []string) {
	for _, r := range c.Resources {
		urls = append(urls, r.URL)
	}
	return urls
}

// resourceOf returns the rules of the resource with this URL.
func resourceOf(all []*resourceRules, name string) (*resourceRules, error) {
	for _, r := range all {
		if r.audience[0] == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%q is not the URL of any of Config.Resources", name)
}

// metadataAt returns the metadata for a request, or nil. It uses only the path and query
// of the request. A resource without a query ignores the query of the request.
func metadataAt(all []*resourceRules, u *url.URL) (metadata []byte) {
	for _, r := range all {
		switch {
		case r.path != u.Path:
		case r.query == u.RawQuery:
			return r.metadata
		case r.query == "":
			metadata = r.metadata
		}
	}
	return metadata
}

// metadata returns the document of RFC 9728 §2. It leaves out empty members, except the
// methods: an empty list of methods says that clients cannot use RFC 6750.
func (r Resource) metadata(c Config) ([]byte, error) {
	members := map[string]any{"bearer_methods_supported": c.bearerMethods()}
	if c.bindsTokens() {
		members["dpop_signing_alg_values_supported"] = proofAlgorithms
		members["dpop_bound_access_tokens_required"] = c.DPoP == dpopDemanded
	}
	for name, list := range map[string][]string{"authorization_servers": c.authorizationServers(r), "scopes_supported": r.ScopesSupported} {
		if len(list) > 0 {
			members[name] = list
		}
	}
	for name, text := range map[string]string{"resource_name": r.Name, "resource_documentation": r.Documentation, "jwks_uri": r.JWKSURI} {
		if text != "" {
			members[name] = text
		}
	}
	maps.Copy(members, r.Extra)
	members["resource"] = r.URL
	return json.Marshal(members, json.Deterministic(true))
}

// authorizationServers returns the servers of r, or else the accepted issuers.
func (c Config) authorizationServers(r Resource) (servers []string) {
	if len(r.AuthorizationServers) > 0 {
		return r.AuthorizationServers
	}
	names := []string{c.EncodeIssuer}
	if len(c.Issuers) > 0 {
		names = nil
	}
	for _, i := range c.Issuers {
		names = append(names, i.Name)
	}
	return slices.DeleteFunc(names, func(name string) bool { return !isIssuerURL(name) })
}

// bearerMethods returns how clients may send a token that is bound to no key, in the terms
// of RFC 6750 §2. A JSON body is not one of them, because §2.2 means a form.
func (c Config) bearerMethods() []string {
	methods := []string{}
	if c.DPoP == dpopDemanded { // then no token is good without a key
		return methods
	}
	if slices.Contains(c.TokenLocation, InHeaders) && !c.DisableHeaderType &&
		strings.EqualFold(c.HeaderName, "Authorization") && strings.EqualFold(c.HeaderType, "Bearer") {
		methods = append(methods, "header")
	}
	if slices.Contains(c.TokenLocation, InQueryString) && c.QueryStringName == "access_token" && c.QueryStringValuePrefix == "" {
		methods = append(methods, "query")
	}
	return methods
}

// validateResources reports what is wrong with Resources.
func (c Config) validateResources(p *problems) {
	for n, r := range c.Resources {
		field := func(name string) string { return fmt.Sprintf("Resources[%d].%s", n, name) }
		p.addError(field("URL"), validResourceURL(r.URL))
		if slices.ContainsFunc(c.Resources[:n], func(other Resource) bool { return other.samePlace(r) }) {
			p.add(field("URL"), "%q has its metadata at the same path as another resource", r.URL)
		}
		r.validateMembers(p, field)
		if _, err := r.metadata(c); err != nil {
			p.addError(field("Extra"), err)
		}
	}
}

// samePlace reports whether the metadata of two resources would have the same path. The
// host does not matter, because a router does not separate hosts.
func (r Resource) samePlace(other Resource) bool {
	a, _ := url.Parse(r.URL)
	b, _ := url.Parse(other.URL)
	return a != nil && b != nil && pathBehind(a) == pathBehind(b) && a.RawQuery == b.RawQuery
}

func (r Resource) validateMembers(p *problems, field func(string) string) {
	for _, server := range r.AuthorizationServers {
		if !isIssuerURL(server) {
			p.add(field("AuthorizationServers"), "%q is not an absolute https URL without a query (RFC 8414 §2)", server)
		}
	}
	for _, scope := range r.ScopesSupported {
		if !isScope(scope) {
			p.add(field("ScopesSupported"), "%q is not a scope (RFC 6749 §3.3)", scope)
		}
	}
	for name, text := range map[string]string{"Documentation": r.Documentation, "JWKSURI": r.JWKSURI} {
		if text != "" && !isPublicURL(text) {
			p.add(field(name), "%q is not an absolute https URL", text)
		}
	}
}
