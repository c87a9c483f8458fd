package ginjwt

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/golang-jwt/jwt/v5"
)

var errIdentityForm = invalid(jwt.ErrTokenInvalidSubject, "Subject has another form than this service expects")

// GetJWTIdentityAs returns the identity in the verified token as a T. T is an integer
// type, a string type, or a type whose pointer has UnmarshalText, such as a UUID:
//
//	id, err := ginjwt.GetJWTIdentityAs[uint](c)
//	if err != nil {
//		mgr.Refuse(c, err)
//		return
//	}
//
// New tokens contain the identity as a string. A token of another library may contain a
// number in Config.IdentityClaim. If this claim is "sub", set Config.DisableVerifySub
// to accept the number. GetJWTIdentityAs reads both: 7 and "7" are the same uint. In
// contrast, a field of type uint in the T of [GetJWTClaims] reads only the number.
//
// An integer must be written as strconv writes it, and must fit into T: "007", "+7" and
// "7.0" are errors. If the identity is not a T, the error wraps [ErrInvalidToken]. For
// an anonymous visitor the error wraps [ErrNoAuthorization], so that the zero T never
// looks like a user. GetJWTIdentityAs panics on a route that verified nothing, and if T
// is not one of these types.
func GetJWTIdentityAs[T any](ctx context.Context) (T, error) {
	var id, none T
	token := mustVerify(ctx, "GetJWTIdentityAs").token
	if token == nil {
		return none, refusal(ErrNoAuthorization, errors.New("the visitor is anonymous"))
	}
	if !readIdentity(token.Identity, &id) {
		return none, errIdentityForm.about(token)
	}
	return id, nil
}

// readIdentity reads text into what id points to. It reports whether the text fits.
func readIdentity(text string, id any) bool {
	if u, ok := id.(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text)) == nil
	}
	v := reflect.ValueOf(id).Elem()
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
		return true
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return err == nil && strconv.FormatInt(n, 10) == text
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
		return err == nil && strconv.FormatUint(n, 10) == text
	}
	panic(fmt.Sprintf("ginjwt: GetJWTIdentityAs: a %v is not an integer or a string, and has no UnmarshalText", v.Type()))
}
