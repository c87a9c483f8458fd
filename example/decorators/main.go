// Command decorators protects routes with its own middleware.
package main

import (
	"context"
	"crypto/subtle"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

type account struct {
	password  string
	admin     bool
	suspended bool
}

// accounts stands for a database table. Requests can share it: nothing writes to
// it. A real table stores password hashes, made with bcrypt or Argon2id.
var accounts = map[string]account{
	"alice": {password: "correct horse", admin: true},
	"bob":   {password: "battery staple"},
	"carol": {password: "paper clip", admin: true, suspended: true},
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	jwt := ginjwt.New(config)
	jwt.TokenVerificationLoader(notSuspended)
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.GET("/protected", jwt.JWTRequired(), whoAmI)
	r.GET("/admin", adminRequired(jwt), whoAmI)
	return r, nil
}

// notSuspended is a TokenVerificationLoader. It refuses the tokens of suspended
// users.
func notSuspended(_ context.Context, token *ginjwt.Token) (bool, error) {
	account, ok := accounts[token.Identity]
	return ok && !account.suspended, nil
}

type roleClaims struct {
	Admin bool `json:"admin"`
}

// adminRequired does what JWTRequired does, and lets only administrators through.
func adminRequired(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		if _, err := jwt.VerifyJWTInRequest(c); err != nil {
			jwt.Refuse(c, err)
			return
		}
		// A request without a token, such as a CORS preflight, has no claims.
		claims, err := ginjwt.GetJWTClaims[roleClaims](c)
		if err != nil || !claims.Admin {
			jwt.Refuse(c, errAdminsOnly)
		}
	}
}

var errAdminsOnly = &ginjwt.Error{
	Kind:    ginjwt.ErrVerification,
	Reason:  "admins_only",
	Status:  http.StatusForbidden,
	Message: "Admins only",
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
		admin := ginjwt.WithClaims(ginjwt.Claims{"admin": accounts[in.Username].admin})
		token, err := jwt.CreateAccessToken(c, in.Username, admin)
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

// valid is for the demo. A real service also limits attempts.
func (in credentials) valid() bool {
	account, ok := accounts[in.Username]
	return ok && !account.suspended && subtle.ConstantTimeCompare([]byte(in.Password), []byte(account.password)) == 1
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
