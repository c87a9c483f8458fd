// Command rolehierarchy has roles that include other roles: an admin may do what an editor
// may do, and an editor what a viewer may do.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	s, err := newService(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(s.router().Run("localhost:8080"))
}

type service struct {
	jwt   *ginjwt.JWTManager
	users userTable
}

func newService(config ginjwt.Config) (*service, error) {
	s := &service{jwt: ginjwt.New(config)}
	s.users.roles = map[string][]string{"alice": {"admin"}, "bob": {"editor"}, "carol": {"viewer"}}
	s.jwt.AdditionalClaimsLoader(func(ctx context.Context, identity any) (ginjwt.Claims, error) {
		names, err := s.users.rolesOf(ctx, identity)
		return ginjwt.Claims{"roles": names}, err
	})
	return s, s.jwt.InitApp(nil)
}

func (s *service) router() *gin.Engine {
	r := gin.New()
	r.GET("/articles", s.jwt.JWTRequired(roles.atLeast("viewer")), whoAmI)
	r.PUT("/articles", s.jwt.JWTRequired(roles.atLeast("editor")), whoAmI)
	admin := r.Group("/admin", s.jwt.JWTRequired(roles.atLeast("admin")))
	admin.GET("/users", whoAmI)
	admin.DELETE("/users", s.stillAtLeast("admin"), whoAmI)
	return r
}

// stillAtLeast is for routes behind JWTRequired. It requires that the user has this role, or
// a role that includes it, now. JWTRequired checks the role in the token.
func (s *service) stillAtLeast(role string) gin.HandlerFunc {
	enough := roles.enough(role)
	return func(c *gin.Context) {
		err := ginjwt.ErrNoAuthorization // anonymous, or without JWTRequired
		defer func() {
			if err != nil { // also after a panic, if a middleware recovers from it
				c.Abort()
			}
		}()
		if token, ok := ginjwt.GetToken(c); ok {
			err = s.hasOneOf(c.Request.Context(), token.Identity, enough)
		}
		if err != nil {
			s.jwt.Refuse(c, err)
		}
	}
}

// hasOneOf returns nil if the user has one of these roles now.
func (s *service) hasOneOf(ctx context.Context, identity string, enough []string) error {
	names, err := s.users.rolesOf(ctx, identity)
	if err != nil {
		return fmt.Errorf("%w: the table of users: %w", ginjwt.ErrUnavailable, err)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(enough, name) }) {
		return ginjwt.ErrInsufficientScope
	}
	return nil
}

// userTable stands for a table of your database.
type userTable struct {
	mu    sync.Mutex
	roles map[string][]string
	fail  func() error // for tests; nil: the database replies
}

// rolesOf returns the roles of a user. A user who does not exist has none.
func (t *userTable) rolesOf(_ context.Context, identity any) ([]string, error) {
	name, ok := identity.(string)
	if !ok {
		return nil, fmt.Errorf("the identity is a %T, not a string", identity)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fail != nil {
		return nil, t.fail()
	}
	return t.roles[name], nil
}

// whoAmI stands for the handlers of your application.
func whoAmI(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}
