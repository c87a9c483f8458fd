package ginjwt

import (
	"errors"
	"net"
	"net/url"
	"path"
	"strings"
)

// Resource is a part of the service that clients find their way to by OAuth: a
// protected resource of RFC 9728, such as an MCP server or an API. Its routes have
// [ForResource]:
//
//	router.Any("/mcp", mgr.JWTRequired(ginjwt.ForResource(mcp.URL)), gin.WrapH(server))
//
// There
//   - a token must name URL in its "aud", exactly (RFC 8707 §2), whatever
//     Config.DecodeAudience or Issuer.Audience demand on other routes;
//   - a refusal has the status that RFC 6750 §3.1 gives it, in every profile;
//   - every challenge says where the metadata is (RFC 9728 §5.1), and that of a 401 also
//     which scopes the route asks for.
//
// A token that names resources only passes on no other route, unless DecodeAudience or
// Issuer.Audience list the resource. Routes with [Refresh] or [AnyType], which are for
// refreshing and logging out, are excepted: they take it if no audience is demanded.
//
// What is in a Resource is published.
type Resource struct {
	// URL is what clients call the resource, and issuers write to "aud": an absolute
	// https URL (http will do on loopback), with scheme and host in lower case. Its path
	// and query have letters, digits and the marks -._~ only, between / and = and &.
	// "https://api.example.com/mcp" and "https://api.example.com/mcp/" are two resources.
	URL string

	// Name is for people to read, Documentation a page for those who write clients.
	Name          string
	Documentation string

	// AuthorizationServers are the issuers where clients get tokens, by their "iss",
	// the best first. Empty means the names of Config.Issuers that are URLs; without
	// Issuers it means Config.EncodeIssuer.
	AuthorizationServers []string

	// ScopesSupported are scopes that clients may ask for. A client that is not told by
	// a challenge may ask for all of them: leave out what few need.
	ScopesSupported []string

	// JWKSURI is where the resource publishes keys of its own, with which it signs
	// answers. It is not for the keys of an issuer, and mostly empty.
	JWKSURI string

	// Extra holds further members of the metadata, and wins over all others but
	// "resource".
	Extra map[string]any
}

// wellKnown is where metadata is (RFC 9728 §3).
const wellKnown = "/.well-known/oauth-protected-resource"

// MetadataPath is the path at which [JWTManager.ResourceMetadataHandler] serves the
// metadata of r, for a router: that of URL behind
// "/.well-known/oauth-protected-resource" (RFC 9728 §3.1).
func (r Resource) MetadataPath() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return wellKnown
	}
	return wellKnown + pathBehind(u)
}

// MetadataURL is where clients find the metadata of r (RFC 9728 §3.1). Empty if URL
// is no URL.
func (r Resource) MetadataURL() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	u.Path = wellKnown + pathBehind(u)
	return u.String()
}

// pathBehind is the path of u without a slash that ends it right after the host.
func pathBehind(u *url.URL) string {
	if u.Path == "/" {
		return ""
	}
	return u.Path
}

// validResourceURL says why text cannot be the name of a resource. It must be written
// as every client writes it, or "aud" is never equal; and it stands in headers and
// routes, so few characters may be in it.
func validResourceURL(text string) error {
	if !isPublicURL(text) || strings.Contains(text, "#") {
		return errors.New("must be an absolute https URL, without user and fragment; http will do on loopback")
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

// consistsOf reports whether s has ASCII letters, digits and marks only.
func consistsOf(s, marks string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(marks, r)) {
			return false
		}
	}
	return true
}

// isIssuerURL reports whether text can be the name of an authorization server
// (RFC 8414 §2).
func isIssuerURL(text string) bool { return isPublicURL(text) && !strings.ContainsAny(text, "?#") }

// isPublicURL reports whether text is an absolute https URL, or one of http on
// loopback.
func isPublicURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}
