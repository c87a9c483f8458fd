// Command locations accepts tokens in headers, cookies, query strings and JSON
// bodies.
package main

import (
	"context"
	"crypto/subtle"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	// The first location with a token wins. A route may have its own locations.
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}

	jwt := ginjwt.New(config)
	jwt.TokenVerificationLoader(linksOnlyInURLs)
	r := gin.New()
	r.Use(gin.LoggerWithConfig(gin.LoggerConfig{SkipQueryString: true})) // gin.Default logs the tokens in URLs
	r.Use(gin.Recovery())
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.POST("/login_with_cookies", loginWithCookies(jwt))
	r.GET("/who_am_i", jwt.JWTRequired(), whoAmI)
	r.GET("/only_headers", jwt.JWTRequired(ginjwt.Locations(ginjwt.InHeaders)), whoAmI)
	r.POST("/notes", jwt.JWTRequired(ginjwt.Locations(ginjwt.InJSON)), addNote)
	r.POST("/links/:file", jwt.JWTRequired(), makeLink(jwt))
	r.GET("/files/:file", jwt.JWTRequired(ginjwt.Locations(ginjwt.InQueryString)), readFile)
	return r, nil
}

// whoAmI responds with the identity, and with the location of the token.
func whoAmI(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{
		"identity": ginjwt.GetJWTIdentity(c),
		"location": ginjwt.GetJWTRequestLocation(c),
	})
}

// addNote reads the body that also held the token. The body is still whole.
func addNote(c *gin.Context) {
	var note struct {
		Text string `json:"text"`
	}
	if err := c.ShouldBindJSON(&note); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Expected a text"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"author": ginjwt.GetJWTIdentity(c), "text": note.Text})
}

// makeLink responds with a URL that opens one file for a minute.
func makeLink(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		file := c.Param("file") // a real service checks now whether this user may read it
		token, err := jwt.CreateAccessToken(c, ginjwt.GetJWTIdentity(c),
			ginjwt.WithExpires(time.Minute), ginjwt.WithClaims(ginjwt.Claims{"file": file}))
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"url": "/files/" + url.PathEscape(file) + "?jwt=" + token})
	}
}

// linksOnlyInURLs is a TokenVerificationLoader. URLs end up in logs and browser
// histories. A URL may therefore carry only a link token, and a link token is
// good for nothing else.
func linksOnlyInURLs(_ context.Context, token *ginjwt.Token) (bool, error) {
	_, isLink := token.Claims()["file"]
	return isLink == (token.Location == ginjwt.InQueryString), nil
}

func readFile(c *gin.Context) {
	file := c.Param("file")
	if ginjwt.GetJWT(c)["file"] != file {
		c.JSON(http.StatusForbidden, gin.H{"msg": "This link is for another file"})
		return
	}
	c.String(http.StatusOK, "contents of "+file)
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, ok := newToken(c, jwt)
		if !ok {
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

func loginWithCookies(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, ok := newToken(c, jwt)
		if !ok {
			return
		}
		if err := jwt.SetAccessCookies(c, token); err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
	}
}

// newToken checks the password and returns a token. Otherwise it refuses the
// request and returns false.
func newToken(c *gin.Context, jwt *ginjwt.JWTManager) (token string, ok bool) {
	var in credentials
	if err := c.ShouldBindJSON(&in); err != nil || !in.valid() {
		c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
		return "", false
	}
	token, err := jwt.CreateAccessToken(c, in.Username)
	if err != nil {
		jwt.Refuse(c, err)
		return "", false
	}
	return token, true
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
