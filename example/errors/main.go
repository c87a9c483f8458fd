// Command errors shows custom responses to refused requests.
package main

import (
	"crypto/subtle"
	"errors"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// newRouter answers refusals with profile, except two kinds. The profile is
// ginjwt.FlaskError, ginjwt.BearerError or ginjwt.ProblemError.
func newRouter(config ginjwt.Config, profile ginjwt.ErrorHandler) (*gin.Engine, error) {
	jwt := ginjwt.New(config)
	jwt.ErrorLoader(profile)
	jwt.ExpiredTokenLoader(expired)
	jwt.UnauthorizedLoader(unauthorized(profile))
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.GET("/who_am_i", jwt.JWTRequired(), whoAmI)
	return r, nil
}

// expired tells clients where to get a new token.
func expired(c *gin.Context, _ *ginjwt.Error) {
	c.JSON(http.StatusUnauthorized, gin.H{"error": "expired", "login": "/login"})
}

// unauthorized shows a page to browsers without a token. All other clients get the
// response of profile.
func unauthorized(profile ginjwt.ErrorHandler) ginjwt.ErrorHandler {
	const page = "<h1>Please log in</h1>"
	return func(c *gin.Context, err *ginjwt.Error) {
		accepted := c.NegotiateFormat(gin.MIMEJSON, gin.MIMEHTML)
		if errors.Is(err, ginjwt.ErrNoAuthorization) && accepted == gin.MIMEHTML {
			c.Data(http.StatusUnauthorized, "text/html; charset=utf-8", []byte(page))
			return
		}
		profile(c, err)
	}
}

func whoAmI(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in credentials
		if err := c.ShouldBindJSON(&in); err != nil || !in.valid() {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		token, err := jwt.CreateAccessToken(c, in.Username)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// valid knows one user, for this example. A real service looks up the hash of the
// password, compares it with bcrypt or argon2id, and limits the number of attempts.
func (in credentials) valid() bool {
	return in.Username == "alice" && subtle.ConstantTimeCompare([]byte(in.Password), []byte("correct horse")) == 1
}

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // JWT_SECRET_KEY, at least 32 bytes
	if err != nil {
		log.Fatal(err)
	}
	r, err := newRouter(config, ginjwt.BearerError)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(r.Run("localhost:8080"))
}
