package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// Where rows of the list are gone, and nobody is left who knew them, a process that
// starts does not take what is left for the whole list.
func TestNewProcessesRestoreAListThatIsBroken(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		options := patient
		options.MaxStaleness = 2 * time.Second
		store := d.newStore(t, options)
		ctx, leave := context.WithCancel(t.Context())
		b := store.Blocklist(ctx)
		require.NoError(t, b.Ready(t.Context()))
		require.NoError(t, b.Add(t.Context(), "id", time.Time{}))
		leave()
		tables := tablesOf(store)
		require.Eventually(t, func() bool { return len(d.query(t, "SELECT id FROM "+tables.roll)) == 0 }, time.Minute, 10*time.Millisecond)
		d.exec(t, "DELETE FROM "+tables.blocklist)

		began := time.Now()
		late := store.Blocklist(t.Context())
		_, err := late.Contains(t.Context(), "unknown")
		require.Error(t, err)
		require.NoError(t, late.Ready(t.Context()))
		assert.GreaterOrEqual(t, time.Since(began), options.MaxStaleness, "others had time to come")
		_, err = late.Contains(t.Context(), "unknown")
		require.NoError(t, err)
	})
}

// The statements by which version 2 revokes, word for word.
const (
	previousAdvance     = `UPDATE {}blocklist_head SET seq = seq + ?, mark = ? WHERE id = 1`
	previousHead        = `SELECT seq, mark FROM {}blocklist_head WHERE id = 1`
	previousInsert      = `INSERT INTO {}blocklist (seq, mark, id, expires) VALUES (?, ?, ?, ?)`
	previousInsertAlone = `WITH head AS (UPDATE {}blocklist_head SET seq = seq + 1, mark = ? WHERE id = 1 RETURNING seq, mark), ` +
		`added (n, id, expires) AS (VALUES (1, ?::bytea, ?::bigint)) ` +
		`INSERT INTO {}blocklist (seq, mark, id, expires) SELECT head.seq - 1 + added.n, head.mark, added.id, added.expires FROM head, added`
	previousPage = `SELECT seq, mark, id, expires FROM {}blocklist WHERE seq >= ? ORDER BY seq LIMIT 1000`
)

func (p previous) revoke(t *testing.T, e idset.Entry, mark string) {
	t.Helper()
	if p.dialect == sqlstore.PostgreSQL {
		require.True(t, p.change(t, previousInsertAlone, mark, e.Key[:], int64(e.Until)))
		return
	}
	tx, err := p.pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), p.statement(previousAdvance), 1, mark)
	require.NoError(t, err)
	var seq int64
	require.NoError(t, tx.QueryRowContext(t.Context(), p.statement(previousHead)).Scan(&seq, &mark))
	_, err = tx.ExecContext(t.Context(), p.statement(previousInsert), seq, mark, e.Key[:], int64(e.Until))
	require.NoError(t, err)
	require.NoError(t, tx.Commit())
}

// Processes of version 2 revoke on the same list, also on one that was restored, and
// read what others revoke.
func TestListOfTheVersionBefore(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		old := d.newPrevious(t, "old_")
		mark := func(c string) string { return "MARKOFTHEVERSIONBEFORE000" + c } // 26 characters
		old.revoke(t, entry(1), mark("1"))
		store := d.openAt(t, "old_")
		require.NoError(t, store.Migrate(t.Context()))
		b := d.newBlocklist(t, store)
		old.revoke(t, entry(2), mark("2"))
		knows := func(n int) func() bool {
			return func() bool { return b.Status().Entries >= n && b.Status().Err == nil }
		}
		require.Eventually(t, knows(2), time.Minute, 10*time.Millisecond)
		require.NoError(t, b.Add(t.Context(), "new", time.Time{}))

		rows := old.query(t, old.statement(previousPage), 2)
		require.Len(t, rows, 2)
		key := idset.KeyOf("new")
		assert.Equal(t, []string{"2", mark("2")}, rows[0][:2])
		assert.Equal(t, "3", rows[1][0])
		assert.Equal(t, string(key[:]), rows[1][2])

		d.exec(t, "DELETE FROM "+tablesOf(store).blocklist)
		old.revoke(t, entry(4), mark("4"))
		require.Eventually(t, func() bool {
			there := map[idset.Key]bool{}
			_, err := store.log.Load(t.Context(), func(e idset.Entry) { there[e.Key] = true })
			require.NoError(t, err)
			return there[entry(1).Key] && there[entry(2).Key] && there[entry(4).Key] && there[key] && b.Status().Err == nil
		}, time.Minute, 10*time.Millisecond)
	})
}
