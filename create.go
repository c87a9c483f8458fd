package ginjwt

import (
	"context"
	"errors"
	"time"
)

// CreateAccessToken returns a signed access token for identity, which is a string, an
// integer, an [encoding.TextMarshaler], or a value for the UserIdentityLoader. An empty
// or nil identity is an error that wraps [ErrIdentity]. The token lives for
// Config.AccessTokenExpires, or as [WithExpires] says. ctx may be the *gin.Context; its
// request's context is used.
//
// If Config.DPoP is "accepted" or "demanded", the token is bound to the key of the DPoP proof
// in the request of ctx. In a request that a bound token has let in, it is bound to the key of
// that token. An invalid proof is an [ErrDPoPProof] or [ErrDPoPNonce]; [JWTManager.Refuse]
// responds with 400 (RFC 9449 §5). "demanded" without a request is an error.
func (m *JWTManager) CreateAccessToken(ctx context.Context, identity any, opts ...TokenOption) (string, error) {
	return m.create(ctx, AccessToken, m.config.AccessTokenExpires, identity, opts)
}

// CreateRefreshToken returns a signed refresh token for identity, as in
// [JWTManager.CreateAccessToken]. The token lives for Config.RefreshTokenExpires. A
// refresh token is never fresh: [WithFresh], [WithFreshFor] and
// [WithFreshUntil] return an error.
func (m *JWTManager) CreateRefreshToken(ctx context.Context, identity any, opts ...TokenOption) (string, error) {
	return m.create(ctx, RefreshToken, m.config.RefreshTokenExpires, identity, opts)
}

func (m *JWTManager) create(ctx context.Context, typ TokenType, lifetime time.Duration, identity any, opts []TokenOption) (string, error) {
	if !m.frozen {
		return "", ErrNotInitialized
	}
	spec := m.minter.specOf(opts)
	if err := errors.Join(spec.mustNotBegin(), spec.mustNotRotate()); err != nil {
		return "", err
	}
	if err := m.bindLogin(ctx, &spec); err != nil {
		return "", err
	}
	spec.expires = or(spec.expires, lifetime)
	return m.minter.issue(plain(ctx), typ, identity, &spec)
}
