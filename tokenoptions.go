package ginjwt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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

	begins sessionChoice // of a new session
	key    string        // the Idempotency-Key of a rotation

	// Of a token of a session.
	session  *store.Session
	upstream string // where it began, as a claim; empty: here
	now      time.Time
	csrf     string // empty: a new value
}

// sessionChoice is what a caller asks of a new session.
type sessionChoice struct {
	option   string // the last that was given; empty: none
	device   string
	claims   Claims
	idle     time.Duration // zero: the configured time
	lifetime time.Duration // zero: the configured time

	hasUpstream bool
	upstream    store.Upstream
	upstreamAt  time.Time
}

func (c sessionChoice) validate() error {
	for _, l := range []struct {
		option   string
		lifetime time.Duration
	}{{"WithIdleLifetime", c.idle}, {"WithSessionLifetime", c.lifetime}} {
		if l.lifetime != 0 && l.lifetime < 2*time.Second || l.lifetime%time.Second != 0 { // ends are whole seconds, and a token lives for one
			return fmt.Errorf("%w: %s was given %s; it takes whole seconds, two at the least, and 30 days are 30*24*time.Hour", ErrLifetime, l.option, l.lifetime)
		}
	}
	return nil
}

// mustNotBegin refuses options that are for the beginning of a session.
func (spec *tokenSpec) mustNotBegin() error {
	if spec.begins.option == "" {
		return nil
	}
	return fmt.Errorf("ginjwt: %s is for CreateTokenPair: it is chosen when a session begins", spec.begins.option)
}

// mustNotRotate refuses an option that is for the trade of a refresh token.
func (spec *tokenSpec) mustNotRotate() error {
	if spec.key == "" {
		return nil
	}
	return errors.New("ginjwt: WithIdempotencyKey is for RotateTokens")
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
	if spec.key != "" {
		if err := validIdempotencyKey(spec.key); err != nil {
			return fmt.Errorf("ginjwt: WithIdempotencyKey: %w", err)
		}
	}
	return spec.mustNotBegin()
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
	return func(s *tokenSpec) { s.begins.option, s.begins.device = "WithDevice", deviceText(device) }
}

// deviceText makes of any text one that every store can keep and every page can
// show.
func deviceText(s string) string {
	s = s[:min(len(s), 4*store.MaxText)]
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if len(s) <= store.MaxText {
		return s
	}
	end := store.MaxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// WithSessionClaims adds claims to every access token of a new session: the first,
// and those of every rotation and of ImplicitRefresh. The claims that
// Config.RequiredClaims names are in its refresh tokens too. It is for
// CreateTokenPair. Claims of [WithClaims] win over them, and they win over those of
// the AdditionalClaimsLoader.
//
// They are stored with the session, where all that was chosen at the login has 1024
// bytes of JSON.
func WithSessionClaims(claims Claims) TokenOption {
	return func(s *tokenSpec) {
		s.begins.option, s.begins.claims = "WithSessionClaims", merged(s.begins.claims, claims)
	}
}

// WithIdleLifetime makes a new session end when it was not used for d, in place of
// Config.RefreshTokenExpires: a session that the user wants to be remembered may
// live for months, one on a shared device for an hour. It is for CreateTokenPair.
// Zero means the configured time.
func WithIdleLifetime(d time.Duration) TokenOption {
	return func(s *tokenSpec) { s.begins.option, s.begins.idle = "WithIdleLifetime", d }
}

// WithSessionLifetime makes a new session end after d however much it is used, in
// place of Config.SessionLifetime. It is for CreateTokenPair. Zero means the
// configured time.
func WithSessionLifetime(d time.Duration) TokenOption {
	return func(s *tokenSpec) { s.begins.option, s.begins.lifetime = "WithSessionLifetime", d }
}

// WithIdempotencyKey names the attempt to trade a refresh token, for programs that
// call RotateTokens outside of a request; in a request, its Idempotency-Key header
// is taken. A key has 16 to 255 bytes, and is made anew for each refresh token. The
// same token with the same key is given the same successor until that is traded,
// however late.
func WithIdempotencyKey(key string) TokenOption {
	return func(s *tokenSpec) { s.key = key }
}
