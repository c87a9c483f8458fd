// Command expiry makes access tokens that say when they expire and which service they
// are for, and renews them with a refresh token.
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
	config.AccessTokenExpires = 15 * time.Minute     // "exp" of access tokens
	config.RefreshTokenExpires = 30 * 24 * time.Hour // "exp" of refresh tokens
	config.EncodeAudience = []string{"shop"}         // "aud" of new tokens
	config.DecodeAudience = []string{"shop"}         // a token for another service is refused
	jwt := ginjwt.New(config)
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(jwt))
	router.POST("/refresh", jwt.RefreshHandler())
	router.GET("/me", jwt.JWTRequired(), me)
	return router, nil
}

// login checks the password and returns an access token and a refresh token.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var form struct{ Username, Password string }
		if c.ShouldBindJSON(&form) != nil || !passwordMatches(form.Username, form.Password) {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		pair, err := jwt.CreateTokenPair(c, form.Username)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
	}
}

// me runs only for requests with a valid access token.
func me(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	c.JSON(http.StatusOK, gin.H{
		"aud": token.Claims()["aud"],
		"exp": token.ExpiresAt.UTC(),
		"sub": token.Identity,
	})
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
