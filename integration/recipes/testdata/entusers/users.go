// Package entusers keeps users, sessions and revoked tokens in one database, which a
// client of ent opens.
package entusers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/recipes/testdata/entusers/ent"
	"github.com/gin-jwt-extended/ginjwt/integration/recipes/testdata/entusers/ent/user"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// Service has the users, and the manager of their tokens.
type Service struct {
	users *ent.Client
	jwt   *ginjwt.JWTManager
}

// New makes the tables that are missing, and follows the blocklist until ctx ends.
func New(ctx context.Context, config ginjwt.Config, db *sql.DB) (*Service, error) {
	users := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, db)))
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(users.Schema.Create(ctx), store.Migrate(ctx)); err != nil {
		return nil, err
	}
	config.Sessions, config.Blocklist, config.Once = store.Sessions(), store.Blocklist(ctx), store.Once()
	config.RequiredClaims = []string{"ver"}
	s := &Service{users, ginjwt.New(config)}
	s.jwt.UserLookupLoader(s.lookUp)
	return s, s.jwt.InitApp(nil)
}

// NewSession returns the first tokens of a user who has just logged in.
func (s *Service) NewSession(ctx context.Context, u *ent.User) (ginjwt.TokenPair, error) {
	return s.jwt.CreateTokenPair(ctx, u.ID, ginjwt.WithSessionClaims(ginjwt.Claims{"ver": u.TokenVersion}))
}

// lookUp is the UserLookupLoader. A token from before the last change of the password has
// no user.
func (s *Service) lookUp(ctx context.Context, token *ginjwt.Token) (any, error) {
	var claims struct {
		Version int `json:"ver"`
	}
	if err := token.Decode(&claims); err != nil {
		return nil, err
	}
	u, err := s.users.User.Query().Where(user.ID(token.Identity), user.TokenVersion(claims.Version)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, nil // 401
	case err != nil:
		return nil, fmt.Errorf("%w: users: %w", ginjwt.ErrUnavailable, err) // 503
	}
	return u, nil
}

// ChangePassword stores a new password. The commit ends all tokens of the user. also is
// what else the application writes in the same transaction.
func (s *Service) ChangePassword(ctx context.Context, id, hash string, also func(*ent.Tx) error) error {
	tx, err := s.users.Tx(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := tx.User.UpdateOneID(id).SetPasswordHash(hash).AddTokenVersion(1).Exec(ctx); err != nil {
		return err
	}
	if err := also(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.jwt.EndSessions(ctx, id) // for open streams and the list of sessions: the tokens are refused already
}

// Router has the routes.
func (s *Service) Router() (*gin.Engine, error) {
	r := gin.New()
	if err := s.jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/refresh", s.jwt.RefreshHandler())
	r.POST("/logout", s.jwt.LogoutHandler())
	r.GET("/me", s.jwt.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"id": ginjwt.GetCurrentUser[*ent.User](c).ID})
	})
	return r, nil
}
