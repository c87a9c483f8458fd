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

// GetJWTIdentityAs returns the identity in the verified token as a T: an integer,
// a string type, or a type whose pointer has UnmarshalText, such as a UUID:
//
//	id, err := ginjwt.GetJWTIdentityAs[int64](c)
//	if err != nil {
//		jwt.Refuse(c, err)
//		return
//	}
//
// An integer must be written as strconv writes it, and fit: "007", "+7" and "7.0"
// are none. An identity that is no T is an error that wraps [ErrInvalidToken], and
// an anonymous visitor one that wraps [ErrNoAuthorization]: no zero T looks like a
// user. It panics on a route that verified nothing, and if T is another type.
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

// readIdentity reads text into what id points to. It reports whether it fits.
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
	panic(fmt.Sprintf("ginjwt: GetJWTIdentityAs: a %v is no integer, no string, and has no UnmarshalText", v.Type()))
}
