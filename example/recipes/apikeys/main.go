// Command apikeys takes API keys beside access tokens on the same routes. Handlers find
// the same identity either way.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

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

type service struct {
	jwt  *ginjwt.JWTManager
	keys *keyTable
}

func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	s := &service{jwt: ginjwt.New(config)}
	r := gin.New()
	if err := s.jwt.InitApp(r); err != nil {
		return nil, err
	}
	s.keys = &keyTable{now: s.jwt.Config().Now, rows: map[string]apiKey{}}
	r.GET("/orders", s.allow("orders:read"), whoAmI) // a token or an API key
	r.POST("/orders", s.allow("orders:write"), whoAmI)
	r.POST("/keys", s.jwt.JWTRequired(ginjwt.Fresh()), s.createKey) // a token only
	r.DELETE("/keys/:id", s.jwt.JWTRequired(), s.deleteKey)
	return r, nil
}

var errAPIKey = &ginjwt.Error{
	Kind:    ginjwt.ErrInvalidToken,
	Reason:  "api_key_invalid",
	Status:  http.StatusUnauthorized,
	Message: "The API key is not valid",
}

// allow lets requests through that have a token or an API key with all of these scopes.
func (s *service) allow(scopes ...string) gin.HandlerFunc {
	tokenRequired := s.jwt.JWTRequired(ginjwt.Scopes(scopes...))
	return func(c *gin.Context) {
		sent := c.Request.Header.Values("X-API-Key")
		if len(sent) == 0 {
			tokenRequired(c)
			return
		}
		row, err := s.verifyKey(c, sent, scopes)
		if err != nil {
			s.jwt.Refuse(c, err)
			return
		}
		token := &ginjwt.Token{ID: "key:" + row.ID, Type: ginjwt.AccessToken, Identity: row.Owner}
		c.Request = c.Request.WithContext(ginjwt.NewContext(c, token, nil))
	}
}

// verifyKey returns what the table has of the API key of a request.
func (s *service) verifyKey(c *gin.Context, sent, scopes []string) (apiKey, error) {
	if len(sent) > 1 || c.GetHeader("Authorization") != "" {
		return apiKey{}, ginjwt.ErrMultipleTokens
	}
	row, good, err := s.keys.verify(c.Request.Context(), sent[0])
	switch {
	case err != nil:
		return apiKey{}, fmt.Errorf("%w: the table of API keys: %w", ginjwt.ErrUnavailable, err)
	case !good:
		return apiKey{}, errAPIKey
	case !hasAll(row.Scopes, scopes):
		return apiKey{}, &ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: strings.Join(scopes, " ")}
	}
	return row, nil
}

// createKey returns a new key of the user, with no scope that the user does not have.
func (s *service) createKey(c *gin.Context) {
	var in struct {
		Scopes []string `json:"scopes" binding:"required"`
	}
	if err := c.ShouldBindJSON(&in); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send the scopes as JSON"})
		return
	}
	token, ok := ginjwt.GetToken(c)
	if !ok || !hasAll(token.Scopes(), in.Scopes) {
		s.jwt.Refuse(c, ginjwt.ErrInsufficientScope)
		return
	}
	key, row := newAPIKey(token.Identity, in.Scopes, s.keys.now().AddDate(0, 3, 0))
	s.keys.add(row)
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusCreated, gin.H{"id": row.ID, "key": key, "expires": row.Expires})
}

func (s *service) deleteKey(c *gin.Context) {
	if !s.keys.remove(c.Param("id"), ginjwt.GetJWTIdentity(c)) {
		c.JSON(http.StatusNotFound, gin.H{"msg": "There is no such key"})
		return
	}
	c.Status(http.StatusNoContent)
}

// whoAmI stands for the handlers of your application. It does not know how the client
// proved who it is.
func whoAmI(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}
