package sqldb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"
)

var (
	errClaimPassed = errors.New("the time until which to remember a used ID has passed by the clock of the database")
	errClaimGone   = errors.New("an ID that was just claimed is not there: connect to the primary, and let nothing send reads to a replica")
)

// Claim reports whether nobody has claimed id before, and claims it until a time.
//
// One INSERT creates the row of an ID, and succeeds for one caller only. The row never
// changes, and only [DB.Purge] deletes it. It has the mark of the call. So if the driver or
// retry repeats the INSERT, the call finds its own mark. The row that is read back was
// committed, even if the answer to the INSERT was lost.
//
// The clock of the database is read after the INSERT. So no caller is first with a time at
// which the row of an earlier caller may have been purged.
func (db *DB) Claim(ctx context.Context, id string, until time.Time) (first bool, err error) {
	key, mark := claimKey(id), rand.Text()
	first, err = answer(ctx, db, func(ctx context.Context) (bool, error) {
		if _, err := db.write(ctx, db.Queries.Claim, key, mark, until.Unix()+1); err != nil { // rounded up
			return false, err
		}
		claims, err := readRows(ctx, db.pool, scanClaim, db.Queries.Claimed, key)
		switch {
		case err != nil:
			return false, err
		case len(claims) == 0:
			return false, errClaimGone
		case !until.After(claims[0].now):
			return false, errClaimPassed
		}
		return claims[0].mark == mark, nil
	})
	return first && err == nil, err
}

// claimKey returns the first half of the SHA-256 of an ID, even for a UUID: an attacker must
// not be able to choose an ID that has the key of another ID.
func claimKey(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:16]
}

// claim is a row of {once}, and the time of the database.
type claim struct {
	mark string
	now  time.Time
}

func scanClaim(rows *sql.Rows) (c claim, err error) {
	var millis int64
	err = rows.Scan(&c.mark, &millis)
	c.now = time.UnixMilli(millis)
	return c, err
}
