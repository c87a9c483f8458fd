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
	bearer     schemeChallenges
	offersDPoP bool // a client without a token may get one of either scheme
}

// schemeChallenges are the challenges with one scheme.
type schemeChallenges struct {
	kinds   []string   // without a reason, one for each row of answers
	reasons [][]string // one for each reason of the row
}

// dpopParameters name the algorithms of DPoP proofs (RFC 9449 §7.1).
var dpopParameters = `DPoP algs="` + strings.Join(proofAlgorithms, " ") + `"`

// dpopChallenges are the same for all managers.
var dpopChallenges = ofScheme(dpopParameters + `, realm="api"`)

func challengesOf(scheme, dpop string) challenges {
	return challenges{ofScheme(scheme + ` realm="api"`), dpop != dpopOff}
}

// isAboutKeys reports whether refusals of a kind always have the scheme DPoP.
func isAboutKeys(kind error) bool {
	return kind == ErrDPoPProof || kind == ErrDPoPNonce || kind == ErrKeyBinding
}

func ofScheme(start string) schemeChallenges {
	all := schemeChallenges{make([]string, len(answers)), make([][]string, len(answers))}
	for i, a := range answers {
		if isAboutKeys(a.kind) && !strings.HasPrefix(start, dpopParameters) {
			continue
		}
		all.kinds[i] = start
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
// attributes of RFC 6750 §3, RFC 9449 §7.1 and RFC 9470 §3.
func (all challenges) of(e *Error) string {
	bound := e.forDPoP || isAboutKeys(e.Kind)
	if e.challenge != "" && !bound {
		return e.challenge
	}
	scheme, row := &all.bearer, e.row()
	if bound {
		scheme = &dpopChallenges
	}
	var challenge string
	if i := slices.Index(answers[row].reasons, e.Reason); i >= 0 {
		challenge = scheme.reasons[row][i]
	} else { // the application has set its own
		challenge = withReason(scheme.kinds[row], e.reason())
	}
	added := e.parameters
	switch {
	case e.Kind == ErrInsufficientScope && isScopeList(e.Scope):
		added = `, scope="` + e.Scope + `"` + added
	case e.Kind == ErrFreshRequired && e.MaxAge >= time.Second:
		added = `, max_age="` + strconv.FormatInt(int64(e.MaxAge/time.Second), 10) + `"` + added
	}
	if all.offersDPoP && !bound && e.Kind == ErrNoAuthorization { // RFC 9449 §7.2
		added += ", " + dpopParameters + e.parameters // also RFC 9728 §5.1
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
