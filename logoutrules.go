package ginjwt

import (
	"slices"
	"time"
)

// logoutRules say what an issuer that logs users out must send, and how long a logout is
// remembered.
type logoutRules struct {
	tokens      *issuerRules // for logout tokens
	maxTokenAge time.Duration
	namesAll    bool // all tokens and sessions of the issuer have a "sid"
}

const defaultMaxTokenAge = 24 * time.Hour

// logoutRulesOf returns the rules of an issuer, or nil if it cannot log users out. r are
// the rules for its other tokens.
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

// logoutRules returns nil if the issuer is unknown, or cannot log users out.
func (r *issuerRules) logoutRules() *logoutRules {
	if r == nil {
		return nil
	}
	return r.logout
}

// leeway returns the tolerated clock skew of the issuer.
func (r *logoutRules) leeway() time.Duration { return r.tokens.claims.leeway }

// checkOrigin requires the claims by which a logout ends a token. tooOld means that the
// token is so old that a logout may be forgotten.
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
