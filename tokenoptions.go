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

// tokenSpec is what a caller wants in a new token.
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
	jkt    string        // the thumbprint of the key that the token is bound to; empty: none
	key    string        // the Idempotency-Key of a rotation

	// For a token of a session.
	session  *store.Session
	upstream string // where the session began, as a claim; empty: at this manager
	now      time.Time
	csrf     string // empty: a new value
}

// sessionChoice is what a caller wants for a new session.
type sessionChoice struct {
	option   string // the last option; empty: none
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
		if l.lifetime != 0 && l.lifetime < 2*time.Second || l.lifetime%time.Second != 0 { // ends are whole seconds, and a token lives for at least one
			return fmt.Errorf("%w: %s was given %s; use whole seconds, at least two (30 days are 30*24*time.Hour)", ErrLifetime, l.option, l.lifetime)
		}
	}
	return nil
}

// mustNotBegin refuses options that only apply when a session begins.
func (spec *tokenSpec) mustNotBegin() error {
	if spec.begins.option == "" {
		return nil
	}
	return fmt.Errorf("ginjwt: %s is for CreateTokenPair: it applies when a session begins", spec.begins.option)
}

// mustNotRotate refuses an option that only applies when a refresh token is
// exchanged.
func (spec *tokenSpec) mustNotRotate() error {
	if spec.key == "" {
		return nil
	}
	return errors.New("ginjwt: WithIdempotencyKey is for RotateTokens")
}

// expiry returns when the token expires; zero means never.
func (spec *tokenSpec) expiry() time.Time {
	if spec.expires == NeverExpires {
		return time.Time{}
	}
	return spec.now.Add(spec.expires)
}

func (spec *tokenSpec) validate() error {
	switch {
	case validLifetime(spec.expires) != nil:
		return fmt.Errorf("%w: WithExpires was given %s; use at least a second, such as 15*time.Minute, or NeverExpires", ErrLifetime, spec.expires)
	case spec.freshFor < 0:
		return errors.New("ginjwt: WithFreshFor: the duration must be more than zero")
	case spec.jkt != "" && !isThumbprint(spec.jkt):
		return errors.New("ginjwt: WithKeyThumbprint: the thumbprint must be the SHA-256 hash of RFC 7638, 43 characters of base64url")
	case slices.Contains(spec.audience, ""):
		return errors.New("ginjwt: WithAudience: an audience is empty: pass names of services only")
	}
	return nil
}

func (spec *tokenSpec) validForRotation() error {
	if spec.fresh != "" || spec.freshFor != 0 {
		return errors.New("ginjwt: WithFresh: a rotated token is never fresh, because nobody typed a password")
	}
	if spec.jkt != "" {
		return errors.New("ginjwt: WithKeyThumbprint: a rotation keeps the key of the session")
	}
	if spec.key != "" {
		if err := validIdempotencyKey(spec.key); err != nil {
			return fmt.Errorf("ginjwt: WithIdempotencyKey: %w", err)
		}
	}
	return spec.mustNotBegin()
}

// A TokenOption changes a new token.
type TokenOption func(*tokenSpec)

// WithFresh makes an access token fresh until it expires. If there are several
// options for freshness, the last one counts.
func WithFresh() TokenOption {
	return func(s *tokenSpec) { s.fresh, s.freshFor = "true", 0 }
}

// WithFreshFor makes an access token fresh for d. If d is not more than zero,
// creating the token is an error.
func WithFreshFor(d time.Duration) TokenOption {
	if d <= 0 {
		d = -1 // CreateAccessToken returns the error
	}
	return func(s *tokenSpec) { s.fresh, s.freshFor = "", d }
}

// WithFreshUntil makes an access token fresh until t.
func WithFreshUntil(t time.Time) TokenOption {
	return func(s *tokenSpec) { s.fresh, s.freshFor = unixTime(t), 0 }
}

// WithExpires makes the token live for d instead of the configured lifetime.
// Zero means the configured lifetime. With NeverExpires the token never
// expires.
func WithExpires(d time.Duration) TokenOption {
	return func(s *tokenSpec) { s.expires = d }
}

// WithNotBefore sets "nbf": the token is refused before t. The default is the
// time when the token is made, unless Config.DisableEncodeNBF is set.
func WithNotBefore(t time.Time) TokenOption {
	return func(s *tokenSpec) { s.notBefore = t }
}

// WithID sets "jti". The default is a new UUID. Tokens with the same ID are
// revoked together, but only for the lifetime of the token that was revoked.
func WithID(id string) TokenOption {
	return func(s *tokenSpec) { s.id = id }
}

// WithIssuer sets "iss", instead of Config.EncodeIssuer.
func WithIssuer(issuer string) TokenOption {
	return func(s *tokenSpec) { s.issuer = issuer }
}

// WithAudience sets "aud", instead of Config.EncodeAudience.
func WithAudience(audience ...string) TokenOption {
	return func(s *tokenSpec) { s.audience = audience }
}

// WithClaims adds claims. You cannot set a claim that this package reads back:
// [ErrReservedClaim] says which option to use instead. Claims are signed, not
// encrypted. The holder of the token can read them.
func WithClaims(claims Claims) TokenOption {
	return func(s *tokenSpec) { s.claims = merged(s.claims, claims) }
}

// WithHeaders adds header parameters. An empty "typ" removes "typ". You cannot
// set "alg", or a parameter that changes how a token is read.
func WithHeaders(header Header) TokenOption {
	return func(s *tokenSpec) { s.header = merged(s.header, header) }
}

// WithDevice names the device of a new session, for example with the User-Agent
// of the login. [JWTManager.Sessions] returns this name. Use
// WithDevice only with CreateTokenPair. Control characters are removed, and at
// most 255 bytes are kept.
func WithDevice(device string) TokenOption {
	return func(s *tokenSpec) { s.begins.option, s.begins.device = "WithDevice", deviceText(device) }
}

// deviceText converts any string to one that every store can keep and every page
// can show.
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

// WithSessionClaims adds claims to every access token of a new session: to the first
// token, and to all tokens of rotations and of ImplicitRefresh. Refresh tokens get only
// the claims that Config.RequiredClaims names. Use WithSessionClaims only with
// CreateTokenPair. Claims of [WithClaims] win over these claims, and these claims win
// over claims of the AdditionalClaimsLoader.
//
// The claims are stored with the session. All choices of a login together may
// have 1024 bytes of JSON.
func WithSessionClaims(claims Claims) TokenOption {
	return func(s *tokenSpec) {
		s.begins.option, s.begins.claims = "WithSessionClaims", merged(s.begins.claims, claims)
	}
}

// WithIdleLifetime ends a new session if it is not used for d, instead of
// Config.RefreshTokenExpires. For example, a remembered session may live for months,
// and a session on a shared device for an hour. Use WithIdleLifetime only with
// CreateTokenPair. Zero means the configured time. d must be whole seconds, at least
// two.
func WithIdleLifetime(d time.Duration) TokenOption {
	return func(s *tokenSpec) { s.begins.option, s.begins.idle = "WithIdleLifetime", d }
}

// WithSessionLifetime ends a new session after d, even if it is used, instead
// of Config.SessionLifetime. Use WithSessionLifetime only with CreateTokenPair.
// Zero means the configured time. d must be whole seconds, at least two.
func WithSessionLifetime(d time.Duration) TokenOption {
	return func(s *tokenSpec) { s.begins.option, s.begins.lifetime = "WithSessionLifetime", d }
}

// WithKeyThumbprint binds the new token, or all tokens of a new session, to the key with this
// thumbprint (RFC 7638), instead of the key of the request's DPoP proof. Use it if the proof
// came in an earlier request, as in an authorization code with "dpop_jkt" (RFC 9449 §10). Check
// that proof first. A thumbprint has 43 characters of base64url; any other string is an error.
// The option does not depend on Config.DPoP.
func WithKeyThumbprint(jkt string) TokenOption {
	return func(s *tokenSpec) { s.jkt = or(jkt, "none") } // an empty thumbprint must not make a token without a key
}

// WithIdempotencyKey names an attempt to exchange a refresh token. Use it only
// with RotateTokens, outside of a request. In a request, the Idempotency-Key
// header is used. An idempotency key has 16 to 255 bytes. Make a new idempotency
// key for each refresh token. The same token with the same idempotency key
// always gets the same generation of tokens, until that generation is exchanged.
func WithIdempotencyKey(key string) TokenOption {
	return func(s *tokenSpec) { s.key = key }
}
