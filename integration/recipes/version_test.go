package recipes_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// versioned is an application whose sessions hold for one version of the password.
type versioned struct {
	db  *sql.DB
	jwt *ginjwt.JWTManager
}

func newVersioned(t *testing.T) *versioned {
	t.Helper()
	a := &versioned{db: openSQLite(t)}
	_, err := a.db.ExecContext(t.Context(), `CREATE TABLE users (id TEXT PRIMARY KEY, version INTEGER NOT NULL); INSERT INTO users VALUES ('alice', 1)`)
	require.NoError(t, err)
	stores := sqlStores(t, a.db, sqlstore.SQLite)("")
	a.jwt = ginjwt.New(ginjwt.Config{
		SecretKey: "one secret for all applications of this test", Sessions: stores.sessions, Blocklist: stores.list,
		RequiredClaims: []string{"pwv"}, // it is in refresh tokens too
	})
	a.jwt.UserLookupLoader(a.user)
	require.NoError(t, a.jwt.InitApp(nil))
	return a
}

func (a *versioned) logIn(ctx context.Context, identity string) (ginjwt.TokenPair, error) {
	version, err := a.version(ctx, identity)
	if err != nil {
		return ginjwt.TokenPair{}, err
	}
	return a.jwt.CreateTokenPair(ctx, identity, ginjwt.WithSessionClaims(ginjwt.Claims{"pwv": version}))
}

// user is the UserLookupLoader. It finds no user for a token from before the last change
// of the password.
func (a *versioned) user(ctx context.Context, token *ginjwt.Token) (any, error) {
	var said struct {
		Version int `json:"pwv"`
	}
	if err := token.Decode(&said); err != nil {
		return nil, err
	}
	version, err := a.version(ctx, token.Identity)
	if err != nil || version != said.Version {
		return nil, err
	}
	return token.Identity, nil
}

func (a *versioned) version(ctx context.Context, identity string) (version int, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT version FROM users WHERE id = $1`, identity).Scan(&version)
	return version, err
}

func (a *versioned) refusal(t *testing.T, pair ginjwt.TokenPair) error {
	t.Helper()
	_, err := a.jwt.VerifyToken(t.Context(), pair.AccessToken)
	token, decoding := a.jwt.DecodeToken(t.Context(), pair.RefreshToken)
	require.NoError(t, decoding)
	_, refreshing := a.jwt.RotateTokens(t.Context(), token)
	if err == nil {
		assert.NoError(t, refreshing)
	} else {
		assert.ErrorIs(t, refreshing, ginjwt.ErrUserLookup)
	}
	return err
}

func TestTheCommitOfANewVersionIsWhatCounts(t *testing.T) {
	t.Parallel()
	a := newVersioned(t)
	before, err := a.logIn(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, a.refusal(t, before))

	tx, err := a.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `UPDATE users SET version = version + 1`)
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	require.NoError(t, a.refusal(t, before))

	_, err = a.db.ExecContext(t.Context(), `UPDATE users SET version = version + 1`)
	require.NoError(t, err)
	require.ErrorIs(t, a.refusal(t, before), ginjwt.ErrUserLookup)
	after, err := a.logIn(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, a.refusal(t, after))
}
