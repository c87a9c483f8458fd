package ginjwt

import (
	"net/url"
	"slices"
	"strings"
)

// maxIssuerName is the maximum length of an issuer name that is not configured.
const maxIssuerName = 255

// isIssuerName reports whether an unverified "iss" may be the name of an issuer (OpenID
// Connect Discovery §3): an https URL with a domain, without query and fragment. It
// refuses everything that needs escapes or has two readings, such as an IP address, a
// user, or dot segments in the path.
func isIssuerName(name string) bool {
	if len(name) > maxIssuerName || !strings.HasPrefix(name, "https://") || strings.ContainsFunc(name, isOddInURL) {
		return false
	}
	u, err := url.Parse(name)
	if err != nil || u.User != nil || !isDomain(u.Hostname()) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(u.Path, "/"), func(part string) bool { return part == "." || part == ".." })
}

// isOddInURL reports whether r is not allowed in the name of an issuer.
func isOddInURL(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"%<>\\^`{|}?#", r)
}

// isDomain reports whether a host is a domain below another domain. It excludes localhost
// and all forms of IP addresses: their last label begins with a digit, or has a colon.
func isDomain(host string) bool {
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || last == "" || last[0] < 'a' || last[0] > 'z' || last == "localhost" {
		return false
	}
	return !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != ""
	})
}
