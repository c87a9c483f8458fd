package ginjwt

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
)

// A ticket is bound to the one request that it lets in.

// admits returns nil if the ticket is for r. name is the parameter that holds it.
func (t *ticket) admits(r *http.Request, name string) error {
	if t.Request != digestOf(r.Method, r.URL.EscapedPath(), withoutParameter(r.URL.RawQuery, name)) {
		return errTicketRequest
	}
	switch origin := originHeader(r); {
	case origin == "": // no page, or a GET from a page of this origin
	case origin != "null" && origin == t.Origin:
	case origin != "null" && t.Origin == "" && !isUntrusted(r): // a page of this origin
	default:
		return errOtherOrigin
	}
	return nil
}

// digestOf returns a hash over the method, the escaped path, and the query without the ticket.
// %q keeps the three texts apart.
func digestOf(method, path, query string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "ginjwt request %q", []string{method, path, query}))
	return base64url.Encode(sum[:])
}

// withoutParameter removes one parameter from a query, and changes no other byte.
func withoutParameter(query, name string) string {
	isIt := func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		return unescape(key) == name
	}
	return strings.Join(slices.DeleteFunc(strings.Split(query, "&"), isIt), "&")
}

// withoutTicket returns a copy of r without the spent ticket, so that handlers, upstreams and
// logs do not get it. r itself does not change.
func withoutTicket(r *http.Request, name string) *http.Request {
	bare := r.WithContext(r.Context()) // a shallow copy
	target := *r.URL
	target.RawQuery = withoutParameter(target.RawQuery, name)
	bare.URL, bare.RequestURI = &target, targetOf(r, target.RawQuery)
	if r.Form != nil { // a middleware has parsed it
		bare.Form = maps.Clone(r.Form)
		delete(bare.Form, name)
	}
	return bare
}

// targetOf returns the request target of r with another query. The path of the target may be
// longer than the path of the URL, because http.StripPrefix changes only the URL.
func targetOf(r *http.Request, query string) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // a whole URL
		path = r.URL.EscapedPath()
	}
	if query == "" {
		return path
	}
	return path + "?" + query
}

// parseTarget returns the path and query of the request that a ticket is for, or the problem
// with the target.
func parseTarget(target, name string) (path, query, problem string) {
	switch {
	case !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//"):
		return "", "", "The url must begin with one slash: it is a path of this service, and a query"
	case strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return "", "", "The url must be percent-encoded, as a browser sends it"
	case strings.Contains(target, "#"):
		return "", "", "The url must not have a fragment"
	}
	u, err := url.ParseRequestURI(target) // as net/http does
	switch {
	case err != nil:
		return "", "", "The url is malformed"
	case len(queryValues(u.RawQuery, name)) > 0:
		return "", "", "The url must not have the parameter " + name + ": it is for the ticket"
	}
	return u.EscapedPath(), u.RawQuery, ""
}

// isMethod reports whether s is an HTTP method in upper case.
func isMethod(s string) bool { return isHTTPToken(s) && s == strings.ToUpper(s) }
