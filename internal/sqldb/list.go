package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

var _ replica.Log = (*List)(nil)

// List is the table of revoked IDs. Its rows never change: an ID that is revoked for longer
// gets another row. So a follower finds the row of its position again.
//
// Numbers come from the one row of {head}, in the transaction that uses them. The row is
// locked until the transaction ends, so numbers become visible in order.
type List struct {
	db *DB
}

// List returns the list of revoked IDs on the server.
func (db *DB) List() *List { return &List{db} }

// row is an entry of the list and its place.
type row struct {
	at    replica.Position
	entry idset.Entry
}

var errNoHead = errors.New("the tables of the blocklist are incomplete: call Migrate")

// Head returns the head of the list.
func (l *List) Head(ctx context.Context) (replica.Head, error) {
	found, err := Rows(ctx, l.db, scanHead, l.db.Queries.Standing)
	switch {
	case err != nil:
		return replica.Head{}, err
	case len(found) == 0:
		return replica.Head{}, fmt.Errorf("sqlstore: %w", errNoHead)
	}
	return l.byClock(found[0]), nil
}

// byClock sets the time of an embedded database, which has the clock of this process.
func (l *List) byClock(h replica.Head) replica.Head {
	if l.db.dialect.embedded {
		h.Now = time.Now()
	}
	return h
}

// Append adds entries in as many steps as it takes. It leaves out entries that are there
// already. If another process adds the same entry at this moment, it is there twice, which
// does no harm.
func (l *List) Append(ctx context.Context, entries []idset.Entry) error {
	return l.inBatches(ctx, entries, l.missing)
}

// GiveBack is Append without looking for the entries first. On a table that was emptied and
// grows again, databases would scan the whole table for that.
func (l *List) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return l.inBatches(ctx, entries, func(_ context.Context, batch []idset.Entry) ([]idset.Entry, error) { return batch, nil })
}

// inBatches inserts the entries that choose returns for each batch.
func (l *List) inBatches(ctx context.Context, entries []idset.Entry, choose func(context.Context, []idset.Entry) ([]idset.Entry, error)) error {
	for batch := range slices.Chunk(entries, MaxKeys) {
		if _, err := answer(ctx, l.db, func(ctx context.Context) (struct{}, error) {
			if err := l.db.mustCommit(ctx); err != nil {
				return struct{}{}, err
			}
			chosen, err := choose(ctx, batch)
			if err == nil && len(chosen) > 0 {
				err = l.db.dialect.insert(l, ctx, chosen)
			}
			return struct{}{}, err
		}); err != nil {
			return err
		}
	}
	return nil
}

// missing returns the entries of batch that are not on the list.
func (l *List) missing(ctx context.Context, batch []idset.Entry) ([]idset.Entry, error) {
	known, err := l.known(ctx, batch)
	return slices.DeleteFunc(slices.Clone(batch), func(e idset.Entry) bool {
		until, there := known[e.Key]
		return there && until >= e.Until
	}), err
}

// known returns the keys of batch that are on the list, with their times.
func (l *List) known(ctx context.Context, batch []idset.Entry) (map[idset.Key]uint32, error) {
	keys := make([]idset.Key, len(batch))
	for i, e := range batch {
		keys[i] = e.Key
	}
	rows, err := l.db.pool.QueryContext(ctx, l.db.Queries.Known(len(keys)), keyArgs(keys)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[idset.Key]uint32{}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		known[e.Key] = max(e.Until, known[e.Key])
	}
	return known, rows.Err()
}

// insertInTransaction inserts in one transaction. It begins with a write, so that SQLite
// waits for the lock at the beginning instead of failing later.
func (l *List) insertInTransaction(ctx context.Context, entries []idset.Entry) error {
	tx, err := l.db.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	last, err := l.advance(ctx, tx, len(entries))
	if err != nil {
		return err
	}
	first := last.Seq - int64(len(entries)) + 1
	var args []any
	for i, e := range entries {
		args = append(args, first+int64(i), last.Mark, e.Key[:], int64(e.Until))
	}
	if _, err := tx.ExecContext(ctx, l.db.Queries.Insert(len(entries)), args...); err != nil {
		return err
	}
	return tx.Commit()
}

// advance takes n numbers and returns the last position.
func (l *List) advance(ctx context.Context, tx *sql.Tx, n int) (last replica.Position, err error) {
	result, err := tx.ExecContext(ctx, l.db.Queries.Advance, n, rand.Text())
	if err != nil {
		return last, err
	}
	if err := requireRows(result, 1); err != nil {
		return last, err
	}
	err = tx.QueryRowContext(ctx, l.db.Queries.Head).Scan(&last.Seq, &last.Mark)
	return last, err
}

func requireRows(result sql.Result, want int) error {
	n, err := result.RowsAffected()
	if err == nil && n != int64(want) {
		return errNoHead
	}
	return err
}

// Contains reports whether any of keys is on the list, and whether the entry at a position
// is unchanged. It also returns the head.
func (l *List) Contains(ctx context.Context, keys []idset.Key, at replica.Position) (a replica.Answer, err error) {
	if l.db.left.Load() {
		return a, fmt.Errorf("sqlstore: %w", replica.Unfit(adviceOpen))
	}
	if len(keys) == 0 {
		keys = []idset.Key{{}}
	}
	ctx, cancel := context.WithTimeout(ctx, l.db.timeout)
	defer cancel()
	for some := range slices.Chunk(keys, MaxKeys) {
		args := append([]any{at.Seq, at.Mark}, keyArgs(some)...)
		answers, err := Rows(ctx, l.db, scanAnswer, l.db.Queries.Contains(len(some)), args...)
		switch {
		case err != nil:
			return a, err
		case len(answers) == 0:
			return a, fmt.Errorf("sqlstore: %w", errNoHead)
		}
		a = answers[0]
		a.Intact = a.Intact || at == (replica.Position{})
		if a.Found {
			break
		}
	}
	return a, nil
}

// Load passes all entries to add, page by page. Entries that are added meanwhile have higher
// numbers.
func (l *List) Load(ctx context.Context, add func(idset.Entry)) (last replica.Position, err error) {
	for {
		page, err := l.page(ctx, last.Seq+1)
		if err != nil {
			return last, err
		}
		for _, row := range page {
			add(row.entry)
			last = row.at
		}
		if len(page) < pageSize {
			return last, nil
		}
	}
}

// Since passes one page of entries after at to add. The row of at must still be there. If it
// has another mark, the list is not the one from which at was read.
func (l *List) Since(ctx context.Context, at replica.Position, add func(idset.Entry)) (last replica.Position, err error) {
	page, err := l.page(ctx, at.Seq)
	if err != nil {
		return at, err
	}
	if at != (replica.Position{}) {
		switch {
		case len(page) == 0 || page[0].at.Seq != at.Seq:
			return at, replica.ErrDropped
		case page[0].at != at:
			return at, replica.ErrLost
		}
		page = page[1:]
	}
	for _, row := range page {
		add(row.entry)
		at = row.at
	}
	return at, nil
}

// page returns rows from a number on.
func (l *List) page(ctx context.Context, from int64) ([]row, error) {
	return Rows(ctx, l.db, scanRow, l.db.Queries.Page, from)
}

// Wait waits for most: databases are polled.
func (l *List) Wait(ctx context.Context, _ replica.Position, most time.Duration) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

func scanHead(rows *sql.Rows) (h replica.Head, err error) {
	return h, scanStanding(rows, &h)
}

func scanAnswer(rows *sql.Rows) (a replica.Answer, err error) {
	return a, scanStanding(rows, &a.Head, &a.Intact, &a.Found)
}

func scanStanding(rows *sql.Rows, h *replica.Head, more ...any) error {
	var refusal string
	var millis int64
	var hasLast bool
	err := rows.Scan(append([]any{&refusal, &h.At.Seq, &h.At.Mark, &h.Epoch, &h.Restoring, &h.Giver, &millis, &hasLast}, more...)...)
	h.Now, h.Broken = time.UnixMilli(millis), !hasLast
	if err == nil && refusal != "" {
		return replica.Unfit(refusal)
	}
	return err
}

func scanEntry(rows *sql.Rows) (e idset.Entry, err error) {
	var key []byte
	if err := rows.Scan(&key, &e.Until); err != nil {
		return e, err
	}
	e.Key, err = keyOf(key)
	return e, err
}

func scanRow(rows *sql.Rows) (r row, err error) {
	var key []byte
	if err := rows.Scan(&r.at.Seq, &r.at.Mark, &key, &r.entry.Until); err != nil {
		return r, err
	}
	r.entry.Key, err = keyOf(key)
	return r, err
}

func keyOf(b []byte) (key idset.Key, err error) {
	if len(b) != len(key) {
		return key, fmt.Errorf("the blocklist has a key of %d bytes, want %d: check whether another program writes to its table", len(b), len(key))
	}
	return idset.Key(b), nil
}
