package main

import (
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
		AllowHeaders:     []string{"Authorization", "Content-Type", "DPoP", "Idempotency-Key"},
		ExposeHeaders:    []string{"WWW-Authenticate", "Retry-After", "X-Renewed-Token", "DPoP-Nonce", "Date"},
		MaxAge:           10 * time.Minute,
	})
}
