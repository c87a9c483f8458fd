package ginjwt

import (
	"context"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Blocklist is where revoked tokens and ended sessions are remembered.
type Blocklist = store.Blocklist

// MemoryBlocklist is a Blocklist in this process's memory: other processes know
// nothing of it, and it is empty after a restart.
type MemoryBlocklist = store.MemoryBlocklist

// RevokeToken adds token to Config.Blocklist until it has expired, with
// Config.DecodeLeeway and a minute for clocks that differ. From then on every
// request with it is refused, on every process that shares the blocklist. A
// store that does not answer is an [ErrUnavailable].
func (m *JWTManager) RevokeToken(ctx context.Context, token *Token) error {
	return m.revokeToken(plain(ctx), token, CauseApplication)
}

func (m *JWTManager) revokeToken(ctx context.Context, token *Token, cause Cause) error {
	if !m.frozen {
		return ErrNotInitialized
	}
	return m.revocations.revoke(ctx, token, cause)
}
