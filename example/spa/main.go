// Command spa serves pages that keep their users logged in: with a script in one file,
// with axios, with htmx, and without a script. If JWT_DPOP is "accepted", the page /?dpop
// binds its tokens to a key of the browser.
package main

import (
	"crypto/subtle"
	"flag"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	flag.Parse()
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	config.Sessions = &ginjwt.MemorySessions{}
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	router, err := newRouter(config, flag.Args()...)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

// newRouter returns the service. It accepts requests from its own pages and from pages
// of origins, such as "https://app.example.com".
func newRouter(config ginjwt.Config, origins ...string) (*gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies, ginjwt.InHeaders}
	config.CSRFProtection = "fetch_metadata" // browsers say which page sends a request
	config.CSRFTrustedOrigins = origins
	config.DisableCSRFInCookies = true // nothing reads them
	config.RenewedTokenHeader = "X-Renewed-Token"
	s := &service{jwt: ginjwt.New(config)}
	router := gin.Default()
	if len(origins) > 0 {
		router.Use(allowPages(origins)) // before all that may refuse: a 401 needs these headers too
	}
	if err := s.jwt.InitApp(router); err != nil {
		return nil, err
	}
	fromPages := s.jwt.SameOriginRequired() // a login has no token yet
	required := s.jwt.JWTRequired()
	renewing := s.jwt.ImplicitRefresh(s.jwt.Config().AccessTokenExpires / 2)

	api := router.Group("/api", renewing)
	api.POST("/login", fromPages, s.login) // sets cookies
	api.POST("/token", s.token)            // answers with tokens
	api.POST("/refresh", s.jwt.RefreshHandler())
	api.POST("/logout", s.jwt.LogoutHandler())
	api.GET("/messages", required, s.messages)
	api.POST("/messages", required, s.send)

	s.servePages(router)
	s.serveForms(router.Group("/form"), fromPages)
	return router, nil
}

type service struct {
	jwt *ginjwt.JWTManager
}

// login starts a session and sets cookies with its tokens.
func (s *service) login(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	if err := s.startSession(c, username); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
}

// startSession starts a session and sets cookies with its tokens.
func (s *service) startSession(c *gin.Context, username string) error {
	pair, err := s.newPair(c, username)
	if err != nil {
		return err
	}
	return s.jwt.SetPairCookies(c, pair)
}

func (s *service) newPair(c *gin.Context, username string) (ginjwt.TokenPair, error) {
	return s.jwt.CreateTokenPair(c, username, ginjwt.WithFresh(), ginjwt.WithDevice(c.Request.UserAgent()))
}

// token starts a session and answers with its tokens.
func (s *service) token(c *gin.Context) {
	username, ok := checkLogin(c)
	if !ok {
		return
	}
	pair, err := s.newPair(c, username)
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
}

// messages only reads. If the token is in a cookie, JWTRequired keeps the answer out of
// caches.
func (s *service) messages(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"messages_for": ginjwt.GetJWTIdentity(c)})
}

// send changes something. With cookies it runs only if a page of this service, or of a
// trusted origin, sends the request.
func (s *service) send(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"sent_by": ginjwt.GetJWTIdentity(c)})
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
