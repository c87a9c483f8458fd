package ginjwt

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// csrfRules say what a request with a token in a cookie must prove, and where it may
// carry a CSRF value.
type csrfRules struct {
	protection string // of Config.CSRFProtection; empty: none
	origins    originRules
	methods    []string    // empty: all except the safe methods
	forms      *formReader // nil: forms are not searched
}

func csrfRulesOf(config *Config) csrfRules {
	return csrfRules{protection: config.CSRFProtection, origins: originRulesOf(config), methods: config.CSRFMethods}
}

func (k csrfRules) readsMetadata() bool {
	return k.protection == fetchMetadata || k.protection == bothChecks
}

func (k csrfRules) readsValues() bool {
	return k.protection == doubleSubmit || k.protection == bothChecks
}

// proofIn checks from where a request with a token in a cookie comes, and returns its
// CSRF value, as far as the rules ask for them. The value is empty if none is required.
//
// An upgrade opens a connection on which anything can be sent, although its method is
// GET or CONNECT. It needs no CSRF value unless CSRFMethods name its method, because no
// page can add one to the handshake of a WebSocket.
func (k csrfRules) proofIn(c *gin.Context, kind cookieKind, token string, audience []string) (value string, err error) {
	if k.readsMetadata() && (k.demand(c.Request.Method) || isUpgrade(c.Request)) {
		if err := k.origins.check(c.Request); err != nil {
			return "", err
		}
		if c.Request.Method == http.MethodConnect && len(k.methods) == 0 {
			return "", nil
		}
	}
	return k.valueIn(c, kind, token, audience)
}

// valueIn returns the CSRF value of a request that has a token in a cookie;
// empty if none is required. It reads the header. If the header is empty and
// CSRFCheckForm is on, it reads the form.
func (k csrfRules) valueIn(c *gin.Context, kind cookieKind, token string, audience []string) (value string, err error) {
	if !k.readsValues() || !k.demand(c.Request.Method) {
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

// demand reports whether a request of this method needs a proof. With Fetch Metadata, the
// methods of the settings are meant in any case: a browser sends "patch" as a page spells it.
func (k csrfRules) demand(method string) bool {
	switch {
	case k.protection == "":
		return false
	case len(k.methods) > 0 && k.readsMetadata():
		return slices.Contains(k.methods, strings.ToUpper(method))
	case len(k.methods) > 0:
		return slices.Contains(k.methods, method)
	}
	return !isSafe(method)
}

// protectionOf returns what protects requests of this method; empty if they need no
// protection.
func (k csrfRules) protectionOf(method string) string {
	switch {
	case k.demand(method):
		return k.protection
	case !isSafe(method): // also if the application has left it out of CSRFMethods
		return csrfOff
	}
	return ""
}

// csrfOff is what reports write for a method that has no protection, and changes something.
const csrfOff = "off"

// isUntrusted reports whether a browser says that the request comes from a page that
// must not act for the user.
func (k csrfRules) isUntrusted(r *http.Request) bool {
	if k.readsMetadata() {
		return !saysNothing(r) && !k.origins.admit(r)
	}
	return isUntrusted(r)
}

// mayRemove reports whether a request without a token in a cookie may remove the cookies of
// its browser. With Fetch Metadata, the browser must say that the page may act for the user.
func (k csrfRules) mayRemove(r *http.Request) bool {
	if k.readsMetadata() {
		return k.origins.admit(r)
	}
	return !isUntrusted(r)
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
