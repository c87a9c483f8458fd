package ginjwt

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// csrfRules say when a cookie needs a CSRF value, and where that may be.
type csrfRules struct {
	disabled bool
	methods  []string    // empty: all but the safe ones
	forms    *formReader // nil: forms are not looked at
}

// valueIn returns the double-submit value of a request that carries a token in a
// cookie, empty where none is due: in the header or, if that is empty and
// CSRFCheckForm is on, in the form.
func (k csrfRules) valueIn(c *gin.Context, kind cookieKind, token string, audience []string) (value string, err error) {
	if !k.demand(c.Request.Method) {
		return "", nil
	}
	// Two headers are one value that matches nothing.
	value = strings.Join(c.Request.Header.Values(kind.csrfHeader), ",")
	if value == "" && k.forms != nil {
		value, err = k.forms.value(c, kind.csrfField, token, audience)
	}
	if value == "" && err == nil {
		err = errCSRFMissing
	}
	return value, err
}

// sentCSRF returns the CSRF values of a request, whichever cookie they are for. Those
// behind large files are not looked for.
func (f *requestReader) sentCSRF(c *gin.Context) (values []string) {
	for _, kind := range []cookieKind{f.accessCookies, f.refreshCookies} {
		if value, err := f.csrf.valueIn(c, kind, "", nil); err == nil && value != "" {
			values = append(values, value)
		}
	}
	return values
}

// demand reports whether a cookie needs a CSRF value in a request of this method.
func (k csrfRules) demand(method string) bool {
	switch {
	case k.disabled:
		return false
	case len(k.methods) > 0:
		return slices.Contains(k.methods, method)
	}
	return !isSafe(method)
}

// isSafe reports whether a method is for requests that change nothing (RFC 9110
// §9.2.1).
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// checkCSRF compares the value that was sent with the signed one. The value
// in the readable cookie is not looked at: whoever can plant a cookie can plant
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
