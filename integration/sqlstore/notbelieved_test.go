package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	contract "github.com/gin-jwt-extended/ginjwt/store"
)

// Where nothing is committed nothing is written, and where others' writes may be missed,
// or seen too early, nobody is let in, whether or not anybody asks Ready.
func TestServersThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	d := newMariaDB(t)
	store := d.newStore(t, sqlstore.Options{Prefix: "u_", Timeout: patient.Timeout})
	require.NoError(t, d.newBlocklist(t, store).Add(t.Context(), "revoked", time.Now().Add(time.Hour)))
	for settings, refusal := range map[string]string{
		"?autocommit=0":                        "sqlstore: autocommit is 0, so that nothing is ever committed: remove it from the DSN, or set it to 1 on the server",
		"?tx_isolation=%27READ-UNCOMMITTED%27": "sqlstore: transactions see what others have not committed: set the isolation level to READ-COMMITTED or REPEATABLE-READ",
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			by := d.with(t, settings)
			store := newTested(t, by.pool, by.dialect, sqlstore.Options{Prefix: "u_", Timeout: patient.Timeout})
			b := store.Blocklist(t.Context())
			_, err := b.Contains(t.Context(), "revoked")
			require.EqualError(t, err, refusal)
			require.EqualError(t, b.Add(t.Context(), "another", time.Time{}), refusal)
			_, err = store.Sessions().Create(t.Context(), newSession(sessionID(1), "alice"))
			require.EqualError(t, err, refusal)
			_, err = store.Once().Claim(t.Context(), "id", time.Now().Add(time.Hour))
			require.EqualError(t, err, refusal)
			assert.EqualError(t, store.Migrate(t.Context()), refusal)
			assert.EqualError(t, b.Ready(t.Context()), refusal)
			assert.Zero(t, b.Status().Complete)
		})
	}
}

// The settings of a server change while the process runs: new connections commit nothing.
func TestConnectionsThatCommitNothing(t *testing.T) {
	t.Parallel()
	for setting, refusal := range map[string]string{
		"autocommit = 0":            noAutocommit,
		"completion_type = 'CHAIN'": "sqlstore: completion_type is CHAIN, so that what follows a commit is not committed: set it to NO_CHAIN",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			d := newMariaDB(t)
			store := d.newStore(t, sqlstore.Options{Timeout: patient.Timeout})
			sessions, once := store.Sessions(), store.Once()
			session := newSession(sessionID(1), "alice")
			created, err := sessions.Create(t.Context(), session)
			require.NoError(t, err)
			require.True(t, created)
			first, err := once.Claim(t.Context(), "a", time.Now().Add(time.Hour))
			require.NoError(t, err)
			require.True(t, first)

			d.exec(t, "SET GLOBAL "+setting)
			d.pool.SetMaxIdleConns(0) // closes the connections
			_, err = once.Claim(t.Context(), "b", time.Now().Add(time.Hour))
			require.EqualError(t, err, refusal)
			_, err = sessions.Create(t.Context(), newSession(sessionID(2), "alice"))
			require.EqualError(t, err, refusal)
			next := session
			next.Generation++
			_, err = sessions.Replace(t.Context(), session, next)
			require.EqualError(t, err, refusal)
			_, err = sessions.Delete(t.Context(), session.ID)
			require.EqualError(t, err, refusal)
			require.EqualError(t, sessions.DeleteMany(t.Context(), []contract.Session{session}), refusal)
			require.EqualError(t, store.Ready(t.Context()), refusal)
		})
	}
}

// The application has left a transaction open on a connection of the pool. The follower
// would read what the list was when the transaction began.
func TestTransactionThatWasLeftOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open          func(t *testing.T) *database
		driver, begin string
	}{
		"MariaDB":    {newMariaDB, "mysql", "START TRANSACTION"},
		"PostgreSQL": {newPostgres, "postgres", "BEGIN ISOLATION LEVEL REPEATABLE READ"}, // pgx closes such a connection
		"SQLite":     {newSQLite, "sqlite", "BEGIN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := c.open(t)
			options := sqlstore.Options{Prefix: "t_", Timeout: patient.Timeout, MaxStaleness: 2 * time.Second}
			other := d.newBlocklist(t, d.newStore(t, options))
			pool := open(t, c.driver, d.dsn)
			pool.SetMaxOpenConns(1)
			b := newTested(t, pool, d.dialect, options).Blocklist(t.Context())
			require.NoError(t, b.Ready(t.Context()))
			run := func(statement string) {
				_, err := pool.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
			run(c.begin)
			run("SELECT COUNT(*) FROM t_blocklist")
			require.NoError(t, other.Add(t.Context(), "revoked", time.Now().Add(time.Hour)))
			const refusal = "sqlstore: a transaction is open on the connection, so that nothing is committed: do not begin transactions with Exec, but with BeginTx"
			require.Eventually(t, func() bool {
				err := b.Status().Err
				return err != nil && err.Error() == refusal && time.Since(b.Status().Complete) > options.MaxStaleness
			}, time.Minute, 10*time.Millisecond)
			_, err := b.Contains(t.Context(), "revoked")
			require.EqualError(t, err, refusal)
			run("ROLLBACK")
			require.Eventually(t, func() bool {
				blocked, err := b.Contains(t.Context(), "revoked")
				return err == nil && blocked
			}, time.Minute, 10*time.Millisecond)
		})
	}
}
