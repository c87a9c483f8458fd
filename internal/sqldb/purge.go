package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// KeptEntries is how many of the last entries of a blocklist are never purged. Copies have
// their position at one of the last entries, and must load the whole list again if that is
// gone.
const KeptEntries = 1000

// PurgeMargin is how long rows are kept after they have expired, because the clocks of
// processes differ.
const PurgeMargin = time.Minute

// Purge deletes sessions, revoked IDs and used IDs that expired more than PurgeMargin ago,
// by both now and the clock of the database, except KeptEntries. It continues until none is
// left or ctx ends, and returns how many rows it deleted.
func (db *DB) Purge(ctx context.Context, now time.Time) (removed int64, err error) {
	theirs, err := db.Now(ctx)
	if err != nil {
		return 0, err
	}
	if theirs.Before(now) {
		now = theirs
	}
	return db.purgeBefore(ctx, now.Add(-PurgeMargin))
}

func (db *DB) purgeBefore(ctx context.Context, limit time.Time) (removed int64, err error) {
	for _, e := range []expiredRows{
		{
			find: db.Queries.ExpiredSessions, findArgs: []any{limit.UnixMilli()},
			remove: db.Queries.PurgeSessions, removeArgs: []any{limit.UnixMilli()}, // keeps a session that was prolonged meanwhile
		},
		{
			find: db.Queries.ExpiredClaims, findArgs: []any{limit.Unix()},
			remove: db.Queries.PurgeClaims, removeArgs: []any{limit.Unix()}, // keeps an ID that was purged and claimed again meanwhile
		},
	} {
		n, err := db.purge(ctx, e)
		if removed += n; err != nil {
			return removed, err
		}
	}
	head, err := db.List().Head(ctx)
	if err != nil {
		return removed, err
	}
	entries, err := db.purge(ctx, expiredRows{
		find: db.Queries.ExpiredEntries, findArgs: []any{min(limit.Unix(), idset.Forever), head.At.Seq - KeptEntries},
		remove: db.Queries.PurgeEntries,
	})
	return removed + entries, err
}

// expiredRows are found by one statement and removed by another.
type expiredRows struct {
	find       string // returns at most MaxPurge
	findArgs   []any
	remove     func(keys int) string
	removeArgs []any // after the keys
}

func (db *DB) purge(ctx context.Context, e expiredRows) (removed int64, err error) {
	for {
		keys, err := Rows(ctx, db, scanKey, e.find, e.findArgs...)
		if err != nil || len(keys) == 0 {
			return removed, err
		}
		n, err := db.Affected(ctx, e.remove(len(keys)), append(keys, e.removeArgs...)...)
		removed += n
		if err != nil {
			return removed, err
		}
	}
}

func scanKey(rows *sql.Rows) (key any, err error) {
	err = rows.Scan(&key)
	return key, err
}
