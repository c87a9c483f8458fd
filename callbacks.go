package ginjwt

import (
	"context"
	"reflect"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// callbacks holds the loaders. JWTManager embeds it, and so has its methods. A
// nil function was not registered.
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

// Callbacks that decide. The first result is the decision. A non-nil error is a
// failure: the response is 500, or 503 if the error wraps [ErrUnavailable]. All
// callbacks must be safe for concurrent use. Register them before InitApp:
// registering later, or registering nil, panics.

// AdditionalClaimsLoader adds claims to every new token. If WithClaims sets the same
// claim, WithClaims wins.
//
// fn receives the value that was passed to CreateAccessToken or CreateRefreshToken. For
// the tokens of a session, fn receives the same kind of value at the login and at every
// refresh. This is the user from UserLookupLoader or, without that loader, the identity
// as a string. So CreateTokenPair refuses a value that would have another type at the
// refresh. With Sessions and a UserIdentityLoader, InitApp therefore demands a
// UserLookupLoader. The same applies to AdditionalHeadersLoader and EncodeKeyLoader.
func (m *callbacks) AdditionalClaimsLoader(fn func(ctx context.Context, identity any) (Claims, error)) {
	m.register("AdditionalClaimsLoader", fn)
	m.additionalClaims = fn
}

// AdditionalHeadersLoader adds header parameters to every new token. If
// WithHeaders sets the same parameter, WithHeaders wins.
func (m *callbacks) AdditionalHeadersLoader(fn func(ctx context.Context, identity any) (Header, error)) {
	m.register("AdditionalHeadersLoader", fn)
	m.additionalHeaders = fn
}

// EncodeKeyLoader chooses the key that signs a new token, instead of the keys
// in the settings.
func (m *callbacks) EncodeKeyLoader(fn func(ctx context.Context, identity any) (keys.Key, error)) {
	m.register("EncodeKeyLoader", fn)
	m.encodeKey = fn
}

// DecodeKeyLoader chooses the key that verifies a token, instead of the keys in the
// settings. The token in the argument is not verified: use it only to look up a key. If
// fn returns a zero keys.Key, or an error that wraps [ErrInvalidToken], there is no
// key, and the token is refused. Purpose tokens and tickets use the keys for access
// tokens, so fn gets them with the Type of an access token.
func (m *callbacks) DecodeKeyLoader(fn func(ctx context.Context, unverified *Token) (keys.Key, error)) {
	m.register("DecodeKeyLoader", fn)
	m.decodeKey = fn
}

// UserIdentityLoader converts the value that is passed to CreateAccessToken or
// CreateRefreshToken, such as a user, to the identity in the token.
func (m *callbacks) UserIdentityLoader(fn func(ctx context.Context, user any) (string, error)) {
	m.register("UserIdentityLoader", fn)
	m.userIdentity = fn
}

// UserLookupLoader loads the user of a verified token, for GetCurrentUser. If
// fn returns nil or a nil pointer, the user does not exist, and the request is
// refused with [ErrUserLookup].
func (m *callbacks) UserLookupLoader(fn func(ctx context.Context, token *Token) (any, error)) {
	m.register("UserLookupLoader", fn)
	m.userLookup = fn
}

// TokenInBlocklistLoader reports whether a token was revoked. The manager calls fn
// after it has asked Config.Blocklist. If fn returns an error, the request is refused
// with status 503.
func (m *callbacks) TokenInBlocklistLoader(fn func(ctx context.Context, token *Token) (bool, error)) {
	m.register("TokenInBlocklistLoader", fn)
	m.tokenInBlocklist = fn
}

// TokenVerificationLoader adds your own check of a token, usually of its
// claims. If fn returns false, the request is refused with [ErrVerification].
func (m *callbacks) TokenVerificationLoader(fn func(ctx context.Context, token *Token) (bool, error)) {
	m.register("TokenVerificationLoader", fn)
	m.tokenVerification = fn
}

// OnReuse is called when reuse detection refuses a refresh token that was used before.
// Two clients have the token, and one of them is probably a thief. The session has
// already ended. Use fn to warn the user. fn runs before the response, so start longer
// work in the background.
//
// If several requests send the token, fn is called for one of them. If the store fails
// at this step, fn is called for each of them.
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
// [ErrInvalidQueryParam], [ErrWrongToken] and [ErrNotBound].
func (m *callbacks) InvalidTokenLoader(fn ErrorHandler) {
	m.respond("InvalidTokenLoader", invalidTokenLoader, fn)
}

// NeedsFreshTokenLoader responds to [ErrFreshRequired].
func (m *callbacks) NeedsFreshTokenLoader(fn ErrorHandler) {
	m.respond("NeedsFreshTokenLoader", needsFreshTokenLoader, fn)
}

// RevokedTokenLoader responds to [ErrRevokedToken], [ErrConsumed], [ErrSessionEnded]
// and [ErrSessionReused].
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

// ErrorLoader responds to every refusal without its own loader, and to
// failures: [ErrUnavailable] and [ErrCallback]. ErrorLoader takes precedence over
// Config.ErrorProfile.
func (m *callbacks) ErrorLoader(fn ErrorHandler) {
	m.respond("ErrorLoader", failureLoader, fn)
}

func (m *callbacks) respond(name string, loader int, fn ErrorHandler) {
	m.register(name, fn)
	m.responders[loader] = fn
}

// register panics on mistakes that must stop the program at startup.
func (m *callbacks) register(name string, fn any) {
	if m.frozen {
		panic("ginjwt: " + name + " must be called before InitApp")
	}
	if reflect.ValueOf(fn).IsNil() {
		panic("ginjwt: " + name + ": the function is nil")
	}
}

// validate reports loaders that would fail later, when the tokens of a session
// are refreshed.
func (m *callbacks) validate(p *problems) {
	if m.userIdentity != nil && m.userLookup == nil && m.takeUsers() {
		p.add("UserLookupLoader", "is missing: with Sessions and a UserIdentityLoader, register one that loads the user at every refresh. "+
			"Otherwise AdditionalClaimsLoader, AdditionalHeadersLoader and EncodeKeyLoader would receive a user at the login, but a string at a refresh")
	}
}

// takeUsers reports whether a loader receives the user for whom a token is
// made.
func (m *callbacks) takeUsers() bool {
	return m.additionalClaims != nil || m.additionalHeaders != nil || m.encodeKey != nil
}

// checkVerification calls the TokenVerificationLoader.
func (m *callbacks) checkVerification(ctx context.Context, token *Token) error {
	if m.tokenVerification == nil {
		return nil
	}
	passed, err := m.tokenVerification(ctx, token)
	switch {
	case err != nil:
		return failure(err).about(token)
	case !passed:
		return refusalOf(ErrVerification, nil, token)
	}
	return nil
}

// loadUser calls the UserLookupLoader.
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

// pythonIdentity returns the identity as Flask-JWT-Extended prints it in a
// message.
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
