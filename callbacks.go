package ginjwt

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gin-gonic/gin"
)

// callbacks are the loaders. One that is nil was not registered.
type callbacks struct {
	additionalClaims  func(ctx context.Context, identity any) (Claims, error)
	additionalHeaders func(ctx context.Context, identity any) (Header, error)
	encodeKey         func(ctx context.Context, identity any) (Key, error)
	decodeKey         func(ctx context.Context, unverified *Token) (Key, error)
	userIdentity      func(ctx context.Context, user any) (string, error)
	userLookup        func(ctx context.Context, token *Token) (any, error)
	tokenInBlocklist  func(ctx context.Context, token *Token) (bool, error)
	tokenVerification func(ctx context.Context, token *Token) (bool, error)

	onReuse func(ctx context.Context, s Session, token *Token)

	responders [responderCount]ErrorHandler
}

// Callbacks that decide. A non-nil error is a failure: the request is answered
// 500, or 503 if the error wraps [ErrUnavailable]. The verdict is the other
// result. All callbacks must be safe for concurrent use, and are registered
// before InitApp; registering one later, or a nil one, panics.

// AdditionalClaimsLoader adds claims to every new token. It is given what was
// passed to CreateAccessToken or CreateRefreshToken. WithClaims wins over it.
func (m *JWTManager) AdditionalClaimsLoader(fn func(ctx context.Context, identity any) (Claims, error)) {
	m.register("AdditionalClaimsLoader", fn)
	m.additionalClaims = fn
}

// AdditionalHeadersLoader adds header parameters to every new token.
// WithHeaders wins over it.
func (m *JWTManager) AdditionalHeadersLoader(fn func(ctx context.Context, identity any) (Header, error)) {
	m.register("AdditionalHeadersLoader", fn)
	m.additionalHeaders = fn
}

// EncodeKeyLoader chooses the key that signs a new token, in place of those in
// the settings.
func (m *JWTManager) EncodeKeyLoader(fn func(ctx context.Context, identity any) (Key, error)) {
	m.register("EncodeKeyLoader", fn)
	m.encodeKey = fn
}

// DecodeKeyLoader chooses the key that verifies a token, in place of those in
// the settings. Nothing in the token it is given can be trusted: use it to
// look up a key, and for nothing else. A zero Key, or an error that wraps
// [ErrInvalidToken], means that there is none; the token is refused.
func (m *JWTManager) DecodeKeyLoader(fn func(ctx context.Context, unverified *Token) (Key, error)) {
	m.register("DecodeKeyLoader", fn)
	m.decodeKey = fn
}

// UserIdentityLoader turns what is passed to CreateAccessToken or
// CreateRefreshToken, such as a user, into the identity in the token.
func (m *JWTManager) UserIdentityLoader(fn func(ctx context.Context, user any) (string, error)) {
	m.register("UserIdentityLoader", fn)
	m.userIdentity = fn
}

// UserLookupLoader loads the user of a verified token for GetCurrentUser. Nil,
// or a nil pointer, means that there is no such user; the request is refused
// with [ErrUserLookup].
func (m *JWTManager) UserLookupLoader(fn func(ctx context.Context, token *Token) (any, error)) {
	m.register("UserLookupLoader", fn)
	m.userLookup = fn
}

// TokenInBlocklistLoader reports whether a token was revoked. It is asked
// after Config.Blocklist. An error is answered 503: who cannot know does not
// let pass.
func (m *JWTManager) TokenInBlocklistLoader(fn func(ctx context.Context, token *Token) (bool, error)) {
	m.register("TokenInBlocklistLoader", fn)
	m.tokenInBlocklist = fn
}

// TokenVerificationLoader checks a token further, usually its claims. False
// refuses the request with [ErrVerification].
func (m *JWTManager) TokenVerificationLoader(fn func(ctx context.Context, token *Token) (bool, error)) {
	m.register("TokenVerificationLoader", fn)
	m.tokenVerification = fn
}

// OnReuse is told of a refresh token that was used before: it was copied, and
// one of two holders is a thief. The session has ended already. Warn its user;
// fn runs before the response, so it should hand longer work on. It may be
// told twice of one token.
func (m *JWTManager) OnReuse(fn func(ctx context.Context, s Session, token *Token)) {
	m.register("OnReuse", fn)
	m.onReuse = fn
}

// Callbacks that respond.

// An ErrorHandler writes the response to a refused request. The chain is
// already aborted when it runs. A handler that writes nothing gets the default
// response. Every response with status 401 gets a WWW-Authenticate header
// (RFC 9110 §15.5.2), unless the handler sets one; so does one with status 403
// to [ErrInsufficientScope] (RFC 6750 §3.1).
type ErrorHandler func(c *gin.Context, err *Error)

// ExpiredTokenLoader responds to [ErrExpiredToken].
func (m *JWTManager) ExpiredTokenLoader(fn ErrorHandler) {
	m.respond("ExpiredTokenLoader", expiredTokenLoader, fn)
}

// InvalidTokenLoader responds to [ErrInvalidToken], [ErrInvalidHeader],
// [ErrInvalidQueryParam] and [ErrWrongToken].
func (m *JWTManager) InvalidTokenLoader(fn ErrorHandler) {
	m.respond("InvalidTokenLoader", invalidTokenLoader, fn)
}

// NeedsFreshTokenLoader responds to [ErrFreshRequired].
func (m *JWTManager) NeedsFreshTokenLoader(fn ErrorHandler) {
	m.respond("NeedsFreshTokenLoader", needsFreshTokenLoader, fn)
}

// RevokedTokenLoader responds to [ErrRevokedToken], [ErrSessionEnded] and
// [ErrSessionReused].
func (m *JWTManager) RevokedTokenLoader(fn ErrorHandler) {
	m.respond("RevokedTokenLoader", revokedTokenLoader, fn)
}

// TokenVerificationFailedLoader responds to [ErrVerification].
func (m *JWTManager) TokenVerificationFailedLoader(fn ErrorHandler) {
	m.respond("TokenVerificationFailedLoader", tokenVerificationFailedLoader, fn)
}

// InsufficientScopeLoader responds to [ErrInsufficientScope].
func (m *JWTManager) InsufficientScopeLoader(fn ErrorHandler) {
	m.respond("InsufficientScopeLoader", insufficientScopeLoader, fn)
}

// UnauthorizedLoader responds to [ErrNoAuthorization], [ErrAmbiguous] and
// [ErrCSRF].
func (m *JWTManager) UnauthorizedLoader(fn ErrorHandler) {
	m.respond("UnauthorizedLoader", unauthorizedLoader, fn)
}

// UserLookupErrorLoader responds to [ErrUserLookup].
func (m *JWTManager) UserLookupErrorLoader(fn ErrorHandler) {
	m.respond("UserLookupErrorLoader", userLookupErrorLoader, fn)
}

// ErrorLoader responds to every refusal that has no loader of its own, and to
// failures: [ErrUnavailable] and [ErrCallback]. Give it [BearerError] or
// [ProblemError] to change the profile of all responses.
func (m *JWTManager) ErrorLoader(fn ErrorHandler) {
	m.respond("ErrorLoader", failureLoader, fn)
}

func (m *JWTManager) respond(name string, loader int, fn ErrorHandler) {
	m.register(name, fn)
	m.responders[loader] = fn
}

// register panics on mistakes that no program should start with.
func (m *JWTManager) register(name string, fn any) {
	if m.ready {
		panic("ginjwt: " + name + " must be called before InitApp")
	}
	if reflect.ValueOf(fn).IsNil() {
		panic("ginjwt: " + name + ": the function is nil")
	}
}

// responder returns the loader for an error, which is FlaskError if none was
// registered.
func (m *JWTManager) responder(err *Error) ErrorHandler {
	if fn := m.responders[answers[err.row()].loader]; fn != nil {
		return fn
	}
	if fn := m.responders[failureLoader]; fn != nil {
		return fn
	}
	return FlaskError
}

// checkVerification asks the TokenVerificationLoader.
func (m *JWTManager) checkVerification(ctx context.Context, token *Token) error {
	if m.tokenVerification == nil {
		return nil
	}
	passed, err := m.tokenVerification(ctx, token)
	switch {
	case err != nil:
		return failure(err).about(token)
	case !passed:
		return refusal(ErrVerification, nil).about(token)
	}
	return nil
}

// loadUser asks the UserLookupLoader.
func (m *JWTManager) loadUser(ctx context.Context, token *Token) (any, error) {
	if m.userLookup == nil {
		return nil, nil
	}
	user, err := m.userLookup(ctx, token)
	if err != nil {
		return nil, failure(err).about(token)
	}
	if isNil(user) {
		notFound := refusal(ErrUserLookup, nil)
		notFound.Message = "Error loading the user " + token.pythonIdentity()
		return nil, notFound.about(token)
	}
	return user, nil
}

// pythonIdentity is the identity as the original writes it in a message.
func (t *Token) pythonIdentity() string {
	switch t.read().payload.identityJSON.kind() {
	case 'n':
		return "None"
	case 't':
		return "True"
	case 'f':
		return "False"
	}
	return t.Identity
}

// FlaskError answers as Flask-JWT-Extended does: {"msg": "…"} with its status.
// It is the default.
func FlaskError(c *gin.Context, err *Error) {
	body := append(make([]byte, 0, 128), '{')
	body = appendASCII(body, or(err.messageKey, "msg"))
	body = appendASCII(append(body, ':'), err.Message)
	body = append(body, "}\n"...)
	header := c.Writer.Header()
	if len(header["Content-Type"]) == 0 {
		header["Content-Type"] = []string{"application/json"}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.Status(err.Status)
	if _, failed := c.Writer.Write(body); failed != nil {
		_ = c.Error(failed) // the client is gone
	}
}

// appendASCII appends s as a JSON string in ASCII, as Flask writes them.
func appendASCII(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	const short, long = "\"\\\b\f\n\r\t", `"\bfnrt`
	b = append(b, '"')
	for _, r := range s {
		i := strings.IndexRune(short, r)
		switch {
		case i >= 0:
			b = append(b, '\\', long[i])
		case ' ' <= r && r < 0x7f:
			b = append(b, byte(r))
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				b = append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
			}
		}
	}
	return append(b, '"')
}

// BearerError answers as RFC 6750 §3.1 says, with the codes of RFC 9470 and
// RFC 6749 where it has none: 400, 401 or 403 and
// {"error": "…", "error_description": "…"}. The description is the same for
// all errors of a kind. Where no token was sent there is no error, and {}.
func BearerError(c *gin.Context, err *Error) {
	a := answers[err.row()]
	body := gin.H{}
	if a.oauthError != "" {
		body["error"], body["error_description"] = a.oauthError, a.oauthText
	}
	c.JSON(a.oauthStatus, body)
}

// ProblemError answers as RFC 9457 says, with the statuses of [BearerError]
// and its code in the member "error".
func ProblemError(c *gin.Context, err *Error) {
	a := answers[err.row()]
	body := gin.H{
		"type": "about:blank", "title": http.StatusText(a.oauthStatus),
		"status": a.oauthStatus, "detail": a.oauthText,
	}
	if a.oauthError != "" {
		body["error"] = a.oauthError
	}
	c.Header("Content-Type", "application/problem+json")
	c.JSON(a.oauthStatus, body)
}

// challengesOf returns the WWW-Authenticate header for every row of answers:
// fixed texts, so that nothing of a request gets into them.
func challengesOf(scheme string) []string {
	challenges := make([]string, len(answers))
	for i, a := range answers {
		challenges[i] = scheme + ` realm="api"`
		if a.oauthError != "" {
			challenges[i] += fmt.Sprintf(", error=%q, error_description=%q", a.oauthError, a.oauthText)
		}
	}
	return challenges
}
