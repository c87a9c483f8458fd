package sqlstore

import (
	"context"
	"database/sql"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// keptEntries of a blocklist are not purged: copies stand at one of the last,
// and those that find theirs gone have to read all of the list again.
const keptEntries = 1000

// Purge deletes the sessions and the revoked IDs that have expired, but for
// some of the IDs that were revoked last. It deletes a hundred rows a
// statement until none is left or ctx ends, and returns how many it deleted.
// Call it now and then, from as many processes as you like.
func (s *Store) Purge(ctx context.Context) (removed int64, err error) {
	now := s.options.Now()
	removed, err = s.purge(ctx, expiredRows{
		find: s.queries.expiredSessions, findArgs: []any{now.UnixMilli()},
		remove: s.queries.purgeSessions, removeArgs: []any{now.UnixMilli()}, // not one that was prolonged meanwhile
	})
	if err != nil {
		return removed, err
	}
	head, err := (&list{s}).Head(ctx)
	if err != nil {
		return removed, err
	}
	entries, err := s.purge(ctx, expiredRows{
		find: s.queries.expiredEntries, findArgs: []any{min(now.Unix(), idset.Forever), head.Seq - keptEntries},
		remove: s.queries.purgeEntries,
	})
	return removed + entries, err
}

// expiredRows are found by one statement and removed by another.
type expiredRows struct {
	find       string // returns at most maxPurge
	findArgs   []any
	remove     func(keys int) string
	removeArgs []any // after the keys
}

func (s *Store) purge(ctx context.Context, e expiredRows) (removed int64, err error) {
	for {
		keys, err := rows(ctx, s, scanKey, e.find, e.findArgs...)
		if err != nil || len(keys) == 0 {
			return removed, err
		}
		n, err := affected(ctx, s, e.remove(len(keys)), append(keys, e.removeArgs...)...)
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
