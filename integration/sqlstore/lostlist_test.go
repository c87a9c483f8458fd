package sqlstore_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

var (
	entriesLost = flag.Int("lost.entries", 400_000, "how many entries a list has that is lost")
	followers   = flag.Int("lost.followers", 5, "how many processes follow it")
)

// fewConnections are enough for a process that only follows the list.
const fewConnections = 3

// listOn returns the list in the tables of a prefix, with a pool of its own.
func (d *database) listOn(t *testing.T, prefix string) *sqldb.List {
	pool := open(t, d.driver, d.dsn)
	pool.SetMaxOpenConns(fewConnections)
	return sqldb.New(pool, spoken[d.dialect], prefix, faults.Timeout).List()
}

// lostList is a list with tables of its own, of which everything is lost.
func lostList(t *testing.T, d *database, prefix string, entries, followers int) faults.LostList {
	names := tablesOf(d.newStore(t, sqlstore.Options{Timeout: patient.Timeout, Prefix: prefix}))
	return faults.LostList{
		Entries: entries, Followers: followers, Slow: true,
		Open: func() replica.Log { return d.listOn(t, prefix) },
		Lose: func() { d.lose(t, names) },
	}
}

// lose empties the tables of a list in one transaction.
func (d *database) lose(t *testing.T, names tables) {
	tx, err := d.pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	for _, statement := range []string{
		"UPDATE " + names.head + " SET seq = 0, mark = '', epoch = '', restoring = 0, giver = ''", // first, as who appends locks it first
		"DELETE FROM " + names.blocklist,
		"DELETE FROM " + names.roll,
	} {
		_, err := tx.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

// TestListIsLost is not parallel: so many entries take the whole machine.
func TestListIsLost(t *testing.T) {
	l := lostList(t, newPostgres(t), "lost_", *entriesLost, *followers)
	l.Slow = false
	faults.RunLostList(t, l)
}

func TestListIsLostOtherwise(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			t.Run("by many", func(t *testing.T) { faults.RunLostList(t, lostList(t, d, "many_", 5000, 20)) })
			t.Run("while loading", func(t *testing.T) { faults.RunLostWhileLoading(t, lostList(t, d, "loading_", 20_000, 3)) })
			t.Run("twice", func(t *testing.T) { faults.RunLostTwice(t, lostList(t, d, "twice_", 15_000, 3)) })
		})
	}
}
