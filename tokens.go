package ginjwt

import (
	"context"
	"crypto/rand"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
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
	ctx = plain(ctx)
	spec := tokenSpec{issuer: m.config.EncodeIssuer, audience: m.config.EncodeAudience}
	for _, opt := range opts {
		opt(&spec)
	}
	spec.expires = or(spec.expires, lifetime)
	if err := m.complete(ctx, &spec, typ, identity); err != nil {
		return "", err
	}
	key, err := m.signingKey(ctx, identity)
	if err != nil {
		return "", err
	}
	subject, err := m.subject(ctx, identity)
	if err != nil {
		return "", err
	}
	header, err := spec.headerJSON(key)
	if err != nil {
		return "", err
	}
	payload, err := m.payloadJSON(spec, typ, subject)
	if err != nil {
		return "", err
	}
	return m.sign(key, header, payload)
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
// do instead of setting it.
var reservedClaims = map[string]string{
	"fresh": "use WithFresh",
	"iat":   "set Config.Now",
	"jti":   "use WithID",
	"type":  "use CreateAccessToken or CreateRefreshToken",
	"nbf":   "use WithNotBefore",
	"csrf":  "it is a new value in every token",
	"aud":   "use WithAudience",
	"iss":   "use WithIssuer",
	"exp":   "use WithExpires",
}

func (m *JWTManager) checkReserved(claims Claims) error {
	for name, value := range claims {
		if name == m.config.IdentityClaim {
			return fmt.Errorf("%w: %q: pass it as the identity", ErrReservedClaim, name)
		}
		if instead, ok := reservedClaims[name]; ok {
			return fmt.Errorf("%w: %q: %s", ErrReservedClaim, name, instead)
		}
		if _, ok := value.(string); name == "sub" && !ok {
			return fmt.Errorf("%w: \"sub\": must be a string", ErrReservedClaim)
		}
	}
	return nil
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

// reservedHeaders change how a token is read, or would name its key.
var reservedHeaders = []string{"alg", "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"}

// headerJSON writes the header, its members sorted as PyJWT sorts them.
func (spec tokenSpec) headerJSON(key boundKey) ([]byte, error) {
	header := merged(Header{"typ": "JWT"}, spec.header)
	for _, name := range reservedHeaders {
		if _, ok := header[name]; ok {
			return nil, fmt.Errorf("%w: %q", ErrReservedHeader, name)
		}
	}
	typ, ok := header["typ"].(string)
	if !ok {
		return nil, fmt.Errorf("%w: \"typ\" must be a string", ErrReservedHeader)
	}
	if typ == "" {
		delete(header, "typ")
	}
	kid, given := header["kid"]
	if _, ok := kid.(string); given && !ok {
		return nil, fmt.Errorf("%w: \"kid\" must be a string", ErrReservedHeader)
	}
	if given && key.id != "" && kid != key.id {
		return nil, fmt.Errorf("%w: \"kid\" is that of the key", ErrReservedHeader)
	}
	if key.id != "" {
		header["kid"] = key.id
	}
	header["alg"] = key.algorithm
	b, err := json.Marshal(header, exact)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: header of the token: %w", err)
	}
	return b, nil
}

// payloadJSON writes the claims in the original's order.
func (m *JWTManager) payloadJSON(spec tokenSpec, typ TokenType, subject string) ([]byte, error) {
	now := m.config.Now()
	if spec.freshFor > 0 {
		spec.fresh = unixTime(now.Add(spec.freshFor))
	}
	w := claimWriter{b: append(make([]byte, 0, 512), '{')}
	w.raw("fresh", or(spec.fresh, "false"))
	w.number("iat", now.Unix())
	w.text("jti", or(spec.id, newUUID()))
	w.text("type", string(typ))
	w.text(m.config.IdentityClaim, subject)
	switch {
	case !spec.notBefore.IsZero():
		w.number("nbf", spec.notBefore.Unix())
	case !m.config.DisableEncodeNBF:
		w.number("nbf", now.Unix())
	}
	if !m.config.DisableCookieCSRFProtect {
		w.text("csrf", newUUID())
	}
	if len(spec.audience) == 1 {
		w.text("aud", spec.audience[0])
	} else if len(spec.audience) > 1 {
		w.value("aud", spec.audience)
	}
	if spec.issuer != "" {
		w.text("iss", spec.issuer)
	}
	if spec.expires != NeverExpires {
		w.number("exp", now.Add(spec.expires).Unix())
	}
	for _, name := range slices.Sorted(maps.Keys(spec.claims)) {
		w.value(name, spec.claims[name])
	}
	return append(w.b, '}'), w.err
}

// claimWriter writes the members of a JSON object, and keeps the first error.
type claimWriter struct {
	b   []byte
	err error
}

func (w *claimWriter) name(name string) {
	if len(w.b) > 1 {
		w.b = append(w.b, ',')
	}
	w.quote(name, name)
	w.b = append(w.b, ':')
}

func (w *claimWriter) quote(claim, s string) {
	b, err := appendString(w.b, s)
	if err != nil {
		w.fail(claim, err)
		return
	}
	w.b = b
}

func (w *claimWriter) fail(claim string, err error) {
	if w.err == nil {
		w.err = fmt.Errorf("ginjwt: claim %q: %w", claim, err)
	}
}

func (w *claimWriter) raw(name, value string) {
	w.name(name)
	w.b = append(w.b, value...)
}

func (w *claimWriter) number(name string, value int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, value, 10)
}

func (w *claimWriter) text(name, value string) {
	w.name(name)
	w.quote(name, value)
}

func (w *claimWriter) value(name string, value any) {
	w.name(name)
	b, err := json.Marshal(value, exact)
	if err != nil {
		w.fail(name, err)
	}
	w.b = append(w.b, b...)
}

// sign encodes and signs.
func (m *JWTManager) sign(key boundKey, header, payload []byte) (string, error) {
	b := base64.RawURLEncoding.AppendEncode(nil, header)
	b = base64.RawURLEncoding.AppendEncode(append(b, '.'), payload)
	signature, err := key.method.Sign(string(b), key.sign)
	if err != nil {
		return "", fmt.Errorf("ginjwt: signing the token: %w", err)
	}
	b = base64.RawURLEncoding.AppendEncode(append(b, '.'), signature)
	if len(b) > m.config.MaxTokenSize {
		return "", fmt.Errorf("%w: %d bytes are more than the %d of MaxTokenSize", ErrTokenTooLarge, len(b), m.config.MaxTokenSize)
	}
	return string(b), nil
}

// newUUID returns a new UUID of version 4 (RFC 9562 §5.4). The program ends if
// there is no randomness, rather than go on with IDs that can be guessed.
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	b := make([]byte, 0, 36)
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, id[[...]int{0, 4, 6, 8, 10}[i]:end])
	}
	return string(b)
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
