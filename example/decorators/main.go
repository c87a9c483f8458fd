// Command decorators protects routes with a handler of its own.
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

// accounts stands for a table of the application. Nothing writes to it. A real
// one has the hashes of the passwords, made with bcrypt or argon2id.
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

// notSuspended is asked about every token that is good otherwise.
func notSuspended(_ context.Context, token *ginjwt.Token) (bool, error) {
	account, ok := accounts[token.Identity]
	return ok && !account.suspended, nil
}

type roleClaims struct {
	Admin bool `json:"admin"`
}

// adminRequired is JWTRequired, and lets only administrators through.
func adminRequired(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		if _, err := jwt.VerifyJWTInRequest(c); err != nil {
			jwt.Refuse(c, err)
			return
		}
		// Who sent no token, as in a CORS preflight, has no claims.
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

// valid is for this demonstration. A real service also limits how often one
// may try.
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
