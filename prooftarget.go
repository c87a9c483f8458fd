package ginjwt

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// This file compares the URL of a proof with the URL of a request (RFC 9449 §4.3, point 9).

// targets knows by which URLs clients reach the service.
type targets struct {
	bases []string // normalised, without a slash at the end; none: what the request says
}

// targetsOf returns the targets for Config.DPoPOrigins, which were validated.
func targetsOf(origins []string) (t targets) {
	for _, origin := range origins {
		base, _ := normalTarget(origin)
		t.bases = append(t.bases, strings.TrimSuffix(base, "/"))
	}
	return t
}

// match reports whether "htu" of a proof is the URL of r, whatever the query.
//
// Behind a proxy only the configured origins can tell by which name and scheme a client has
// called. Headers such as X-Forwarded-Host are not read: a client could send them itself.
func (t targets) match(htu string, r *http.Request) bool {
	claimed, ok := normalTarget(htu)
	if !ok {
		return false
	}
	sent, ok := pathOf(r)
	if !ok {
		return false
	}
	path := orSlash(normalEscapes(sent)) // with its dots: a router may give "/files/../b" to another handler than "/b"
	origin, ok := strings.CutSuffix(claimed, path)
	switch {
	case path == "/" && slices.Contains(t.bases, claimed): // a proxy that removes the whole path sends a slash
		return true
	case !ok:
		return false
	case len(t.bases) > 0:
		return slices.Contains(t.bases, origin)
	case r.TLS != nil:
		return isOrigin(origin, "https://", r.Host)
	}
	return isOrigin(origin, "http://", r.Host)
}

// isOrigin reports whether a normal origin has this scheme and host.
func isOrigin(origin, scheme, host string) bool {
	own, ok := strings.CutPrefix(origin, scheme)
	return ok && !strings.Contains(own, "/") && own == normalHost(scheme, host)
}

// pathOf returns the path as the client has sent it, even if a router has cut off a part of it
// since. ok is false if the request line has no form whose path is certain: a server takes
// "x:/orders?://a/pay" for "/orders".
func pathOf(r *http.Request) (path string, ok bool) {
	target, _, _ := strings.Cut(r.RequestURI, "?")
	scheme, _, isAbsolute := strings.Cut(target, "://")
	switch {
	case r.RequestURI == "": // no server has read the request
		return r.URL.EscapedPath(), true
	case strings.HasPrefix(target, "/"):
		return target, true
	case isAbsolute && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")): // RFC 9112 §3.2.2
		return writtenPath(strings.ReplaceAll(target, "#", "%23")), true // a request line has no fragment
	}
	return "", false
}

// writtenPath returns the path in an absolute URL as it is written. A [url.URL] may spell it
// in another way, with an escaped slash like a slash.
func writtenPath(target string) string {
	_, rest, _ := strings.Cut(target, "://")
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	start := strings.IndexByte(rest, '/')
	if start < 0 {
		return ""
	}
	return rest[start:]
}

// normalTarget returns an absolute http or https URL without query and fragment, in the form by
// which URLs are compared (RFC 3986 §6.2.2 and §6.2.3).
func normalTarget(target string) (normal string, ok bool) {
	if isNormalTarget(target) {
		return target, true
	}
	return parsedTarget(target)
}

// isNormalTarget reports whether target certainly is what parsedTarget makes of it. Most are: a
// name without a port, and a path of letters, digits and hyphens.
func isNormalTarget(target string) bool {
	rest, ok := strings.CutPrefix(target, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(target, "http://")
	}
	slash := strings.IndexByte(rest, '/')
	if !ok || slash <= 0 {
		return false
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-':
		case i < slash && c == '.':
		case i >= slash && (c == '/' || 'A' <= c && c <= 'Z' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// parsedTarget is normalTarget for any URL.
func parsedTarget(target string) (normal string, ok bool) {
	if strings.ContainsFunc(target, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }) {
		return "", false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" || u.Hostname() == "" {
		return "", false
	}
	scheme := u.Scheme + "://" // url.Parse has made it lower case
	if scheme != "http://" && scheme != "https://" {
		return "", false
	}
	return scheme + normalHost(scheme, u.Host) + normalPath(writtenPath(target)), true
}

// normalHost returns a host in lower case, without the port that its scheme has anyway.
func normalHost(scheme, host string) string {
	port := ":80"
	if scheme == "https://" {
		port = ":443"
	}
	return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), port), ":")
}

// normalPath returns an escaped path without dot segments, with upper case escapes, and without
// escapes of characters that need none. A service sees two paths that differ otherwise as two
// resources.
func normalPath(path string) string {
	return orSlash(withoutDots(normalEscapes(path)))
}

// orSlash returns the path of a URL that ends with its host.
func orSlash(path string) string { return or(path, "/") }

// isOfPath has the characters of paths (RFC 3986 §3.3).
var isOfPath = func() (is [256]bool) {
	for c := range is {
		is[c] = isUnreserved(byte(c)) || strings.IndexByte("!$&'()*+,;=:@/", byte(c)) >= 0
	}
	return is
}()

// normalEscapes returns a path whose escapes are in upper case, and where they are needed:
// browsers do not escape all characters that need it.
func normalEscapes(path string) string {
	isPlain := true
	for i := range len(path) {
		isPlain = isPlain && isOfPath[path[i]]
	}
	if isPlain {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c, escaped := path[i], false
		if c == '%' && i+2 < len(path) {
			if octet, err := hex.DecodeString(path[i+1 : i+3]); err == nil {
				c, escaped = octet[0], true
				i += 2
			}
		}
		if isUnreserved(c) || isOfPath[c] && !escaped {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// isUnreserved reports whether c needs no escape (RFC 3986 §2.3).
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// withoutDots removes the segments "." and ".." (RFC 3986 §5.2.4).
func withoutDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path, "/")[1:]
	var kept []string
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
			if last {
				kept = append(kept, "")
			}
		case ".":
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	return "/" + strings.Join(kept, "/")
}
