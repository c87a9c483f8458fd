package entusers

import (
	"database/sql"
	"errors"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/recipes/testdata/entusers/ent"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// newService returns a service on a server of its own, its routes and the user alice.
func newService(t *testing.T) (*Service, *gin.Engine, *ent.User) {
	t.Helper()
	db, err := sql.Open("pgx", testserver.Postgres(t).DSN())
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	s, err := New(t.Context(), jwttest.Config(nil), db)
	require.NoError(t, err)
	r, err := s.Router()
	require.NoError(t, err)
	alice, err := s.users.User.Create().SetID("alice").SetPasswordHash("old").Save(t.Context())
	require.NoError(t, err)
	return s, r, alice
}

func logIn(t *testing.T, s *Service, user *ent.User) ginjwt.TokenPair {
	t.Helper()
	pair, err := s.NewSession(t.Context(), user)
	require.NoError(t, err)
	return pair
}

// status returns the answers to an access token and to a refresh token.
func status(r *gin.Engine, pair ginjwt.TokenPair) []int {
	me := jwttest.Do(r, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	refresh := jwttest.Do(r, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	return []int{me.Code, refresh.Code}
}

func TestUsersAndSessionsInOneDatabase(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair, other := logIn(t, s, alice), logIn(t, s, alice)
	w := jwttest.Do(r, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	assert.Equal(t, `{"id":"alice"}`, w.Body.String())
	require.Equal(t, 204, jwttest.Do(r, "POST", "/logout", jwttest.Bearer(pair.AccessToken)).Code)
	assert.Equal(t, []int{401, 401}, status(r, pair))
	assert.Equal(t, []int{200, 200}, status(r, other))
	require.NoError(t, s.users.User.DeleteOne(alice).Exec(t.Context()))
	assert.Equal(t, []int{401, 401}, status(r, other), "the user is gone")
}

// The commit is what counts: a transaction that fails ends nothing.
func TestTokensEndWithTheTransaction(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair := logIn(t, s, alice)
	failed := errors.New("what else was to be written")
	require.ErrorIs(t, s.ChangePassword(t.Context(), "alice", "new", func(*ent.Tx) error { return failed }), failed)
	assert.Equal(t, []int{200, 200}, status(r, pair))

	require.NoError(t, s.ChangePassword(t.Context(), "alice", "new", func(*ent.Tx) error { return nil }))
	assert.Equal(t, []int{401, 401}, status(r, pair))
	sessions, err := s.jwt.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
	alice, err = s.users.User.Get(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, "new", alice.PasswordHash)
	assert.Equal(t, []int{200, 200}, status(r, logIn(t, s, alice)))
}

// The version alone refuses the tokens, also if the process ends before EndSessions.
func TestTheVersionRefusesTokens(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair := logIn(t, s, alice)
	require.NoError(t, s.users.User.UpdateOne(alice).AddTokenVersion(1).Exec(t.Context()))
	assert.Equal(t, []int{401, 401}, status(r, pair))
}

// The schema of ent leaves the tables of the store alone, also if it is made again.
func TestTheSchemaIsMadeAgain(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair := logIn(t, s, alice)
	require.NoError(t, s.users.Schema.Create(t.Context()))
	assert.Equal(t, []int{200, 200}, status(r, pair))
}
