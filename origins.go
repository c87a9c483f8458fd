package ginjwt

import (
	"net/http"
	"net/url"
	"strings"
)

// This file reads what a browser says about the page that sends a request.

// saysNothing reports whether a request has none of the headers by which browsers say
// where it comes from. Every browser since 2023 adds one to all that is not safe.
func saysNothing(r *http.Request) bool {
	return len(r.Header["Sec-Fetch-Site"])+len(r.Header["Origin"]) == 0
}

// isSameOrigin reports whether a browser says that the request comes from a
// page of the same origin. Scripts cannot set this header (Fetch Metadata
// Request Headers §2.1).
func isSameOrigin(r *http.Request) bool {
	return strings.Join(r.Header.Values("Sec-Fetch-Site"), ",") == "same-origin"
}

// isUntrusted reports whether a browser says that the request comes from a page
// of another origin. A neighbouring host is another origin.
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
		return false // not a browser, or a very old one
	}
	return len(origin) > 1 || !isOriginOf(origin[0], r.Host)
}

// isOriginOf reports whether an Origin header names a host. It does not compare
// the scheme, which is unknown behind a proxy.
func isOriginOf(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// originHeader returns the Origin header; empty if there is none. Two headers
// are joined to a value that matches no origin.
func originHeader(r *http.Request) string { return strings.Join(r.Header["Origin"], ",") }
