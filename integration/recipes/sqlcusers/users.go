// Package sqlcusers keeps users, sessions and revoked tokens in one database, which a pool
// of pgx and the code of sqlc use.
package sqlcusers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/recipes/sqlcusers/db"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

//go:generate sqlc generate

// Service has the users, and the manager of their tokens.
type Service struct {
	pool    *pgxpool.Pool
	queries *db.Queries
	jwt     *ginjwt.JWTManager
}

// New makes the tables of the store that are missing, and follows the blocklist until ctx
// ends.
func New(ctx context.Context, config ginjwt.Config, pool *pgxpool.Pool) (*Service, error) {
	shared := stdlib.OpenDBFromPool(pool) // takes connections from the pool, and keeps none
	store, err := sqlstore.New(shared, sqlstore.PostgreSQL, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	config.Sessions, config.Blocklist, config.Once = store.Sessions(), store.Blocklist(ctx), store.Once()
	s := &Service{pool, db.New(pool), ginjwt.New(config)}
	s.jwt.UserLookupLoader(s.lookUp)
	return s, s.jwt.InitApp(nil)
}

// lookUp is the UserLookupLoader.
func (s *Service) lookUp(ctx context.Context, token *ginjwt.Token) (any, error) {
	user, err := s.queries.GetUser(ctx, token.Identity)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil // 401
	case err != nil:
		return nil, fmt.Errorf("%w: users: %w", ginjwt.ErrUnavailable, err) // 503
	}
	return user, nil
}

// ChangePassword stores a new password and, in the same transaction, notes that the
// sessions of the user are to end.
func (s *Service) ChangePassword(ctx context.Context, id, hash string) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		q := s.queries.WithTx(tx)
		if err := q.SetPassword(ctx, db.SetPasswordParams{ID: id, PasswordHash: hash}); err != nil {
			return err
		}
		return q.AddLogout(ctx, db.AddLogoutParams{ID: rand.Text(), UserID: id})
	})
	if err != nil {
		return err
	}
	return s.EndNoted(ctx)
}

// EndNoted ends the sessions of all rows in logouts, and deletes a row only after its
// sessions have ended. Also call it every few seconds, from any process: a process may be
// killed before it ends the sessions.
func (s *Service) EndNoted(ctx context.Context) error {
	notes, err := s.queries.ListLogouts(ctx)
	for _, note := range notes {
		failed := s.jwt.EndSessions(ctx, note.UserID)
		if failed == nil {
			failed = s.queries.DeleteLogout(ctx, note.ID)
		}
		err = errors.Join(err, failed)
	}
	return err
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
		c.JSON(http.StatusOK, gin.H{"id": ginjwt.GetCurrentUser[db.User](c).ID})
	})
	return r, nil
}
