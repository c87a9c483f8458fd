// Command twotokens answers a login with two tokens: an access token for every request,
// and a refresh token that buys new tokens. With the argument "client" it is a client of
// that service.
package main

import (
	"context"
	"crypto/subtle"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "client" {
		log.Fatal(watch(context.Background(), "http://localhost:8080"))
	}
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
	jwt := ginjwt.New(config)
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(jwt))
	router.POST("/refresh", jwt.RefreshHandler()) // takes refresh tokens only
	router.POST("/logout", jwt.LogoutHandler())   // takes both
	router.GET("/me", jwt.JWTRequired(), me)      // takes access tokens only
	return router, nil
}

// login checks the password and returns both tokens.
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

func me(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"user": ginjwt.GetJWTIdentity(c)})
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
