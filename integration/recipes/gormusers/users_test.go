package gormusers

import (
	"os"
	"testing"

	"github.com/gin-gonic/gin"
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

// newService returns a service on a server of its own, its routes and the user alice.
func newService(t *testing.T) (*Service, *gin.Engine, *User) {
	t.Helper()
	s, err := Open(t.Context(), jwttest.Config(nil), testserver.Postgres(t).DSN())
	require.NoError(t, err)
	t.Cleanup(func() {
		pool, err := s.db.DB()
		require.NoError(t, err)
		_ = pool.Close()
	})
	r, err := s.Router()
	require.NoError(t, err)
	alice := &User{ID: "alice", PasswordHash: "old"}
	require.NoError(t, s.db.Create(alice).Error)
	return s, r, alice
}

func logIn(t *testing.T, s *Service, user *User) ginjwt.TokenPair {
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
	require.NoError(t, s.db.Delete(alice).Error)
	assert.Equal(t, []int{401, 401}, status(r, other), "the user is gone")
}

// The commit is what counts: a transaction that fails ends nothing.
func TestTokensEndWithTheTransaction(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair := logIn(t, s, alice)
	require.NoError(t, s.db.Migrator().RenameTable("audit_entries", "elsewhere"))
	require.Error(t, s.ChangePassword(t.Context(), "alice", "new"))
	assert.Equal(t, []int{200, 200}, status(r, pair))
	require.NoError(t, s.db.Migrator().RenameTable("elsewhere", "audit_entries"))

	require.NoError(t, s.ChangePassword(t.Context(), "alice", "new"))
	assert.Equal(t, []int{401, 401}, status(r, pair))
	sessions, err := s.jwt.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
	require.NoError(t, s.db.First(alice, "id = ?", "alice").Error)
	assert.Equal(t, "new", alice.PasswordHash)
	assert.Equal(t, []int{200, 200}, status(r, logIn(t, s, alice)))
}

// The version alone refuses the tokens, also if the process ends before EndSessions.
func TestTheVersionRefusesTokens(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair := logIn(t, s, alice)
	require.NoError(t, s.db.Model(alice).Update("token_version", alice.TokenVersion+1).Error)
	assert.Equal(t, []int{401, 401}, status(r, pair))
}

// A database that does not answer lets nobody in.
func TestNoDatabaseNoUser(t *testing.T) {
	t.Parallel()
	s, r, alice := newService(t)
	pair := logIn(t, s, alice)
	require.NoError(t, s.db.Migrator().DropTable(&User{}))
	assert.Equal(t, []int{503, 503}, status(r, pair))
}
