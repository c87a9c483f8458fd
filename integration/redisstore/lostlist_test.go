package redisstore_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

var (
	entriesLost = flag.Int("lost.entries", 400_000, "how many entries a list has that is lost")
	followers   = flag.Int("lost.followers", 5, "how many processes follow it")
)

// listOf returns the list on a server, with connections of its own.
func listOf(t *testing.T, addr string) *redisdb.List {
	return (&redisdb.DB{Client: newClient(t, addr), Timeout: faults.Timeout}).List("ginjwt")
}

// lostList is a list on a server of its own, of which everything is lost.
func lostList(t *testing.T, entries, followers int) faults.LostList {
	server := testserver.Redis(t)
	client := newClient(t, server.Addr())
	return faults.LostList{
		Entries: entries, Followers: followers, Slow: true,
		Open: func() replica.Log { return listOf(t, server.Addr()) },
		Lose: func() { require.NoError(t, client.FlushAll(t.Context()).Err()) },
	}
}

// TestListIsLost is not parallel: so many entries take the whole machine.
func TestListIsLost(t *testing.T) {
	l := lostList(t, *entriesLost, *followers)
	l.Slow = false
	faults.RunLostList(t, l)
}

func TestListIsLostByMany(t *testing.T) {
	t.Parallel()
	faults.RunLostList(t, lostList(t, 5000, 20))
}

func TestListIsLostWhileLoading(t *testing.T) {
	t.Parallel()
	faults.RunLostWhileLoading(t, lostList(t, 20_000, 3))
}

func TestListIsLostTwice(t *testing.T) {
	t.Parallel()
	faults.RunLostTwice(t, lostList(t, 15_000, 3))
}
