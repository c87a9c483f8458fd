package ginjwt

import (
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// The reasons of refusals. They are words of the protocol: programs act on them, so
// that none is ever renamed. Their beginnings say what a client does next: it
// refreshes at token_… and signature_…, logs in at session_…, user_… and fresh_…,
// and gives up at all others.
const (
	reasonTokenMissing     = "token_missing"       // the request has no token
	reasonTokenEmpty       = "token_empty"         // the header has its scheme, and no token behind it
	reasonTokenMalformed   = "token_malformed"     // what was sent is no JWT
	reasonTokenUnsupported = "token_unsupported"   // the header asks for what is not supported
	reasonSignature        = "signature_invalid"   // no key verifies the token
	reasonTokenTooEarly    = "token_not_yet_valid" // "iat" or "nbf" is in the future
	reasonTokenClaims      = "token_claims_invalid"
	reasonTokenType        = "token_wrong_type" // access or refresh token, the wrong one
	reasonTicket           = "ticket_mismatch"  // a ticket for another method, path or query
	reasonTokenExpired     = "token_expired"
	reasonTokenRevoked     = "token_revoked"
	reasonTokenConsumed    = "token_consumed" // it is used once, and was

	reasonSessionEnded  = "session_ended"
	reasonSessionReused = "session_reused"
	reasonUser          = "user_not_found"
	reasonFresh         = "fresh_required"

	reasonBinding        = "binding_mismatch" // of a purpose token
	reasonScope          = "insufficient_scope"
	reasonVerification   = "verification_failed" // the TokenVerificationLoader said no
	reasonCSRFMissing    = "csrf_missing"
	reasonCSRFMismatch   = "csrf_mismatch"
	reasonCSRFOrigin     = "csrf_cross_origin"
	reasonMultipleTokens = "multiple_tokens" // in one place
	reasonHeader         = "header_malformed"
	reasonQuery          = "query_malformed"
	reasonIdempotencyKey = "idempotency_key_malformed"
	reasonStore          = "store_unavailable"
	reasonKeys           = "keys_unavailable"
	reasonInternal       = "internal_error"
)

// reasonOfClass returns the reason of an invalid token by golang-jwt's word for what
// is wrong with it.
func reasonOfClass(class error) string {
	switch class {
	case jwt.ErrTokenMalformed:
		return reasonTokenMalformed
	case jwt.ErrTokenUnverifiable:
		return reasonTokenUnsupported
	case jwt.ErrTokenSignatureInvalid:
		return reasonSignature
	case jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenNotValidYet:
		return reasonTokenTooEarly
	}
	return reasonTokenClaims
}

// maxReason bounds the reasons of an application.
const maxReason = 64

// isReason reports whether s may be the reason of a refusal: lower case letters,
// digits and underscores. Others could break a header, or the label of a metric.
func isReason(s string) bool {
	other := func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	return s != "" && len(s) <= maxReason && !strings.ContainsFunc(s, other)
}
