package before

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"time"

	jwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// NewAhead is NewMiddleware one token lifetime before ginjwt comes: new tokens have a
// "sub" and a "jti" too.
func NewAhead(key string) (*jwt.GinJWTMiddleware, error) {
	mw, err := NewMiddleware(key)
	if err != nil {
		return nil, err
	}
	mw.PayloadFunc = func(data any) jwt.MapClaims {
		user := data.(*users.User)
		return jwt.MapClaims{
			"id":   user.ID,
			"role": user.Role,
			"sub":  strconv.FormatUint(uint64(user.ID), 10), // a string: RFC 7519
			"jti":  rand.Text(),                             // another one for every token
		}
	}
	return mw, nil
}

// RefreshAhead takes the place of RefreshHandler, which copies the claims of the old
// token: the copy has no "sub", and the "jti" of another token.
func RefreshAhead(mw *jwt.GinJWTMiddleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		claims, err := mw.CheckIfTokenExpire(c)
		if err != nil {
			mw.Unauthorized(c, http.StatusUnauthorized, err.Error())
			return
		}
		id, _ := claims["id"].(float64)
		user := users.Find(uint(id))
		if user == nil {
			mw.Unauthorized(c, http.StatusUnauthorized, "no such user")
			return
		}
		token, expire, err := mw.TokenGenerator(user) // asks PayloadFunc
		if err != nil {
			mw.Unauthorized(c, http.StatusUnauthorized, err.Error())
			return
		}
		mw.SetCookie(c, token)
		mw.RefreshResponse(c, http.StatusOK, token, expire)
	}
}

// removeCookies removes the cookies that ginjwt sets beside the access token.
func removeCookies(c *gin.Context, mw *jwt.GinJWTMiddleware) {
	for _, name := range []string{"refresh_token_cookie", "csrf_access_token", "csrf_refresh_token"} {
		c.SetCookie(name, "", -1, "/", mw.CookieDomain, true, true)
	}
}

// LoginAhead removes these cookies at a login: they may be those of another user.
func LoginAhead(mw *jwt.GinJWTMiddleware) {
	respond := mw.LoginResponse
	mw.LoginResponse = func(c *gin.Context, code int, token string, expire time.Time) {
		removeCookies(c, mw)
		respond(c, code, token, expire)
	}
}

// LogoutAhead is LogoutHandler, and removes these cookies too.
func LogoutAhead(mw *jwt.GinJWTMiddleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		removeCookies(c, mw)
		mw.LogoutHandler(c)
	}
}
