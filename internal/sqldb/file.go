package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// file is the one in which a database is, as it was when it was first asked. A
// connection keeps the file that it has opened, also after that was deleted or
// replaced, and writes into what nobody will read.
type file struct {
	path string // empty: there is none
	info os.FileInfo
	gone atomic.Bool
}

// onFile asks the database, and looks at its file afterwards: an answer counts only
// if that is still the one that is open.
func onFile[T any](ctx context.Context, db *DB, ask func(context.Context) (T, error)) (T, error) {
	value, err := guarded(func(ctx context.Context) (T, error) {
		db.watchFile(ctx)
		return ask(ctx)
	})(ctx)
	if gone := db.fileGone(); gone != nil {
		return value, gone
	}
	return value, db.withAdvice(err)
}

// watchFile notes which file the database is, once that is known.
func (db *DB) watchFile(ctx context.Context) {
	if db.file.Load() != nil {
		return
	}
	path, err := db.dialect.file(ctx, db.pool)
	if err != nil {
		return
	}
	f := &file{path: path}
	if path != "" {
		if f.info, err = os.Stat(path); err != nil {
			f.path = "" // the system knows no such file, only SQLite does
		}
	}
	db.file.CompareAndSwap(nil, f)
}

// fileGone returns an error if the file is not there any more, or is another one. It
// goes on to do so if the file comes back: a connection may have been opened meanwhile,
// to another file.
func (db *DB) fileGone() error {
	f := db.file.Load()
	if f == nil || f.path == "" {
		return nil
	}
	now, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(f.info, now) {
		f.gone.Store(true)
	}
	if f.gone.Load() {
		return replica.Unfit(fmt.Sprintf("the file %s was deleted or replaced while it was open, and what is written now is lost: restart the process", f.path))
	}
	return nil
}

// noFile is for databases that are servers.
func noFile(context.Context, *sql.DB) (path string, err error) { return "", nil }
