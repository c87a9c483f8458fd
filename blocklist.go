package ginjwt

import (
	"context"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Blocklist stores the IDs of revoked tokens and ended sessions. The comments of its
// methods are the contract for your own implementation; package storetest tests it.
type Blocklist = store.Blocklist

// MemoryBlocklist is a [Blocklist] in the memory of this process. Other processes do not
// see its entries, and it is empty after a restart.
type MemoryBlocklist = store.MemoryBlocklist

// RevokeToken adds token to Config.Blocklist: every process that shares the list refuses
// the token from then on. The entry stays until the token has expired, plus
// Config.DecodeLeeway (or the leeway of its issuer) and one minute for clock skew.
//
// RevokeToken does not end the session of the token; see [JWTManager.EndSessionForToken].
// If the list does not reply, the error is an [ErrUnavailable]. A token without a "jti"
// is an [ErrNoID].
func (m *JWTManager) RevokeToken(ctx context.Context, token *Token) error {
	return m.revokeToken(plain(ctx), token, CauseApplication)
}

func (m *JWTManager) revokeToken(ctx context.Context, token *Token, cause Cause) error {
	if !m.frozen {
		return ErrNotInitialized
	}
	return m.revocations.revoke(ctx, token, cause)
}
