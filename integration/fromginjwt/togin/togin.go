// Package togin is a Gin service that accepts the tokens and cookies of a service with
// echo-jwt or jwtauth.
package togin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// NewRouter returns the routes of the service.
func NewRouter(secret string) (*gin.Engine, error) {
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey:        secret,
		TokenLocation:    []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies},
		AccessCookieName: "jwt", // that jwtauth reads
	})
	mgr.ErrorLoader(ginjwt.BearerError) // 401 for a token that is not good; 400 for a malformed header
	router := gin.Default()
	if err := mgr.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", func(c *gin.Context) {
		token, err := mgr.CreateAccessToken(c, c.PostForm("username")) // check the password first
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"token": token})
	})
	router.GET("/", mgr.JWTRequired(ginjwt.Optional()), greet) // the Skipper of echo-jwt, Verifier alone in jwtauth
	router.GET("/me", mgr.JWTRequired(), greet)                // Verifier and Authenticator
	return router, nil
}

func greet(c *gin.Context) {
	c.String(http.StatusOK, "Hello, %s", ginjwt.GetJWTIdentity(c)) // empty for a visitor without a token
}
