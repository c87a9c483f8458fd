package contender

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// bare is what a request costs without any authentication.
func bare(Keys) http.Handler {
	r := newEngine()
	r.GET("/protected", func(c *gin.Context) {
		_, _ = c.Writer.WriteString(Identity)
	})
	return r
}

// bareSet is the least that middleware can do that hands something on.
func bareSet(Keys) http.Handler {
	r := newEngine()
	r.GET("/protected", func(c *gin.Context) { c.Set(identityKey, Identity) }, writeIdentity)
	return r
}

const identityKey = "identity"

// writeIdentity is the handler behind all middleware written by hand.
func writeIdentity(c *gin.Context) {
	_, _ = c.Writer.WriteString(c.GetString(identityKey))
}
