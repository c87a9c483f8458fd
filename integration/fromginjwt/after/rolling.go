package after

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// NewRollingManager is NewManager for the time of the change. Processes with gin-jwt
// accept its tokens.
func NewRollingManager(config ginjwt.Config) *ginjwt.JWTManager {
	mgr := NewManager(config)
	mgr.AdditionalClaimsLoader(claimsForBoth)
	return mgr
}

// claimsForBoth is claimsOf with the claims that gin-jwt reads.
func claimsForBoth(_ context.Context, user any) (ginjwt.Claims, error) {
	u := user.(*users.User)
	return ginjwt.Claims{"role": u.Role, "id": u.ID, "orig_iat": time.Now().Unix()}, nil
}

// NewRollingRouter is NewRouter with a route for clients that hold a token of gin-jwt.
func NewRollingRouter(mgr *ginjwt.JWTManager) (*gin.Engine, error) {
	router, err := NewRouter(mgr)
	if err == nil {
		router.GET("/refresh_token", beginSession(mgr))
	}
	return router, err
}

// beginSession answers a client that holds a token of gin-jwt.
func beginSession(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		pair, err := sessionFor(c, mgr)
		answer(c, mgr, pair, err) // with cookies: answerWithCookies
	}
}

// sessionFor exchanges a token of gin-jwt for a session. The token must not have expired.
func sessionFor(c *gin.Context, mgr *ginjwt.JWTManager) (pair ginjwt.TokenPair, err error) {
	token, err := mgr.VerifyJWTInRequest(c)
	if err == nil && token.SessionID != "" { // it has a refresh token
		err = &ginjwt.Error{Kind: ginjwt.ErrWrongToken, Message: "send the refresh token"}
	}
	if err != nil {
		return pair, err
	}
	pair, err = mgr.CreateTokenPair(c, ginjwt.GetCurrentUser[*users.User](c))
	if err == nil {
		err = mgr.RevokeToken(c, token) // nobody exchanges it again
	}
	return pair, err
}

// NewRollingCookieRouter is NewRollingRouter for a service with SendCookie.
func NewRollingCookieRouter(mgr *ginjwt.JWTManager) (*gin.Engine, error) {
	router, err := NewCookieRouter(mgr)
	if err == nil {
		router.GET("/refresh_token", func(c *gin.Context) {
			pair, err := sessionFor(c, mgr)
			answerWithCookies(c, mgr, pair, err)
		})
	}
	return router, err
}

// WithNewSecret replaces the key of gin-jwt by a secret, which signs from that time on.
func WithNewSecret(config ginjwt.Config, secret string, from time.Time) ginjwt.Config {
	old := []byte(config.SecretKey)
	config.SecretKey = ""
	config.AllowShortSecret = true // until old is removed
	config.Keys = []keys.Key{
		{ID: "2", Sign: []byte(secret), NotBefore: from},
		{
			ID: "1", Sign: old,
			AllowMissingKeyID: true,                          // verifies the tokens of gin-jwt too
			NotAfter:          from.Add(30 * 24 * time.Hour), // RefreshTokenExpires
		},
	}
	return config
}
