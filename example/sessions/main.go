// Command sessions lets users log in on several devices, rotates their refresh
// tokens, and ends one session or all of them.
package main

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:sessions.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := store.Migrate(ctx); err != nil { // creates missing tables
		log.Fatal(err)
	}
	config.Sessions = store.Sessions()
	config.Blocklist = store.Blocklist(ctx) // follows what other processes revoke
	router, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	s := &service{ginjwt.New(config)}
	s.jwt.OnReuse(warnUser)
	router := gin.Default()
	if err := s.jwt.InitApp(router); err != nil {
		return nil, err
	}
	required := s.jwt.JWTRequired()
	router.POST("/login", s.login)
	router.POST("/refresh", s.jwt.RefreshHandler())
	router.POST("/logout", s.jwt.LogoutHandler())
	router.POST("/logout/all", required, s.jwt.LogoutAllHandler())
	router.GET("/sessions", required, s.jwt.SessionsHandler())
	router.DELETE("/sessions/:id", required, s.jwt.EndSessionHandler())
	router.POST("/password", s.jwt.JWTRequired(ginjwt.Fresh()), s.changePassword)
	router.GET("/protected", required, s.protected)
	return router, nil
}

type service struct {
	jwt *ginjwt.JWTManager
}

// login checks the password and starts a session for this device.
func (s *service) login(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	pair, err := s.jwt.CreateTokenPair(c, username, ginjwt.WithFresh(), ginjwt.WithDevice(c.Request.UserAgent()))
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
}

// changePassword logs the user out on all other devices. In real life, store the new
// password first: otherwise a thief could log in again with the old one.
func (s *service) changePassword(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	if err := s.jwt.EndSessions(c, token.Identity, token.SessionID); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"msg": "All other sessions have ended"})
}

// warnUser is called after a refresh token was used twice. In real life, write to
// the user, in a goroutine or through a queue.
func warnUser(_ context.Context, session ginjwt.Session, _ *ginjwt.Token) {
	log.Printf("a token of %s on %q was stolen; the session has ended", session.Identity, session.Device)
}

// protected runs only for requests with a valid access token.
func (s *service) protected(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"logged_in_as": ginjwt.GetJWTIdentity(c)})
}

// checkLogin checks the user name and password in the body. If they are wrong or
// missing, it refuses the request and returns false.
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
