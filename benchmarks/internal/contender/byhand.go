package contender

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// byHand is middleware as applications write it themselves: it cuts the token
// out of the header, has it verified, and hands on the identity.
func byHand(verify func(token string) (identity string, err error)) http.Handler {
	r := newEngine()
	r.GET("/protected", func(c *gin.Context) {
		token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		if !ok {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"msg": "missing token"})
			return
		}
		identity, err := verify(token)
		if err != nil {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"msg": "invalid token"})
			return
		}
		c.Set(identityKey, identity)
	}, writeIdentity)
	return r
}
