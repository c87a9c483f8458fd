// Command keys reads its keys from a file, and reads the file again on SIGHUP and when it
// changes. It publishes the public keys for services that verify its tokens.
package main

import (
	"context"
	"crypto/subtle"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	file := keyFile{path: os.Getenv("JWT_KEYS_FILE")}
	if file.path == "" {
		log.Fatal("set JWT_KEYS_FILE to a file with keys")
	}
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads the file for the first time
	if err != nil {
		log.Fatal(err)
	}
	if config.EncodeIssuer == "" {
		config.EncodeIssuer = "http://localhost:8080"
	}
	jwt := ginjwt.New(config)
	router, err := newRouter(jwt)
	if err != nil {
		log.Fatal(err)
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go file.follow(context.Background(), jwt, hangup, time.Tick(30*time.Second))
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(jwt *ginjwt.JWTManager) (*gin.Engine, error) {
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	metadata := jwt.MetadataHandler(ginjwt.Metadata{
		JWKSURI: jwt.Config().EncodeIssuer + "/.well-known/jwks.json",
	})
	router.GET("/.well-known/jwks.json", jwt.JWKSHandler())
	router.GET("/.well-known/openid-configuration", metadata)       // OpenID Connect Discovery
	router.GET("/.well-known/oauth-authorization-server", metadata) // RFC 8414

	router.POST("/login", login(jwt))
	router.GET("/protected", jwt.JWTRequired(), protected)
	return router, nil
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		username, ok := checkLogin(c)
		if !ok {
			return
		}
		token, err := jwt.CreateAccessToken(c, username)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// protected runs only for requests with a valid access token.
func protected(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"logged_in_as": ginjwt.GetJWTIdentity(c)})
}

// checkLogin returns the name of the user whose password was sent. Where it is
// wrong or missing, it answers the request and returns false.
func checkLogin(c *gin.Context) (username string, ok bool) {
	var form struct {
		Username string `json:"username" binding:"required"`
		Password string `json:"password" binding:"required"`
	}
	if err := c.ShouldBindJSON(&form); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send username and password as JSON"})
		return "", false
	}
	if !passwordMatches(form.Username, form.Password) {
		c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
		return "", false
	}
	return form.Username, true
}

// passwordMatches is only for this demo. A real program looks the user up, and compares
// the password with a stored bcrypt or Argon2id hash. It does the same work for unknown
// names, so that the time does not reveal who exists. It also limits the attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
