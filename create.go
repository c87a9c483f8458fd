package ginjwt

import (
	"context"
	"errors"
	"time"
)

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
	if !m.frozen {
		return "", ErrNotInitialized
	}
	spec := m.minter.specOf(opts)
	if err := errors.Join(spec.mustNotBegin(), spec.mustNotRotate()); err != nil {
		return "", err
	}
	spec.expires = or(spec.expires, lifetime)
	return m.minter.issue(plain(ctx), typ, identity, spec)
}
