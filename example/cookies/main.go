// Command cookies keeps the token of a browser in a cookie that scripts cannot read.
// Every request that changes something needs a CSRF value.
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
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	s := &service{ginjwt.New(config)}
	router := gin.Default()
	if err := s.jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", sameOrigin, s.login)
	router.POST("/logout", s.jwt.JWTRequired(), s.logout)
	router.GET("/messages", s.jwt.JWTRequired(), s.messages)
	router.POST("/messages", s.jwt.JWTRequired(), s.send)
	return router, nil
}

type service struct {
	jwt *ginjwt.JWTManager
}

// login checks the password and sets the cookies of a new token.
func (s *service) login(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	token, err := s.jwt.CreateAccessToken(c, username)
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	if err := s.jwt.SetAccessCookies(c, token); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
}

// logout revokes the token, because somebody may have a copy, and removes the
// cookies from the browser.
func (s *service) logout(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	if err := s.jwt.RevokeToken(c, token); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	s.jwt.UnsetJWTCookies(c)
	c.JSON(http.StatusOK, gin.H{"msg": "Logged out"})
}

// messages only reads, so the cookie is enough. Caches must not keep the answer.
func (s *service) messages(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"messages_for": ginjwt.GetJWTIdentity(c)})
}

// send changes something, so it runs only if the request has the CSRF value.
func (s *service) send(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"sent_by": ginjwt.GetJWTIdentity(c)})
}

// sameOrigin refuses requests from pages of other origins. The login needs this check
// because there is no CSRF value yet: another site could log its visitors in to an
// account of its own.
func sameOrigin(c *gin.Context) {
	var protection http.CrossOriginProtection
	if err := protection.Check(c.Request); err != nil {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Log in from this site"})
	}
}

// checkLogin checks the user name and password in the body. If they are wrong or
// missing, it answers the request and returns false.
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

// passwordMatches is for the demo. In real life, look the user up and compare with
// the stored hash, by bcrypt or Argon2id. Compare for unknown names too: otherwise
// the response time tells which users exist. Limit the attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
