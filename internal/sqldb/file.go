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

// file is the file of a database, as it was at the first call. A connection keeps the file
// that it opened even after the file was deleted or replaced, and its writes are then lost.
type file struct {
	path string // empty: there is none
	info os.FileInfo
	gone atomic.Bool
}

// onFile calls ask, and then checks the file: the answer counts only if the file is still
// the one that was opened.
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

// watchFile records the file of the database once it is known.
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
			f.path = "" // the operating system has no such file, only SQLite
		}
	}
	db.file.CompareAndSwap(nil, f)
}

// fileGone returns an error if the file is gone or is another file. It keeps returning the
// error if the file comes back, because a connection may have opened another file meanwhile.
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
