package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// statement is what was sent to a database.
type statement struct {
	text string
	args []any
}

// recorder connects to a database, and notes the statements that are sent to it.
type recorder struct {
	driver driver.Driver
	dsn    string

	mu   sync.Mutex
	sent []statement
}

// recording returns another pool of the database, and what notes its statements.
func (d *database) recording(t *testing.T) (*sql.DB, *recorder) {
	t.Helper()
	r := &recorder{driver: d.pool.Driver(), dsn: d.dsn}
	pool := sql.OpenDB(r)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool, r
}

func (r *recorder) Driver() driver.Driver { return r.driver }

func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	opened, err := r.driver.Open(r.dsn)
	if err != nil {
		return nil, err
	}
	return recordedConn{opened.(conn), r}, nil
}

func (r *recorder) note(text string, args []driver.NamedValue) {
	s := statement{text: text}
	for _, arg := range args {
		s.args = append(s.args, arg.Value)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, s)
}

// conn is what the connections of all three drivers can do.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type recordedConn struct {
	conn
	recorder *recorder
}

func (c recordedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.recorder.note(text, args)
	return c.conn.ExecContext(ctx, text, args)
}

func (c recordedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.recorder.note(text, args)
	return c.conn.QueryContext(ctx, text, args)
}
