// Package byhand has a middleware that was written with golang-jwt, and the same with
// ginjwt.
package byhand

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// Claims are those of the tokens.
type Claims struct {
	UserID uint   `json:"user_id"`
	Role   string `json:"role"`
	jwt.RegisteredClaims
}

// GenerateToken makes a token for a user.
func GenerateToken(secret []byte, user *users.User) (string, error) {
	expires := jwt.NewNumericDate(time.Now().Add(24 * time.Hour))
	claims := Claims{user.ID, user.Role, jwt.RegisteredClaims{ExpiresAt: expires}}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
}

// AuthMiddleware lets requests with a token through.
func AuthMiddleware(secret []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		encoded := strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
		claims := &Claims{}
		token, err := jwt.ParseWithClaims(encoded, claims, func(*jwt.Token) (any, error) {
			return secret, nil
		})
		if err != nil || !token.Valid {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "invalid token"})
			return
		}
		c.Set("user_id", claims.UserID)
		c.Set("role", claims.Role)
		c.Next()
	}
}

// Profile is a handler after the middleware.
func Profile(c *gin.Context) {
	user := users.Find(c.MustGet("user_id").(uint))
	c.JSON(http.StatusOK, gin.H{"name": user.Name, "role": c.GetString("role")})
}
