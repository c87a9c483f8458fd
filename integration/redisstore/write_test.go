package redisstore_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// writes are the calls that change something.
var writes = []string{"Create", "Replace", "Delete", "DeleteMany", "Claim", "Add", "AddMany", "Migrate"}

func TestWritesWaitForReplicas(t *testing.T) {
	t.Parallel()
	master := testserver.Redis(t)
	copied := testserver.RedisReplica(t, master)
	store := newStore(t, newClient(t, master.Addr()), redisstore.Options{Replicas: 1})
	replica := newClient(t, copied.Addr())
	ctx, sessions, b := t.Context(), store.Sessions(), follow(t, store)

	s := create(t, sessions, sessionFor("sid", "alice"))
	assert.Equal(t, "1", replica.HGet(ctx, "ginjwt:session:sid", "generation").Val())
	assert.Equal(t, []string{"sid"}, replica.ZRange(ctx, indexOf("alice"), 0, -1).Val())
	next := s
	next.Generation = 2
	replace(t, sessions, s, next)
	assert.Equal(t, "2", replica.HGet(ctx, "ginjwt:session:sid", "generation").Val())
	remove(t, sessions, "sid")
	assert.Zero(t, replica.Exists(ctx, "ginjwt:session:sid").Val())
	many := []ginjwt.Session{create(t, sessions, sessionFor("one", "alice")), create(t, sessions, sessionFor("other", "alice"))}
	require.NoError(t, sessions.DeleteMany(ctx, many))
	assert.Zero(t, replica.Exists(ctx, "ginjwt:session:one", "ginjwt:session:other").Val())
	add(t, b, "id")
	assert.EqualValues(t, 2, replica.ZCard(ctx, setKey).Val())
	requireFirst(t, store.Once(), "id")
	assert.EqualValues(t, 1, replica.Exists(ctx, onceKey("id")).Val())
}

func TestTooFewReplicasAreAnError(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) redis.UniversalClient{
		"server":  func(t *testing.T) redis.UniversalClient { return newClient(t, testserver.Redis(t).Addr()) },
		"cluster": func(t *testing.T) redis.UniversalClient { return newCluster(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t, open(t), redisstore.Options{Replicas: 2, Timeout: 2 * time.Second})
			b := follow(t, store)
			for name, call := range calls(store, b) {
				began := time.Now()
				err := call(t.Context())
				if !slices.Contains(writes, name) {
					assert.NoError(t, err, name)
					continue
				}
				assert.EqualError(t, err, "redisstore: 0 of 2 replicas have the write: check the replicas, and Options.Replicas", name)
				assert.GreaterOrEqual(t, time.Since(began), time.Second, name)
			}
			assert.True(t, isListed(t, store, "id"), "it may have been done all the same")
		})
	}
}

// Where the store writes to a server of its choice it has to follow MOVED by
// itself.
func TestWritesFollowASlot(t *testing.T) {
	t.Parallel()
	client := newCluster(t)
	store := newStore(t, client, redisstore.Options{Replicas: 1, Timeout: 2 * time.Second})
	log := store.log
	const done = "redisstore: 0 of 1 replicas have the write: check the replicas, and Options.Replicas"
	require.EqualError(t, log.Append(t.Context(), entries("before")), done)
	moveSlot(t, client, setKey)
	require.EqualError(t, log.Append(t.Context(), entries("after")), done)
	assert.ElementsMatch(t, entries("before", "after"), load(t, log))
	assert.EqualValues(t, 2, headOf(t, log).Seq)
}

// moveSlot gives the slot of a key, and what is in it, to another server.
func moveSlot(t *testing.T, client *redis.ClusterClient, key string) {
	ctx := t.Context()
	slot := client.ClusterKeySlot(ctx, key).Val()
	from, err := client.MasterForKey(ctx, key)
	require.NoError(t, err)
	var mu sync.Mutex
	var to *redis.Client
	var all []*redis.Client
	require.NoError(t, client.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, node)
		if node.Options().Addr != from.Options().Addr {
			to = node
		}
		return nil
	}))
	source, target := from.Do(ctx, "cluster", "myid").Val(), to.Do(ctx, "cluster", "myid").Val()
	require.NoError(t, to.Do(ctx, "cluster", "setslot", slot, "importing", source).Err())
	require.NoError(t, from.Do(ctx, "cluster", "setslot", slot, "migrating", target).Err())
	host, port, err := net.SplitHostPort(to.Options().Addr)
	require.NoError(t, err)
	for _, key := range from.ClusterGetKeysInSlot(ctx, int(slot), 100).Val() {
		require.NoError(t, from.Migrate(ctx, host, port, key, 0, 5*time.Second).Err())
	}
	for _, node := range all {
		require.NoError(t, node.Do(ctx, "cluster", "setslot", slot, "node", target).Err())
	}
}
