// Command freshness asks for the password again before a user deletes data. A
// token from a refresh can read, but not delete.
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

// login checks the password. It answers with an access token that is fresh until
// it expires, and with a refresh token.
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

// refresh answers with a token that is not fresh: nobody typed a password.
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

// confirm checks the password of the logged-in user again. It answers with a
// token that is fresh for five minutes. After that the token can still read.
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

// mayLogIn is for the demo. A real service asks its database: a user who was
// locked out after the login must not get new tokens for another month.
func mayLogIn(username string) bool { return username == "alice" }

// checkLogin returns the username if the password is right. Otherwise it answers
// the request and returns false.
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

// passwordMatches knows one user, for the demo. A real service looks up the user
// and compares with a stored hash, made with bcrypt or Argon2id. It does the same
// work for unknown names: the response time must not tell which users exist. It
// also limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
