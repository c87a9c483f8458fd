package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// stores returns what a new process keeps its state in, with a client of its
// own.
func stores(ctx context.Context, t *testing.T, client redis.UniversalClient, replicas int) faults.Stores {
	t.Cleanup(func() { _ = client.Close() })
	store, err := redisstore.New(client, redisstore.Options{Timeout: faults.Timeout, MaxStaleness: faults.MaxStaleness, Replicas: replicas})
	require.NoError(t, err)
	blocklist := store.Blocklist(ctx)
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	require.EventuallyWithT(t, func(t *assert.CollectT) { require.NoError(t, blocklist.Ready(waiting)) }, time.Minute, 100*time.Millisecond)
	return faults.Stores{Sessions: store.Sessions(), Blocklist: blocklist, Once: store.Once()}
}

// by connects processes to addr.
func by(t *testing.T, addr string) func(context.Context) faults.Stores {
	return func(ctx context.Context) faults.Stores {
		return stores(ctx, t, redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true}), 0)
	}
}

func pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// outage is longer than a copy may be old.
const outage = 3 * faults.MaxStaleness

func TestKilledAndRestarted(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	faults.Run(t, by(t, server.Addr()), faults.Fault{Do: func() {
		server.Kill()
		pass(outage)
		server.Start()
	}})
}

func TestRestartedEmpty(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	faults.Run(t, by(t, server.Addr()), faults.Fault{LosesSessions: true, Do: func() {
		server.Kill()
		server.Wipe()
		server.Start()
		pass(faults.MaxStaleness) // in which those who know put back what was revoked
	}})
}

func TestPaused(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	faults.Run(t, by(t, server.Addr()), faults.Fault{Do: func() {
		server.Pause()
		pass(outage)
		server.Resume()
	}})
}

func TestConnectionsCut(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	proxy := testserver.NewProxy(t, server.Addr())
	faults.Run(t, by(t, proxy.Addr()), faults.Fault{Do: func() {
		proxy.Cut()
		pass(outage)
		proxy.Restore()
	}})
}

func TestAnswersLost(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	proxy := testserver.NewProxy(t, server.Addr())
	faults.Run(t, by(t, proxy.Addr()), faults.Fault{Do: func() {
		for n := range 300 { // in the middle of rotations, too
			proxy.LoseReply(n % 7)
			pass(5 * time.Millisecond)
		}
		proxy.DropReplies()
		pass(faults.MaxStaleness)
		proxy.Restore()
	}})
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	proxy := testserver.NewProxy(t, server.Addr())
	faults.Run(t, by(t, proxy.Addr()), faults.Fault{Do: func() {
		for _, delay := range []time.Duration{faults.Timeout / 20, faults.Timeout} {
			proxy.Delay(delay)
			pass(outage / 2)
		}
		proxy.Delay(0)
		pass(2 * faults.Timeout) // what was held back arrives
	}})
}

func TestFailover(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	testserver.RedisReplica(t, master)
	testserver.RedisReplica(t, master)
	sentinel := testserver.Sentinel(t, master, "ginjwt")
	faults.Run(t, bySentinel(t, sentinel), faults.Fault{LosesClaims: true, Do: func() {
		master.Kill()
		requireFailover(t, sentinel, master)
		pass(outage)
	}})
}

// bySentinel connects processes to the master of the moment. What one replica
// has is not lost, as processes give it back, or prove it. Claims may be lost: they are
// kept where each replica has them, see TestClaimsAfterFailover.
func bySentinel(t *testing.T, sentinel *testserver.Server) func(context.Context) faults.Stores {
	return func(ctx context.Context) faults.Stores {
		client := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "ginjwt", SentinelAddrs: []string{sentinel.Addr()}, ContextTimeoutEnabled: true,
		})
		return stores(ctx, t, client, 1)
	}
}

func requireFailover(t *testing.T, sentinel, from *testserver.Server) {
	client := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr()})
	defer func() { _ = client.Close() }()
	require.Eventually(t, func() bool {
		at, err := client.GetMasterAddrByName(t.Context(), "ginjwt").Result()
		return err == nil && at[0]+":"+at[1] != from.Addr()
	}, time.Minute, 50*time.Millisecond)
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	addr := ""
	if !faults.IsChild() {
		addr = testserver.Redis(t).Addr()
	}
	faults.KilledProcess(t, addr, func(ctx context.Context, addr string) faults.Stores { return by(t, addr)(ctx) })
}

// The blocklist is deleted, all of it or the set alone, while the server runs.
func TestListDeleted(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"set":  {"{ginjwt}:blocklist"},
		"both": {"{ginjwt}:blocklist", "{ginjwt}:blocklist:log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testserver.Redis(t)
			client := newClient(t, server.Addr())
			faults.Run(t, by(t, server.Addr()), faults.Fault{Do: func() {
				require.NoError(t, client.Del(t.Context(), keys...).Err())
				pass(faults.MaxStaleness) // in which those who know put back what was revoked
			}})
		})
	}
}

// The master hangs, a replica takes over, and the old master comes back, still
// believing to be one.
func TestMasterPaused(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	testserver.RedisReplica(t, master)
	testserver.RedisReplica(t, master)
	sentinel := testserver.Sentinel(t, master, "ginjwt")
	faults.Run(t, bySentinel(t, sentinel), faults.Fault{LosesClaims: true, Do: func() {
		master.Pause()
		requireFailover(t, sentinel, master)
		pass(outage)
		master.Resume()
		pass(outage)
	}})
}

func TestClusterNodeKilled(t *testing.T) {
	t.Parallel()
	nodes := testserver.RedisCluster(t, 3)
	addrs := []string{nodes[0].Addr(), nodes[1].Addr(), nodes[2].Addr()}
	open := func(ctx context.Context) faults.Stores {
		return stores(ctx, t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true}), 0)
	}
	faults.Run(t, open, faults.Fault{Do: func() {
		for _, node := range nodes {
			node.Kill()
			pass(faults.MaxStaleness)
			node.Start()
			pass(outage) // until the others find it well again
		}
	}})
}
