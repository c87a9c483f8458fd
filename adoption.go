package ginjwt

import (
	"strings"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Refresh tokens that were made without a session, by CreateRefreshToken or by
// another library, become one when they are used, as its generation zero.

// canBecomeSession reports whether token is such a token. Only one that ends can
// start a session.
func canBecomeSession(token *Token) bool {
	return token.Type == RefreshToken && token.session() == "" && token.ID != "" &&
		!token.ExpiresAt.IsZero() && isSessionIdentity(token.Identity)
}

// isSessionIdentity reports whether every store can keep an identity.
func isSessionIdentity(s string) bool {
	return s != "" && len(s) <= store.MaxText && !strings.ContainsRune(s, 0)
}

// adoptedID is the ID of the session that a token without one starts.
func adoptedID(realm string, token *Token) string {
	if realm == "" {
		return derivedID("session", token.Identity, token.ID)
	}
	return derivedID("session", realm, token.Identity, token.ID)
}

// wasAdopted reports whether s began with a token without a session.
func wasAdopted(s store.Session) bool { return isDerivedID(s.ID) }
