package main

import (
	"net/http"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
)

// allowPages lets pages of other origins use the service, with cookies. Browsers show
// scripts only the headers in ExposeHeaders.
func allowPages(origins []string) gin.HandlerFunc {
	return cors.New(cors.Config{
		AllowOrigins:     origins,
		AllowCredentials: true, // cookies
		AllowMethods:     []string{"GET", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders:     []string{"Authorization", "Content-Type", "Idempotency-Key", "X-CSRF-TOKEN"},
		ExposeHeaders:    []string{"WWW-Authenticate", "Retry-After", "X-Renewed-Token"},
		MaxAge:           10 * time.Minute,
	})
}

// onlyFrom refuses requests from pages of other origins than the service's own and
// origins. The login needs this check because there is no CSRF value yet: another site
// could log its visitors in to an account of its own.
func onlyFrom(origins []string) (gin.HandlerFunc, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return func(c *gin.Context) {
		if err := protection.Check(c.Request); err != nil {
			c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Log in from this site"})
		}
	}, nil
}
