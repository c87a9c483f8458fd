package ginjwt

import (
	"net/http"
	"strings"
)

// originRules say from which pages a browser may send requests with cookies.
//
// http.CrossOriginProtection decides about every request that names its site once. It does
// not get a request whose headers it reads less strictly than these rules: no headers, which
// it lets pass; an Origin header alone, which it compares without the scheme; a header that
// is there twice, of which it reads the first; and safe methods, which it never checks.
type originRules struct {
	standard  *http.CrossOriginProtection // with the trusted origins
	plainHTTP bool                        // the service's own origin may be http
}

func originRulesOf(config *Config) originRules {
	standard := http.NewCrossOriginProtection()
	for _, origin := range config.CSRFTrustedOrigins {
		_ = standard.AddTrustedOrigin(origin) // InitApp has refused what it does not accept
	}
	return originRules{standard, config.DisableCookieSecure}
}

// check returns nil if a page of the service or of a trusted origin sent the request.
func (o originRules) check(r *http.Request) error {
	switch {
	case saysNothing(r):
		return errNoOrigin
	case !o.admit(r):
		return errNotTrusted
	}
	return nil
}

// admit is check without the kind of refusal.
func (o originRules) admit(r *http.Request) bool {
	sites, origins := r.Header["Sec-Fetch-Site"], r.Header["Origin"]
	origin := ""
	if len(origins) == 1 {
		origin = origins[0]
	}
	site := "cross-site"
	switch {
	case len(sites) == 1 && sites[0] == "none" && origin == "null": // the user starts no request from an opaque origin
	case len(sites) == 1 && sites[0] != "":
		site = sites[0]
	case len(sites) == 0 && o.isOwn(origin, r.Host):
		site = "same-origin"
	}
	said := http.Header{"Sec-Fetch-Site": {site}, "Origin": {origin}}
	return o.standard.Check(&http.Request{Method: http.MethodPost, Header: said}) == nil
}

// isOwn reports whether an Origin header names the service itself. The scheme of the service
// is known from its cookies: behind a TLS proxy, its own requests arrive over http. So a page
// of the http address of the same host, which anybody in the network can forge, is another
// origin. The host is the Host header: a client can send any X-Forwarded-Host.
func (o originRules) isOwn(origin, host string) bool {
	scheme, authority, _ := strings.Cut(origin, "://")
	port := ":443"
	switch {
	case scheme == "https":
	case scheme == "http" && o.plainHTTP:
		port = ":80"
	default:
		return false
	}
	authority = strings.TrimSuffix(authority, port)
	return authority != "" && authority == strings.TrimSuffix(strings.ToLower(host), port)
}

// isUpgrade reports whether a request asks for another protocol: by the header Upgrade, or
// by CONNECT, which is how WebSockets begin in HTTP/2 and HTTP/3 (RFC 8441, RFC 9220).
func isUpgrade(r *http.Request) bool {
	if r.Method == http.MethodConnect || len(r.Header["Upgrade"]) > 0 {
		return true
	}
	for _, line := range r.Header["Connection"] {
		for option := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(option, blanks), "upgrade") {
				return true
			}
		}
	}
	return false
}
