package ginjwt

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// tokenSpec is what a caller asks of a new token.
type tokenSpec struct {
	fresh     string // the JSON of "fresh"
	freshFor  time.Duration
	expires   time.Duration // zero: the configured lifetime
	id        string
	issuer    string
	audience  []string
	notBefore time.Time
	claims    Claims
	header    Header
	device    string // of a new session

	// Of a token of a session.
	session *store.Session
	now     time.Time
	csrf    string // empty: a new value
}

// expiry is when the token expires; zero if it never does.
func (spec *tokenSpec) expiry() time.Time {
	if spec.expires == NeverExpires {
		return time.Time{}
	}
	return spec.now.Add(spec.expires)
}

func (spec *tokenSpec) validate() error {
	switch {
	case validLifetime(spec.expires) != nil:
		return fmt.Errorf("%w: WithExpires was given %s; 15 minutes are 15*time.Minute", ErrLifetime, spec.expires)
	case spec.freshFor < 0:
		return errors.New("ginjwt: WithFreshFor: must be more than zero")
	case slices.Contains(spec.audience, ""):
		return errors.New("ginjwt: WithAudience: an audience is empty")
	}
	return nil
}

func (spec *tokenSpec) validForRotation() error {
	if spec.fresh != "" || spec.freshFor != 0 {
		return errors.New("ginjwt: WithFresh: nobody has typed a password; a rotated token is never fresh")
	}
	if spec.device != "" {
		return errors.New("ginjwt: WithDevice is for CreateTokenPair: a session stays on its device")
	}
	return nil
}

// A TokenOption changes the token being created.
type TokenOption func(*tokenSpec)

// WithFresh marks an access token as fresh for as long as it lives. Of several
// options about freshness the last counts.
func WithFresh() TokenOption {
	return func(s *tokenSpec) { s.fresh, s.freshFor = "true", 0 }
}

// WithFreshFor marks an access token as fresh for d.
func WithFreshFor(d time.Duration) TokenOption {
	if d <= 0 {
		d = -1 // an error when the token is made
	}
	return func(s *tokenSpec) { s.fresh, s.freshFor = "", d }
}

// WithFreshUntil marks an access token as fresh until t.
func WithFreshUntil(t time.Time) TokenOption {
	return func(s *tokenSpec) { s.fresh, s.freshFor = unixTime(t), 0 }
}

// WithExpires makes the token live for d instead of the configured time. Zero
// means the configured time, NeverExpires for ever.
func WithExpires(d time.Duration) TokenOption {
	return func(s *tokenSpec) { s.expires = d }
}

// WithNotBefore sets "nbf": the token is refused before t.
func WithNotBefore(t time.Time) TokenOption {
	return func(s *tokenSpec) { s.notBefore = t }
}

// WithID sets "jti", which is a new UUID otherwise. Tokens with one ID are
// revoked together, for as long as the one that was revoked lives.
func WithID(id string) TokenOption {
	return func(s *tokenSpec) { s.id = id }
}

// WithIssuer sets "iss" in place of Config.EncodeIssuer.
func WithIssuer(issuer string) TokenOption {
	return func(s *tokenSpec) { s.issuer = issuer }
}

// WithAudience sets "aud" in place of Config.EncodeAudience.
func WithAudience(audience ...string) TokenOption {
	return func(s *tokenSpec) { s.audience = audience }
}

// WithClaims adds claims. Those that this package reads back may not be set:
// [ErrReservedClaim] names the option to use. Claims are signed, not
// encrypted; the holder of the token can read them.
func WithClaims(claims Claims) TokenOption {
	return func(s *tokenSpec) { s.claims = merged(s.claims, claims) }
}

// WithHeaders adds header parameters. An empty "typ" leaves that one out.
// "alg" and those that change how a token is read may not be set.
func WithHeaders(header Header) TokenOption {
	return func(s *tokenSpec) { s.header = merged(s.header, header) }
}

// WithDevice names the device of a new session, for [JWTManager.Sessions] to
// show, for example by the User-Agent of the login. It is for CreateTokenPair.
// Of the text the first 255 bytes are kept, without control characters.
func WithDevice(device string) TokenOption {
	return func(s *tokenSpec) { s.device = device }
}
