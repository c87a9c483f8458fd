// Command blocklist logs users out. It stores revoked tokens in a database, so
// that they stay revoked after a restart and in every process.
package main

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	_ "modernc.org/sqlite"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:blocklist.db?_pragma=busy_timeout(5000)")
	if err != nil {
		log.Fatal(err)
	}
	revoked, err := newBlocklist(context.Background(), db)
	if err != nil {
		log.Fatal(err)
	}
	config.Blocklist = revoked
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
	router.DELETE("/logout", s.jwt.JWTRequired(ginjwt.AnyType()), s.logout)
	router.GET("/protected", s.jwt.JWTRequired(), s.protected)
	return router, nil
}

type service struct {
	jwt *ginjwt.JWTManager
}

// logout revokes the token in the request. A client calls it twice: first with
// its refresh token, then with its access token.
func (s *service) logout(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	if err := s.jwt.RevokeToken(c, token); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"revoked": token.Type})
}

// login checks the password and returns both tokens.
func (s *service) login(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	access, err := s.jwt.CreateAccessToken(c, username)
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

// refresh answers with a new access token.
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

// protected runs only for requests with an access token that was not revoked.
func (s *service) protected(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"logged_in_as": ginjwt.GetJWTIdentity(c)})
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
