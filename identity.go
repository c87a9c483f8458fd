package ginjwt

import (
	"context"
	"fmt"
	"maps"

	"github.com/gin-gonic/gin"
)

// GetToken returns the token verified for this request, and whether there is
// one. It never panics.
//
// Of several checks in one request the last that passed counts, whichever
// [JWTManager] made it, also one that found nobody on an Optional route. A route
// must have the JWTRequired of the manager whose users it is for: neither the
// getters nor FromContext can tell whose token it is.
//
// It and the getters below take the *gin.Context, its request's context, or any
// context made from either. One made from the *gin.Context is good only until
// the handler returns, as Gin then uses that again for another request; for
// what lives longer take c.Request.Context() or c.Copy().
func GetToken(ctx context.Context) (token *Token, ok bool) {
	v := verifiedIn(ctx)
	if v == nil || v.token == nil {
		return nil, false
	}
	return v.token, true
}

// GetJWT returns the claims of the verified token. It is empty for an anonymous
// visitor, and panics on a route that verified nothing.
func GetJWT(ctx context.Context) Claims {
	if token := mustVerify(ctx, "GetJWT").token; token != nil {
		return maps.Clone(token.Claims())
	}
	return Claims{}
}

// GetJWTHeader returns the header of the verified token. It is empty for an
// anonymous visitor, and panics on a route that verified nothing.
func GetJWTHeader(ctx context.Context) Header {
	if token := mustVerify(ctx, "GetJWTHeader").token; token != nil {
		return token.Header()
	}
	return Header{}
}

// GetJWTIdentity returns the identity in the verified token. It is empty only
// for an anonymous visitor, whom only Optional routes and CORS preflights have (and
// all OPTIONS requests with Config.AllowAnyOptions). It panics on a route that
// verified nothing, rather than return an empty identity.
func GetJWTIdentity(ctx context.Context) string {
	if token := mustVerify(ctx, "GetJWTIdentity").token; token != nil {
		return token.Identity
	}
	return ""
}

// GetJWTRequestLocation returns where the token was found. It never panics:
// where nothing was found, or nothing verified, it is empty.
func GetJWTRequestLocation(ctx context.Context) Location {
	if token, ok := GetToken(ctx); ok {
		return token.Location
	}
	return ""
}

// GetJWTClaims unmarshals the payload of the verified token into a T, by the
// rules of [Token.Decode]. For an anonymous visitor it returns the zero T. It
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

// GetCurrentUser returns what UserLookupLoader loaded, and the zero T for an
// anonymous visitor. It panics on a route that verified nothing, if there is a
// token but no loader, and if the user is not a T.
func GetCurrentUser[T any](ctx context.Context) T {
	var none T
	v := mustVerify(ctx, "GetCurrentUser")
	if v.token == nil {
		return none
	}
	if v.user == nil {
		panic("ginjwt: GetCurrentUser: there is no user; register a UserLookupLoader, or give one to NewContext")
	}
	user, ok := v.user.(T)
	if !ok {
		panic(fmt.Sprintf("ginjwt: GetCurrentUser: UserLookupLoader returned a %T, not a %T", v.user, none))
	}
	return user
}

// TemplateData returns a copy of data with the "current_user" of the request
// in it, for c.HTML. It is nil for anonymous visitors, on routes that verified
// nothing, and without a UserLookupLoader, so that one layout serves all pages:
//
//	c.HTML(http.StatusOK, "page.html", ginjwt.TemplateData(c, gin.H{"title": "Home"}))
func TemplateData(ctx context.Context, data gin.H) gin.H {
	with := gin.H{"current_user": nil}
	if v := verifiedIn(ctx); v != nil {
		with["current_user"] = v.user
	}
	return merged(data, with)
}

// NewContext returns a copy of ctx in which the getters find token and user.
// It is for tests, and for code that verifies tokens outside of Gin. A nil
// token is that of an anonymous visitor. A nil user is the one that
// [JWTManager.VerifyToken] looked up for this token, if it did.
func NewContext(ctx context.Context, token *Token, user any) context.Context {
	if user == nil && token != nil {
		user = token.user
	}
	state := &requestState{Context: plain(ctx), manager: FromContext(ctx)}
	state.fill(verified{token: token, user: user})
	return state
}

// FromContext returns the manager that InitApp attached to the routes of this
// request, or nil. Of several that were attached it is the last one: that of the
// innermost group. Where none was attached, it is the manager that verified the
// token. Where one was, another may have verified it.
func FromContext(ctx context.Context) *JWTManager {
	if state := stateOf(ctx); state != nil {
		return state.manager
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
