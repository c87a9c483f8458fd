// Command casbin asks Casbin on each request whether the user of the token may do this to
// this document.
package main

import (
	"context"
	_ "embed"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/casbin/casbin/v3/persist"
	stringadapter "github.com/casbin/casbin/v3/persist/string-adapter"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

//go:embed policy.csv
var policyText string // stands for the table of an adapter for your database

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	s, err := newService(config, stringadapter.NewAdapter(policyText))
	if err != nil {
		log.Fatal(err)
	}
	go s.policies.follow(context.Background(), 10*time.Second)
	log.Fatal(s.router().Run("localhost:8080"))
}

type service struct {
	jwt      *ginjwt.JWTManager
	policies *policies
}

// newService loads the policies once. A service without policies does not start.
func newService(config ginjwt.Config, from persist.Adapter) (*service, error) {
	s := &service{jwt: ginjwt.New(config)}
	if err := s.jwt.InitApp(nil); err != nil {
		return nil, err
	}
	s.policies = &policies{now: s.jwt.Config().Now, from: from, maxAge: time.Minute}
	return s, s.policies.reload()
}

func (s *service) router() *gin.Engine {
	r := gin.New()
	documents := r.Group("/documents", s.jwt.JWTRequired())
	documents.GET("/:id", s.allow("document", "read"), showDocument)
	documents.PUT("/:id", s.allow("document", "write"), showDocument)
	documents.DELETE("/:id", s.jwt.JWTRequired(ginjwt.Fresh()), s.allow("document", "delete"), showDocument)
	return r
}

// allow is for routes behind JWTRequired. It asks the policies whether the user of the token
// may do this to the object that the parameter "id" of the route names.
func (s *service) allow(kind, action string) gin.HandlerFunc {
	return func(c *gin.Context) {
		allowed := false
		defer func() {
			if !allowed { // also after a panic, if a middleware recovers from it
				c.Abort()
			}
		}()
		token, ok := ginjwt.GetToken(c)
		if !ok { // anonymous, or without JWTRequired
			s.jwt.Refuse(c, ginjwt.ErrNoAuthorization)
			return
		}
		var err error
		allowed, err = s.policies.allow("user:"+token.Identity, kind, c.Param("id"), action)
		if err == nil && !allowed {
			err = ginjwt.ErrInsufficientScope
		}
		if err != nil {
			s.jwt.Refuse(c, err)
		}
	}
}

// showDocument stands for the handlers of your application.
func showDocument(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"document": c.Param("id"), "identity": ginjwt.GetJWTIdentity(c)})
}
