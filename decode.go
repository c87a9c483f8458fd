package ginjwt

import "context"

// A DecodeOption changes how [JWTManager.DecodeToken] checks a token.
type DecodeOption func(*decodeSpec)

// AllowExpired accepts a token that has expired, and does not look at "exp".
func AllowExpired() DecodeOption {
	return func(s *decodeSpec) { s.allowExpired = true }
}

// RequireCSRF asks that the token's "csrf" claim be value. As in the original, an
// empty value asks for nothing: refuse a request without one before you call.
func RequireCSRF(value string) DecodeOption {
	return func(s *decodeSpec) { s.csrf = value }
}

// toEnd is for who ends a token, and needs access to nothing by it: the token may have
// expired, or be for any of Config.Resources.
func toEnd() DecodeOption {
	return func(s *decodeSpec) { s.allowExpired, s.anyResource = true, true }
}

// DecodeToken verifies signature and claims. It asks no callback but the
// DecodeKeyLoader, Config.IssuerResolver and [Issuer].Identity, does not look at
// type and freshness, and does not ask whether the token was revoked. The error is
// an [*Error]; that of a token with nothing wrong but its age is an
// [ErrExpiredToken] with the token in it.
func (m *JWTManager) DecodeToken(ctx context.Context, encoded string, opts ...DecodeOption) (*Token, error) {
	if !m.frozen {
		return nil, ErrNotInitialized
	}
	var spec decodeSpec
	for _, opt := range opts {
		opt(&spec)
	}
	token, err := m.verifier.decode(plain(ctx), encoded, spec)
	if err != nil {
		refused := asError(err)
		if refused.Kind == ErrExpiredToken {
			refused.Token = refused.token
		}
		return nil, refused
	}
	return token, nil
}

// GetJTI returns the "jti" of a token, once verified; empty if it has none.
func (m *JWTManager) GetJTI(ctx context.Context, encoded string) (string, error) {
	token, err := m.DecodeToken(ctx, encoded)
	if err != nil {
		return "", err
	}
	return token.ID, nil
}

// GetCSRFToken returns the "csrf" of a token, once verified. A token without
// one is an error.
func (m *JWTManager) GetCSRFToken(ctx context.Context, encoded string) (string, error) {
	token, err := m.DecodeToken(ctx, encoded)
	if err != nil {
		return "", err
	}
	if token.CSRF == "" {
		return "", asError(errNoCSRFClaim)
	}
	return token.CSRF, nil
}

// GetUnverifiedJWTHeaders returns the header of a token without verifying it.
// Anybody may have written it.
func GetUnverifiedJWTHeaders(encoded string) (Header, error) {
	if len(encoded) > defaultMaxTokenSize {
		return nil, asError(errTooLarge)
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	segments, err := s.load(encoded, nil)
	if err == nil {
		err = segments.head.check()
	}
	if err != nil {
		return nil, asError(err)
	}
	return (&Token{contents: &contents{header: segments.header}}).Header(), nil
}
