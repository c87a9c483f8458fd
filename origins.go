package ginjwt

import (
	"net/http"
	"net/url"
	"strings"
)

// What a browser says of the page that sends a request.

// isSameOrigin reports whether a browser says that the request comes from a page of
// this very origin. Scripts cannot set this header (Fetch Metadata Request Headers
// §2.1).
func isSameOrigin(r *http.Request) bool {
	return strings.Join(r.Header.Values("Sec-Fetch-Site"), ",") == "same-origin"
}

// isUntrusted reports whether a browser says that the request comes from a page of
// another origin. A neighbouring host is another.
func isUntrusted(r *http.Request) bool {
	switch site := strings.Join(r.Header.Values("Sec-Fetch-Site"), ","); site {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := r.Header.Values("Origin")
	if len(origin) == 0 {
		return false // no browser, or one that is very old
	}
	return len(origin) > 1 || !isOriginOf(origin[0], r.Host)
}

// isOriginOf reports whether an Origin header names a host. The scheme is not compared:
// behind a proxy nobody knows it.
func isOriginOf(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// originHeader returns the Origin header; empty if there is none. Two are one that is the
// origin of nothing.
func originHeader(r *http.Request) string { return strings.Join(r.Header["Origin"], ",") }
