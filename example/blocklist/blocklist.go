package main

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// blocklist keeps the IDs of revoked tokens in a database.
type blocklist struct {
	db *sql.DB
}

var _ ginjwt.Blocklist = blocklist{}

// newBlocklist creates the table and deletes expired entries.
func newBlocklist(ctx context.Context, db *sql.DB) (blocklist, error) {
	b := blocklist{db}
	_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS revoked_tokens (id TEXT PRIMARY KEY, expires INTEGER NOT NULL)`)
	if err != nil {
		return b, err
	}
	return b, b.purge(ctx, time.Now())
}

// Add blocks id until expires. A zero expires means that the token never expires.
func (b blocklist) Add(ctx context.Context, id string, expires time.Time) error {
	until := int64(math.MaxInt64)
	if !expires.IsZero() {
		until = expires.Unix()
	}
	_, err := b.db.ExecContext(ctx, `INSERT INTO revoked_tokens (id, expires) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET expires = max(expires, excluded.expires)`, id, until)
	return err
}

// Contains reports whether any of ids is blocked. If it returns an error, the
// library refuses the request.
func (b blocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	for _, id := range ids {
		var blocked bool
		err := b.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?)`, id).Scan(&blocked)
		if err != nil || blocked {
			return blocked, err
		}
	}
	return false, nil
}

// purge deletes the IDs of expired tokens, which are refused anyway. A service
// that runs for months calls it once a day.
func (b blocklist) purge(ctx context.Context, now time.Time) error {
	_, err := b.db.ExecContext(ctx, `DELETE FROM revoked_tokens WHERE expires < ?`, now.Unix())
	return err
}
