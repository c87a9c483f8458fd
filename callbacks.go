package ginjwt

import (
	"context"
	"reflect"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// callbacks are the loaders, which are registered by methods of the JWTManager
// that they are embedded in. One that is nil was not registered.
type callbacks struct {
	frozen bool // InitApp has been called

	additionalClaims  func(ctx context.Context, identity any) (Claims, error)
	additionalHeaders func(ctx context.Context, identity any) (Header, error)
	encodeKey         func(ctx context.Context, identity any) (keys.Key, error)
	decodeKey         func(ctx context.Context, unverified *Token) (keys.Key, error)
	userIdentity      func(ctx context.Context, user any) (string, error)
	userLookup        func(ctx context.Context, token *Token) (any, error)
	tokenInBlocklist  func(ctx context.Context, token *Token) (bool, error)
	tokenVerification func(ctx context.Context, token *Token) (bool, error)

	onReuse func(ctx context.Context, s store.Session, token *Token)

	responders responders
}

// Callbacks that decide. A non-nil error is a failure: the request is answered
// 500, or 503 if the error wraps [ErrUnavailable]. The verdict is the other
// result. All callbacks must be safe for concurrent use, and are registered
// before InitApp; registering one later, or a nil one, panics.

// AdditionalClaimsLoader adds claims to every new token. WithClaims wins over it.
//
// It is given what was passed to CreateAccessToken or CreateRefreshToken. For the
// tokens of a session it is given the same kind of value at the login and at every
// refresh: what UserLookupLoader returns, or without that loader the identity as
// text. CreateTokenPair refuses a value that would be another kind at the refresh,
// and InitApp a UserIdentityLoader without a UserLookupLoader. The same holds for
// AdditionalHeadersLoader and EncodeKeyLoader.
func (m *callbacks) AdditionalClaimsLoader(fn func(ctx context.Context, identity any) (Claims, error)) {
	m.register("AdditionalClaimsLoader", fn)
	m.additionalClaims = fn
}

// AdditionalHeadersLoader adds header parameters to every new token.
// WithHeaders wins over it.
func (m *callbacks) AdditionalHeadersLoader(fn func(ctx context.Context, identity any) (Header, error)) {
	m.register("AdditionalHeadersLoader", fn)
	m.additionalHeaders = fn
}

// EncodeKeyLoader chooses the key that signs a new token, in place of those in
// the settings.
func (m *callbacks) EncodeKeyLoader(fn func(ctx context.Context, identity any) (keys.Key, error)) {
	m.register("EncodeKeyLoader", fn)
	m.encodeKey = fn
}

// DecodeKeyLoader chooses the key that verifies a token, in place of those in
// the settings. Nothing in the token it is given can be trusted: use it to
// look up a key, and for nothing else. A zero keys.Key, or an error that wraps
// [ErrInvalidToken], means that there is none; the token is refused. The Type of a
// purpose token or a ticket is that of an access token here, as their keys are the same.
func (m *callbacks) DecodeKeyLoader(fn func(ctx context.Context, unverified *Token) (keys.Key, error)) {
	m.register("DecodeKeyLoader", fn)
	m.decodeKey = fn
}

// UserIdentityLoader turns what is passed to CreateAccessToken or
// CreateRefreshToken, such as a user, into the identity in the token.
func (m *callbacks) UserIdentityLoader(fn func(ctx context.Context, user any) (string, error)) {
	m.register("UserIdentityLoader", fn)
	m.userIdentity = fn
}

// UserLookupLoader loads the user of a verified token for GetCurrentUser. Nil,
// or a nil pointer, means that there is no such user; the request is refused
// with [ErrUserLookup].
func (m *callbacks) UserLookupLoader(fn func(ctx context.Context, token *Token) (any, error)) {
	m.register("UserLookupLoader", fn)
	m.userLookup = fn
}

// TokenInBlocklistLoader reports whether a token was revoked. It is asked
// after Config.Blocklist. An error is answered 503: who cannot know does not
// let pass.
func (m *callbacks) TokenInBlocklistLoader(fn func(ctx context.Context, token *Token) (bool, error)) {
	m.register("TokenInBlocklistLoader", fn)
	m.tokenInBlocklist = fn
}

// TokenVerificationLoader checks a token further, usually its claims. False
// refuses the request with [ErrVerification].
func (m *callbacks) TokenVerificationLoader(fn func(ctx context.Context, token *Token) (bool, error)) {
	m.register("TokenVerificationLoader", fn)
	m.tokenVerification = fn
}

// OnReuse is told of a refresh token that was used before: it was copied, and
// one of two holders is a thief. The session has ended already. Warn its user;
// fn runs before the response, so it should hand longer work on. Of many requests
// with one token one tells it; if the store fails at this very step, each does.
func (m *callbacks) OnReuse(fn func(ctx context.Context, s store.Session, token *Token)) {
	m.register("OnReuse", fn)
	m.onReuse = fn
}

// Callbacks that respond.

// ExpiredTokenLoader responds to [ErrExpiredToken].
func (m *callbacks) ExpiredTokenLoader(fn ErrorHandler) {
	m.respond("ExpiredTokenLoader", expiredTokenLoader, fn)
}

// InvalidTokenLoader responds to [ErrInvalidToken], [ErrInvalidHeader],
// [ErrInvalidQueryParam] and [ErrWrongToken].
func (m *callbacks) InvalidTokenLoader(fn ErrorHandler) {
	m.respond("InvalidTokenLoader", invalidTokenLoader, fn)
}

// NeedsFreshTokenLoader responds to [ErrFreshRequired].
func (m *callbacks) NeedsFreshTokenLoader(fn ErrorHandler) {
	m.respond("NeedsFreshTokenLoader", needsFreshTokenLoader, fn)
}

// RevokedTokenLoader responds to [ErrRevokedToken], [ErrSessionEnded] and
// [ErrSessionReused].
func (m *callbacks) RevokedTokenLoader(fn ErrorHandler) {
	m.respond("RevokedTokenLoader", revokedTokenLoader, fn)
}

// TokenVerificationFailedLoader responds to [ErrVerification].
func (m *callbacks) TokenVerificationFailedLoader(fn ErrorHandler) {
	m.respond("TokenVerificationFailedLoader", tokenVerificationFailedLoader, fn)
}

// InsufficientScopeLoader responds to [ErrInsufficientScope].
func (m *callbacks) InsufficientScopeLoader(fn ErrorHandler) {
	m.respond("InsufficientScopeLoader", insufficientScopeLoader, fn)
}

// UnauthorizedLoader responds to [ErrNoAuthorization], [ErrMultipleTokens] and
// [ErrCSRF].
func (m *callbacks) UnauthorizedLoader(fn ErrorHandler) {
	m.respond("UnauthorizedLoader", unauthorizedLoader, fn)
}

// UserLookupErrorLoader responds to [ErrUserLookup].
func (m *callbacks) UserLookupErrorLoader(fn ErrorHandler) {
	m.respond("UserLookupErrorLoader", userLookupErrorLoader, fn)
}

// ErrorLoader responds to every refusal that has no loader of its own, and to
// failures: [ErrUnavailable] and [ErrCallback]. It wins over Config.ErrorProfile.
func (m *callbacks) ErrorLoader(fn ErrorHandler) {
	m.respond("ErrorLoader", failureLoader, fn)
}

func (m *callbacks) respond(name string, loader int, fn ErrorHandler) {
	m.register(name, fn)
	m.responders[loader] = fn
}

// register panics on mistakes that no program should start with.
func (m *callbacks) register(name string, fn any) {
	if m.frozen {
		panic("ginjwt: " + name + " must be called before InitApp")
	}
	if reflect.ValueOf(fn).IsNil() {
		panic("ginjwt: " + name + ": the function is nil")
	}
}

// validate reports loaders that would fail when the tokens of a session are refreshed,
// long after the program has started.
func (m *callbacks) validate(p *problems) {
	if m.userIdentity != nil && m.userLookup == nil && m.takeUsers() {
		p.add("UserLookupLoader", "is missing: with Sessions it loads the user again at every refresh. "+
			"AdditionalClaimsLoader, AdditionalHeadersLoader and EncodeKeyLoader are given a user at the login, as there is a UserIdentityLoader, and would be given text then")
	}
}

// takeUsers reports whether a loader is given the user whose token is made.
func (m *callbacks) takeUsers() bool {
	return m.additionalClaims != nil || m.additionalHeaders != nil || m.encodeKey != nil
}

// checkVerification asks the TokenVerificationLoader.
func (m *callbacks) checkVerification(ctx context.Context, token *Token) error {
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
func (m *callbacks) loadUser(ctx context.Context, token *Token) (any, error) {
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
	switch t.read().payload.identityJSON.Kind() {
	case 'n':
		return "None"
	case 't':
		return "True"
	case 'f':
		return "False"
	}
	return t.Identity
}
