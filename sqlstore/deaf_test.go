package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	sessionstore "github.com/gin-jwt-extended/ginjwt/store"
)

// deaf is a driver that ignores the context.
type deaf struct{ closed chan struct{} }

func (d deaf) Connect(context.Context) (driver.Conn, error) {
	<-d.closed
	return nil, errors.New("closed")
}
func (d deaf) Driver() driver.Driver { return nil }

// No call waits for a driver that does not give up in time.
func TestDeafDriver(t *testing.T) {
	t.Parallel()
	const timeout, slack = 300 * time.Millisecond, 3 * time.Second
	connector := deaf{make(chan struct{})}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { close(connector.closed); assert.NoError(t, db.Close()) })
	for _, dialect := range sqlstore.Dialects() {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			store, err := sqlstore.New(db, dialect, sqlstore.Options{Timeout: timeout})
			require.NoError(t, err)
			for name, call := range callsOf(t, store) {
				began := time.Now()
				err := call()
				assert.ErrorIs(t, err, context.DeadlineExceeded, name)
				assert.ErrorContains(t, err, "sqlstore: ", name)
				assert.Less(t, time.Since(began), timeout+slack, name)
			}
		})
	}
}

// callsOf returns all calls that Options.Timeout bounds, and a few of the list.
func callsOf(t *testing.T, store *sqlstore.Store) map[string]func() error {
	ctx, s := context.Background(), sessionstore.Session{ID: "sid", Identity: "alice", Generation: 1}
	sessions, b := store.Sessions(), store.Blocklist(t.Context())
	return map[string]func() error{
		"Create":     func() error { _, err := sessions.Create(ctx, s); return err },
		"Replace":    func() error { _, err := sessions.Replace(ctx, s, s); return err },
		"Delete":     func() error { _, err := sessions.Delete(ctx, s.ID); return err },
		"Get":        func() error { _, _, err := sessions.Get(ctx, s.ID); return err },
		"List":       func() error { _, err := sessions.List(ctx, "", "alice"); return err },
		"Add":        func() error { return b.Add(ctx, "id", time.Time{}) },
		"Add, again": func() error { return b.Add(ctx, "id", time.Time{}) },
		"Contains":   func() error { _, err := b.Contains(ctx, "another"); return err },
		"Append":     func() error { return store.Log().Append(ctx, make([]idset.Entry, 3)) },
		"Head":       func() error { _, err := store.Log().Head(ctx); return err },
		"Load":       func() error { _, err := store.Log().Load(ctx, func(idset.Entry) {}); return err },
		"Claim":      func() error { _, err := store.Once().Claim(ctx, "id", time.Now().Add(time.Hour)); return err },
		"Purge":      func() error { _, err := store.Purge(ctx); return err },
		"Check":      func() error { return store.Check(ctx) },
		"Ready":      func() error { return store.Ready(ctx) },
	}
}
