// Command es256 runs two services: accounts signs tokens with a private key, and shop
// verifies them with the public key that accounts publishes.
package main

import (
	"context"
	"crypto/subtle"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_KEYS_FILE
	if err != nil {
		log.Fatal(err)
	}
	accounts, err := newAccounts(config)
	if err != nil {
		log.Fatal(err)
	}
	shop, err := newShop(context.Background(), "http://localhost:8080/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(shop.Run("localhost:8081")) }()
	log.Fatal(accounts.Run("localhost:8080"))
}

// issuer is the name of accounts: the "iss" of its tokens.
const issuer = "https://accounts.example"

// newAccounts returns the service that signs. Only this service has the private key.
func newAccounts(config ginjwt.Config) (*gin.Engine, error) {
	config.EncodeIssuer, config.EncodeAudience = issuer, []string{"shop"}
	jwt := ginjwt.New(config)
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(jwt))
	router.GET("/jwks.json", jwt.JWKSHandler()) // the public key
	return router, nil
}

// newShop returns the service that verifies. It fetches the public key, and makes no
// tokens of its own.
func newShop(ctx context.Context, jwksURL string) (*gin.Engine, error) {
	published, err := jwks.New(ctx, jwksURL, jwks.Options{
		Algorithms:        []string{"ES256"},
		AllowLoopbackHTTP: true, // to try it on one machine; leave it out otherwise
	})
	if err != nil {
		return nil, err
	}
	jwt := ginjwt.New(ginjwt.Config{Issuers: []ginjwt.Issuer{{
		Name: issuer, KeySource: published, Audience: []string{"shop"}, RequiredClaims: []string{"exp"},
	}}})
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.GET("/cart", jwt.JWTRequired(), cart)
	return router, nil
}

func cart(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"cart_of": ginjwt.GetJWTIdentity(c)})
}

// login checks the password and returns a token that the private key signs.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var form struct{ Username, Password string }
		if c.ShouldBindJSON(&form) != nil || !passwordMatches(form.Username, form.Password) {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		token, err := jwt.CreateAccessToken(c, form.Username)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// passwordMatches knows one user, for the demo. A real service compares with a stored
// hash, made with bcrypt or Argon2id, and limits attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}
