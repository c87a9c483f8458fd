// Command sessionsortokens shows two ways to remember who is logged in: a session that
// the server keeps, with its ID in a cookie, and a token that says it by itself.
package main

import (
	"crypto/subtle"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
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
	s := &sessions{byID: map[string]session{}, now: jwt.Config().Now}
	pages := router.Group("/session", sameOrigin)
	pages.POST("/login", checkPassword, s.login)
	pages.POST("/logout", s.logout)
	pages.GET("/me", s.me)

	router.POST("/token/login", checkPassword, tokenLogin(jwt))
	router.GET("/token/me", jwt.JWTRequired(), tokenMe)
	return router, nil
}

// tokenLogin stores nothing. The token has the user and the expiry, and a signature.
func tokenLogin(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := jwt.CreateAccessToken(c, c.GetString("user"))
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

func tokenMe(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"user": ginjwt.GetJWTIdentity(c)})
}

// checkPassword stands before both logins.
func checkPassword(c *gin.Context) {
	var form struct{ Username, Password string }
	if c.ShouldBindJSON(&form) != nil || !passwordMatches(form.Username, form.Password) {
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
		return
	}
	c.Set("user", form.Username)
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
