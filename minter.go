package ginjwt

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// minter makes tokens: it calls the loaders, chooses the key, and signs.
type minter struct {
	config    *Config
	callbacks *callbacks
	verifier  *verifier // its keys sign
	keys      claimKeys
	events    *events
}

// specOf returns what opts want in a new token.
func (m *minter) specOf(opts []TokenOption) tokenSpec {
	spec := tokenSpec{issuer: m.config.EncodeIssuer, audience: m.config.EncodeAudience}
	if len(opts) == 0 {
		return spec // in no memory of its own
	}
	return spec.with(opts)
}

func (spec tokenSpec) with(opts []TokenOption) tokenSpec {
	for _, opt := range opts {
		opt(&spec)
	}
	return spec
}

// issue makes and signs a token.
func (m *minter) issue(ctx context.Context, typ TokenType, identity any, spec *tokenSpec) (string, error) {
	start := m.events.begin()
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
	claims := m.claimsOf(spec, typ, subject)
	if m.events != nil && claims.id == "" { // the event contains the ID
		claims.id = newID(tokenUUID)
	}
	encoded, err := m.encode(spec.header, &claims, key)
	if err == nil {
		m.events.issued(ctx, "", &claims, start)
	}
	return encoded, err
}

// encode writes and signs a token.
func (m *minter) encode(header Header, claims *newClaims, key *keys.Bound) (encoded string, err error) {
	s := scratches.Get().(*scratch)
	defer s.free()
	if s.payload, err = claims.appendTo(s.payload[:0], &m.keys); err != nil {
		return "", err
	}
	if err := m.checkRequired(claims.typ, s.payload); err != nil {
		return "", err
	}
	if s.encoded, err = appendHeader(s.encoded[:0], header, key); err != nil {
		return "", err
	}
	return m.sign(s, key)
}

// checkRequired refuses to make a token that this manager would refuse because
// a required claim is missing.
func (m *minter) checkRequired(typ TokenType, payload []byte) error {
	own := m.verifier.own
	if len(own.required) == 0 || typ != AccessToken && typ != RefreshToken {
		return nil
	}
	p, err := readPayload(payload, string(payload), &own.claims, own.required)
	if err != nil {
		return err
	}
	for i, name := range own.required {
		if p.required&(1<<i) == 0 {
			return fmt.Errorf("%w: the %s token has no %q; add it with an AdditionalClaimsLoader, or in a session with WithSessionClaims", ErrRequiredClaim, typ, name)
		}
	}
	return nil
}

// complete adds the claims and headers of the loaders to spec, and checks spec.
func (m *minter) complete(ctx context.Context, spec *tokenSpec, typ TokenType, identity any) error {
	if typ == RefreshToken && (spec.fresh != "" || spec.freshFor != 0) {
		return errors.New("ginjwt: a refresh token is never fresh; use WithFresh for access tokens only")
	}
	if err := spec.validate(); err != nil {
		return err
	}
	if load := m.callbacks.additionalClaims; load != nil {
		claims, err := load(ctx, identity)
		if err != nil {
			return fmt.Errorf("ginjwt: AdditionalClaimsLoader: %w", err)
		}
		spec.claims = merged(claims, spec.claims)
	}
	if load := m.callbacks.additionalHeaders; load != nil {
		header, err := load(ctx, identity)
		if err != nil {
			return headersFailed(err)
		}
		spec.header = merged(header, spec.header)
	}
	return m.checkReserved(spec.claims)
}

func headersFailed(err error) error { return fmt.Errorf("ginjwt: AdditionalHeadersLoader: %w", err) }

func (m *minter) checkReserved(claims Claims) error {
	for name, value := range claims {
		if name == m.config.IdentityClaim {
			return fmt.Errorf("%w: %q: pass it as the identity, and leave it out of AdditionalClaimsLoader and WithClaims: "+
				"it is Config.IdentityClaim", ErrReservedClaim, name)
		}
		if instead := m.verifier.own.claims.insteadOf(name); instead != "" {
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

// claimsOf returns the claims of the token that spec describes.
func (m *minter) claimsOf(spec *tokenSpec, typ TokenType, subject string) newClaims {
	claims := newClaims{
		fresh: spec.fresh, issuedAt: spec.now, id: spec.id, typ: typ, identity: subject, notBefore: spec.notBefore,
		hasCSRF: !m.config.DisableCookieCSRFProtect, csrf: spec.csrf,
		audience: spec.audience, issuer: spec.issuer, expires: spec.expiry(), jkt: spec.jkt, others: spec.claims,
	}
	if spec.freshFor > 0 {
		claims.fresh = unixTime(spec.now.Add(spec.freshFor))
	}
	if spec.notBefore.IsZero() && !m.config.DisableEncodeNBF {
		claims.notBefore = spec.now
	}
	if s := spec.session; s != nil {
		claims.session, claims.generation = s.ID, s.Generation
		claims.upstream, claims.jkt = spec.upstream, s.JKT
	}
	return claims
}

// sign appends the payload in s to the header in s, and signs both.
func (m *minter) sign(s *scratch, key *keys.Bound) (string, error) {
	b := base64url.AppendEncode(append(s.encoded, '.'), s.payload)
	signature, err := key.AppendSignature(s.signature[:0], b)
	if err != nil {
		return "", fmt.Errorf("ginjwt: signing the token: %w", err)
	}
	b = base64url.AppendEncode(append(b, '.'), signature)
	s.encoded, s.signature = b, signature
	if len(b) > m.config.MaxTokenSize {
		return "", fmt.Errorf("%w: it has %d bytes, and MaxTokenSize is %d: add fewer claims, or set MaxTokenSize", ErrTokenTooLarge, len(b), m.config.MaxTokenSize)
	}
	return string(b), nil
}

// signingKey returns the key for a new token that expires at expires; zero
// means never.
func (m *minter) signingKey(ctx context.Context, identity any, typ TokenType, now, expires time.Time) (*keys.Bound, error) {
	if m.callbacks.encodeKey != nil {
		return m.loadedKey(ctx, identity, typ, now)
	}
	set := m.verifier.keySet()
	if key := set.SigningKey(string(typ), now, expires); key != nil {
		return key, nil
	}
	if set.RequiresKeyID() {
		return nil, fmt.Errorf("%w: no key of the list signs %s tokens at this time", ErrNoSigningKey, typ)
	}
	return nil, fmt.Errorf("%w: set %s", ErrNoSigningKey, m.signingField())
}

// loadedKey calls the EncodeKeyLoader.
func (m *minter) loadedKey(ctx context.Context, identity any, typ TokenType, now time.Time) (*keys.Bound, error) {
	loaded, err := m.callbacks.encodeKey(ctx, identity)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: EncodeKeyLoader: %w", err)
	}
	loaded.Algorithm = or(loaded.Algorithm, m.config.Algorithm)
	key, err := m.config.keyOptions().Bind(loaded)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: EncodeKeyLoader: %w", err)
	}
	if !key.Signs() {
		return nil, fmt.Errorf("%w: EncodeKeyLoader returned a key that only verifies: set its Sign", ErrNoSigningKey)
	}
	if !key.SignsAt(string(typ), now) {
		return nil, fmt.Errorf("%w: EncodeKeyLoader returned a key that signs no %s tokens at this time", ErrNoSigningKey, typ)
	}
	return key, nil
}

func (m *minter) signingField() string {
	if keys.IsHMAC(m.config.Algorithm) {
		return "SecretKey, or an EncodeKeyLoader"
	}
	return "PrivateKey; a PublicKey only verifies"
}

// subjectOf returns the identity for a token. In a session it is the identity
// of the session.
func (m *minter) subjectOf(ctx context.Context, identity any, spec *tokenSpec) (string, error) {
	if spec.session != nil {
		return spec.session.Identity, nil
	}
	return m.subject(ctx, identity)
}

// subject converts identity to the text in the token. An empty identity is an
// error: it would look like an anonymous visitor.
func (m *minter) subject(ctx context.Context, identity any) (text string, err error) {
	if load := m.callbacks.userIdentity; load == nil {
		text, err = identityText(identity)
	} else if text, err = load(ctx, identity); err != nil {
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
