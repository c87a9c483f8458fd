package main

import (
	"net"
	"strings"
)

// letters are what the name of a host consists of.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."

// hostOf returns the name of the tenant's host in the Host header of a request: in lower case,
// without the port and without the final dot. ok is false if it is not the name of a host.
// Names in other scripts arrive in the ASCII form (xn--…).
//
// Nothing else names the tenant. A client can set X-Forwarded-Host, so nobody reads it: a
// proxy must pass the Host header on.
func hostOf(header string) (host string, ok bool) {
	host = header
	if name, port, err := net.SplitHostPort(header); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return "", false
		}
		host = name
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 || strings.Trim(host, letters) != "" { // before ToLower, which turns the Kelvin sign into a k
		return "", false
	}
	host = strings.ToLower(host)
	for label := range strings.SplitSeq(host, ".") {
		if !isLabel(label) {
			return "", false
		}
	}
	return host, true
}

// isLabel reports whether s is a part of the name of a host (RFC 1123 §2.1).
func isLabel(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-'
}
