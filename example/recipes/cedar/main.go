// Command cedar asks policies in the language Cedar on each request whether the user of the
// token may do this to this document.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/cedar-policy/cedar-go"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

//go:embed policies.cedar
var policyText []byte

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	s, err := newService(config, policyText)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(s.router().Run("localhost:8080"))
}

type service struct {
	jwt      *ginjwt.JWTManager
	policies policies
	tables   tables
}

// newService returns an error if the policies cannot be parsed.
func newService(config ginjwt.Config, policyText []byte) (*service, error) {
	s := &service{jwt: ginjwt.New(config), tables: exampleTables}
	s.jwt.UserLookupLoader(func(ctx context.Context, token *ginjwt.Token) (any, error) {
		return s.tables.user(ctx, token.Identity)
	})
	if err := s.jwt.InitApp(nil); err != nil {
		return nil, err
	}
	return s, s.policies.replace(policyText)
}

func (s *service) router() *gin.Engine {
	r := gin.New()
	documents := r.Group("/documents", s.jwt.JWTRequired())
	documents.GET("/:id", s.allow("read"), showDocument)
	documents.PUT("/:id", s.allow("write"), showDocument)
	documents.DELETE("/:id", s.allow("delete"), showDocument)
	r.GET("/published/:id", ginjwt.Decided(s.allowVisitors("read"), "policies, also about visitors"), showDocument)
	return r
}

// allow is for routes behind JWTRequired. It asks the policies whether the user of the token
// may do this to the document that the route names.
func (s *service) allow(action cedar.String) gin.HandlerFunc {
	return s.refuseUnless(func(c *gin.Context) error {
		token, ok := ginjwt.GetToken(c)
		if !ok { // anonymous, or without JWTRequired
			return ginjwt.ErrNoAuthorization
		}
		return s.decide(c, principalOf(token, ginjwt.GetCurrentUser[*user](c)), action, token.Fresh)
	})
}

// refuseUnless lets requests pass for which decide returns nil.
func (s *service) refuseUnless(decide func(c *gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		defer func() {
			if !passed { // also after a panic, if a middleware recovers from it
				c.Abort()
			}
		}()
		err := decide(c)
		if err != nil {
			s.jwt.Refuse(c, err)
		}
		passed = err == nil
	}
}

// allowVisitors is allow for requests with and without a token. It verifies the token itself,
// because a request that nobody verified must not pass as a visitor.
func (s *service) allowVisitors(action cedar.String) gin.HandlerFunc {
	return s.refuseUnless(func(c *gin.Context) error {
		token, err := s.jwt.VerifyJWTInRequest(c, ginjwt.Optional())
		if err != nil {
			return err
		}
		if token != nil {
			return s.decide(c, principalOf(token, ginjwt.GetCurrentUser[*user](c)), action, token.Fresh)
		}
		visitor := cedar.Entity{UID: cedar.NewEntityUID("Visitor", "anonymous")}
		return s.decide(c, visitor, action, false)
	})
}

// decide returns nil if the policies allow the action. The handler gets the document that
// they decided about.
func (s *service) decide(c *gin.Context, principal cedar.Entity, action cedar.String, fresh bool) error {
	document, found, err := s.tables.document(c.Request.Context(), c.Param("id"))
	if err != nil {
		return fmt.Errorf("%w: the table of documents: %w", ginjwt.ErrUnavailable, err)
	}
	if !found { // the same response as for a document of somebody else
		return ginjwt.ErrInsufficientScope
	}
	allowed, err := s.policies.allow(principal, action, document.entity(), cedar.RecordMap{"fresh": cedar.Boolean(fresh)})
	if err != nil {
		return err
	}
	if !allowed {
		return ginjwt.ErrInsufficientScope
	}
	c.Set("document", document)
	return nil
}

// showDocument stands for the handlers of your application.
func showDocument(c *gin.Context) {
	document := c.MustGet("document").(document)
	c.JSON(http.StatusOK, gin.H{"document": document.ID, "owner": document.Owner})
}
