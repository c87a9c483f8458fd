// Command claims puts registered, public and private claims into a token and reads them.
package main

import (
	"crypto/subtle"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	router, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.EncodeIssuer, config.DecodeIssuer = "https://shop.example", "https://shop.example" // "iss"
	jwt := ginjwt.New(config)
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(jwt))
	router.GET("/claims", jwt.JWTRequired(), claims(jwt))
	return router, nil
}

// login checks the password and answers with a token that has claims of each kind.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var form struct{ Username, Password string }
		if c.ShouldBindJSON(&form) != nil || !passwordMatches(form.Username, form.Password) {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		// The registered claims "iss", "sub", "exp", "nbf", "iat" and "jti" are added by
		// ginjwt.
		token, err := jwt.CreateAccessToken(c, form.Username, ginjwt.WithClaims(ginjwt.Claims{
			"locale":                    "de-CH", // public: IANA lists the name
			"https://shop.example/plan": "gold",  // public: nobody else can use the name
			"cart_limit":                20,      // private: a name of this service
		}))
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// myClaims are the claims that this service reads. The names must match exactly.
type myClaims struct {
	Locale    string `json:"locale"`
	Plan      string `json:"https://shop.example/plan"`
	CartLimit int    `json:"cart_limit"`
}

func claims(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		mine, err := ginjwt.GetJWTClaims[myClaims](c)
		if err != nil { // a claim has another type than its field
			jwt.Refuse(c, err)
			return
		}
		token, _ := ginjwt.GetToken(c) // has fields for the registered claims
		c.JSON(http.StatusOK, gin.H{
			"sub": token.Identity, "iss": token.Issuer,
			"locale": mine.Locale, "plan": mine.Plan, "cart_limit": mine.CartLimit,
		})
	}
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
