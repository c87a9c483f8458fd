package redisstore_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// A replica takes over that has not got what was revoked last.
func TestReplicaThatLags(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	lagging := testserver.RedisReplica(t, master)
	promoted := newClient(t, lagging.Addr())
	var server faults.Moving
	server.Move(master.Addr())
	faults.RunLostList(t, faults.LostList{
		Entries: 2000, Followers: 3, Slow: true,
		Open: func() replica.Log {
			client := redis.NewClient(&redis.Options{Dialer: server.Dial, ContextTimeoutEnabled: true})
			t.Cleanup(func() { _ = client.Close() })
			return (&redisdb.DB{Client: client, Timeout: faults.Timeout}).List("ginjwt")
		},
		Keep: func() {
			ofMaster := newClient(t, master.Addr())
			require.NoError(t, ofMaster.Do(t.Context(), "wait", 1, 10_000).Err())
			require.NoError(t, promoted.Do(t.Context(), "replicaof", "no", "one").Err())
		},
		Lose: func() {
			master.Kill()
			for i := range 2 * faults.Recent { // it counts on, beyond where processes stand
				mustAppend(t, listOf(t, lagging.Addr()), entries(fmt.Sprint("new ", i))...)
			}
			server.Move(lagging.Addr())
		},
	})
}
