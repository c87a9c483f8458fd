package ginjwt

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// isPreflight reports whether r is a CORS preflight as the Fetch standard
// defines it. With it, a browser asks whether a page of another site may send
// the real request. A browser sends no credentials with it.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// passPreflight lets a preflight pass as anonymous. Anybody can send one by
// hand, so it removes everything that a browser would not send: nobody has
// checked it.
func (m *JWTManager) passPreflight(c *gin.Context, need *requirement) (*Token, error) {
	c.Request = m.reader.withoutCredentials(c.Request, need)
	if _, kept := c.Get(gin.BodyBytesKey); kept { // a middleware has bound the body
		c.Set(gin.BodyBytesKey, []byte{})
	}
	return m.anonymous(c, need)
}

// notInPreflights are headers with credentials, headers of a body, and headers
// that ask for another protocol or method. A proxy that grants another protocol
// would open an unchecked tunnel to the server behind it. A server that takes the
// method from a header would do what nobody has allowed. Connection could name
// Origin: a proxy would remove it, and send no preflight.
var notInPreflights = []string{
	"Authorization", "Proxy-Authorization", "Cookie", "Dpop",
	"Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Trailer", "Expect",
	"Connection", "Upgrade", "Http2-Settings",
	"X-Http-Method-Override", "X-Http-Method", "X-Method-Override",
}

// withoutCredentials returns a copy of r without credentials and without a
// body. It does not change r, because others may hold it.
func (f *requestReader) withoutCredentials(r *http.Request, need *requirement) *http.Request {
	bare := r.WithContext(r.Context()) // a shallow copy
	bare.Header = r.Header.Clone()
	maps.DeleteFunc(bare.Header, func(name string, _ []string) bool {
		same := func(removed string) bool { return variable(removed) == variable(name) }
		return same(f.header.key) || slices.ContainsFunc(notInPreflights, same)
	})
	target := *r.URL
	target.User = nil
	if slices.Contains(need.locations, InQueryString) || slices.Contains(need.locations, InTicket) {
		target.RawQuery, target.ForceQuery = "", false // all of it: other software may split it into parameters differently
	}
	bare.URL, bare.RequestURI = &target, targetOf(r, target.RawQuery)
	bare.Body, bare.ContentLength, bare.TransferEncoding, bare.Trailer = http.NoBody, 0, nil, nil
	bare.Form, bare.PostForm, bare.MultipartForm = nil, nil, nil
	return bare
}

// variable returns the name under which servers with variables for headers (RFC 3875
// §4.1.18) store a header: for them, X_Pass is X-Pass.
func variable(header string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			return c
		}
		return '_'
	}, header)
}
