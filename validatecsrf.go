package ginjwt

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// These are the values of Config.CSRFProtection.
const (
	doubleSubmit  = "double_submit"
	fetchMetadata = "fetch_metadata"
	bothChecks    = "both"
)

var originHost = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)

// endsInNumber matches hosts that a browser reads as an IPv4 address, and spells otherwise.
var endsInNumber = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)

func (c *Config) validateCSRF(p *problems) {
	switch c.CSRFProtection {
	case "", doubleSubmit, fetchMetadata, bothChecks:
	default:
		p.add("CSRFProtection", "%q is not a protection; use double_submit, fetch_metadata or both", c.CSRFProtection)
	}
	if c.DisableCookieCSRFProtect && c.CSRFProtection != "" {
		p.add("CSRFProtection", "DisableCookieCSRFProtect (JWT_COOKIE_CSRF_PROTECT) turns the protection off; remove one of the two settings")
	}
	for i, origin := range c.CSRFTrustedOrigins {
		if slices.Contains(c.CSRFTrustedOrigins[:i], origin) {
			p.add("CSRFTrustedOrigins", "contains %q twice; remove one", origin)
		} else if problem := c.originProblem(origin); problem != "" {
			p.add("CSRFTrustedOrigins", "%q %s", origin, problem)
		}
	}
}

// originProblem returns why no browser sends origin as an Origin header, or why its pages
// must not be trusted; empty if they may be.
func (c *Config) originProblem(origin string) string {
	const form = "is not an origin as browsers send it; write scheme://host or scheme://host:port in lower case, without a path and wildcards, and without the default port"
	u, err := url.Parse(origin)
	switch {
	case origin == "null":
		return "is the origin of every sandboxed page of every site; remove it"
	case err != nil || origin != u.Scheme+"://"+u.Host || !isOriginHost(u.Hostname()) || !isOriginPort(u):
		return form
	case u.Scheme == "http" && !c.DisableCookieSecure && !isLoopbackHost(u.Hostname()):
		return "is not encrypted: anybody in the network can change its pages; use https"
	case u.Scheme != "http" && u.Scheme != "https":
		return form
	}
	return ""
}

// isOriginHost reports whether a host is spelled as in an Origin header: a name in ASCII,
// or an address in its shortest form.
func isOriginHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String() == host && !address.Is4In6()
	}
	return originHost.MatchString(host) && !endsInNumber.MatchString(host)
}

func isOriginPort(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	isDefault := u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80
	return err == nil && n > 0 && !isDefault && port == strconv.FormatUint(n, 10)
}

// isLoopbackHost reports whether a host is the machine of the browser itself.
func isLoopbackHost(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && address.IsLoopback()
}
