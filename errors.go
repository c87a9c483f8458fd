package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Why a request is refused. Test with [errors.Is]; the status is that of
// [FlaskError], the default response.
var (
	ErrNoAuthorization   = errors.New("ginjwt: no token in the request")              // 401
	ErrMultipleTokens    = errors.New("ginjwt: more than one token of the same kind") // 401
	ErrInvalidHeader     = errors.New("ginjwt: malformed header")                     // 422
	ErrInvalidQueryParam = errors.New("ginjwt: malformed query parameter")            // 422
	ErrInvalidToken      = errors.New("ginjwt: token is not valid")                   // 422
	ErrWrongToken        = errors.New("ginjwt: wrong type of token")                  // 422
	ErrCSRF              = errors.New("ginjwt: CSRF check failed")                    // 401
	ErrExpiredToken      = errors.New("ginjwt: token has expired")                    // 401
	ErrFreshRequired     = errors.New("ginjwt: fresh token required")                 // 401
	ErrRevokedToken      = errors.New("ginjwt: token has been revoked")               // 401
	ErrConsumed          = errors.New("ginjwt: token was used before")                // 401
	ErrNotBound          = errors.New("ginjwt: token is bound to something else")     // 422
	ErrSessionEnded      = errors.New("ginjwt: session has ended")                    // 401
	ErrSessionReused     = errors.New("ginjwt: refresh token was used before")        // 401
	ErrUserLookup        = errors.New("ginjwt: user not found")                       // 401
	ErrVerification      = errors.New("ginjwt: token verification failed")            // 400

	// ErrInsufficientScope means that the token is good, but lacks a scope, role
	// or claim that the route asks for.
	ErrInsufficientScope = errors.New("ginjwt: token does not allow this request") // 403

	// ErrUnavailable means that a store could not answer, so that nobody knows
	// whether the token is good. Callbacks may wrap it, or keys.ErrUnavailable, to
	// answer 503, not 500.
	ErrUnavailable = errors.New("ginjwt: a store could not answer") // 503
	ErrCallback    = errors.New("ginjwt: a callback failed")        // 500
)

// Why a token is not created, revoked or put in a cookie.
var (
	ErrIdentity       = errors.New("ginjwt: identity is no text and no integer")
	ErrReservedClaim  = errors.New("ginjwt: claim is set by this package")
	ErrRequiredClaim  = errors.New("ginjwt: token lacks a claim of Config.RequiredClaims")
	ErrReservedHeader = errors.New("ginjwt: header parameter is set by this package")
	ErrLifetime       = errors.New("ginjwt: lifetime must be at least a second, or NeverExpires")
	ErrTokenTooLarge  = errors.New("ginjwt: token is too large")
	ErrNoSigningKey   = errors.New("ginjwt: no signing key")
	ErrNoSessions     = errors.New("ginjwt: there are no sessions; set Config.Sessions")
	ErrNoID           = errors.New("ginjwt: token has no \"jti\" to revoke it by: the library that makes it must add one")
	ErrNotInitialized = errors.New("ginjwt: InitApp has not been called")
)

// Error is a refused request. It never holds, nor prints, the encoded token.
//
// Reason is in every response, in logs and metrics. docs/custom-errors.md lists all,
// and says what a client does next. An application may have reasons of its own, of
// lower case letters, digits and underscores, 64 at the most.
type Error struct {
	Kind    error  // one of the errors above
	Reason  string // a word for programs that stays, such as "token_expired"; if it is none, that of Kind
	Status  int    // the HTTP status of the default response
	Message string // what the client may read; the original's words
	Token   *Token // in a loader, the token that failed a check after decoding, or expired; of DecodeToken, one that expired; else nil
	Err     error  // the cause, for logs; may be nil

	Scope  string        // the scopes that the route asks for, with blanks between them, if one is missing
	MaxAge time.Duration // how long ago the user may have authenticated, if a fresh token is missing; zero: not limited

	challenge  string         // that of the route; empty: the one of the kind and the reason
	parameters string         // that the route adds to the challenge of the kind and the reason
	token      *Token         // kept from callers, given to the loader that answers
	cookies    []*http.Cookie // to put in the response, whatever the loader writes
	messageKey string         // Config.ErrorMessageKey

	// For the observer.
	location Location      // where the token was
	took     time.Duration // the checks
	purpose  string        // of a purpose token
	observed bool          // it has been told
}

// Error returns kind, reason and cause, for logs. It leaves out Message, which may
// hold an identity.
func (e *Error) Error() string {
	text := or(e.Kind, ErrCallback).Error() + " (" + e.reason() + ")"
	if e.Err == nil {
		return text
	}
	return text + ": " + e.Err.Error()
}

// Format prints Error whatever the verb, so that none shows Message or Token.
func (e *Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap lets [errors.Is] find both the kind and the cause: an expired token
// is ErrExpiredToken and golang-jwt's jwt.ErrTokenExpired.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// The loaders that respond, as indexes into responders.
const (
	unauthorizedLoader = iota
	invalidTokenLoader
	expiredTokenLoader
	needsFreshTokenLoader
	revokedTokenLoader
	tokenVerificationFailedLoader
	insufficientScopeLoader
	userLookupErrorLoader
	failureLoader // has no loader of its own
	responderCount
)

// answer says how refusals of one kind are answered.
type answer struct {
	kind    error
	status  int    // in the default profile
	message string // in the default profile; empty: each error has its own
	loader  int

	oauthStatus int    // in the profiles of RFC 6750 and RFC 9457
	oauthError  string // RFC 6750 §3.1, RFC 9470 §3; empty: no credentials were sent
	oauthText   string // one text a kind, so that it tells nothing to someone who probes

	reasons []string // all that refusals of this kind have; the first is that of an error without
}

// answers is the one table from kind to response. An error that is of several
// kinds is answered as the first of them.
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

// rowOf returns the row of answers for an error of one or more kinds; that of
// ErrCallback for all others.
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

func (e *Error) row() int {
	for i := range answers {
		if answers[i].kind == e.Kind {
			return i
		}
	}
	return rowOf(e.Kind)
}

// reason returns Reason, or that of the kind where the application gave none that
// may stand in a header.
func (e *Error) reason() string {
	if isReason(e.Reason) {
		return e.Reason
	}
	return answers[e.row()].reasons[0]
}

// asError returns err as an *Error that the caller may change, with what it
// lacks from the table. An error that is none of the kinds is a failure.
func asError(err error) *Error {
	e, ok := err.(*Error) // what errors.AsType would find, for less
	if !ok {
		if e, ok = errors.AsType[*Error](err); !ok {
			return refusal(answers[rowOf(err)].kind, err)
		}
	}
	own := *e
	own.Kind = or(own.Kind, ErrCallback)
	own.Reason = own.reason()
	a := answers[own.row()]
	if own.Status < http.StatusBadRequest {
		own.Status = a.status
	}
	own.Message = or(own.Message, or(a.message, a.oauthText))
	return &own
}

// because returns e with another reason of its kind.
func (e *Error) because(reason string) *Error {
	e.Reason = reason
	return e
}

// refusal returns an error of a kind whose message is in the table.
func refusal(kind, cause error) *Error {
	a := answers[rowOf(kind)]
	reason := a.reasons[0]
	if reason == reasonStore && errors.Is(cause, keys.ErrUnavailable) {
		reason = reasonKeys
	}
	return &Error{Kind: kind, Reason: reason, Status: a.status, Message: or(a.message, a.oauthText), Err: cause}
}
