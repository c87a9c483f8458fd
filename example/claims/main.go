// Command claims stores additional claims in tokens, and reads them in handlers.
package main

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// roles stands for a database table. Requests can share it: nothing writes to it.
var roles = map[string][]string{"alice": {"author", "editor"}}

// rolesOf is an AdditionalClaimsLoader. Every new token gets the claims that it
// returns.
func rolesOf(_ context.Context, identity any) (ginjwt.Claims, error) {
	username, ok := identity.(string)
	if !ok {
		return nil, fmt.Errorf("claims: the identity is a %T", identity)
	}
	return ginjwt.Claims{"roles": roles[username]}, nil
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	jwt := ginjwt.New(config)
	jwt.AdditionalClaimsLoader(rolesOf)
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.GET("/roles", jwt.JWTRequired(), showRoles(jwt))
	r.GET("/login_method", jwt.JWTRequired(), showLoginMethod)
	return r, nil
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in credentials
		if err := c.ShouldBindJSON(&in); err != nil || !in.valid() {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		// Only this token gets this claim.
		byPassword := ginjwt.WithClaims(ginjwt.Claims{"login_method": "password"})
		token, err := jwt.CreateAccessToken(c, in.Username, byPassword)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// myClaims are the claims of this application. The names must match exactly.
type myClaims struct {
	Roles       []string `json:"roles"`
	LoginMethod string   `json:"login_method"`
}

// showRoles reads the claims into a struct.
func showRoles(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		claims, err := ginjwt.GetJWTClaims[myClaims](c)
		if err != nil { // a claim has another type than its field
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c), "roles": claims.Roles})
	}
}

// showLoginMethod reads one claim from the map of all claims.
func showLoginMethod(c *gin.Context) {
	method, ok := ginjwt.GetJWT(c)["login_method"].(string)
	if !ok {
		method = "unknown"
	}
	c.JSON(http.StatusOK, gin.H{"login_method": method})
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
