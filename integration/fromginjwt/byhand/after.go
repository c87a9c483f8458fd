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
		status := http.StatusUnauthorized
		if err.Status == http.StatusForbidden || err.Status >= http.StatusInternalServerError {
			status = err.Status
		}
		c.JSON(status, gin.H{"error": "invalid token"})
	})
	return mgr
}

// NewToken takes the place of GenerateToken.
func NewToken(c *gin.Context, mgr *ginjwt.JWTManager, user *users.User) (string, error) {
	return mgr.CreateAccessToken(c, user.ID, ginjwt.WithClaims(ginjwt.Claims{"role": user.Role}))
}

// Protected takes the place of AuthMiddleware: group.Use(Protected(mgr)...).
func Protected(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
	return []gin.HandlerFunc{mgr.JWTRequired(), func(c *gin.Context) {
		id, err := ginjwt.GetJWTIdentityAs[uint](c)
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Set("user_id", id) // for handlers from before
	}}
}
