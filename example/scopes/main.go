// Command scopes protects routes by scopes, by roles, by a claim, and by the time
// since the last login.
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

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	jwt := ginjwt.New(config)
	jwt.InsufficientScopeLoader(forbidden)
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.GET("/notes", jwt.JWTRequired(ginjwt.Scopes("notes:read")), whoAmI)
	r.PUT("/notes", jwt.JWTRequired(ginjwt.Scopes("notes:read", "notes:write")), whoAmI)
	r.GET("/search", jwt.JWTRequired(ginjwt.AnyScope("notes:read", "search")), whoAmI)
	r.GET("/statistics", jwt.JWTRequired(ginjwt.Claim("plan", "pro", "team")), whoAmI)

	admin := r.Group("/admin", jwt.JWTRequired(ginjwt.Roles("admin", "owner")))
	admin.GET("/users", whoAmI)
	admin.DELETE("/users", jwt.JWTRequired(ginjwt.FreshWithin(5*time.Minute)), whoAmI)
	return r, nil
}

// forbidden tells the client which scopes the route requires.
func forbidden(c *gin.Context, err *ginjwt.Error) {
	body := gin.H{"msg": err.Message}
	if err.Scope != "" {
		body["scope"] = err.Scope
	}
	c.JSON(err.Status, body)
}

// account is a user with a password, and what the user's tokens allow.
type account struct {
	password string
	scope    string
	roles    []string
	plan     string
}

// accounts stands for a database table. Requests can share it: nothing writes to
// it. A real table stores password hashes, made with bcrypt or Argon2id.
var accounts = map[string]account{
	"alice": {"correct horse", "notes:read notes:write", []string{"editor", "admin"}, "team"},
	"bob":   {"battery staple", "notes:read", nil, "free"},
}

// login checks the password. It responds with a fresh token that says what the
// user may do.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in credentials
		if err := c.ShouldBindJSON(&in); err != nil || !in.valid() {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		user := accounts[in.Username]
		rights := ginjwt.WithClaims(ginjwt.Claims{"scope": user.scope, "roles": user.roles, "plan": user.plan})
		token, err := jwt.CreateAccessToken(c, in.Username, ginjwt.WithFresh(), rights)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// whoAmI stands for your handlers. The options of the routes have checked the
// token.
func whoAmI(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// valid is for the demo. A real service also limits attempts.
func (in credentials) valid() bool {
	account, ok := accounts[in.Username]
	return ok && subtle.ConstantTimeCompare([]byte(in.Password), []byte(account.password)) == 1
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
