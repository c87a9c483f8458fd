package sqlstore_test

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
)

// collision is a call that waits for a lock of a neighbour, and holds another one
// that this neighbour then wants.
type collision struct {
	first, second string // what the neighbour locks: {sessions}, {blocklist}, {head}, {once}
	call          func(t *testing.T, store *tested) error
	done          func(t *testing.T, store *tested)
}

var collisions = map[string]collision{
	"Replace": {
		first:  `SELECT expires FROM {sessions} FORCE INDEX ({sessions}_expires) WHERE expires = 2000000000000 LOCK IN SHARE MODE`,
		second: `SELECT * FROM {sessions} WHERE id = '` + sessionID(1) + `' FOR UPDATE`,
		call: func(t *testing.T, store *tested) error {
			s, _, err := store.Sessions().Get(t.Context(), sessionID(1))
			require.NoError(t, err)
			next := s
			next.Generation, next.ExpiresAt = 2, s.ExpiresAt.Add(time.Hour)
			replaced, err := store.Sessions().Replace(t.Context(), s, next)
			assert.True(t, replaced)
			return err
		},
		done: func(t *testing.T, store *tested) {
			s, _, err := store.Sessions().Get(t.Context(), sessionID(1))
			require.NoError(t, err)
			assert.EqualValues(t, 2, s.Generation)
		},
	},
	"Delete": {
		first:  `SELECT expires FROM {sessions} FORCE INDEX ({sessions}_expires) WHERE expires = 2000000000000 LOCK IN SHARE MODE`,
		second: `SELECT * FROM {sessions} WHERE id = '` + sessionID(1) + `' FOR UPDATE`,
		call: func(t *testing.T, store *tested) error {
			deleted, err := store.Sessions().Delete(t.Context(), sessionID(1))
			assert.True(t, deleted)
			return err
		},
		done: func(t *testing.T, store *tested) {
			_, ok, err := store.Sessions().Get(t.Context(), sessionID(1))
			require.NoError(t, err)
			assert.False(t, ok)
		},
	},
	"Append": {
		first:  `SELECT * FROM {blocklist} WHERE seq > 0 FOR UPDATE`,
		second: `UPDATE {head} SET seq = seq WHERE id = 1`,
		call:   func(t *testing.T, store *tested) error { return store.log.Append(t.Context(), entriesOf(3)) },
		done: func(t *testing.T, store *tested) {
			assert.Equal(t, entriesOf(3), load(t, store.log))
			assert.EqualValues(t, 3, head(t, store.log).Seq, "what was rolled back took no numbers")
		},
	},
	"Claim": {
		first:  `SELECT expires FROM {once} FORCE INDEX ({once}_expires) WHERE expires > 0 LOCK IN SHARE MODE`,
		second: `SELECT * FROM {once} FOR UPDATE`,
		call: func(t *testing.T, store *tested) error {
			first, err := store.Once().Claim(t.Context(), "id", time.Now().Add(time.Hour))
			assert.True(t, first)
			return err
		},
		done: func(t *testing.T, store *tested) { assert.False(t, claim(t, store, "id")) },
	},
	"Purge": {
		first:  `SELECT * FROM {sessions} WHERE id = '` + sessionID(5) + `' FOR UPDATE`,
		second: `SELECT * FROM {sessions} WHERE id = '` + sessionID(2) + `' FOR UPDATE`,
		call: func(t *testing.T, store *tested) error {
			removed, err := store.Purge(t.Context())
			assert.EqualValues(t, 8, removed)
			return err
		},
		done: func(*testing.T, *tested) {},
	},
}

// prepare makes a session that lives, and eight that have expired.
func (d *database) prepare(t *testing.T, store *tested) {
	t.Helper()
	for i := 1; i <= 9; i++ {
		s := newSession(sessionID(i), "alice")
		if s.ExpiresAt = time.UnixMilli(2_000_000_000_000); i > 1 {
			s.ExpiresAt = time.Now().Add(-2 * sqldb.PurgeMargin)
		}
		create(t, store.Sessions(), s)
	}
}

func (d *database) counter(t *testing.T, name string) int {
	t.Helper()
	rows := d.query(t, `SELECT count FROM information_schema.innodb_metrics WHERE name = ?`, name)
	require.Len(t, rows, 1)
	n, err := strconv.Atoi(rows[0][0])
	require.NoError(t, err)
	return n
}

// names fills in the names of tables.
func names(store *tested, statement string) string {
	t := tablesOf(store)
	return strings.NewReplacer("{sessions}", t.sessions, "{blocklist}", t.blocklist, "{head}", t.head, "{once}", t.once).Replace(statement)
}

// collide lets a call wait for a neighbour, does what ends that, and returns when
// the call has returned. The neighbour has changed many rows, so that the server
// takes back what the call did.
func (d *database) collide(t *testing.T, store *tested, c collision, meet func(neighbour *sql.Tx)) {
	t.Helper()
	d.prepare(t, store)
	ballast := tablesOf(store).sessions + "_ballast"
	d.exec(t, "CREATE TABLE "+ballast+" (n INTEGER) ENGINE = InnoDB")
	neighbour, err := d.pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = neighbour.Rollback() }()
	_, err = neighbour.ExecContext(t.Context(), "INSERT INTO "+ballast+" SELECT seq FROM seq_1_to_5000")
	require.NoError(t, err)
	_, err = neighbour.ExecContext(t.Context(), names(store, c.first))
	require.NoError(t, err)

	failed := make(chan error, 1)
	go func() { failed <- c.call(t, store) }()
	require.Eventually(t, func() bool {
		return d.counter(t, "lock_row_lock_current_waits") > 0
	}, time.Minute, 10*time.Millisecond)
	meet(neighbour)
	require.NoError(t, neighbour.Commit())
	require.NoError(t, <-failed)
	c.done(t, store)
}

// A call whose work the server takes back, for the sake of a neighbour, does it again.
func TestDeadlocks(t *testing.T) {
	t.Parallel()
	d := newMariaDB(t)
	for name, c := range collisions {
		t.Run(name, func(t *testing.T) { // one after the other, as they share counters
			before := d.counter(t, "lock_deadlocks")
			store := d.newStore(t, patient)
			d.collide(t, store, c, func(neighbour *sql.Tx) {
				_, err := neighbour.ExecContext(t.Context(), names(store, c.second))
				require.NoError(t, err, "the server has taken back the call")
			})
			assert.Equal(t, before+1, d.counter(t, "lock_deadlocks"))
		})
	}
}

// InnoDB takes back only the statement that has waited for too long.
func TestLockWaitTimeout(t *testing.T) {
	t.Parallel()
	d := newMariaDB(t)
	impatient := open(t, d.driver, d.dsn+"?innodb_lock_wait_timeout=1")
	for name, c := range collisions {
		t.Run(name, func(t *testing.T) {
			before := d.counter(t, "lock_timeouts")
			options := patient
			options.Prefix = strings.ToLower(name) + "_"
			d.newStore(t, options)
			d.collide(t, newTested(t, impatient, d.dialect, options), c, func(*sql.Tx) {
				require.Eventually(t, func() bool { return d.counter(t, "lock_timeouts") > before }, time.Minute, 10*time.Millisecond)
			})
		})
	}
}
