package ginjwt

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Purpose is the purpose of a single-use token in a mailed link, for example to reset a
// password, to confirm an address or to log in. A token of one purpose is refused for
// every other purpose.
type Purpose struct {
	// Name keeps purposes apart, for example "reset-password". A name is required. It
	// has 1 to 64 of the characters a-z, 0-9, "-", "_" and ".".
	Name string

	// Expires is the lifetime of a token, from one second to 30 days. Zero means 30
	// minutes. A shorter value also limits tokens that exist already.
	Expires time.Duration

	// OnlyNewest makes each new token revoke all earlier tokens of the same purpose and
	// identity. Do not set it where strangers may ask for a token, as for a login by
	// mail: they could revoke the token that the user is about to use.
	OnlyNewest bool
}

const (
	defaultPurposeLifetime = 30 * time.Minute
	maxPurposeLifetime     = 30 * 24 * time.Hour
	maxPurposeName         = 64
)

// lifetime returns the lifetime of a token.
func (p Purpose) lifetime() time.Duration { return or(p.Expires, defaultPurposeLifetime) }

func (p Purpose) validate() error {
	foreign := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r) }
	switch {
	case p.Name == "" || len(p.Name) > maxPurposeName || strings.ContainsFunc(p.Name, foreign):
		return fmt.Errorf("ginjwt: Purpose.Name: %q must have 1 to %d characters out of a-z, 0-9, \"-\", \"_\" and \".\"", p.Name, maxPurposeName)
	case p.lifetime() < time.Second || p.lifetime() > maxPurposeLifetime:
		return fmt.Errorf("%w: Purpose.Expires is %s: it must be from one second to 30 days, such as 30*time.Minute", ErrLifetime, p.Expires)
	}
	return nil
}

// A PurposeOption changes the purpose token that [JWTManager.CreatePurposeToken] creates:
// [BoundTo], [BoundBy], [WithClaims], or [WithExpires] for a lifetime shorter than
// Purpose.Expires. Every other [TokenOption] is an error.
type PurposeOption interface{ addTo(spec *purposeSpec) }

// purposeSpec collects the options for a new purpose token.
type purposeSpec struct {
	token tokenSpec
	bound []Binding
}

func (o TokenOption) addTo(spec *purposeSpec) { o(&spec.token) }

func (b Binding) addTo(spec *purposeSpec) { spec.bound = append(spec.bound, b) }

// specOf applies options for a token of the purpose. issuer is Config.EncodeIssuer, which
// no option may change.
func (p Purpose) specOf(opts []PurposeOption, issuer string) (*purposeSpec, error) {
	spec := &purposeSpec{token: tokenSpec{issuer: issuer}}
	for _, opt := range opts {
		opt.addTo(spec)
	}
	if other := spec.token.otherOption(issuer); other != "" {
		return nil, fmt.Errorf("ginjwt: CreatePurposeToken: %s is not for purpose tokens: use WithExpires, WithClaims, BoundTo or BoundBy", other)
	}
	spec.token.expires = or(spec.token.expires, p.lifetime())
	if expires := spec.token.expires; expires < time.Second || expires > p.lifetime() {
		return nil, fmt.Errorf("%w: WithExpires was given %s: the purpose allows from one second to %s", ErrLifetime, expires, p.lifetime())
	}
	return spec, nil
}

// otherOption returns the name of an option that is not for purpose tokens, or "".
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

// PurposeToken holds the content of a verified purpose token. It does not hold the encoded
// token, so it cannot be used as one.
type PurposeToken struct {
	Purpose   string // Purpose.Name
	ID        string // "jti"
	Identity  string // that the token was created for, as text
	IssuedAt  time.Time
	ExpiresAt time.Time
	Claims    Claims // of WithClaims; numbers have the type encoding/json.Number
}

// expiryOf returns when a token expires. Expires may have been longer when the token was
// created; the shorter value counts.
func (p Purpose) expiryOf(token *Token) time.Time {
	return earlier(token.ExpiresAt, token.IssuedAt.Add(p.lifetime()))
}

// newPurposeToken returns the content of a token without the reserved claims.
func newPurposeToken(p Purpose, token *Token, reserved func(claim string) bool) *PurposeToken {
	claims := maps.Clone(token.Claims())
	maps.DeleteFunc(claims, func(name string, _ any) bool { return reserved(name) })
	return &PurposeToken{p.Name, token.ID, token.Identity, token.IssuedAt, p.expiryOf(token), claims}
}

// isReserved reports whether an application may not set a claim of a single-use token.
func (n *claimNames) isReserved(claim string) bool {
	return claim == "sub" || claim == n.identity || n.insteadOf(claim) != "" ||
		slices.Contains(sessionClaims, claim) || slices.Contains(singleUseClaims, claim)
}
