package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

const (
	isReplica = "redisstore: the server is a replica, which learns of revocations late: connect to the master, with Sentinel without ReplicaOnly"
	evictsLRU = "redisstore: the server forgets keys when it is short of memory (maxmemory-policy allkeys-lru): set maxmemory-policy to noeviction"
)

func requireRefused(t *testing.T, store *tested, want string) {
	t.Helper()
	b := store.Blocklist(t.Context())
	for name, ask := range map[string]func(context.Context) error{"Ready": store.Ready, "Check": store.Check, "Blocklist.Ready": b.Ready} {
		assert.EqualError(t, ask(t.Context()), want, name)
	}
}

func configure(t *testing.T, node *redis.Client, name, value string) {
	t.Helper()
	require.NoError(t, node.ConfigSet(t.Context(), name, value).Err())
}

func TestServerThatEvicts(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	client := newClient(t, server.Addr())
	store := newStore(t, client, redisstore.Options{})
	requireRefused(t, store, evictsLRU)
	assert.EqualError(t, store.Migrate(t.Context()), evictsLRU)
	for _, policy := range []string{"noeviction", "volatile-lru", "volatile-ttl"} {
		configure(t, client, "maxmemory-policy", policy)
		assert.NoError(t, store.Ready(t.Context()), policy)
	}
	configure(t, client, "maxmemory-policy", "allkeys-lru")
	assert.EqualError(t, store.Ready(t.Context()), evictsLRU, "it was ready before")
	configure(t, client, "maxmemory", "0")
	assert.NoError(t, store.Ready(t.Context()), "without a limit nothing is evicted")
}

func TestClusterThatEvicts(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	store := newStore(t, cluster, redisstore.Options{})
	require.NoError(t, store.Ready(t.Context()))
	require.NoError(t, store.Migrate(t.Context()))
	node, err := cluster.MasterForKey(t.Context(), "another") // not the one with the schema
	require.NoError(t, err)
	configure(t, node, "maxmemory", "100mb")
	configure(t, node, "maxmemory-policy", "allkeys-lru")
	requireRefused(t, store, evictsLRU)
}

func TestReplica(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	replica := testserver.RedisReplica(t, master)
	sentinel := testserver.Sentinel(t, master, "main")
	options := redis.FailoverOptions{MasterName: "main", SentinelAddrs: []string{sentinel.Addr()}, ContextTimeoutEnabled: true}
	byReplica := options
	byReplica.ReplicaOnly = true
	toMaster, toReplica := redis.NewFailoverClient(&options), redis.NewFailoverClient(&byReplica)
	t.Cleanup(func() { _, _ = toMaster.Close(), toReplica.Close() })

	require.NoError(t, newStore(t, toMaster, redisstore.Options{}).Ready(t.Context()))
	for name, client := range map[string]*redis.Client{"by address": newClient(t, replica.Addr()), "by Sentinel": toReplica} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t, client, redisstore.Options{})
			requireRefused(t, store, isReplica)
			assert.EqualError(t, store.Migrate(t.Context()), isReplica)
			_, err := store.Sessions().Create(t.Context(), sessionFor("sid", "alice"))
			assert.ErrorContains(t, err, "READONLY ")
			assert.ErrorContains(t, err, "connect to the master")
		})
	}
}

// A user who may not ask about the server is asked nothing twice: the server keeps a
// log of what it refuses.
func TestUserWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	admin := newClient(t, server.Addr())
	require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-@dangerous").Err())
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Username: "app", Password: "secret", ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	store := newStore(t, client, redisstore.Options{})
	for range 3 {
		require.NoError(t, store.Ready(t.Context()))
		require.NoError(t, store.Check(t.Context()))
	}
	require.NoError(t, store.Migrate(t.Context()))
	refused, err := admin.ACLLog(t.Context(), 10).Result()
	require.NoError(t, err)
	total := int64(0)
	for _, r := range refused {
		if r.Object == "info" {
			total += r.Count
		}
	}
	assert.EqualValues(t, 2, total, "INFO of two sections, once")
	b := store.Blocklist(t.Context())
	require.NoError(t, b.Add(t.Context(), "id", time.Now().Add(time.Hour)))
}
