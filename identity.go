package ginjwt

import (
	"context"
	"fmt"
	"maps"

	"github.com/gin-gonic/gin"
)

// GetToken returns the verified token of this request, and whether there is
// one. It never panics.
//
// If a request is checked several times, the last check that passed counts. It
// may be a check by another [JWTManager], or one on an Optional route that
// found no token. The getters cannot tell which manager verified the token. Put
// the JWTRequired of the right manager on every route.
//
// All getters accept the *gin.Context, its request's context, or a context made
// from one of them. Gin reuses the *gin.Context after the handler returns, so a
// context made from it is valid only until then. For longer work use
// c.Request.Context() or c.Copy().
func GetToken(ctx context.Context) (token *Token, ok bool) {
	v, _ := verifiedIn(ctx)
	return v.token, v.token != nil
}

// GetJWT returns the claims of the verified token. For an anonymous visitor
// they are empty. GetJWT panics on a route that verified nothing. The map is a
// copy, but nested values are shared: do not change them.
func GetJWT(ctx context.Context) Claims {
	if token := mustVerify(ctx, "GetJWT").token; token != nil {
		return maps.Clone(token.Claims())
	}
	return Claims{}
}

// GetJWTHeader returns the header of the verified token. For an anonymous
// visitor it is empty. GetJWTHeader panics on a route that verified nothing.
func GetJWTHeader(ctx context.Context) Header {
	if token := mustVerify(ctx, "GetJWTHeader").token; token != nil {
		return token.Header()
	}
	return Header{}
}

// GetJWTIdentity returns the identity in the verified token. It is empty only
// for an anonymous visitor: on an Optional route, in a CORS preflight, and in
// every OPTIONS request with Config.AllowAnyOptions. GetJWTIdentity panics on a route that
// verified nothing, because an empty identity could be taken for a user.
func GetJWTIdentity(ctx context.Context) string {
	if state := stateOf(ctx); state != nil {
		if identity, ok := state.identity(); ok {
			return identity
		}
	}
	if token := mustVerify(ctx, "GetJWTIdentity").token; token != nil {
		return token.Identity
	}
	return ""
}

// GetJWTRequestLocation returns where the request carried the token. It is empty if
// there is no token or if nothing was verified. GetJWTRequestLocation never panics.
func GetJWTRequestLocation(ctx context.Context) Location {
	if token, ok := GetToken(ctx); ok {
		return token.Location
	}
	return ""
}

// GetJWTClaims decodes the payload of the verified token into a T, as
// [Token.Decode] does. For an anonymous visitor it returns the zero T. It
// panics on a route that verified nothing.
func GetJWTClaims[T any](ctx context.Context) (T, error) {
	var claims T
	token := mustVerify(ctx, "GetJWTClaims").token
	if token == nil {
		return claims, nil
	}
	err := token.Decode(&claims)
	return claims, err
}

// GetCurrentUser returns the user that UserLookupLoader loaded. For an
// anonymous visitor GetCurrentUser returns the zero T. It panics on a route that verified
// nothing, if there is a token but no loader, and if the user is not a T.
func GetCurrentUser[T any](ctx context.Context) T {
	var none T
	v := mustVerify(ctx, "GetCurrentUser")
	if v.token == nil {
		return none
	}
	loaded := v.user()
	if loaded == nil {
		panic("ginjwt: GetCurrentUser: there is no user; register a UserLookupLoader, or pass a user to NewContext")
	}
	user, ok := loaded.(T)
	if !ok {
		panic(fmt.Sprintf("ginjwt: GetCurrentUser: UserLookupLoader returned a %T, not a %T", loaded, none))
	}
	return user
}

// TemplateData returns a copy of data with "current_user", for c.HTML. The user
// is nil for anonymous visitors, on routes that verified nothing, and without a
// UserLookupLoader, so one layout works for all pages:
//
//	c.HTML(http.StatusOK, "page.html", ginjwt.TemplateData(c, gin.H{"title": "Home"}))
func TemplateData(ctx context.Context, data gin.H) gin.H {
	with := gin.H{"current_user": nil}
	if v, ok := verifiedIn(ctx); ok {
		with["current_user"] = v.user()
	}
	return merged(data, with)
}

// NewContext returns a copy of ctx. In the copy, the getters find token and user.
// Use it in tests, and after [JWTManager.VerifyToken]. With a nil token the
// visitor is anonymous. If user is nil, the getters return the user that
// UserLookupLoader returned for this token, if any.
func NewContext(ctx context.Context, token *Token, user any) context.Context {
	state := &requestState{Context: plain(ctx), manager: FromContext(ctx)}
	state.inheritProof(ctx)
	state.fill(verified{token: token, need: &unchecked, rare: &rareOutcome{user: user}})
	return state
}

// FromContext returns the manager that InitApp attached to the route of this request.
// If several managers are attached, it returns the manager of the innermost group. If
// none is attached, it returns the manager that verified the token, or nil. An attached
// manager may differ from the manager that verified the token.
func FromContext(ctx context.Context) *JWTManager {
	if state := stateOf(ctx); state != nil {
		return state.manager
	}
	return nil
}

func mustVerify(ctx context.Context, getter string) verified {
	v, ok := verifiedIn(ctx)
	if !ok {
		panic("ginjwt: " + getter + ": no token was verified for this request; put JWTRequired on the route, or call VerifyJWTInRequest first")
	}
	return v
}
