package ginjwt

import "context"

// A DecodeOption changes how [JWTManager.DecodeToken] checks a token.
type DecodeOption func(*decodeSpec)

// AllowExpired accepts a token that has expired: "exp" is not checked. The token then
// proves for whom it was created, but not that this user may still log in.
//
// Do not exchange such a token for a new token. [JWTManager.DecodeToken] does not ask
// the blocklist. It does not help to ask the blocklist yourself: the blocklist may
// forget a revoked token once the token has expired. So a thief could exchange a
// revoked token for a new one. To keep users logged in, use
// [JWTManager.CreateTokenPair] and [JWTManager.RefreshHandler].
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
// type or the freshness. It does not check whether the token was revoked: it asks no
// blocklist, no sessions and no TokenInBlocklistLoader. It checks no DPoP proof. To decide
// whether a token gives access, use [JWTManager.VerifyToken], which makes all checks of
// JWTRequired.
//
// The only callbacks that it calls are the DecodeKeyLoader, Config.IssuerResolver and
// [Issuer].Identity. The error is an [*Error]. If the token has expired but is
// otherwise valid, the error is an [ErrExpiredToken], and Error.Token is the token: see
// [AllowExpired] for what you must not do with it. DecodeToken is safe for concurrent
// use.
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

// GetJTI verifies a token by [JWTManager.DecodeToken] and returns its "jti". It returns
// "" for a token without "jti".
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
