package ginjwt

import "context"

// A DecodeOption changes how [JWTManager.DecodeToken] checks a token.
type DecodeOption func(*decodeSpec)

// AllowExpired accepts a token that has expired: "exp" is not checked. The token then
// proves only for whom it was made, not that its user may still enter.
//
// Do not exchange such a token for a new one. [JWTManager.DecodeToken] does not ask the
// blocklist. Asking the blocklist yourself proves nothing: it may forget a revoked token
// once the token has expired. A revoked token would then buy a new one. To keep users
// logged in, use [JWTManager.CreateTokenPair] and [JWTManager.RefreshHandler].
func AllowExpired() DecodeOption {
	return func(s *decodeSpec) { s.allowExpired = true }
}

// RequireCSRF demands that the token's "csrf" claim equals value. As in
// Flask-JWT-Extended, an empty value demands nothing: refuse a request without a CSRF
// value before you call DecodeToken.
func RequireCSRF(value string) DecodeOption {
	return func(s *decodeSpec) { s.csrf = value }
}

// toEnd is for a token that is only ended, and gives access to nothing: the token may
// have expired, and may be for any of Config.Resources.
func toEnd() DecodeOption {
	return func(s *decodeSpec) { s.allowExpired, s.anyResource = true, true }
}

// DecodeToken verifies the signature and the claims of a token. It does not check the
// type or the freshness, and it does not ask the blocklist, the sessions or the loaders
// whether the token was revoked. To let somebody in by a token, use
// [JWTManager.VerifyToken], which makes all checks of JWTRequired.
//
// The only callbacks that it calls are the DecodeKeyLoader, Config.IssuerResolver and
// [Issuer].Identity. The error is an [*Error]. If the age of the token is all that is
// wrong, the error is an [ErrExpiredToken], and its field Token holds the token: see
// [AllowExpired] for what must not be done with it. DecodeToken is safe for concurrent use.
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

// GetJTI verifies a token by [JWTManager.DecodeToken] and returns its "jti", which is
// empty if the token has none.
func (m *JWTManager) GetJTI(ctx context.Context, encoded string) (string, error) {
	token, err := m.DecodeToken(ctx, encoded)
	if err != nil {
		return "", err
	}
	return token.ID, nil
}

// GetCSRFToken verifies a token by [JWTManager.DecodeToken] and returns its "csrf". A
// token without this claim is an error.
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

// GetUnverifiedJWTHeaders returns the header of a token without verifying it. Anybody
// may have written the header: use it to look up a key, and for nothing else.
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
