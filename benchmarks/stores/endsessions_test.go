package stores

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// ending are the servers on which sessions are ended, those of databases as they
// are by default: a commit is on the disk.
var ending = []named{
	{"Redis, appendfsync everysec", func(tb testing.TB) server { return startRedis(tb, "everysec") }},
	{"PostgreSQL, fsync on", func(tb testing.TB) server { return startPostgres(tb, "fsync=on") }},
	{"MariaDB, flushed on commit", func(tb testing.TB) server {
		return startMariaDB(tb, "", "--innodb-flush-log-at-trx-commit=1")
	}},
	{"SQLite, WAL", func(tb testing.TB) server { return startSQLite(tb, connections) }},
}

// oneByOne hide what stores have beside their contracts.
type (
	sessionsOneByOne struct{ ginjwt.SessionStore }
	listOneByOne     struct{ ginjwt.Blocklist }
)

// createSessions makes sessions of alice.
func createSessions(tb testing.TB, sessions ginjwt.SessionStore, first, last int) {
	var group sync.WaitGroup
	for caller := range connections {
		group.Go(func() {
			for i := first + caller; i <= last; i += connections {
				s := ginjwt.Session{
					ID: idOf(i), Identity: "alice", Generation: 1, CreatedAt: created, RotatedAt: created, ExpiresAt: expires,
				}
				made, err := sessions.Create(context.Background(), s)
				assert.NoError(tb, err)
				assert.True(tb, made)
			}
		})
	}
	group.Wait()
}

// endAll returns how long it takes to end sessions, and how many round trips.
func endAll(tb testing.TB, p process, sessions ginjwt.SessionStore, list ginjwt.Blocklist, first, last int) (took, trips string) {
	manager := ginjwt.New(ginjwt.Config{SecretKey: "a secret of the benchmark, 32 bytes at least", Sessions: sessions, Blocklist: list})
	require.NoError(tb, manager.InitApp(nil))
	createSessions(tb, sessions, first, last)
	before := int64(0)
	if p.trips != nil {
		before = p.trips.Load()
	}
	took = milliseconds(timed(func() { require.NoError(tb, manager.EndSessions(tb.Context(), "alice")) }))
	trips = "–"
	if p.trips != nil {
		trips = strconv.FormatInt(p.trips.Load()-before, 10)
	}
	left, err := manager.Sessions(tb.Context(), "alice")
	require.NoError(tb, err)
	require.Empty(tb, left)
	blocked, err := list.Contains(tb.Context(), idOf(last))
	require.NoError(tb, err)
	require.True(tb, blocked)
	return took, trips
}

func TestEndSessions(t *testing.T) {
	n := size(10_000, 600)
	out := table{
		note: fmt.Sprintf("`EndSessions` for a user with %s sessions, including the blocklist. ", count(n)) +
			"\"One by one\" is the time with a store that has no `DeleteMany` and no `AddMany`.",
		head: []string{"store", "one by one", "round trips", "in batches", "round trips"},
	}
	for _, kind := range ending {
		p := kind.start(t).connect(t, time.Minute) // hardly anything is followed meanwhile
		list := p.follow(t, t.Context())
		slow, slowTrips := endAll(t, p, sessionsOneByOne{p.sessions}, listOneByOne{list}, 1, n)
		fast, fastTrips := endAll(t, p, p.sessions, list, n+1, 2*n)
		out.add(kind.name, slow, slowTrips, fast, fastTrips)
	}
	out.write(t, "end")
}
