package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Found gives an epoch to a list that has none.
func (l *List) Found(ctx context.Context, epoch string) error {
	return l.change(ctx, l.db.Queries.Found, epoch)
}

func (l *List) change(ctx context.Context, query string, args ...any) error {
	_, err := l.db.Affected(ctx, query, args...)
	return err
}

// Begin begins a restoration, if the epoch is still seen. Before that it puts the expected
// followers on the roll.
func (l *List) Begin(ctx context.Context, seen, epoch string, expected []string) error {
	for _, id := range expected {
		if err := l.change(ctx, l.db.Queries.Expected, id); err != nil {
			return err
		}
	}
	_, err := answer(ctx, l.db, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.begin(ctx, seen, epoch)
	})
	return err
}

// begin changes the head and appends a fence: an expired entry with a random key.
func (l *List) begin(ctx context.Context, seen, epoch string) error {
	tx, err := l.db.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	result, err := tx.ExecContext(ctx, l.db.Queries.Begin, rand.Text(), epoch, seen)
	if err != nil {
		return err
	}
	if begun, err := result.RowsAffected(); err != nil || begun == 0 {
		return err // another process was faster
	}
	var at replica.Position
	if err := tx.QueryRowContext(ctx, l.db.Queries.Head).Scan(&at.Seq, &at.Mark); err != nil {
		return err
	}
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	const expired = 1
	if _, err := tx.ExecContext(ctx, l.db.Queries.Insert(1), at.Seq, at.Mark, key[:], expired); err != nil {
		return err
	}
	return tx.Commit()
}

// PassGiver makes to the giver of an epoch, if from is the giver.
func (l *List) PassGiver(ctx context.Context, epoch, from, to string) error {
	return l.change(ctx, l.db.Queries.PassGiver, to, epoch, from)
}

// End ends the restoration of an epoch, if all on the roll have given back their entries.
func (l *List) End(ctx context.Context, epoch string) error {
	return l.change(ctx, l.db.Queries.End, epoch, epoch)
}

// Call writes the line of me on the roll. It returns all lines, and the epoch.
func (l *List) Call(ctx context.Context, me replica.Member) (roll []replica.Member, epoch string, err error) {
	if err := l.change(ctx, l.db.Queries.Call, me.ID, me.Beat, me.Gave, me.Beat, me.Gave); err != nil {
		return nil, "", err
	}
	lines, err := Rows(ctx, l.db, scanLine, l.db.Queries.Roll)
	for _, line := range lines {
		roll, epoch = append(roll, line.member), line.epoch
	}
	return roll, epoch, err
}

// Strike removes the line of m from the roll, if it is unchanged.
func (l *List) Strike(ctx context.Context, m replica.Member) error {
	return l.change(ctx, l.db.Queries.Strike, m.ID, m.Beat)
}

// line is a line of the roll, with the epoch of the list.
type line struct {
	member replica.Member
	epoch  string
}

func scanLine(rows *sql.Rows) (l line, err error) {
	err = rows.Scan(&l.member.ID, &l.member.Beat, &l.member.Gave, &l.epoch)
	return l, err
}

// Lacks reports whether one of entries is not on the list.
func (l *List) Lacks(ctx context.Context, entries []idset.Entry) (bool, error) {
	known, err := answer(ctx, l.db, func(ctx context.Context) (map[idset.Key]uint32, error) { return l.known(ctx, entries) })
	return len(known) < len(entries), err
}
