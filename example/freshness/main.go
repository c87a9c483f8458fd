// Command freshness asks for the password again before what cannot be undone:
// a token that comes from a refresh is good for reading, not for deleting.
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
	router, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	s := &service{ginjwt.New(config)}
	router := gin.Default()
	if err := s.jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", s.login)
	router.POST("/refresh", s.jwt.RefreshRequired(), s.refresh)
	router.POST("/confirm", s.jwt.JWTRequired(), s.confirm)
	router.GET("/profile", s.jwt.JWTRequired(), s.profile)
	router.DELETE("/profile", s.jwt.JWTRequired(ginjwt.Fresh()), s.deleteProfile)
	return router, nil
}

type service struct {
	jwt *ginjwt.JWTManager
}

// login answers with a token that is fresh for as long as it lives, as the
// password was just checked.
func (s *service) login(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	access, err := s.jwt.CreateAccessToken(c, username, ginjwt.WithFresh())
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	refresh, err := s.jwt.CreateRefreshToken(c, username)
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"access_token": access, "refresh_token": refresh})
}

// refresh answers with a token that is not fresh, as nobody typed a password.
func (s *service) refresh(c *gin.Context) {
	username := ginjwt.GetJWTIdentity(c)
	if !mayLogIn(username) {
		c.JSON(http.StatusUnauthorized, gin.H{"msg": "Log in again"})
		return
	}
	access, err := s.jwt.CreateAccessToken(c, username)
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"access_token": access})
}

// confirm checks the password of the user that is logged in, and answers with
// a token that is fresh for five minutes and good for reading after that.
func (s *service) confirm(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	if username != ginjwt.GetJWTIdentity(c) {
		c.JSON(http.StatusForbidden, gin.H{"msg": "This is the password of another user"})
		return
	}
	access, err := s.jwt.CreateAccessToken(c, username, ginjwt.WithFreshFor(5*time.Minute))
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"access_token": access})
}

// profile runs for any access token, fresh or not.
func (s *service) profile(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"username": ginjwt.GetJWTIdentity(c)})
}

// deleteProfile runs for fresh tokens only.
func (s *service) deleteProfile(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"deleted": ginjwt.GetJWTIdentity(c)})
}

// mayLogIn is for the demo. In real life, ask your database: who was locked
// out after the login must not get tokens for another month.
func mayLogIn(username string) bool { return username == "alice" }

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
