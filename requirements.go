package ginjwt

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// requirement is what a route asks of a token.
type requirement struct {
	optional       bool
	fresh          bool
	refresh        bool
	anyType        bool
	skipRevocation bool
	looksOnly      bool // a refresh token is looked at, not used
	asked          bool // the loaders were asked about this very token before
	sellsTickets   bool
	locations      []Location

	freshWithin time.Duration // zero: does not matter
	guards      []guard
	scope       string // those of all guards, for the client

	resourceURL string         // of the resource that the route belongs to
	resource    *resourceRules // nil: none

	ageChallenge, scopeChallenge string // of this route; empty: not made yet
}

// tokenType is the type of token that is looked for.
func (need *requirement) tokenType() TokenType {
	if need.refresh {
		return RefreshToken
	}
	return AccessToken
}

// A RequiredOption changes what JWTRequired asks of a token.
type RequiredOption func(*requirement)

// Optional lets a request without a token through. A bad token is still
// refused.
func Optional() RequiredOption {
	return func(need *requirement) { need.optional = true }
}

// Fresh asks for a token that is fresh: made by logging in, not by a refresh.
func Fresh() RequiredOption {
	return func(need *requirement) { need.fresh = true }
}

// Refresh asks for a refresh token.
func Refresh() RequiredOption {
	return func(need *requirement) { need.refresh = true }
}

// Locations looks for the token in these places only, in this order. None
// means those of Config.TokenLocation.
func Locations(in ...Location) RequiredOption {
	return func(need *requirement) { need.locations = slices.Clone(in) }
}

// AnyType takes access and refresh tokens alike. It looks for them where
// access tokens are, and in the refresh cookie if the access token has expired.
func AnyType() RequiredOption {
	return func(need *requirement) { need.anyType = true }
}

// SkipRevocationCheck does not ask whether the token was revoked.
func SkipRevocationCheck() RequiredOption {
	return func(need *requirement) { need.skipRevocation = true }
}

// ForResource says that the route belongs to the resource with this URL, one of
// Config.Resources: a token must be for it, and challenges say where its metadata is.
// See [Resource]. On a group it holds for the JWTRequired of its routes too. The
// middleware panics if there is no such resource, or if it names two.
func ForResource(url string) RequiredOption {
	if url == "" {
		panic("ginjwt: ForResource: names nothing")
	}
	return func(need *requirement) {
		if need.resourceURL != "" && need.resourceURL != url {
			panic(fmt.Sprintf("ginjwt: ForResource: a route belongs to one resource, not to %q and %q", need.resourceURL, url))
		}
		need.resourceURL = url
	}
}

// audience is what "aud" must hold on the routes of a resource; nil where the issuer
// says it.
func (need *requirement) audience() []string {
	if need.resource == nil {
		return nil
	}
	return need.resource.audience
}

// isElsewhere reports whether the route gives access to what belongs to no resource.
// Refreshing and logging out do not.
func (need *requirement) isElsewhere() bool {
	return need.resource == nil && !need.refresh && !need.anyType
}

// addressed returns the refusal of a route as a client of its resource can use it: by
// the statuses of RFC 6750 §3.1, and with what it needs to get a better token.
func (need *requirement) addressed(err error) error {
	if need == nil || need.resource == nil {
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

// guard is one thing that a route asks of the claims of a token.
type guard struct {
	passes func(token *Token) bool
	scoped bool // it asks for scopes, which the client may ask its issuer for
}

func (need *requirement) guard(g guard) { need.guards = append(need.guards, g) }

// newRequirement returns what the options ask for. Without Locations it looks
// where tokens are by default. It panics on a location that there is not.
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
		panic("ginjwt: Locations: a ticket buys no tokens and no tickets; remove InTicket")
	case len(need.locations) == 0 && !takesTickets:
		need.locations = withoutTickets(locations)
	case len(need.locations) == 0:
		need.locations = locations
	}
	return need
}

// check compares type and freshness, in this order.
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
		return need.stale().about(token)
	}
	return nil
}

// checkGuards asks what the route wants of the claims.
func (need *requirement) checkGuards(token *Token) error {
	for _, g := range need.guards {
		switch {
		case g.passes(token):
		case g.scoped:
			return need.outOfScope().about(token)
		default:
			return refusal(ErrInsufficientScope, nil).about(token)
		}
	}
	return nil
}

// outOfScope names all scopes of the route, so that the client need not ask for
// one after the other.
func (need *requirement) outOfScope() *Error {
	e := refusal(ErrInsufficientScope, nil)
	e.Scope, e.challenge = need.scope, need.scopeChallenge
	return e
}

func (need *requirement) stale() *Error {
	e := refusal(ErrFreshRequired, nil)
	e.MaxAge, e.challenge = need.freshWithin, need.ageChallenge
	return e
}

// writeChallenges makes the challenges of the route, once.
func (need *requirement) writeChallenges(all challenges) {
	need.scopeChallenge = all.of(need.outOfScope())
	need.ageChallenge = all.of(need.stale())
}
