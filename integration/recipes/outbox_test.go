package recipes_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// accounts change passwords, and end sessions then.
type accounts struct {
	db  *sql.DB
	jwt *ginjwt.JWTManager
}

const accountsSchema = `
CREATE TABLE users (id TEXT PRIMARY KEY, password TEXT NOT NULL);
CREATE TABLE logouts (id TEXT PRIMARY KEY, identity TEXT NOT NULL, but TEXT NOT NULL);
`

// changePassword changes a password. In the same transaction it notes that all sessions
// of the user must end, except the session but.
func (a *accounts) changePassword(ctx context.Context, identity, hash, but string) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `UPDATE users SET password = $1 WHERE id = $2`, hash, identity); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO logouts VALUES ($1, $2, $3)`, rand.Text(), identity, but); err != nil {
		return err
	}
	return tx.Commit()
}

// endNoted ends the sessions of all notes. It deletes a note only when its sessions have
// ended. Call it after each change, and every few seconds from any process, to repeat
// what failed or was interrupted.
func (a *accounts) endNoted(ctx context.Context) error {
	notes, err := a.notes(ctx)
	for _, n := range notes {
		if failed := a.jwt.EndSessions(ctx, n.identity, n.but); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		_, failed := a.db.ExecContext(ctx, `DELETE FROM logouts WHERE id = $1`, n.id)
		err = errors.Join(err, failed)
	}
	return err
}

type note struct{ id, identity, but string }

func (a *accounts) notes(ctx context.Context) (notes []note, err error) {
	rows, err := a.db.QueryContext(ctx, `SELECT id, identity, but FROM logouts`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n note
		if err := rows.Scan(&n.id, &n.identity, &n.but); err != nil {
			return nil, err
		}
		notes = append(notes, n)
	}
	return notes, rows.Err()
}

// cutOff is a store that does not answer while it is down.
type cutOff struct {
	ginjwt.SessionStore
	down atomic.Bool
}

var errDown = errors.New("the store is down")

func (s *cutOff) Delete(ctx context.Context, id string) (bool, error) {
	if s.down.Load() {
		return false, errDown
	}
	return s.SessionStore.Delete(ctx, id)
}

func newAccounts(t *testing.T) (*accounts, application, *cutOff) {
	t.Helper()
	db := openSQLite(t)
	_, err := db.ExecContext(t.Context(), accountsSchema+`INSERT INTO users VALUES ('alice', 'old')`)
	require.NoError(t, err)
	stores := sqlStores(t, db, sqlstore.SQLite)("")
	sessions := &cutOff{SessionStore: stores.sessions}
	app := newApplication(t, "", sessions, stores.list, nil)
	return &accounts{db, app.JWTManager}, app, sessions
}

func (a *accounts) password(t *testing.T) (hash string) {
	t.Helper()
	require.NoError(t, a.db.QueryRowContext(t.Context(), `SELECT password FROM users`).Scan(&hash))
	return hash
}

func TestAPasswordIsChanged(t *testing.T) {
	t.Parallel()
	a, app, _ := newAccounts(t)
	own, other := app.logIn(t, "alice"), app.logIn(t, "alice")
	require.NoError(t, a.changePassword(t.Context(), "alice", "new", own.SessionID))
	require.NoError(t, a.endNoted(t.Context()))
	assert.Equal(t, "new", a.password(t))
	assert.True(t, app.accepts(t, own.AccessToken))
	assert.False(t, app.accepts(t, other.AccessToken))
	assert.False(t, app.refreshes(t, other.RefreshToken))
	notes, err := a.notes(t.Context())
	require.NoError(t, err)
	assert.Empty(t, notes)
}

func TestNothingEndsIfThePasswordIsNotChanged(t *testing.T) {
	t.Parallel()
	a, app, _ := newAccounts(t)
	other := app.logIn(t, "alice")
	_, err := a.db.ExecContext(t.Context(), `DROP TABLE logouts; CREATE TABLE logouts (id TEXT, identity TEXT, but TEXT CHECK (but <> ''))`)
	require.NoError(t, err)
	require.Error(t, a.changePassword(t.Context(), "alice", "new", ""))
	require.NoError(t, a.endNoted(t.Context()))
	assert.Equal(t, "old", a.password(t))
	assert.True(t, app.accepts(t, other.AccessToken))
	assert.True(t, app.refreshes(t, other.RefreshToken))
}

// A process that ends between the two, or a store that is down then, leaves the note.
func TestSessionsThatCouldNotBeEndedAreEndedLater(t *testing.T) {
	t.Parallel()
	a, app, sessions := newAccounts(t)
	own, other := app.logIn(t, "alice"), app.logIn(t, "alice")
	require.NoError(t, a.changePassword(t.Context(), "alice", "new", own.SessionID))
	sessions.down.Store(true)
	require.ErrorIs(t, a.endNoted(t.Context()), errDown)
	notes, err := a.notes(t.Context())
	require.NoError(t, err)
	require.Len(t, notes, 1)

	sessions.down.Store(false)
	require.NoError(t, a.endNoted(t.Context()))
	require.NoError(t, a.endNoted(t.Context()))
	assert.Equal(t, []string{own.SessionID}, app.sessions(t, "alice"))
	assert.False(t, app.refreshes(t, other.RefreshToken))
	assert.True(t, app.refreshes(t, own.RefreshToken))
}
