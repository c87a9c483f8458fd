package contender

import (
	"errors"
	"net/http"

	appleboy "github.com/appleboy/gin-jwt/v3"
	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

// newGinJWT is gin-jwt with the default claims. It knows no ES256 and EdDSA of
// its own, but takes a function for the key.
func newGinJWT(k Keys) *appleboy.GinJWTMiddleware {
	mw := &appleboy.GinJWTMiddleware{
		SigningAlgorithm: k.Algorithm,
		Key:              k.Secret,
		IdentityKey:      "sub",
		Timeout:          accessLifetime,
		Authenticator:    func(*gin.Context) (any, error) { return Identity, nil },
		PayloadFunc:      func(any) jwt.MapClaims { return defaultClaims("access", accessLifetime) },
	}
	switch k.Algorithm {
	case "RS256":
		mw.PrivKeyBytes, mw.PubKeyBytes = k.PrivatePEM(), k.PublicPEM()
	case "ES256", "EdDSA":
		mw.KeyFunc = func(t *jwt.Token) (any, error) {
			if t.Method.Alg() != k.Algorithm {
				return nil, errors.New("wrong algorithm")
			}
			return k.Verifying(), nil
		}
	}
	return must(appleboy.New(mw))
}

func ginJWT(k Keys) http.Handler {
	r := newEngine()
	r.GET("/protected", newGinJWT(k).MiddlewareFunc(), func(c *gin.Context) {
		_, _ = c.Writer.WriteString(c.GetString("sub"))
	})
	return r
}

// ginJWTLogin makes a refresh token that is not a JWT: random text, whose
// owner gin-jwt remembers.
func ginJWTLogin(k Keys) http.Handler {
	r := newEngine()
	r.POST("/login", newGinJWT(k).LoginHandler)
	return r
}
