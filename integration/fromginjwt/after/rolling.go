package after

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// NewRollingManager is NewManager while processes with gin-jwt run beside this one.
func NewRollingManager(config ginjwt.Config) *ginjwt.JWTManager {
	jwt := NewManager(config)
	jwt.AdditionalClaimsLoader(claimsForBoth)
	return jwt
}

// claimsForBoth is claimsOf with the claims that gin-jwt reads.
func claimsForBoth(_ context.Context, user any) (ginjwt.Claims, error) {
	u := user.(*users.User)
	return ginjwt.Claims{"role": u.Role, "id": u.ID, "orig_iat": time.Now().Unix()}, nil
}

// NewRollingRouter is NewRouter with a route for clients that hold a token of gin-jwt.
func NewRollingRouter(jwt *ginjwt.JWTManager) (*gin.Engine, error) {
	router, err := NewRouter(jwt)
	if err == nil {
		router.GET("/refresh_token", beginSession(jwt))
	}
	return router, err
}

// beginSession trades a token of gin-jwt for a session. The token must not have expired.
func beginSession(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := jwt.VerifyJWTInRequest(c)
		if err == nil && token.SessionID != "" { // it has a refresh token
			err = &ginjwt.Error{Kind: ginjwt.ErrWrongToken, Message: "send the refresh token"}
		}
		if err == nil {
			err = jwt.RevokeToken(c, token) // it is not traded again
		}
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		pair, err := jwt.CreateTokenPair(c, ginjwt.GetCurrentUser[*users.User](c))
		answer(c, jwt, pair, err)
	}
}

// WithNewSecret replaces the key of gin-jwt by a secret, which signs from that time on.
func WithNewSecret(config ginjwt.Config, secret string, from time.Time) ginjwt.Config {
	old := []byte(config.SecretKey)
	config.SecretKey = ""
	config.AllowShortSecret = true // until old is removed
	config.Keys = []keys.Key{
		{ID: "2", Sign: []byte(secret), NotBefore: from},
		{ID: "1", Sign: old, AllowMissingKeyID: true}, // verifies the tokens of gin-jwt too
	}
	return config
}
