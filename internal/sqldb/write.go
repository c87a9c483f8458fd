package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"
	"sync"
)

// write runs a statement that the server commits by itself. It checks the server before the
// first write. If a setting of the connection decides what is committed, it checks each
// connection before its first write: a server that somebody configures while this process
// runs gives the new setting to new connections only.
func (db *DB) write(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	if !db.dialect.connectionDecides {
		if err := db.mustCommit(ctx); err != nil {
			return nil, err
		}
		return db.pool.ExecContext(ctx, query, args...)
	}
	for range maxBadConnections {
		if result, err = db.writeOnOne(ctx, query, args...); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return result, err
}

// maxBadConnections is how many connections a write tries if they are closed already. The
// pool itself tries as many.
const maxBadConnections = 3

func (db *DB) writeOnOne(ctx context.Context, query string, args ...any) (sql.Result, error) {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if !db.fit.has(conn) {
		if err := db.refusalOf(ctx, conn); err != nil {
			return nil, err
		}
		db.fit.add(conn, 2*db.pool.Stats().OpenConnections)
	}
	return conn.ExecContext(ctx, query, args...)
}

// forgetFitness lets the next writes check the server again.
func (db *DB) forgetFitness() {
	db.commits.Store(false)
	db.fit.clear()
}

// fitConnections are the connections that were found fit.
type fitConnections struct {
	mu   sync.Mutex
	them map[any]struct{} // connections of the driver
}

func (f *fitConnections) has(conn *sql.Conn) bool {
	key, ok := keyOfConnection(conn)
	if !ok {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, known := f.them[key]
	return known
}

// add adds a connection. If there are more than most, it forgets the others, because most
// of them are closed.
func (f *fitConnections) add(conn *sql.Conn, most int) {
	key, ok := keyOfConnection(conn)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.them == nil || len(f.them) >= most {
		f.them = map[any]struct{}{}
	}
	f.them[key] = struct{}{}
}

func (f *fitConnections) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.them)
}

// keyOfConnection returns the connection of the driver. It reports false if that cannot be
// a key of a map.
func keyOfConnection(conn *sql.Conn) (key any, ok bool) {
	err := conn.Raw(func(of any) error {
		key = of
		return nil
	})
	return key, err == nil && key != nil && reflect.TypeOf(key).Comparable()
}
