package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	contract "github.com/gin-jwt-extended/ginjwt/store"
)

// Requests and replies are lost, connections are cut, and the server is killed, while IDs
// are claimed. The server writes before it replies, as with appendfsync always.
func TestDisturbedClaims(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	proxy := testserver.NewProxy(t, server.Addr())
	proxy.Delay(time.Millisecond) // so that there is a middle of a claim
	open := func() contract.Once {
		return newStore(t, newClient(t, proxy.Addr()), redisstore.Options{Timeout: faults.Timeout}).Once()
	}
	faults.RunOnce(t, open, func() {
		for n := range 60 {
			proxy.LoseReply(n % 9)
			pass(5 * time.Millisecond)
			proxy.LoseRequest(n % 8)
			pass(5 * time.Millisecond)
		}
		for n := range 10 {
			proxy.Cut()
			proxy.Restore()
			pass(time.Duration(n) * 3 * time.Millisecond)
			server.Kill()
			server.Start()
			pass(time.Duration(n) * 3 * time.Millisecond)
		}
		proxy.DropReplies()
		pass(faults.Timeout)
		proxy.Restore()
	})
}

// Where a claim counts when all replicas have it, none is lost: neither if the master is
// killed, nor if it hangs and comes back believing that it is one. As long as there is no
// replica nothing is claimed.
func TestClaimsAfterFailover(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]struct{ down, up func(*testserver.Server) }{
		"killed": {(*testserver.Server).Kill, (*testserver.Server).Start},
		"paused": {(*testserver.Server).Pause, (*testserver.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			master := testserver.Redis(t)
			replica := testserver.RedisReplica(t, master)
			sentinel := testserver.Sentinel(t, master, "ginjwt")
			open := func() contract.Once {
				client := redis.NewFailoverClient(&redis.FailoverOptions{
					MasterName: "ginjwt", SentinelAddrs: []string{sentinel.Addr()}, ContextTimeoutEnabled: true,
				})
				t.Cleanup(func() { _ = client.Close() })
				return newStore(t, client, redisstore.Options{Timeout: faults.Timeout, Replicas: 1}).Once()
			}
			faults.RunOnce(t, open, func() {
				harm.down(master)
				requireFailover(t, sentinel, master)
				harm.up(master)
				one, other := newClient(t, master.Addr()), newClient(t, replica.Addr())
				require.Eventually(t, func() bool {
					return hasReplica(t, one) || hasReplica(t, other) // Sentinel may have changed the roles again
				}, 3*soon, tick, "one of them becomes a replica") // a Sentinel that got no processor does nothing for 30 seconds
			})
		})
	}
}

// hasReplica reports whether the server is a master with a replica that has all its data.
func hasReplica(t *testing.T, server *redis.Client) bool {
	reached, err := server.Do(t.Context(), "wait", 1, 100).Int()
	return err == nil && reached == 1
}
