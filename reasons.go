package ginjwt

import (
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// These are the reasons of refusals. Programs act on them, so a reason is never renamed.
// The prefix says what a client does next: it refreshes for token_… and signature_…, logs
// in for session_…, user_… and fresh_…, and gives up for all others.
const (
	reasonTokenMissing     = "token_missing"       // the request has no token
	reasonTokenEmpty       = "token_empty"         // the header has a scheme but no token
	reasonTokenMalformed   = "token_malformed"     // not a JWT
	reasonTokenUnsupported = "token_unsupported"   // the token header needs an unsupported feature
	reasonSignature        = "signature_invalid"   // no key verifies the token
	reasonTokenTooEarly    = "token_not_yet_valid" // "iat" or "nbf" is in the future
	reasonTokenClaims      = "token_claims_invalid"
	reasonTokenType        = "token_wrong_type" // a refresh token instead of an access token, or the reverse
	reasonTicket           = "ticket_mismatch"  // a ticket for another method, path or query
	reasonTokenExpired     = "token_expired"
	reasonTokenRevoked     = "token_revoked"
	reasonTokenConsumed    = "token_consumed" // a single-use token that was already used

	reasonSessionEnded  = "session_ended"
	reasonSessionReused = "session_reused"
	reasonUser          = "user_not_found"
	reasonFresh         = "fresh_required"

	reasonProofMissing  = "dpop_proof_missing"
	reasonProofInvalid  = "dpop_proof_invalid"
	reasonProofTime     = "dpop_proof_time"     // "iat" is too far from now
	reasonProofReplayed = "dpop_proof_replayed" // the proof was used before
	reasonNonce         = "dpop_nonce_required" // the proof lacks the nonce of the response
	reasonKeyMismatch   = "key_mismatch"        // the proof is of another key than the token
	reasonScheme        = "key_scheme"          // a bound token as Bearer, or another token as DPoP
	reasonNotBound      = "key_missing"         // the route accepts only bound tokens
	reasonConfirmation  = "key_unsupported"     // bound by another method, such as a certificate

	reasonBinding        = "binding_mismatch" // of a purpose token
	reasonScope          = "insufficient_scope"
	reasonVerification   = "verification_failed" // the TokenVerificationLoader returned false
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

// reasonOfClass returns the reason of an invalid token for golang-jwt's error class.
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

// maxReason is the greatest length of an application's own reason.
const maxReason = 64

// isReason reports whether s may be the reason of a refusal: lower case letters, digits
// and underscores. Other characters could break a header or a metric label.
func isReason(s string) bool {
	other := func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	return s != "" && len(s) <= maxReason && !strings.ContainsFunc(s, other)
}
