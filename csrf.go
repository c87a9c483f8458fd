package ginjwt

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// csrfRules say when a cookie needs a CSRF value, and where a request may carry
// it.
type csrfRules struct {
	disabled bool
	methods  []string    // empty: all except the safe methods
	forms    *formReader // nil: forms are not searched
}

// valueIn returns the CSRF value of a request that has a token in a cookie;
// empty if none is required. It reads the header. If the header is empty and
// CSRFCheckForm is on, it reads the form.
func (k csrfRules) valueIn(c *gin.Context, kind cookieKind, token string, audience []string) (value string, err error) {
	if !k.demand(c.Request.Method) {
		return "", nil
	}
	// Two headers are joined to a value that matches nothing.
	value = strings.Join(c.Request.Header[kind.csrfHeader], ",")
	if value == "" && k.forms != nil {
		value, err = k.forms.value(c, kind.csrfField, token, audience)
	}
	if value == "" && err == nil {
		err = errCSRFMissing
	}
	return value, err
}

// sentCSRF returns the CSRF values of a request, for either cookie. It does not
// search behind large files.
func (f *requestReader) sentCSRF(c *gin.Context) (values []string) {
	for _, kind := range []cookieKind{f.accessCookies, f.refreshCookies} {
		if value, err := f.csrf.valueIn(c, kind, "", nil); err == nil && value != "" {
			values = append(values, value)
		}
	}
	return values
}

// demand reports whether a request of this method needs a CSRF value.
func (k csrfRules) demand(method string) bool {
	switch {
	case k.disabled:
		return false
	case len(k.methods) > 0:
		return slices.Contains(k.methods, method)
	}
	return !isSafe(method)
}

// protectionOf returns what protects requests of this method; empty if they need no
// protection.
func (k csrfRules) protectionOf(method string) string {
	switch {
	case k.disabled && !isSafe(method):
		return "off"
	case k.demand(method):
		return "double_submit"
	}
	return ""
}

// isSafe reports whether requests of this method change nothing (RFC 9110
// §9.2.1).
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// checkCSRF compares the value that was sent with the signed one. It ignores
// the value in the readable cookie: an attacker who can set one cookie can set
// two.
func checkCSRF(claim strictjson.Value, sent string) error {
	if sent == "" {
		return nil
	}
	if claim == "" {
		return errNoCSRFClaim
	}
	signed, ok := claim.Str()
	if !ok || subtle.ConstantTimeCompare([]byte(signed), []byte(sent)) != 1 {
		return errCSRFMismatch
	}
	return nil
}
