package byhand

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// New takes the tokens of AuthMiddleware, and answers as it does.
func New(secret string) *ginjwt.JWTManager {
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey:          secret,
		AccessTokenExpires: 24 * time.Hour,  // as before; 15 minutes are better, with refresh tokens
		IdentityClaim:      "user_id",       // as in the tokens from before
		RequiredClaims:     []string{"exp"}, // refuses tokens that never expire
		RolesClaim:         "role",          // for JWTRequired(ginjwt.Roles("admin"))
	})
	mgr.ErrorLoader(func(c *gin.Context, err *ginjwt.Error) {
		status, text := http.StatusUnauthorized, "invalid token"
		switch {
		case err.Status == http.StatusForbidden:
			status, text = err.Status, "forbidden"
		case err.Status >= http.StatusInternalServerError:
			status, text = err.Status, "try again later"
		}
		c.JSON(status, gin.H{"error": text})
	})
	return mgr
}

// NewToken takes the place of GenerateToken.
func NewToken(c *gin.Context, mgr *ginjwt.JWTManager, user *users.User) (string, error) {
	return mgr.CreateAccessToken(c, user.ID, ginjwt.WithClaims(ginjwt.Claims{"role": user.Role}))
}

// NewTokenForBoth is NewToken while processes with AuthMiddleware run. It needs a manager
// without IdentityClaim: the identity is in "sub", and "user_id" is the number from before.
func NewTokenForBoth(c *gin.Context, mgr *ginjwt.JWTManager, user *users.User) (string, error) {
	return mgr.CreateAccessToken(c, user.ID, ginjwt.WithClaims(ginjwt.Claims{"role": user.Role, "user_id": user.ID}))
}

// Protected takes the place of AuthMiddleware: group.Use(Protected(mgr)...).
func Protected(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
	return []gin.HandlerFunc{mgr.JWTRequired(), func(c *gin.Context) {
		id, err := ginjwt.GetJWTIdentityAs[uint](c)
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		role, _ := ginjwt.GetJWT(c)["role"].(string)
		c.Set("user_id", id) // for handlers from before
		c.Set("role", role)
	}}
}
