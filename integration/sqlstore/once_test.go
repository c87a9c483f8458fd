package sqlstore_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// newHandles returns what several processes have of one store, each with a pool of its own.
func (d *database) newHandles(t *testing.T) (handles []store.Once) {
	t.Helper()
	options := patient
	options.Prefix = "t" + strings.ToLower(rand.Text()) + "_"
	d.newStore(t, options)
	for range 3 {
		pool := open(t, d.driver, d.dsn)
		pool.SetMaxOpenConns(fewConnections)
		handles = append(handles, newTested(t, pool, d.dialect, options).Once())
	}
	return handles
}

func claim(t *testing.T, of *tested, id string) (first bool) {
	t.Helper()
	first, err := of.Once().Claim(t.Context(), id, time.Now().Add(time.Hour))
	require.NoError(t, err)
	return first
}

// requireFirst claims an ID that nobody has claimed, and claims it again.
func requireFirst(t *testing.T, of *tested, id string) {
	t.Helper()
	require.True(t, claim(t, of, id))
	require.False(t, claim(t, of, id))
}

func TestOnce(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		t.Run("undisturbed", func(t *testing.T) {
			for name, test := range map[string]func(*testing.T, *database, *tested){
				"many claimants":                             testClaims,
				"an answer that is lost":                     testLostClaims,
				"the clock of the database":                  testClaimsAndClocks,
				"what was claimed again is not purged":       testPurgeOfClaims,
				"what has expired is not claimed but purged": testExpiredClaims,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, d, d.newStore(t, patient))
				})
			}
		})
		if d.server != nil {
			t.Run("disturbed", func(t *testing.T) { testDisturbedClaims(t, d) })
		}
	})
}

// testClaims has fewer claimants than the contract: those of stricter isolation levels
// are undone again and again.
func testClaims(t *testing.T, _ *database, of *tested) {
	for i := range 10 {
		var firsts atomic.Int64
		var claiming sync.WaitGroup
		for range 8 {
			claiming.Go(func() {
				first, err := of.Once().Claim(t.Context(), fmt.Sprint("id ", i), time.Now().Add(time.Hour))
				assert.NoError(t, err)
				if first {
					firsts.Add(1)
				}
			})
		}
		claiming.Wait()
		assert.EqualValues(t, 1, firsts.Load())
	}
}

// forgetful connects to a database, and loses the answer to the first statement that
// writes: the driver returns err instead of it.
type forgetful struct {
	*recorder
	err  error
	lost atomic.Bool
}

func (f *forgetful) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := f.recorder.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return forgetfulConn{c.(recordedConn), f}, nil
}

type forgetfulConn struct {
	recordedConn
	of *forgetful
}

func (c forgetfulConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.recordedConn.ExecContext(ctx, text, args)
	if err == nil && !c.of.lost.Swap(true) {
		return nil, c.of.err
	}
	return result, err
}

type undoneError struct{}

func (undoneError) Error() string    { return "undone" }
func (undoneError) SQLState() string { return "40001" }

// testLostClaims loses the answer to an INSERT that was committed. Where database/sql or
// the store repeats it, the call finds its own row; elsewhere nobody is first.
func testLostClaims(t *testing.T, d *database, of *tested) {
	prefix := strings.TrimSuffix(tablesOf(of).once, "once")
	dsn := d.dsn
	if d.dialect == sqlstore.MySQL {
		dsn += "?interpolateParams=true" // without it statements are prepared, which forgetful does not see
	}
	errLost := errors.New("the answer is lost")
	for name, c := range map[string]struct {
		err    error
		repeat bool
	}{
		"repeated by database/sql": {driver.ErrBadConn, true},
		"repeated by the store":    {undoneError{}, d.server != nil},
		"not repeated":             {errLost, false},
	} {
		f := &forgetful{recorder: &recorder{driver: d.pool.Driver(), dsn: dsn}, err: c.err}
		pool := sql.OpenDB(f)
		t.Cleanup(func() { require.NoError(t, pool.Close()) })
		options := patient
		options.Prefix = prefix
		first, err := newTested(t, pool, d.dialect, options).Once().Claim(t.Context(), name, time.Now().Add(time.Hour))
		require.True(t, f.lost.Load())
		assert.Equal(t, c.repeat, first, name)
		if c.repeat {
			assert.NoError(t, err, name)
			assert.Equal(t, 2, strings.Count(texts(f.sent), "INSERT INTO "+prefix+"once"), name)
		} else {
			assert.ErrorIs(t, err, c.err, name)
		}
		assert.False(t, claim(t, of, name), name)
	}
}

// A caller whose clock is behind must not be first by a time at which the row of another
// one may have been purged.
func testClaimsAndClocks(t *testing.T, d *database, of *tested) {
	const passed = "sqlstore: the time until which to remember a used ID has passed"
	until := time.Now().Add(30 * time.Minute)
	asked := of.db.Queries.Claimed
	for ahead, want := range map[int]string{0: "", 20 * 60_000: "", 40 * 60_000: passed + " by the clock of the database"} {
		of.db.Queries.Claimed = strings.Replace(asked, " FROM ", fmt.Sprintf(" + %d FROM ", ahead), 1)
		if d.dialect == sqlstore.PostgreSQL { // whose clock has a FROM of its own
			of.db.Queries.Claimed = strings.Replace(asked, "::bigint FROM ", fmt.Sprintf("::bigint + %d FROM ", ahead), 1)
		}
		first, err := of.db.Claim(t.Context(), fmt.Sprint("ahead ", ahead), until)
		if want == "" {
			require.NoError(t, err)
			assert.True(t, first)
			continue
		}
		assert.EqualError(t, err, want)
		assert.False(t, first)
	}

	options := patient
	options.Prefix = strings.TrimSuffix(tablesOf(of).once, "once")
	options.Now = func() time.Time { return time.Now().Add(40 * time.Minute) }
	_, err := newTested(t, d.pool, d.dialect, options).Once().Claim(t.Context(), "id", until)
	assert.EqualError(t, err, passed)
}

// expire makes a claim one that has ended a time ago.
func (d *database) expire(t *testing.T, of *tested, ago time.Duration) {
	t.Helper()
	d.exec(t, d.text("UPDATE "+tablesOf(of).once+" SET expires = ?"), time.Now().Add(-ago).Unix())
}

func testExpiredClaims(t *testing.T, d *database, of *tested) {
	requireFirst(t, of, "id")
	d.expire(t, of, 50*time.Second)
	removed, err := of.Purge(t.Context())
	require.NoError(t, err)
	assert.Zero(t, removed)
	assert.False(t, claim(t, of, "id"))

	d.expire(t, of, 70*time.Second)
	assert.False(t, claim(t, of, "id"), "no row is given to another caller")
	for i := range 250 {
		require.True(t, claim(t, of, fmt.Sprint("id ", i)))
	}
	d.expire(t, of, 70*time.Second)
	require.True(t, claim(t, of, "another"))
	removed, err = of.Purge(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 251, removed)
	requireFirst(t, of, "id")
	assert.False(t, claim(t, of, "another"))
}

// Between finding a row and deleting it, another process may have purged it, and an ID
// may have been claimed again.
func testPurgeOfClaims(t *testing.T, d *database, of *tested) {
	requireFirst(t, of, "id")
	rows := d.query(t, "SELECT id FROM "+tablesOf(of).once)
	require.Len(t, rows, 1)
	n, err := of.db.Affected(t.Context(), of.db.Queries.PurgeClaims(1), []byte(rows[0][0]), time.Now().Unix())
	require.NoError(t, err)
	assert.Zero(t, n)
	assert.False(t, claim(t, of, "id"))
}

// testDisturbedClaims loses requests and answers, kills connections and cuts the network
// while IDs are claimed.
func testDisturbedClaims(t *testing.T, d *database) {
	options := sqlstore.Options{Prefix: "disturbed_", Timeout: faults.Timeout}
	d.newStore(t, options)
	killer := d.with(t, "")
	killer.pool.SetMaxOpenConns(1)
	proxy := testserver.NewProxy(t, d.server.Addr())
	proxy.Delay(time.Millisecond) // so that there is a middle of a claim
	open := func() store.Once {
		pool, err := sql.Open(d.driver, strings.Replace(d.dsn, d.server.Addr(), proxy.Addr(), 1))
		require.NoError(t, err)
		t.Cleanup(func() { _ = pool.Close() })
		return newTested(t, pool, d.dialect, options).Once()
	}
	faults.RunOnce(t, open, func() {
		for n := range 60 {
			proxy.LoseReply(n % 9)
			pass(5 * time.Millisecond)
			proxy.LoseRequest(n % 8)
			pass(5 * time.Millisecond)
		}
		for n := range 15 {
			killer.killOthers(t)
			pass(time.Duration(n) * 3 * time.Millisecond)
			proxy.Cut()
			proxy.Restore()
			pass(time.Duration(n) * 3 * time.Millisecond)
		}
		proxy.DropReplies()
		pass(faults.Timeout)
		proxy.Restore()
	})
}

// killOthers has the server end all connections but that of this pool.
func (d *database) killOthers(t *testing.T) {
	if d.dialect == sqlstore.PostgreSQL {
		d.exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
		return
	}
	for _, row := range d.query(t, "SELECT id FROM information_schema.processlist WHERE user = 'test' AND id <> CONNECTION_ID()") {
		_, _ = d.pool.ExecContext(t.Context(), "KILL "+row[0]) // it may have gone
	}
}
