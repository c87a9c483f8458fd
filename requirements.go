package ginjwt

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// requirement is what a route requires of a token.
type requirement struct {
	by any // the *JWTManager that makes all checks; untyped, so that this file does not depend on manager.go

	optional        bool
	fresh           bool
	refresh         bool
	anyType         bool
	skipRevocation  bool
	looksOnly       bool // a refresh token is checked, not used
	asked           bool // the loaders have already been called for this token
	sellsTickets    bool
	accessBeside    bool        // of RequireAccessToken, for reports
	bound           bool        // only tokens that are bound to a key
	toIssuer        bool        // the request goes to an endpoint of the issuer
	provenElsewhere bool        // the caller checks the DPoP proof itself
	proof           *givenProof // nil: that of the request
	locations       []Location

	freshWithin time.Duration // zero: no limit
	guards      []guard
	scope       string // the scopes of all guards, for the client

	resourceURL string         // of the resource that the route belongs to
	resource    *resourceRules // nil: none

	ageChallenge, scopeChallenge string // of this route; empty: not built yet
}

// tokenType returns the type of token that the route looks for.
func (need *requirement) tokenType() TokenType {
	if need.refresh {
		return RefreshToken
	}
	return AccessToken
}

// givenProof is a proof that did not come in a header.
type givenProof struct{ proof, method, url string }

// A RequiredOption changes what JWTRequired requires of a token.
type RequiredOption func(*requirement)

// Optional lets a request without a token pass as anonymous. An invalid token
// is still refused.
func Optional() RequiredOption {
	return func(need *requirement) { need.optional = true }
}

// Fresh requires a fresh token: one from a login, not from a refresh. See
// [WithFresh].
func Fresh() RequiredOption {
	return func(need *requirement) { need.fresh = true }
}

// Refresh requires a refresh token.
func Refresh() RequiredOption {
	return func(need *requirement) { need.refresh = true }
}

// Locations sets where the route looks for a token, and the order. It
// replaces Config.TokenLocation for this route. Without arguments,
// Config.TokenLocation applies.
func Locations(in ...Location) RequiredOption {
	return func(need *requirement) { need.locations = slices.Clone(in) }
}

// AnyType accepts access tokens and refresh tokens. It looks where access
// tokens are. If the access token has expired, it also looks in the refresh
// cookie.
func AnyType() RequiredOption {
	return func(need *requirement) { need.anyType = true }
}

// SkipRevocationCheck accepts a revoked token, and a refresh token of a session
// that has ended.
func SkipRevocationCheck() RequiredOption {
	return func(need *requirement) { need.skipRevocation = true }
}

// Bound requires a token that is bound to a key (RFC 9449), with a DPoP proof. Other
// tokens are refused with [ErrKeyBinding]. Each proof is good once, for all processes
// that share Config.Once; if Config.Once fails, the error is [ErrUnavailable]. With
// Config.DPoP "demanded", all routes are like this.
func Bound() RequiredOption {
	return func(need *requirement) { need.bound = true }
}

// ForResource assigns the route to the resource with this URL, one of
// Config.Resources. A token must then be for this resource, and challenges say
// where its metadata is. See [Resource]. On a group, it also applies to
// JWTRequired of the routes in the group. The middleware panics if there is no
// such resource, or if a route names two.
func ForResource(url string) RequiredOption {
	if url == "" {
		panic("ginjwt: ForResource: needs the URL of a resource")
	}
	return func(need *requirement) {
		if need.resourceURL != "" && need.resourceURL != url {
			panic(fmt.Sprintf("ginjwt: ForResource: a route belongs to one resource, but it names %q and %q", need.resourceURL, url))
		}
		need.resourceURL = url
	}
}

// audience returns the audiences that the route of a resource accepts. Without
// a resource it returns nil: the rules of the issuer apply.
func (need *requirement) audience() []string {
	if need.resource == nil {
		return nil
	}
	return need.resource.audience
}

// isElsewhere reports whether the route gives access to something outside of
// all resources. Refreshing and logging out do not.
func (need *requirement) isElsewhere() bool {
	return need.resource == nil && !need.refresh && !need.anyType
}

// addressed changes the refusal of a resource's route for OAuth clients. It
// uses the statuses of RFC 6750 §3.1, and tells the client how to get a better
// token.
func (need *requirement) addressed(err error) error {
	if need.resource == nil {
		return err
	}
	e := asError(err)
	if e.parameters != "" { // of the resource that the error is about
		return err
	}
	a := answers[e.row()]
	if e.Status == a.status {
		e.Status = a.oauthStatus
	}
	e.challenge, e.parameters = "", need.resource.parameter
	if a.oauthStatus == http.StatusUnauthorized && need.scope != "" {
		e.parameters += `, scope="` + need.scope + `"`
	}
	return e
}

// guard is one check of the claims of a token.
type guard struct {
	passes func(token *Token) bool

	// What it requires, for the refusal and for reports.
	kind  guardKind
	names []string // of scopes or roles; of claimValue the claim, then its values
}

// guardKind says what a guard requires.
type guardKind int

const (
	allScopes guardKind = iota
	anyScope
	anyRole
	claimValue
)

// scoped reports whether the guard requires scopes, which the client can request from its
// issuer.
func (g guard) scoped() bool { return g.kind == allScopes || g.kind == anyScope }

func (need *requirement) guard(g guard) { need.guards = append(need.guards, g) }

// newRequirement returns the requirement that opts describe. Without Locations,
// it uses the given locations. It panics on an unknown location.
func newRequirement(opts []RequiredOption, locations []Location) *requirement {
	need := &requirement{}
	for _, opt := range opts {
		opt(need)
	}
	for _, location := range need.locations {
		if err := location.valid(); err != nil {
			panic("ginjwt: Locations: " + err.Error())
		}
	}
	takesTickets := !need.refresh && !need.anyType && !need.sellsTickets
	switch {
	case !takesTickets && slices.Contains(need.locations, InTicket):
		panic("ginjwt: Locations: remove InTicket: a route for refresh tokens, logouts or tickets accepts no tickets")
	case len(need.locations) == 0 && !takesTickets:
		need.locations = withoutTickets(locations)
	case len(need.locations) == 0:
		need.locations = locations
	}
	return need
}

// check checks the type, then the freshness.
func (need *requirement) check(token *Token) error {
	switch {
	case need.anyType:
		if token.Type != AccessToken && token.Type != RefreshToken {
			return wrongToken("Only access and refresh tokens are allowed", token)
		}
	case need.refresh:
		if token.Type != RefreshToken {
			return wrongToken("Only refresh tokens are allowed", token)
		}
	case token.Type == RefreshToken:
		return wrongToken("Only non-refresh tokens are allowed", token)
	case token.Type != AccessToken:
		return wrongToken("Only access tokens are allowed", token)
	}
	if need.fresh && !token.Fresh {
		return need.stale(token)
	}
	return nil
}

// checkGuards checks the claims.
func (need *requirement) checkGuards(token *Token) error {
	for _, g := range need.guards {
		switch {
		case g.passes(token):
		case g.scoped():
			return need.outOfScope(token)
		default:
			return refusalOf(ErrInsufficientScope, nil, token)
		}
	}
	return nil
}

// outOfScope names all scopes of the route, so that the client can request them
// together.
func (need *requirement) outOfScope(token *Token) *Error {
	e := refusalOf(ErrInsufficientScope, nil, token)
	e.Scope, e.challenge = need.scope, need.scopeChallenge
	return e
}

func (need *requirement) stale(token *Token) *Error {
	e := refusalOf(ErrFreshRequired, nil, token)
	e.MaxAge, e.challenge = need.freshWithin, need.ageChallenge
	return e
}

// writeChallenges builds the challenges of the route, once.
func (need *requirement) writeChallenges(all challenges) {
	need.scopeChallenge = all.of(need.outOfScope(nil))
	need.ageChallenge = all.of(need.stale(nil))
}
