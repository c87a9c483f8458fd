package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// These are the kinds of refused requests. Test for them with [errors.Is]. The number
// beside each is its status in [FlaskError], the default response.
var (
	ErrNoAuthorization   = errors.New("ginjwt: no token in the request")              // 401
	ErrMultipleTokens    = errors.New("ginjwt: more than one token of the same kind") // 401
	ErrInvalidHeader     = errors.New("ginjwt: malformed header")                     // 422
	ErrInvalidQueryParam = errors.New("ginjwt: malformed query parameter")            // 422
	ErrInvalidToken      = errors.New("ginjwt: token is not valid")                   // 422
	ErrWrongToken        = errors.New("ginjwt: wrong type of token")                  // 422: for example a refresh token on a route for access tokens
	ErrCSRF              = errors.New("ginjwt: CSRF check failed")                    // 401: missing or wrong CSRF value
	ErrExpiredToken      = errors.New("ginjwt: token has expired")                    // 401
	ErrFreshRequired     = errors.New("ginjwt: fresh token required")                 // 401
	ErrRevokedToken      = errors.New("ginjwt: token has been revoked")               // 401
	ErrConsumed          = errors.New("ginjwt: token was used before")                // 401: a purpose token or ticket
	ErrDPoPProof         = errors.New("ginjwt: no valid DPoP proof")                  // 401, 400 at a login
	ErrDPoPNonce         = errors.New("ginjwt: DPoP proof lacks a current nonce")     // 401, 400 at a login
	ErrKeyBinding        = errors.New("ginjwt: token and key do not belong together") // 401: key_mismatch, key_missing, key_scheme, key_unsupported
	ErrNotBound          = errors.New("ginjwt: token is bound to something else")     // 422: a purpose token without the state that it needs
	ErrSessionEnded      = errors.New("ginjwt: session has ended")                    // 401
	ErrSessionReused     = errors.New("ginjwt: refresh token was used before")        // 401: reuse detection has ended the session
	ErrUserLookup        = errors.New("ginjwt: user not found")                       // 401: UserLookupLoader found no user
	ErrVerification      = errors.New("ginjwt: token verification failed")            // 400: TokenVerificationLoader returned false

	// ErrInsufficientScope means that the token is valid, but lacks a scope, role or
	// claim that the route requires.
	ErrInsufficientScope = errors.New("ginjwt: token does not allow this request") // 403

	// ErrUnavailable means that a store did not reply, so the token cannot be
	// checked. If the error of a callback wraps it, or keys.ErrUnavailable, the server
	// responds with 503 instead of 500.
	ErrUnavailable = errors.New("ginjwt: a store did not reply") // 503
	ErrCallback    = errors.New("ginjwt: a callback failed")     // 500
)

// These errors say why a token is not created, revoked or put into a cookie.
var (
	ErrIdentity       = errors.New("ginjwt: identity must be a string or an integer")
	ErrReservedClaim  = errors.New("ginjwt: claim is set by this package")
	ErrRequiredClaim  = errors.New("ginjwt: token lacks a claim of Config.RequiredClaims")
	ErrReservedHeader = errors.New("ginjwt: header parameter is set by this package")
	ErrLifetime       = errors.New("ginjwt: lifetime is out of range")
	ErrTokenTooLarge  = errors.New("ginjwt: token is too large")
	ErrNoSigningKey   = errors.New("ginjwt: no signing key")
	ErrNoSessions     = errors.New("ginjwt: there are no sessions; set Config.Sessions")
	ErrNoID           = errors.New("ginjwt: token has no \"jti\" to revoke it by: the library that makes it must add one")
	ErrNotInitialized = errors.New("ginjwt: InitApp has not been called")
)

// Error is a refused request. It never contains or prints the encoded token.
//
// Reason is in every response, log line and metric. docs/custom-errors.md lists all
// reasons, and says what a client should do next. Your application may set another reason:
// at most 64 lower case letters, digits and underscores.
type Error struct {
	Kind    error  // one of the errors above
	Reason  string // a code for programs that never changes, such as "token_expired"; if empty or invalid, the first reason of Kind
	Status  int    // the HTTP status of the default response
	Message string // what the client may read, in the words of Flask-JWT-Extended
	Token   *Token // in a loader: a verified token that expired or failed a later check; from DecodeToken: an expired token; else nil
	Err     error  // the cause, for logs; may be nil

	Scope  string        // the scopes of the route, separated by spaces, if one is missing
	MaxAge time.Duration // for a missing fresh token: the longest time since the user authenticated; zero means no limit

	nonce      string         // for the next DPoP proof; empty: none
	atLogin    bool           // the refusal of a DPoP proof at a login
	forDPoP    bool           // the challenge has the scheme DPoP
	challenge  string         // set by the route; empty: the challenge of the kind and reason
	parameters string         // which the route adds to the challenge of the kind and reason
	token      *Token         // only for the loader that responds, not for callers
	cookies    []*http.Cookie // for the response, in addition to what the loader writes
	messageKey string         // Config.ErrorMessageKey

	// For the observer.
	location Location      // of the token in the request
	took     time.Duration // duration of the checks
	purpose  string        // of a purpose token
	observed bool          // the observer has received it
}

// Error returns kind, reason and cause, for logs. It leaves out Message, which may
// contain an identity.
func (e *Error) Error() string {
	text := or(e.Kind, ErrCallback).Error() + " (" + e.reason() + ")"
	if e.Err == nil {
		return text
	}
	return text + ": " + e.Err.Error()
}

// Format prints Error for every verb, so that no verb shows Message or Token.
func (e *Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns the kind and the cause, so [errors.Is] finds both: the error of an
// expired token is ErrExpiredToken and golang-jwt's jwt.ErrTokenExpired.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// These are the loaders that respond, as indexes into responders.
const (
	unauthorizedLoader = iota
	invalidTokenLoader
	expiredTokenLoader
	needsFreshTokenLoader
	revokedTokenLoader
	tokenVerificationFailedLoader
	insufficientScopeLoader
	userLookupErrorLoader
	failureLoader // kinds without a loader of their own
	responderCount
)

// answer says how the server responds to one kind of refusal.
type answer struct {
	kind    error
	status  int    // in the default profile
	message string // in the default profile; empty: each error has its own message
	loader  int

	oauthStatus int    // in the profiles of RFC 6750 and RFC 9457
	oauthError  string // RFC 6750 §3.1, RFC 9470 §3; empty if the request had no credentials
	oauthText   string // one description for each kind, so that probing reveals nothing

	reasons []string // all reasons of this kind; an error without a reason gets the first
}

// answers is the one table from kind to response. An error of several kinds gets
// the response of the first of them.
var answers = []answer{
	{ErrUnavailable, 503, "Service unavailable", failureLoader, 503, "temporarily_unavailable", "Service unavailable",
		[]string{reasonStore, reasonKeys}},
	{ErrCallback, 500, "Internal server error", failureLoader, 500, "server_error", "Internal server error",
		[]string{reasonInternal}},
	{ErrInvalidToken, 422, "", invalidTokenLoader, 401, "invalid_token", "The token is not valid",
		[]string{reasonTokenClaims, reasonTokenMalformed, reasonTokenUnsupported, reasonSignature, reasonTokenTooEarly}},
	{ErrWrongToken, 422, "", invalidTokenLoader, 401, "invalid_token", "The token is not valid",
		[]string{reasonTokenType, reasonTicket}},
	{ErrUserLookup, 401, "", userLookupErrorLoader, 401, "invalid_token", "The token is not valid",
		[]string{reasonUser}},
	{ErrExpiredToken, 401, "Token has expired", expiredTokenLoader, 401, "invalid_token", "The token has expired",
		[]string{reasonTokenExpired}},
	{ErrRevokedToken, 401, "Token has been revoked", revokedTokenLoader, 401, "invalid_token", "The token has been revoked",
		[]string{reasonTokenRevoked}},
	{ErrConsumed, 401, "Token has already been used", revokedTokenLoader, 401, "invalid_token", "The token has been used",
		[]string{reasonTokenConsumed}},
	{ErrDPoPProof, 401, "", invalidTokenLoader, 401, "invalid_dpop_proof", "The DPoP proof is missing or not valid",
		[]string{reasonProofInvalid, reasonProofMissing, reasonProofReplayed, reasonProofTime}},
	{ErrDPoPNonce, 401, "The DPoP proof needs the nonce of this response", invalidTokenLoader, 401, "use_dpop_nonce", "The DPoP proof needs the nonce of this response",
		[]string{reasonNonce}},
	{ErrKeyBinding, 401, "", invalidTokenLoader, 401, "invalid_token", "The token is bound to another key, or to none",
		[]string{reasonKeyMismatch, reasonNotBound, reasonScheme, reasonConfirmation}},
	{ErrNotBound, 422, "Token is bound to something else", invalidTokenLoader, 401, "invalid_token", "The token is not valid",
		[]string{reasonBinding}},
	{ErrSessionEnded, 401, "Session has ended", revokedTokenLoader, 401, "invalid_token", "The session has ended",
		[]string{reasonSessionEnded}},
	{ErrSessionReused, 401, "Refresh token has already been used", revokedTokenLoader, 401, "invalid_token", "The session has ended",
		[]string{reasonSessionReused}},
	{ErrFreshRequired, 401, "Fresh token required", needsFreshTokenLoader, 401, "insufficient_user_authentication", "A fresh token is required",
		[]string{reasonFresh}},
	{ErrInsufficientScope, 403, "Insufficient scope", insufficientScopeLoader, 403, "insufficient_scope", "The token does not allow this request",
		[]string{reasonScope}},
	{ErrVerification, 400, "User claims verification failed", tokenVerificationFailedLoader, 403, "insufficient_scope", "The token does not allow this request",
		[]string{reasonVerification}},
	{ErrCSRF, 401, "", unauthorizedLoader, 403, "invalid_request", "The CSRF check failed",
		[]string{reasonCSRFMismatch, reasonCSRFMissing, reasonCSRFOrigin}},
	{ErrMultipleTokens, 401, "", unauthorizedLoader, 400, "invalid_request", "More than one token was sent",
		[]string{reasonMultipleTokens}},
	{ErrInvalidHeader, 422, "", invalidTokenLoader, 400, "invalid_request", "A header of the request is malformed",
		[]string{reasonHeader, reasonTokenEmpty, reasonIdempotencyKey}},
	{ErrInvalidQueryParam, 422, "", invalidTokenLoader, 400, "invalid_request", "The query parameter is malformed",
		[]string{reasonQuery}},
	{ErrNoAuthorization, 401, "", unauthorizedLoader, 401, "", "No token was sent",
		[]string{reasonTokenMissing}},
}

// rowOf returns the row of answers for an error. An error without a kind gets the row of
// ErrCallback.
func rowOf(err error) int {
	if errors.Is(err, keys.ErrUnavailable) {
		return rowOf(ErrUnavailable)
	}
	for i := range answers {
		if errors.Is(err, answers[i].kind) {
			return i
		}
	}
	return rowOf(ErrCallback)
}

// rowOfKind is rowOf for an error that is mostly one of the kinds itself.
func rowOfKind(kind error) int {
	for i := range answers {
		if answers[i].kind == kind {
			return i
		}
	}
	return rowOf(kind)
}

func (e *Error) row() int { return rowOfKind(e.Kind) }

// reason returns Reason. If it is empty or not allowed in a header, it returns the first
// reason of the kind.
func (e *Error) reason() string {
	if isReason(e.Reason) {
		return e.Reason
	}
	return answers[e.row()].reasons[0]
}

// asError returns err as an *Error that the caller may change. It fills empty fields from
// the table. An error without a kind becomes ErrCallback.
func asError(err error) *Error {
	own := new(Error)
	own.take(err)
	return own
}

// take makes own what asError returns.
func (own *Error) take(err error) {
	e, ok := err.(*Error) // a cheap test before errors.AsType
	if !ok {
		if e, ok = errors.AsType[*Error](err); !ok {
			e = refusal(answers[rowOf(err)].kind, err)
		}
	}
	*own = *e
	own.Kind = or(own.Kind, ErrCallback)
	own.Reason = own.reason()
	a := &answers[own.row()]
	if own.Status < http.StatusBadRequest {
		own.Status = a.status
	}
	own.Message = or(own.Message, or(a.message, a.oauthText))
}

// because sets another reason of the same kind, and returns e.
func (e *Error) because(reason string) *Error {
	e.Reason = reason
	return e
}

// refusal returns an error of a kind. Its message is in the table.
func refusal(kind, cause error) *Error {
	a := &answers[rowOfKind(kind)]
	reason := a.reasons[0]
	if reason == reasonStore && errors.Is(cause, keys.ErrUnavailable) {
		reason = reasonKeys
	}
	return &Error{Kind: kind, Reason: reason, Status: a.status, Message: or(a.message, a.oauthText), Err: cause}
}
