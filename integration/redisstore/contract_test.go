package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	contract "github.com/gin-jwt-extended/ginjwt/store"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

func TestServer(t *testing.T) {
	t.Parallel()
	testContracts(t, newClient(t, testserver.Redis(t).Addr()), 1000)
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	testserver.RedisReplica(t, master)
	sentinel := testserver.Sentinel(t, master, "main")
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "main", SentinelAddrs: []string{sentinel.Addr()}, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	testContracts(t, client, 50)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	testContracts(t, newCluster(t), 50)
}

// testContracts needs no test to wait for another: each has keys of its own.
func testContracts(t *testing.T, client redis.UniversalClient, rounds int) {
	t.Run("sessions", func(t *testing.T) {
		storetest.Sessions(t, func(t *testing.T) ginjwt.SessionStore { return emptyStore(t, client).Sessions() }, storetest.Rounds(rounds))
	})
	t.Run("blocklist", func(t *testing.T) {
		storetest.Blocklist(t, func(t *testing.T) ginjwt.Blocklist { return emptyStore(t, client).Blocklist(t.Context()) })
	})
	t.Run("once", func(t *testing.T) {
		storetest.Once(t, func(t *testing.T) []contract.Once {
			store := emptyStore(t, client)
			return []contract.Once{store.Once(), store.Once(), store.Once()}
		})
	})
	t.Run("plays", func(t *testing.T) {
		storetest.Plays(t, func(t *testing.T) (ginjwt.SessionStore, ginjwt.Blocklist) {
			store := emptyStore(t, client)
			return store.Sessions(), follow(t, store)
		}, storetest.PlayCount(3))
	})
	t.Run("replicas", func(t *testing.T) {
		storetest.Replicas(t, 5*time.Second, func(t *testing.T) []ginjwt.Blocklist {
			store := emptyStore(t, client)
			return []ginjwt.Blocklist{follow(t, store), follow(t, store), follow(t, store)}
		})
	})
}
