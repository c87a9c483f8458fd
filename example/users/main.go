// Command users loads the user of every request by the identity in its token.
package main

import (
	"context"
	"crypto/subtle"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// User is what handlers and templates get.
type User struct {
	ID       string
	Username string
	FullName string

	password string // a real service stores a hash, made with bcrypt or Argon2id
}

// users stands for a database table, by ID. Requests can share it: nothing
// writes to it.
var users = map[string]*User{
	"1": {ID: "1", Username: "alice", FullName: "Alice Liddell", password: "correct horse"},
	"2": {ID: "2", Username: "bob", FullName: "Bob Cratchit", password: "battery staple"},
}

// userIdentity returns the identity for the token: the ID, because names change.
func userIdentity(_ context.Context, user any) (string, error) {
	u, ok := user.(*User)
	if !ok || u == nil {
		return "", fmt.Errorf("users: no *User but a %T", user)
	}
	return u.ID, nil
}

// userLookup loads the user of a token. It returns nil if there is no such user.
func userLookup(_ context.Context, token *ginjwt.Token) (any, error) {
	return users[token.Identity], nil
}

var home = template.Must(template.New("home").Parse(
	`<h1>{{.title}}</h1>{{with .current_user}}<p>Hello, {{.FullName}}</p>{{else}}<p>Please log in</p>{{end}}`))

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies} // browsers send cookies by themselves
	config.DisableSessionCookie = true                         // and drop them when the token expires

	jwt := ginjwt.New(config)
	jwt.UserIdentityLoader(userIdentity)
	jwt.UserLookupLoader(userLookup)
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.SetHTMLTemplate(home)
	r.POST("/login", login(jwt))
	r.GET("/who_am_i", jwt.JWTRequired(), whoAmI)
	r.GET("/", jwt.JWTRequired(ginjwt.Optional()), homePage)
	return r, nil
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in credentials
		if err := c.ShouldBindJSON(&in); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"msg": "Expected a username and a password"})
			return
		}
		user := in.user()
		if user == nil {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		token, err := jwt.CreateAccessToken(c, user) // not user.ID: the loader takes a *User
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		if err := jwt.SetAccessCookies(c, token); err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
	}
}

func whoAmI(c *gin.Context) {
	user := ginjwt.GetCurrentUser[*User](c)
	c.JSON(http.StatusOK, gin.H{"id": user.ID, "username": user.Username, "full_name": user.FullName})
}

// homePage is public. Its template reads the user as current_user, which is nil
// for anonymous visitors.
func homePage(c *gin.Context) {
	c.Header("Cache-Control", "no-store") // the page depends on the user
	c.HTML(http.StatusOK, "home", ginjwt.TemplateData(c, gin.H{"title": "Home"}))
}

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// user returns the user with this name and password, or nil. A real service also
// limits attempts.
func (in credentials) user() *User {
	for _, user := range users {
		if user.Username == in.Username && subtle.ConstantTimeCompare([]byte(in.Password), []byte(user.password)) == 1 {
			return user
		}
	}
	return nil
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
