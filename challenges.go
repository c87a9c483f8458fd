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

// challenges are the WWW-Authenticate headers. They are fixed strings, so nothing from a
// request can get into them.
type challenges struct {
	kinds   []string   // without a reason, one for each row of answers
	reasons [][]string // one for each reason of the row
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

// of returns the WWW-Authenticate header for the kind and reason of an error, with the
// attributes of RFC 6750 §3 and RFC 9470 §3.
func (all challenges) of(e *Error) string {
	if e.challenge != "" {
		return e.challenge
	}
	row := e.row()
	var challenge string
	if i := slices.Index(answers[row].reasons, e.Reason); i >= 0 {
		challenge = all.reasons[row][i]
	} else { // the application has set its own
		challenge = withReason(all.kinds[row], e.reason())
	}
	added := e.parameters
	switch {
	case e.Kind == ErrInsufficientScope && isScopeList(e.Scope):
		added = `, scope="` + e.Scope + `"` + added
	case e.Kind == ErrFreshRequired && e.MaxAge >= time.Second:
		added = `, max_age="` + strconv.FormatInt(int64(e.MaxAge/time.Second), 10) + `"` + added
	}
	if added != "" {
		return challenge + added
	}
	return challenge
}

// isScopeList reports whether s is allowed in a challenge. An [Error] of the application
// may contain anything.
func isScopeList(s string) bool {
	return s != "" && !slices.ContainsFunc(strings.Split(s, " "), func(scope string) bool { return !isScope(scope) })
}

// challengeHeader is WWW-Authenticate in the canonical form of net/http.
const challengeHeader = "Www-Authenticate"

// challenger adds a WWW-Authenticate header to a refusal (RFC 9110 §11.6.1), whichever
// loader writes the response. A header that the loader sets stays.
type challenger struct {
	gin.ResponseWriter
	challenge string
	room      headerRoom
	answered  bool // a status was set
}

// WriteHeader adds or removes the header for this status. Gin sends the status with the
// first byte.
func (w *challenger) WriteHeader(status int) {
	w.answered = true
	header := w.Header()
	current := header[challengeHeader]
	switch due := isRefusal(status); {
	case due && isEmpty(current):
		header[challengeHeader] = w.room.one(w.challenge)
	case !due && !isEmpty(current) && current[0] == w.challenge:
		delete(header, challengeHeader)
	}
	w.ResponseWriter.WriteHeader(status)
}

// isRefusal reports whether a status refuses the request openly. 404 and 410 hide the
// route, and a challenge would reveal it.
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
