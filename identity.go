package ginjwt

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/gin-gonic/gin"
)

// The getters below read what JWTRequired stored. They take the *gin.Context,
// its request's context, or any context made from either.
//
// On a route that verified nothing they panic, rather than hand out an empty
// identity; on an Optional route called without a token they return the zero
// value. GetToken and GetJWTRequestLocation never panic.

// GetToken returns the token verified for this request, if there is one.
func GetToken(ctx context.Context) (token *Token, ok bool) {
	v := verifiedIn(ctx)
	if v == nil || v.token == nil {
		return nil, false
	}
	return v.token, true
}

// GetJWT returns the claims of the verified token. They are never nil.
func GetJWT(ctx context.Context) Claims {
	if token := mustVerify(ctx, "GetJWT").token; token != nil {
		return token.Claims()
	}
	return Claims{}
}

// GetJWTHeader returns the header of the verified token. It is never nil.
func GetJWTHeader(ctx context.Context) Header {
	if token := mustVerify(ctx, "GetJWTHeader").token; token != nil {
		return token.Header()
	}
	return Header{}
}

// GetJWTIdentity returns the identity in the verified token.
func GetJWTIdentity(ctx context.Context) string {
	if token := mustVerify(ctx, "GetJWTIdentity").token; token != nil {
		return token.Identity
	}
	return ""
}

// GetJWTRequestLocation returns where the token was found. Like the original it
// does not panic: where nothing was verified, it is empty.
func GetJWTRequestLocation(ctx context.Context) Location {
	if token, ok := GetToken(ctx); ok {
		return token.Location
	}
	return ""
}

// GetJWTClaims unmarshals the payload of the verified token into a T, by the
// rules of [Token.Decode].
func GetJWTClaims[T any](ctx context.Context) (T, error) {
	var claims T
	token := mustVerify(ctx, "GetJWTClaims").token
	if token == nil {
		return claims, nil
	}
	err := token.Decode(&claims)
	return claims, err
}

// GetCurrentUser returns what UserLookupLoader loaded. It panics if there is a
// token but no loader, or if the user is not a T.
func GetCurrentUser[T any](ctx context.Context) T {
	var none T
	v := mustVerify(ctx, "GetCurrentUser")
	if v.token == nil {
		return none
	}
	if v.user == nil {
		panic("ginjwt: GetCurrentUser: register a UserLookupLoader first")
	}
	user, ok := v.user.(T)
	if !ok {
		panic(fmt.Sprintf("ginjwt: GetCurrentUser: UserLookupLoader returned a %T, not a %T", v.user, none))
	}
	return user
}

// TemplateData returns a copy of data with the "current_user" of the request
// in it, for c.HTML. It is nil for anonymous visitors and on routes that
// verified nothing, so that one layout serves all pages:
//
//	c.HTML(http.StatusOK, "page.html", ginjwt.TemplateData(c, gin.H{"title": "Home"}))
func TemplateData(ctx context.Context, data gin.H) gin.H {
	with := make(gin.H, len(data)+1)
	for name, value := range data {
		with[name] = value
	}
	with["current_user"] = nil
	if v := verifiedIn(ctx); v != nil && v.token != nil {
		with["current_user"] = GetCurrentUser[any](ctx)
	}
	return with
}

// NewContext returns a copy of ctx in which the getters find token and user.
// It is for tests, and for code that verifies tokens outside of Gin. A nil
// token is that of an anonymous visitor.
func NewContext(ctx context.Context, token *Token, user any) context.Context {
	state := &requestState{Context: plain(ctx)}
	state.verified.Store(&verified{token, user})
	return state
}

// FromContext returns the manager that InitApp attached to the routes of this
// request, or nil.
func FromContext(ctx context.Context) *JWTManager {
	if state := stateOf(ctx); state != nil {
		return state.manager
	}
	return nil
}

// requestState is the one thing that is stored about a request. It is the
// request's context itself, so that storing it is the only cost.
type requestState struct {
	context.Context
	manager  *JWTManager
	verified atomic.Pointer[verified]
}

// verified is the outcome of a check: a token, and its user if one was looked
// up, or neither for an anonymous visitor.
type verified struct {
	token *Token
	user  any
}

type stateKey struct{}

// Value returns the state itself for its key.
func (s *requestState) Value(key any) any {
	if key == (stateKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// String keeps what was verified out of printed contexts.
func (s *requestState) String() string { return "ginjwt request" }

// stateOf finds the state in a request's context, or by way of the gin.Context
// that ctx is or was made from.
func stateOf(ctx context.Context) *requestState {
	if state, ok := ctx.Value(stateKey{}).(*requestState); ok {
		return state
	}
	if c, ok := ctx.Value(gin.ContextKey).(*gin.Context); ok && c.Request != nil {
		state, _ := c.Request.Context().Value(stateKey{}).(*requestState)
		return state
	}
	return nil
}

func verifiedIn(ctx context.Context) *verified {
	if state := stateOf(ctx); state != nil {
		return state.verified.Load()
	}
	return nil
}

func mustVerify(ctx context.Context, getter string) *verified {
	v := verifiedIn(ctx)
	if v == nil {
		panic("ginjwt: " + getter + ": no token was verified for this request; put JWTRequired on the route, or call VerifyJWTInRequest first")
	}
	return v
}

// attach stores m in the request, where FromContext finds it.
func (m *JWTManager) attach(c *gin.Context) {
	c.Request = c.Request.WithContext(&requestState{Context: c.Request.Context(), manager: m})
}

// remember stores the outcome of a check. What others may have read already is
// not changed: a second check gets a state of its own.
func (m *JWTManager) remember(c *gin.Context, v *verified) {
	ctx := c.Request.Context()
	state := stateOf(ctx)
	if state != nil && state.verified.CompareAndSwap(nil, v) {
		return
	}
	own := &requestState{Context: ctx, manager: m}
	if state != nil {
		own.manager = state.manager
	}
	own.verified.Store(v)
	c.Request = c.Request.WithContext(own)
}

// plain returns ctx, or the request's context if ctx is a *gin.Context: that
// one is used again for other requests, and knows nothing of cancellation.
func plain(ctx context.Context) context.Context {
	c, ok := ctx.(*gin.Context)
	switch {
	case !ok:
		return ctx
	case c.Request == nil:
		return context.Background()
	}
	return c.Request.Context()
}
