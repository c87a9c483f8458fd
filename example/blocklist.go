package main

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// blocklist keeps revoked tokens in the database, where they survive a
// restart, and where other processes on the same file find them.
type blocklist struct {
	db  *sql.DB
	now func() time.Time
}

var _ ginjwt.Blocklist = blocklist{}

// purgeLimit is how many expired rows an Add removes. It is more than the one
// that it adds, so the table shrinks to what is alive, and never all at once.
const purgeLimit = 100

// Add blocks id at least until expires; zero means for ever.
func (b blocklist) Add(ctx context.Context, id string, expires time.Time) error {
	if err := b.purge(ctx); err != nil {
		return err
	}
	until := int64(math.MaxInt64)
	if !expires.IsZero() {
		until = expires.Unix() + 1 // rounded up: no row ends before its token
	}
	_, err := b.db.ExecContext(ctx, `
		INSERT INTO revoked_tokens (id, expires) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET expires = max(expires, excluded.expires)`, id, until)
	return err
}

// Contains reports whether any of ids is blocked. Rows that have expired count
// too: so have their tokens.
func (b blocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	for _, id := range ids {
		var blocked bool
		row := b.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?)", id)
		if err := row.Scan(&blocked); err != nil || blocked {
			return blocked, err
		}
	}
	return false, nil
}

func (b blocklist) purge(ctx context.Context) error {
	_, err := b.db.ExecContext(ctx, `
		DELETE FROM revoked_tokens WHERE id IN (
			SELECT id FROM revoked_tokens WHERE expires < ? ORDER BY expires LIMIT ?)`, b.now().Unix(), purgeLimit)
	return err
}
