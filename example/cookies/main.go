// Command cookies keeps the token of a browser in a cookie that no script can
// read, and asks for a CSRF value with every request that changes something.
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

// login puts a token in the cookies, once the password was checked.
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

// logout takes the cookies from the browser, and revokes the token for those
// who may have a copy of it.
func (s *service) logout(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	if err := s.jwt.RevokeToken(c, token); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	s.jwt.UnsetJWTCookies(c)
	c.JSON(http.StatusOK, gin.H{"msg": "Logged out"})
}

// messages reads: it needs the cookie alone. Caches know nothing of cookies.
func (s *service) messages(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"messages_for": ginjwt.GetJWTIdentity(c)})
}

// send changes something: it runs only if the CSRF value was sent too.
func (s *service) send(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"sent_by": ginjwt.GetJWTIdentity(c)})
}

// sameOrigin refuses requests from the pages of other sites. The login needs
// it, as there is no CSRF value yet: another site could log its visitors in as
// somebody else.
func sameOrigin(c *gin.Context) {
	var protection http.CrossOriginProtection
	if err := protection.Check(c.Request); err != nil {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Log in from this site"})
	}
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

// passwordMatches is for the demo. In real life, look the user up, and compare
// with the hash that you stored, by bcrypt or Argon2id; do so for unknown names
// too, so that the time it takes does not tell who exists; and limit attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
