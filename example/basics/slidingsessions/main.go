// Command slidingsessions keeps a browser logged in while it is in use: after half an
// hour without a request, or 12 hours after the login, the user has to log in again.
package main

import (
	"crypto/subtle"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	config.Sessions = &ginjwt.MemorySessions{} // one process; a restart logs everybody out
	router, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.AccessTokenExpires = 30 * time.Minute  // idle lifetime: how long a cookie works
	config.RefreshTokenExpires = 30 * time.Minute // the same for the session in the store
	config.SessionLifetime = 12 * time.Hour       // absolute end, even if the session is in use
	jwt := ginjwt.New(config)
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", sameOrigin, login(jwt))
	router.POST("/logout", jwt.LogoutHandler())

	// A cookie with less than 20 minutes left is renewed.
	pages := router.Group("/", jwt.ImplicitRefresh(20*time.Minute), jwt.JWTRequired())
	pages.GET("/me", me(jwt))
	return router, nil
}

// login checks the password, starts a session, and puts its access token in a cookie.
// The refresh token stays in the server: ImplicitRefresh does not need it.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var form struct{ Username, Password string }
		if c.ShouldBindJSON(&form) != nil || !passwordMatches(form.Username, form.Password) {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		pair, err := jwt.CreateTokenPair(c, form.Username)
		if err == nil {
			err = jwt.SetAccessCookies(c, pair.AccessToken)
		}
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
	}
}

// me says for how long the cookie of the request works.
func me(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	now := jwt.Config().Now
	return func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		left := token.ExpiresAt.Sub(now()).Round(time.Minute)
		c.JSON(http.StatusOK, gin.H{"user": token.Identity, "minutes_left": left.Minutes()})
	}
}

// sameOrigin keeps other sites from logging their visitors in to an account of their own.
func sameOrigin(c *gin.Context) {
	var protection http.CrossOriginProtection
	if err := protection.Check(c.Request); err != nil {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Log in from this site"})
	}
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
