package ginjwt

import (
	"strings"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// A refresh token without a session, from CreateRefreshToken or from another library,
// starts a session when it is used: the token is generation zero of the session.

// canBecomeSession reports whether token can start a session. It must have an expiry.
func canBecomeSession(token *Token) bool {
	return token.Type == RefreshToken && token.session() == "" && token.ID != "" &&
		!token.ExpiresAt.IsZero() && isSessionIdentity(token.Identity)
}

// isSessionIdentity reports whether every store can hold the identity.
func isSessionIdentity(s string) bool {
	return s != "" && len(s) <= store.MaxText && !strings.ContainsRune(s, 0)
}

// adoptedID is the ID of the session that a token without a session starts.
func adoptedID(realm string, token *Token) string {
	if realm == "" {
		return derivedID("session", token.Identity, token.ID)
	}
	return derivedID("session", realm, token.Identity, token.ID)
}

// wasAdopted reports whether s began with a token without a session.
func wasAdopted(s store.Session) bool { return isDerivedID(s.ID) }
