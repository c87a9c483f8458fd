package ginjwt

import (
	"net/url"
	"slices"
	"strings"
)

// maxIssuerName is how long the name of an issuer may be that nobody has configured.
const maxIssuerName = 255

// isIssuerName reports whether a stranger's "iss" may be the name of an issuer (OpenID
// Connect Discovery §3): an https URL of a host with a domain, without query and fragment.
// What needs escapes, or could be read in two ways, is refused: an address instead of a
// host, a user, a path with dots for directories.
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

// isOddInURL reports whether no name of an issuer has r.
func isOddInURL(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"%<>\\^`{|}?#", r)
}

// isDomain reports whether a host is a domain below another. That excludes localhost, and
// addresses in all forms: their last label begins with a digit, or has a colon.
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
