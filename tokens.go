package ginjwt

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"
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
	session *Session
	now     time.Time
	csrf    string // empty: a new value
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

// merged returns a new map: those of the caller are not changed, or kept.
func merged[M ~map[string]any](base, over M) M {
	m := make(M, len(base)+len(over))
	maps.Copy(m, base)
	maps.Copy(m, over)
	return m
}

// CreateAccessToken returns a signed access token for identity: text, an
// integer, an [encoding.TextMarshaler], or whatever UserIdentityLoader takes.
// ctx may be the *gin.Context; its request's context is used.
func (m *JWTManager) CreateAccessToken(ctx context.Context, identity any, opts ...TokenOption) (string, error) {
	return m.create(ctx, AccessToken, m.config.AccessTokenExpires, identity, opts)
}

// CreateRefreshToken returns a signed refresh token for identity. It is never
// fresh: [WithFresh] and its kin are an error.
func (m *JWTManager) CreateRefreshToken(ctx context.Context, identity any, opts ...TokenOption) (string, error) {
	return m.create(ctx, RefreshToken, m.config.RefreshTokenExpires, identity, opts)
}

func (m *JWTManager) create(ctx context.Context, typ TokenType, lifetime time.Duration, identity any, opts []TokenOption) (string, error) {
	if !m.ready {
		return "", ErrNotInitialized
	}
	spec := m.tokenSpecOf(opts)
	if spec.device != "" {
		return "", errors.New("ginjwt: WithDevice is for CreateTokenPair: only sessions have a device")
	}
	spec.expires = or(spec.expires, lifetime)
	return m.issue(plain(ctx), typ, identity, spec)
}

func (m *JWTManager) tokenSpecOf(opts []TokenOption) *tokenSpec {
	spec := &tokenSpec{issuer: m.config.EncodeIssuer, audience: m.config.EncodeAudience}
	for _, opt := range opts {
		opt(spec)
	}
	return spec
}

// issue makes and signs a token.
func (m *JWTManager) issue(ctx context.Context, typ TokenType, identity any, spec *tokenSpec) (string, error) {
	if spec.now.IsZero() {
		spec.now = m.config.Now()
	}
	if err := m.complete(ctx, spec, typ, identity); err != nil {
		return "", err
	}
	key, err := m.signingKey(ctx, identity, typ, spec.now, spec.expiry())
	if err != nil {
		return "", err
	}
	subject, err := m.subjectOf(ctx, identity, spec)
	if err != nil {
		return "", err
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	if s.payload, err = m.appendPayload(s.payload[:0], spec, typ, subject); err != nil {
		return "", err
	}
	if s.encoded, err = spec.appendHeader(s.encoded[:0], key); err != nil {
		return "", err
	}
	return m.sign(s, key)
}

// expiry is when the token expires; zero if it never does.
func (spec *tokenSpec) expiry() time.Time {
	if spec.expires == NeverExpires {
		return time.Time{}
	}
	return spec.now.Add(spec.expires)
}

// complete adds what the loaders bring to spec, and checks it.
func (m *JWTManager) complete(ctx context.Context, spec *tokenSpec, typ TokenType, identity any) error {
	if typ == RefreshToken && (spec.fresh != "" || spec.freshFor != 0) {
		return errors.New("ginjwt: a refresh token is never fresh; WithFresh is for access tokens")
	}
	if validLifetime(spec.expires) != nil {
		return fmt.Errorf("%w: WithExpires was given %s; 15 minutes are 15*time.Minute", ErrLifetime, spec.expires)
	}
	if spec.freshFor < 0 {
		return errors.New("ginjwt: WithFreshFor: must be more than zero")
	}
	if slices.Contains(spec.audience, "") {
		return errors.New("ginjwt: WithAudience: an audience is empty")
	}
	if m.additionalClaims != nil {
		claims, err := m.additionalClaims(ctx, identity)
		if err != nil {
			return fmt.Errorf("ginjwt: AdditionalClaimsLoader: %w", err)
		}
		spec.claims = merged(claims, spec.claims)
	}
	if m.additionalHeaders != nil {
		header, err := m.additionalHeaders(ctx, identity)
		if err != nil {
			return fmt.Errorf("ginjwt: AdditionalHeadersLoader: %w", err)
		}
		spec.header = merged(header, spec.header)
	}
	return m.checkReserved(spec.claims)
}

// reservedClaims are the claims that this package reads back, each with what to
// do instead of setting it, beside those whose names are settings.
var reservedClaims = map[string]string{
	"iat":  "set Config.Now",
	"jti":  "use WithID",
	"nbf":  "use WithNotBefore",
	"csrf": "it is a new value in every token",
	"aud":  "use WithAudience",
	"iss":  "use WithIssuer",
	"exp":  "use WithExpires",
}

// sessionClaims are reserved where there are sessions.
var sessionClaims = []string{"sid", "gen"}

func (m *JWTManager) checkReserved(claims Claims) error {
	for name, value := range claims {
		if name == m.config.IdentityClaim {
			return fmt.Errorf("%w: %q: pass it as the identity", ErrReservedClaim, name)
		}
		if instead := m.insteadOf(name); instead != "" {
			return fmt.Errorf("%w: %q: %s", ErrReservedClaim, name, instead)
		}
		if m.config.Sessions != nil && slices.Contains(sessionClaims, name) {
			return fmt.Errorf("%w: %q: use CreateTokenPair", ErrReservedClaim, name)
		}
		if _, ok := value.(string); name == "sub" && !ok {
			return fmt.Errorf("%w: \"sub\": must be a string", ErrReservedClaim)
		}
	}
	return nil
}

// insteadOf returns what to do instead of setting a reserved claim.
func (m *JWTManager) insteadOf(name string) string {
	switch name {
	case m.config.TypeClaim:
		return "use CreateAccessToken or CreateRefreshToken"
	case m.config.FreshClaim:
		return "use WithFresh"
	}
	return reservedClaims[name]
}

// subjectOf returns the identity of a token: in a session it is that of the
// session.
func (m *JWTManager) subjectOf(ctx context.Context, identity any, spec *tokenSpec) (string, error) {
	if spec.session != nil {
		return spec.session.Identity, nil
	}
	return m.subject(ctx, identity)
}

// subject returns the identity as it stands in the token. Nobody is no user:
// an empty identity would look like that of an anonymous visitor.
func (m *JWTManager) subject(ctx context.Context, identity any) (text string, err error) {
	if m.userIdentity == nil {
		text, err = identityText(identity)
	} else if text, err = m.userIdentity(ctx, identity); err != nil {
		err = fmt.Errorf("ginjwt: UserIdentityLoader: %w", err)
	}
	if err == nil && text == "" {
		err = fmt.Errorf("%w: it is empty", ErrIdentity)
	}
	return text, err
}

func identityText(identity any) (string, error) {
	switch id := identity.(type) {
	case string:
		return id, nil
	case encoding.TextMarshaler:
		if isNil(id) {
			return "", fmt.Errorf("%w: it is nil", ErrIdentity)
		}
		text, err := id.MarshalText()
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrIdentity, err)
		}
		return string(text), nil
	}
	switch v := reflect.ValueOf(identity); {
	case v.Kind() == reflect.String:
		return v.String(), nil
	case v.IsValid() && v.CanInt():
		return strconv.FormatInt(v.Int(), 10), nil
	case v.IsValid() && v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), nil
	}
	if identity == nil {
		return "", fmt.Errorf("%w: it is nil", ErrIdentity)
	}
	return "", fmt.Errorf("%w: a %T needs a UserIdentityLoader", ErrIdentity, identity)
}

// unixTime writes t as seconds since 1970, with a fraction if it has one.
func unixTime(t time.Time) string {
	seconds := strconv.FormatInt(t.Unix(), 10)
	micros := t.Nanosecond() / 1000
	if micros == 0 {
		return seconds
	}
	return seconds + "." + strconv.Itoa(1e6 + micros)[1:]
}
