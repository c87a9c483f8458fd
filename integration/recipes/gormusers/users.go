// Package gormusers keeps users, sessions and revoked tokens in one database, which GORM
// opens.
package gormusers

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// User is a row of the table users.
type User struct {
	ID           string `gorm:"primaryKey"`
	PasswordHash string
	TokenVersion int `gorm:"not null;default:1"` // goes up when all tokens of the user end
}

// AuditEntry stands for what else the application writes in the same transaction.
type AuditEntry struct {
	ID     uint
	UserID string
	Event  string
}

// Service has the users, and the manager of their tokens.
type Service struct {
	db  *gorm.DB
	jwt *ginjwt.JWTManager
}

// Open opens the database, makes the tables, and follows the blocklist until ctx ends.
func Open(ctx context.Context, config ginjwt.Config, dsn string) (*Service, error) {
	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{})
	if err != nil {
		return nil, err
	}
	pool, err := db.DB() // the *sql.DB of GORM: one pool for both
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(pool, sqlstore.PostgreSQL, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.AutoMigrate(&User{}, &AuditEntry{}), store.Migrate(ctx)); err != nil {
		return nil, err
	}
	config.Sessions, config.Blocklist, config.Once = store.Sessions(), store.Blocklist(ctx), store.Once()
	config.RequiredClaims = []string{"ver"}
	s := &Service{db, ginjwt.New(config)}
	s.jwt.UserLookupLoader(s.lookUp)
	return s, s.jwt.InitApp(nil)
}

// NewSession returns the first tokens of a user who has just logged in.
func (s *Service) NewSession(ctx context.Context, user *User) (ginjwt.TokenPair, error) {
	return s.jwt.CreateTokenPair(ctx, user.ID, ginjwt.WithSessionClaims(ginjwt.Claims{"ver": user.TokenVersion}))
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
	user := &User{}
	err := s.db.WithContext(ctx).First(user, "id = ? AND token_version = ?", token.Identity, claims.Version).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, nil // 401
	case err != nil:
		return nil, fmt.Errorf("%w: users: %w", ginjwt.ErrUnavailable, err) // 503
	}
	return user, nil
}

// ChangePassword stores a new password. The commit ends all tokens of the user.
func (s *Service) ChangePassword(ctx context.Context, id, hash string) error {
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		next := map[string]any{"password_hash": hash, "token_version": gorm.Expr("token_version + 1")}
		if err := tx.Model(&User{ID: id}).Updates(next).Error; err != nil {
			return err
		}
		return tx.Create(&AuditEntry{UserID: id, Event: "password changed"}).Error
	})
	if err != nil {
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
		c.JSON(http.StatusOK, gin.H{"id": ginjwt.GetCurrentUser[*User](c).ID})
	})
	return r, nil
}
