package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// KeptEntries of a blocklist are not purged: copies stand at one of the last,
// and those that find theirs gone have to read all of the list again.
const KeptEntries = 1000

// PurgeMargin is how long rows are kept after they have expired, as the clocks of
// those who use them differ.
const PurgeMargin = time.Minute

// Purge deletes the sessions, the revoked IDs and the claimed ones that have expired by
// now and by the clock of the database, PurgeMargin ago, but for KeptEntries. It takes
// until none is left or ctx ends, and returns how many it deleted.
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
			remove: db.Queries.PurgeSessions, removeArgs: []any{limit.UnixMilli()}, // not one that was prolonged meanwhile
		},
		{
			find: db.Queries.ExpiredClaims, findArgs: []any{limit.Unix()},
			remove: db.Queries.PurgeClaims, removeArgs: []any{limit.Unix()}, // not one that another has purged, and that was claimed again
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
