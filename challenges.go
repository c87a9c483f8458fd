package ginjwt

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// challenges are the WWW-Authenticate headers, one for each row of answers.
type challenges []string

// challengesOf returns the WWW-Authenticate header for every row of answers:
// fixed texts, so that nothing of a request gets into them.
func challengesOf(scheme string) challenges {
	all := make(challenges, len(answers))
	for i, a := range answers {
		all[i] = scheme + ` realm="api"`
		if a.oauthError != "" {
			all[i] += fmt.Sprintf(", error=%q, error_description=%q", a.oauthError, a.oauthText)
		}
	}
	return all
}

// of returns the WWW-Authenticate header for an error: that of its
// kind with the attributes of RFC 6750 §3 and RFC 9470 §3.
func (all challenges) of(e *Error) string {
	challenge := all[e.row()]
	switch {
	case e.challenge != "":
		return e.challenge
	case e.Kind == ErrInsufficientScope && isScopeList(e.Scope):
		return challenge + `, scope="` + e.Scope + `"`
	case e.Kind == ErrFreshRequired && e.MaxAge >= time.Second:
		return challenge + `, max_age="` + strconv.FormatInt(int64(e.MaxAge/time.Second), 10) + `"`
	}
	return challenge
}

// isScopeList reports whether s may stand in a challenge. An [Error] of the
// application may hold anything.
func isScopeList(s string) bool {
	return s != "" && !slices.ContainsFunc(strings.Split(s, " "), func(scope string) bool { return !isScope(scope) })
}

// challengeHeader is WWW-Authenticate as net/http spells it in its maps.
const challengeHeader = "Www-Authenticate"

// challenger adds a WWW-Authenticate header to a response with status 401,
// whichever loader writes it, and to the 403 that wants more scope (RFC 6750 §3.1).
type challenger struct {
	gin.ResponseWriter
	challenge string
	forbids   bool // the challenge fits a 403 too
	answered  bool // a status was set
}

// WriteHeader notes the status, which Gin sends with the first byte.
func (w *challenger) WriteHeader(status int) {
	w.answered = true
	header := w.Header()
	current := ""
	if values := header[challengeHeader]; len(values) > 0 {
		current = values[0]
	}
	due := status == http.StatusUnauthorized || status == http.StatusForbidden && w.forbids
	switch {
	case due && current == "":
		header[challengeHeader] = []string{w.challenge}
	case !due && current == w.challenge:
		delete(header, challengeHeader)
	}
	w.ResponseWriter.WriteHeader(status)
}

// isScope reports whether s is a scope-token of RFC 6749 §3.3.
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
