// Command oauthanswers answers logins, refreshes and errors in the form of OAuth 2.0.
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
	config.Sessions = &ginjwt.MemorySessions{} // one process; a restart logs everybody out
	router, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.ErrorProfile = "bearer" // the error responses of protected routes follow RFC 6750
	jwt := ginjwt.New(config)
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(jwt))
	router.POST("/token", jwt.RefreshHandler()) // the token endpoint of OAuth clients
	router.GET("/orders", jwt.JWTRequired(ginjwt.Scopes("orders:read")), orders)
	router.DELETE("/orders", jwt.JWTRequired(ginjwt.Scopes("orders:write")), orders)
	return router, nil
}

// login checks the password and responds as the token endpoint of RFC 6749 does.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", "no-store") // no cache may keep tokens (RFC 6749 §5.1)
		c.Header("Pragma", "no-cache")
		var form struct{ Username, Password string }
		if c.ShouldBindJSON(&form) != nil {
			oauthError(c, "invalid_request", "Send username and password as JSON")
			return
		}
		if !passwordMatches(form.Username, form.Password) {
			oauthError(c, "invalid_grant", "Bad username or password")
			return
		}
		pair, err := jwt.CreateTokenPair(c, form.Username,
			ginjwt.WithSessionClaims(ginjwt.Claims{"scope": "orders:read"}))
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, pair) // the JSON of a TokenPair is the response of RFC 6749 §5.1
	}
}

// oauthError responds as RFC 6749 §5.2 says.
func oauthError(c *gin.Context, code, description string) {
	c.JSON(http.StatusBadRequest, gin.H{"error": code, "error_description": description})
}

func orders(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"orders_of": ginjwt.GetJWTIdentity(c)})
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
