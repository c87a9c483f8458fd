package ginjwt

import "strings"

// Refresh tokens that were made without a session, by CreateRefreshToken or by
// another library, become one when they are used, as its generation zero.

// canBecomeSession reports whether token is such a token. Only one that ends can
// start a session.
func canBecomeSession(token *Token) bool {
	return token.Type == RefreshToken && token.SessionID == "" && token.ID != "" &&
		!token.ExpiresAt.IsZero() && isSessionIdentity(token.Identity)
}

// maxSessionText is the length in bytes that identities and devices may have.
const maxSessionText = 255

// isSessionIdentity reports whether every store can keep an identity.
func isSessionIdentity(s string) bool {
	return s != "" && len(s) <= maxSessionText && !strings.ContainsRune(s, 0)
}

func ownSessionID(token *Token) string {
	return derivedUUID("session", token.Identity, token.ID)
}
