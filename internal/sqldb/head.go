package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// The row of {head} assigns the numbers of {blocklist}. If the row is gone, or its number is
// lower than that of the last entry, as after an incomplete restore, no entry can be added.
// Both statements continue the count after the last entry.
const (
	lastSeq    = `(SELECT MAX(seq) FROM {blocklist})`
	lastMark   = `(SELECT mark FROM {blocklist} ORDER BY seq DESC LIMIT 1)`
	insertHead = `INSERT INTO {head} (id, seq, mark) VALUES (1, COALESCE(` + lastSeq + `, 0), COALESCE(` + lastMark + `, '')) `
	raiseHead  = `UPDATE {head} SET seq = ` + lastSeq + `, mark = ` + lastMark + ` WHERE id = 1 AND seq < ` + lastSeq
)

// readHead reports whether {head} has its row, and whether the row is behind the rows of
// {blocklist}. It reads the rows first: if others add entries meanwhile, the head is only
// further ahead.
func (db *DB) readHead(ctx context.Context, have catalog) (there, behind bool, err error) {
	var last, head []sql.NullInt64
	if have.columns[db.name(`{blocklist}`)]["seq"] {
		if last, err = readRows(ctx, db.pool, scanNullable, db.name(`SELECT MAX(seq) FROM {blocklist}`)); err != nil {
			return false, false, err
		}
	}
	if columns := have.columns[db.name(`{head}`)]; columns["id"] && columns["seq"] {
		if head, err = readRows(ctx, db.pool, scanNullable, db.name(`SELECT seq FROM {head} WHERE id = 1`)); err != nil {
			return false, false, err
		}
	}
	if len(head) == 0 {
		return false, false, nil
	}
	return true, len(last) > 0 && last[0].Int64 > head[0].Int64, nil
}

func (db *DB) behindProblem() []string {
	return []string{fmt.Sprintf("table %s: its row is behind the rows of %s", db.name(`{head}`), db.name(`{blocklist}`))}
}

// ready returns the statement that Ready runs each time.
func ready(d *Dialect) string {
	return `SELECT version, oldest, (SELECT seq FROM {head} WHERE id = 1), ` + lastSeq + `, ` + d.refusal + `, ` + d.now + ` FROM {schema} WHERE id = 1`
}

type readyState struct {
	version    schema.Version
	head, last sql.NullInt64
	refusal    string
	now        time.Time
}

// isAsAt reports whether the version is unchanged since the last check, the head is right,
// and the server can be used.
func (s readyState) isAsAt(checked schema.Version) bool {
	return s.version == checked && s.head.Valid && s.head.Int64 >= s.last.Int64 && s.refusal == ""
}

func scanReady(rows *sql.Rows) (s readyState, err error) {
	var millis int64
	err = rows.Scan(&s.version.Number, &s.version.Oldest, &s.head, &s.last, &s.refusal, &millis)
	s.now = time.UnixMilli(millis)
	return s, err
}

func scanNullable(rows *sql.Rows) (n sql.NullInt64, err error) {
	err = rows.Scan(&n)
	return n, err
}
