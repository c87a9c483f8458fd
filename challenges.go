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

// challenges are the WWW-Authenticate headers: fixed texts, so that nothing of a
// request gets into them.
type challenges struct {
	kinds   []string   // without a reason, for each row of answers
	reasons [][]string // for each reason of the row
}

func challengesOf(scheme string) challenges {
	all := challenges{make([]string, len(answers)), make([][]string, len(answers))}
	for i, a := range answers {
		all.kinds[i] = scheme + ` realm="api"`
		if a.oauthError != "" {
			all.kinds[i] += fmt.Sprintf(", error=%q, error_description=%q", a.oauthError, a.oauthText)
		}
		for _, reason := range a.reasons {
			all.reasons[i] = append(all.reasons[i], withReason(all.kinds[i], reason))
		}
	}
	return all
}

func withReason(challenge, reason string) string { return challenge + `, reason="` + reason + `"` }

// of returns the WWW-Authenticate header for an error: that of its kind and reason,
// with the attributes of RFC 6750 §3 and RFC 9470 §3.
func (all challenges) of(e *Error) string {
	if e.challenge != "" {
		return e.challenge
	}
	row := e.row()
	var challenge string
	if i := slices.Index(answers[row].reasons, e.Reason); i >= 0 {
		challenge = all.reasons[row][i]
	} else { // one of the application
		challenge = withReason(all.kinds[row], e.reason())
	}
	switch {
	case e.Kind == ErrInsufficientScope && isScopeList(e.Scope):
		challenge += `, scope="` + e.Scope + `"`
	case e.Kind == ErrFreshRequired && e.MaxAge >= time.Second:
		challenge += `, max_age="` + strconv.FormatInt(int64(e.MaxAge/time.Second), 10) + `"`
	}
	return challenge + e.parameters
}

// isScopeList reports whether s may stand in a challenge. An [Error] of the
// application may hold anything.
func isScopeList(s string) bool {
	return s != "" && !slices.ContainsFunc(strings.Split(s, " "), func(scope string) bool { return !isScope(scope) })
}

// challengeHeader is WWW-Authenticate as net/http spells it in its maps.
const challengeHeader = "Www-Authenticate"

// challenger adds a WWW-Authenticate header to a response that refuses, whichever
// loader writes it (RFC 9110 §11.6.1), unless that has a header of its own.
type challenger struct {
	gin.ResponseWriter
	challenge string
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
	switch due := isRefusal(status); {
	case due && current == "":
		header[challengeHeader] = []string{w.challenge}
	case !due && current == w.challenge:
		delete(header, challengeHeader)
	}
	w.ResponseWriter.WriteHeader(status)
}

// isRefusal reports whether a loader answers that it refuses. One that answers that
// there is nothing hides the route, which a challenge would give away.
func isRefusal(status int) bool {
	return status >= http.StatusBadRequest && status != http.StatusNotFound && status != http.StatusGone
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
