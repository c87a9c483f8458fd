package ginjwt

import (
	"slices"
	"time"
)

// logoutRules say what an issuer that logs out sends, and how long a logout has to be
// remembered.
type logoutRules struct {
	tokens      *issuerRules // of logout tokens
	maxTokenAge time.Duration
	namesAll    bool // all that begins at the issuer names its session
}

const defaultMaxTokenAge = 24 * time.Hour

// logoutRulesOf returns nil for an issuer that cannot log out. r are the rules of its
// other tokens.
func logoutRulesOf(i Issuer, r *issuerRules) *logoutRules {
	if len(i.LogoutAudience) == 0 {
		return nil
	}
	return &logoutRules{
		tokens: &issuerRules{
			keys:          r.keys,
			audience:      slices.Clone(i.LogoutAudience),
			claims:        r.claims,
			acceptedTypes: acceptedTypes([]string{"", "JWT", "logout+jwt"}),
		},
		maxTokenAge: r.claims.maxAge,
		namesAll:    slices.Contains(r.required, "sid"),
	}
}

// logoutRules returns nil if the issuer is unknown, or cannot log out.
func (r *issuerRules) logoutRules() *logoutRules {
	if r == nil {
		return nil
	}
	return r.logout
}

// leeway is that for the clock of the issuer.
func (r *logoutRules) leeway() time.Duration { return r.tokens.claims.leeway }

// checkOrigin wants of a token what a logout ends it by. It reports true if it is so old
// that a logout may be forgotten.
func (r *logoutRules) checkOrigin(token *Token, p *payload, now time.Time) (tooOld bool, err error) {
	switch {
	case !p.iat.there || !isTime(p.iat.seconds):
		return false, errNoIssuedAt
	case p.subJSON.Kind() != '"' || p.subJSON == `""`:
		return false, errNoSubject
	case r.namesAll && p.session == "":
		return false, errNoSessionID
	}
	return !token.IssuedAt.Add(r.maxTokenAge + r.leeway()).After(now), nil
}
