package after

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// UserOfClaims takes the place of an IdentityHandler that asks no table.
func UserOfClaims(_ context.Context, token *ginjwt.Token) (any, error) {
	var claims struct {
		Role string `json:"role"` // every claim that claimsOf writes
	}
	if err := token.Decode(&claims); err != nil {
		return nil, err
	}
	return &users.User{Name: token.Identity, Role: claims.Role}, nil
}

// RefreshByRole is refresh for a service that has set TimeoutFunc.
func RefreshByRole(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c, ginjwt.Refresh(), ginjwt.Locations(ginjwt.InJSON))
		if err != nil {
			refuseRefresh(c, mgr, err)
			return
		}
		user := ginjwt.GetCurrentUser[*users.User](c)
		pair, err := mgr.RotateTokens(c, token, ginjwt.WithExpires(timeoutOf(user)))
		answer(c, mgr, pair, err)
	}
}

func timeoutOf(user *users.User) time.Duration {
	if user.Role == "admin" {
		return time.Minute
	}
	return time.Hour
}
