package ginjwt

import (
	"errors"
	"net"
	"net/url"
	"path"
	"strings"
)

// Resource is a protected resource (RFC 9728) that OAuth clients discover by its URL,
// such as an MCP server or an API. Its routes have [ForResource]:
//
//	router.Any("/mcp", mgr.JWTRequired(ginjwt.ForResource(mcp.URL)), gin.WrapH(server))
//
// On these routes:
//   - A token must have exactly this URL in its "aud" (RFC 8707 §2).
//     Config.DecodeAudience and Issuer.Audience apply only to other routes.
//   - A refusal has the status of RFC 6750 §3.1, in every profile.
//   - Every challenge names the metadata (RFC 9728 §5.1). The challenge of a 401 also
//     names the scopes of the route.
//
// Other routes refuse a token that is for resources only, unless DecodeAudience or
// Issuer.Audience list the resource. Routes with [Refresh] or [AnyType], which refresh
// and log out, accept it if no audience is required.
//
// Everything in a Resource is published.
type Resource struct {
	// URL is the address that clients call, and that issuers write to "aud". It is an
	// absolute https URL (http works on loopback), with scheme and host in lower case.
	// Path and query may contain only letters, digits and -._~/ and the query also = and &.
	// A trailing slash makes another resource: "https://api.example.com/mcp" is not
	// "https://api.example.com/mcp/".
	URL string

	// Name is the display name. Documentation is the URL of a page for developers of
	// clients.
	Name          string
	Documentation string

	// AuthorizationServers are the issuers where clients get tokens, by their "iss", in
	// order of preference. Empty means the names of Config.Issuers that are URLs, or
	// Config.EncodeIssuer without Issuers.
	AuthorizationServers []string

	// ScopesSupported are the scopes that clients may ask for. A client that
	// has not seen a WWW-Authenticate challenge may ask for all of them, so list only
	// scopes that every client needs.
	ScopesSupported []string

	// JWKSURI is the URL of the keys that the resource itself signs responses with. Do
	// not set it to the keys of an issuer. It is usually empty.
	JWKSURI string

	// Extra contains more members of the metadata. They replace all members of the same name
	// except "resource".
	Extra map[string]any
}

// wellKnown is the path of resource metadata (RFC 9728 §3).
const wellKnown = "/.well-known/oauth-protected-resource"

// MetadataPath returns the path for [JWTManager.ResourceMetadataHandler], to register at
// a router: "/.well-known/oauth-protected-resource" and the path of URL (RFC 9728 §3.1).
func (r Resource) MetadataPath() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return wellKnown
	}
	return wellKnown + pathBehind(u)
}

// MetadataURL returns the URL of the metadata (RFC 9728 §3.1), or "" if URL cannot be
// parsed.
func (r Resource) MetadataURL() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	u.Path = wellKnown + pathBehind(u)
	return u.String()
}

// pathBehind returns the path of u, without a slash right after the host.
func pathBehind(u *url.URL) string {
	if u.Path == "/" {
		return ""
	}
	return u.Path
}

// validResourceURL reports why text cannot be the URL of a resource. Clients must all
// write it the same way, or "aud" does not match. It is also part of headers and routes,
// so few characters are allowed.
func validResourceURL(text string) error {
	if !isPublicURL(text) || strings.Contains(text, "#") {
		return errors.New("must be an absolute https URL, without user and fragment; http works on loopback")
	}
	u, _ := url.Parse(text)
	switch {
	case !consistsOf(u.Host, "-.:[]") || !consistsOf(u.Path, "-._~/") || !consistsOf(u.RawQuery, "-._~/=&"):
		return errors.New("has characters other than letters, digits and -._~ in its host, path or query")
	case u.Scheme+"://"+u.Host+u.Path+query(u) != text || u.Host != strings.ToLower(u.Host) || strings.HasSuffix(u.Host, ":"):
		return errors.New("must be normalized (RFC 3986 §6.2): scheme and host in lower case, no empty port or query")
	case strings.TrimSuffix(u.Path, "/") != strings.TrimSuffix(path.Clean("/"+u.Path), "/"):
		return errors.New("has an empty segment, or one that is . or .., in its path")
	}
	return nil
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}

// consistsOf reports whether s has only ASCII letters, digits and marks.
func consistsOf(s, marks string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(marks, r)) {
			return false
		}
	}
	return true
}

// isIssuerURL reports whether text can be the name of an authorization server (RFC 8414
// §2).
func isIssuerURL(text string) bool { return isPublicURL(text) && !strings.ContainsAny(text, "?#") }

// isPublicURL reports whether text is an absolute https URL, or an http URL on loopback.
func isPublicURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}
