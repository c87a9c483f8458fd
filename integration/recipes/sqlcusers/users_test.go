package sqlcusers

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// newService returns a service on a server of its own, with the user alice, and its routes.
func newService(t *testing.T) (*Service, *gin.Engine) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), testserver.Postgres(t).DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	schema, err := os.ReadFile("schema.sql")
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), string(schema)+`INSERT INTO users VALUES ('alice', 'old')`)
	require.NoError(t, err)
	s, err := New(t.Context(), jwttest.Config(nil), pool)
	require.NoError(t, err)
	r, err := s.Router()
	require.NoError(t, err)
	return s, r
}

func (s *Service) exec(t *testing.T, statement string) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), statement)
	require.NoError(t, err)
}

// status returns the answers to an access token and to a refresh token.
func status(r *gin.Engine, pair ginjwt.TokenPair) []int {
	me := jwttest.Do(r, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	refresh := jwttest.Do(r, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	return []int{me.Code, refresh.Code}
}

func TestUsersAndSessionsInOneDatabase(t *testing.T) {
	t.Parallel()
	s, r := newService(t)
	pair, other := jwttest.TokenPair(t, s.jwt, "alice"), jwttest.TokenPair(t, s.jwt, "alice")
	w := jwttest.Do(r, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	assert.Equal(t, `{"id":"alice"}`, w.Body.String())
	require.Equal(t, 204, jwttest.Do(r, "POST", "/logout", jwttest.Bearer(pair.AccessToken)).Code)
	assert.Equal(t, []int{401, 401}, status(r, pair))
	assert.Equal(t, []int{200, 200}, status(r, other))
	s.exec(t, `UPDATE users SET blocked = true`)
	assert.Equal(t, []int{401, 401}, status(r, other))
	s.exec(t, `DROP TABLE users`)
	assert.Equal(t, []int{503, 503}, status(r, other), "nobody knows")
}

func TestSessionsEndAfterTheTransaction(t *testing.T) {
	t.Parallel()
	s, r := newService(t)
	pair := jwttest.TokenPair(t, s.jwt, "alice")
	s.exec(t, `ALTER TABLE logouts RENAME TO elsewhere`)
	require.Error(t, s.ChangePassword(t.Context(), "alice", "new"))
	user, err := s.queries.GetUser(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, "old", user.PasswordHash)
	assert.Equal(t, []int{200, 200}, status(r, pair))

	s.exec(t, `ALTER TABLE elsewhere RENAME TO logouts`)
	require.NoError(t, s.ChangePassword(t.Context(), "alice", "new"))
	user, err = s.queries.GetUser(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, "new", user.PasswordHash)
	assert.Equal(t, []int{401, 401}, status(r, pair))
	notes, err := s.queries.ListLogouts(t.Context())
	require.NoError(t, err)
	assert.Empty(t, notes)
}

// cutOff is a store of sessions that does not answer while it is down.
type cutOff struct {
	ginjwt.SessionStore
	down atomic.Bool
}

func (c *cutOff) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	if c.down.Load() {
		return nil, errors.New("the store is down")
	}
	return c.SessionStore.List(ctx, realm, identity)
}

// A process that ends after the commit leaves the note, which another one finds.
func TestNotesAreDoneLater(t *testing.T) {
	t.Parallel()
	s, r := newService(t)
	sessions := &cutOff{SessionStore: s.jwt.Config().Sessions}
	config := jwttest.Config(nil)
	config.Sessions = sessions
	cut := &Service{s.pool, s.queries, ginjwt.New(config)}
	require.NoError(t, cut.jwt.InitApp(nil))
	pair := jwttest.TokenPair(t, s.jwt, "alice")
	sessions.down.Store(true)
	require.Error(t, cut.ChangePassword(t.Context(), "alice", "new"))
	assert.Equal(t, []int{200, 200}, status(r, pair), "until the note is done")
	require.NoError(t, s.EndNoted(t.Context()))
	assert.Equal(t, []int{401, 401}, status(r, pair))
}
