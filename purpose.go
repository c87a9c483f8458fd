package ginjwt

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Purpose is what a purpose token is for, a single-use token in a link of a mail: to reset a
// password, to confirm an address, to log in. A token of one purpose is refused for any
// other.
type Purpose struct {
	// Name keeps purposes apart, such as "reset-password". It has 1 to 64 of the characters
	// a-z, 0-9, "-", "_" and ".".
	Name string

	// Expires is how long a token is good: at least a second, and at most 30 days. Zero
	// means 30 minutes. A shorter value also holds for tokens that were created before.
	Expires time.Duration

	// OnlyNewest revokes all earlier tokens of this purpose and identity when a new one is
	// created. Leave it out where strangers may ask for a token, as for a login by mail:
	// they would revoke the token that the user is about to use.
	OnlyNewest bool
}

const (
	defaultPurposeLifetime = 30 * time.Minute
	maxPurposeLifetime     = 30 * 24 * time.Hour
	maxPurposeName         = 64
)

// lifetime is how long a token is good.
func (p Purpose) lifetime() time.Duration { return or(p.Expires, defaultPurposeLifetime) }

func (p Purpose) validate() error {
	foreign := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r) }
	switch {
	case p.Name == "" || len(p.Name) > maxPurposeName || strings.ContainsFunc(p.Name, foreign):
		return fmt.Errorf("ginjwt: Purpose.Name: %q must have 1 to %d of the characters a-z, 0-9, \"-\", \"_\" and \".\"", p.Name, maxPurposeName)
	case p.lifetime() < time.Second || p.lifetime() > maxPurposeLifetime:
		return fmt.Errorf("%w: Purpose.Expires is %s; it must be at least a second, and at most 30 days (30*24*time.Hour)", ErrLifetime, p.Expires)
	}
	return nil
}

// A PurposeOption changes the purpose token being created. It is [BoundTo], [BoundBy], or
// one of two [TokenOption]s: [WithExpires], for a shorter life, and [WithClaims]. Every
// other TokenOption is an error.
type PurposeOption interface{ addTo(spec *purposeSpec) }

// purposeSpec is what a caller asks of a new purpose token.
type purposeSpec struct {
	token tokenSpec
	bound []Binding
}

func (o TokenOption) addTo(spec *purposeSpec) { o(&spec.token) }

func (b Binding) addTo(spec *purposeSpec) { spec.bound = append(spec.bound, b) }

// specOf returns what options ask of a token of the purpose. issuer is Config.EncodeIssuer,
// which no option may change.
func (p Purpose) specOf(opts []PurposeOption, issuer string) (*purposeSpec, error) {
	spec := &purposeSpec{token: tokenSpec{issuer: issuer}}
	for _, opt := range opts {
		opt.addTo(spec)
	}
	if other := spec.token.otherOption(issuer); other != "" {
		return nil, fmt.Errorf("ginjwt: %s is not for purpose tokens, which take WithExpires, WithClaims, BoundTo and BoundBy", other)
	}
	spec.token.expires = or(spec.token.expires, p.lifetime())
	if expires := spec.token.expires; expires < time.Second || expires > p.lifetime() {
		return nil, fmt.Errorf("%w: WithExpires was given %s; the purpose allows a second to %s", ErrLifetime, expires, p.lifetime())
	}
	return spec, nil
}

// otherOption returns the name of an option that is not for purpose tokens; empty: none was
// given.
func (spec *tokenSpec) otherOption(issuer string) string {
	switch {
	case spec.fresh != "" || spec.freshFor != 0:
		return "WithFresh"
	case spec.id != "":
		return "WithID"
	case spec.issuer != issuer:
		return "WithIssuer"
	case spec.audience != nil:
		return "WithAudience"
	case !spec.notBefore.IsZero():
		return "WithNotBefore"
	case spec.header != nil:
		return "WithHeaders"
	case spec.key != "":
		return "WithIdempotencyKey"
	}
	return spec.begins.option
}

// PurposeToken is what a verified purpose token says. It does not hold the token itself, so
// nobody who gets hold of it can use the token.
type PurposeToken struct {
	Purpose   string // Purpose.Name
	ID        string // "jti"
	Identity  string // as it stands in the token
	IssuedAt  time.Time
	ExpiresAt time.Time
	Claims    Claims // from WithClaims; numbers are of the type encoding/json.Number
}

// expiryOf returns when a token expires. It may have been created when Expires was longer.
func (p Purpose) expiryOf(token *Token) time.Time {
	return earlier(token.ExpiresAt, token.IssuedAt.Add(p.lifetime()))
}

// newPurposeToken returns what a token says, without the claims that are reserved.
func newPurposeToken(p Purpose, token *Token, reserved func(claim string) bool) *PurposeToken {
	claims := maps.Clone(token.Claims())
	maps.DeleteFunc(claims, func(name string, _ any) bool { return reserved(name) })
	return &PurposeToken{p.Name, token.ID, token.Identity, token.IssuedAt, p.expiryOf(token), claims}
}

// isReserved reports whether a claim of a single-use token is not the application's.
func (n *claimNames) isReserved(claim string) bool {
	return claim == "sub" || claim == n.identity || n.insteadOf(claim) != "" ||
		slices.Contains(sessionClaims, claim) || slices.Contains(singleUseClaims, claim)
}
