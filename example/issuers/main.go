// Command issuers accepts tokens of an identity provider, or of another service, beside
// its own tokens.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// ownIssuer is the "iss" of the service's own tokens.
const ownIssuer = "http://localhost:8081"

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	provider, err := provider(context.Background(), os.Getenv("PROVIDER"), os.Getenv("AUDIENCE"))
	if err != nil {
		log.Fatal(err)
	}
	config.Issuers = []ginjwt.Issuer{provider}
	router, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8081"))
}

// provider returns an issuer. The service accepts its tokens for this audience.
func provider(ctx context.Context, name, audience string) (ginjwt.Issuer, error) {
	keys, err := jwks.Discover(ctx, name, jwks.Options{
		AllowLoopbackHTTP: true, // to try it on one machine; leave it out otherwise
		OnError:           func(err error) { log.Print(err) },
	})
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{audience},
		IdentityPrefix: "provider:",
		RequiredClaims: []string{"exp"},
	}, err
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.EncodeIssuer, config.DecodeIssuer = ownIssuer, ownIssuer
	s := &service{
		jwt:   ginjwt.New(config),
		users: users{byIdentity: map[string]*user{"alice": {Identity: "alice", From: ownIssuer}}},
	}
	s.jwt.UserLookupLoader(s.users.find)
	router := gin.Default()
	if err := s.jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.GET("/protected", s.jwt.JWTRequired(), protected)
	router.POST("/exchange", s.jwt.JWTRequired(), s.exchange)
	return router, nil
}

type service struct {
	jwt   *ginjwt.JWTManager
	users users
}

// protected runs only for requests with a valid access token of either issuer.
func protected(c *gin.Context) {
	c.JSON(http.StatusOK, ginjwt.GetCurrentUser[*user](c))
}

// exchange makes one of our own tokens for a user of the provider. We choose its claims,
// and can revoke it.
func (s *service) exchange(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	if token.Issuer == ownIssuer { // otherwise a token could be renewed forever
		c.JSON(http.StatusForbidden, gin.H{"msg": "Send a token of the provider"})
		return
	}
	own, err := s.jwt.CreateAccessToken(c, token.Identity)
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"access_token": own})
}
