// Command optional serves a public page that greets logged-in users by name.
package main

import (
	"crypto/subtle"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	jwt := ginjwt.New(config)
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.GET("/welcome", jwt.JWTRequired(ginjwt.Optional()), welcome)
	return r, nil
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in credentials
		if err := c.ShouldBindJSON(&in); err != nil || !in.valid() {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		token, err := jwt.CreateAccessToken(c, in.Username)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// welcome responds to everybody, and greets logged-in users by name.
func welcome(c *gin.Context) {
	c.Header("Cache-Control", "no-store") // the response depends on the user
	token, ok := ginjwt.GetToken(c)
	if !ok {
		c.JSON(http.StatusOK, gin.H{"msg": "Hello, stranger"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"msg": "Hello, " + token.Identity})
}

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// valid knows one user, for the demo. A real service looks up the password hash,
// compares with bcrypt or Argon2id, and limits attempts.
func (in credentials) valid() bool {
	return in.Username == "alice" && subtle.ConstantTimeCompare([]byte(in.Password), []byte("correct horse")) == 1
}

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // JWT_SECRET_KEY, at least 32 bytes
	if err != nil {
		log.Fatal(err)
	}
	r, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(r.Run("localhost:8080"))
}
