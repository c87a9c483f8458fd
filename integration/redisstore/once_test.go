package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	contract "github.com/gin-jwt-extended/ginjwt/store"
)

func onceKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "ginjwt:once:" + hex.EncodeToString(sum[:])
}

func claim(t *testing.T, o contract.Once, id string) bool {
	t.Helper()
	first, err := o.Claim(t.Context(), id, hour)
	require.NoError(t, err)
	return first
}

func requireFirst(t *testing.T, o contract.Once, id string) {
	t.Helper()
	require.True(t, claim(t, o, id), id)
}

// A thousand callers in several processes want the same IDs.
func TestClaimsOverManyClients(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	stores := make([]contract.Once, 4)
	for i := range stores {
		stores[i] = newStore(t, newClient(t, server.Addr()), redisstore.Options{}).Once()
	}
	const claimants, ids = 1000, 5
	var firsts [ids]atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range claimants {
		all.Go(func() {
			<-start
			for id := range ids {
				first, err := stores[i%len(stores)].Claim(t.Context(), fmt.Sprint((i+id)%ids), hour)
				assert.NoError(t, err)
				if first {
					firsts[(i+id)%ids].Add(1)
				}
			}
		})
	}
	close(start)
	all.Wait()
	for id := range firsts {
		assert.EqualValues(t, 1, firsts[id].Load())
	}
}

// A claim that is sent again is still the first. No name of a key shows the ID.
func TestClaimsKnowTheirOwnWork(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	client, other := newClient(t, server.Addr()), newClient(t, server.Addr())
	last := lastCommand(client, onceKey("the id"))
	once := newStore(t, client, redisstore.Options{}).Once()
	again := func(command []any) bool {
		yes, err := other.Do(t.Context(), command...).Int()
		require.NoError(t, err)
		return yes == 1
	}
	requireFirst(t, once, "the id")
	first := *last
	assert.True(t, again(first), "sent again")
	assert.False(t, claim(t, once, "the id"), "another call")
	assert.False(t, again(*last), "sent again")
	assert.True(t, again(first), "sent again, after another call")

	assert.Equal(t, []string{onceKey("the id")}, other.Keys(t.Context(), "ginjwt:*").Val())
}

// The client repeats what was not answered, with WAIT behind it as well.
func TestClaimsWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	testserver.RedisReplica(t, server)
	for replicas := range 2 {
		proxy := testserver.NewProxy(t, server.Addr())
		store := newStore(t, newClient(t, proxy.Addr()), redisstore.Options{Replicas: replicas})
		once := store.Once()
		requireFirst(t, once, fmt.Sprint("before ", replicas)) // the server knows the script from now on
		for i := range 5 {
			id := fmt.Sprint("lost ", replicas, i)
			proxy.LoseReply(0)
			assert.True(t, claim(t, once, id))
			assert.False(t, claim(t, once, id))
			id = fmt.Sprint("not sent ", replicas, i)
			proxy.LoseRequest(0)
			assert.True(t, claim(t, once, id))
			assert.False(t, claim(t, once, id))
		}
	}
}

// A claim goes where its slot goes, also if the client does not know yet.
func TestClaimsFollowASlot(t *testing.T) {
	t.Parallel()
	client := newCluster(t)
	once := newStore(t, client, redisstore.Options{}).Once()
	requireFirst(t, once, "before")
	moveSlot(t, client, onceKey("before"))
	assert.False(t, claim(t, once, "before"))
	moveSlot(t, client, onceKey("after"))
	requireFirst(t, once, "after")
	assert.False(t, claim(t, once, "after"))
}

// A claim is forgotten a minute after its time, by the later of two clocks.
func TestClaimsExpireByTwoClocks(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	for name, c := range map[string]struct{ process, server, more time.Duration }{
		"all are right":         {0, 0, 0},
		"the process is ahead":  {30 * time.Minute, 0, 0},
		"the process is behind": {-3 * time.Hour, 0, 3 * time.Hour},
		"the server is ahead":   {0, 3 * time.Hour, 3 * time.Hour},
		"the server is behind":  {0, -3 * time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, server.Addr())
			var ahead atomic.Int64
			ahead.Store(int64(c.server))
			client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				// eval, script, number of keys, key, mark, time, how long that is
				if args := cmd.Args(); len(args) == 7 {
					args[6] = args[6].(int64) - c.process.Milliseconds()
				}
				return next(ctx, cmd)
			}))
			client.AddHook(wrongClock{&ahead})
			requireFirst(t, newStore(t, client, redisstore.Options{}).Once(), name)
			expires := time.UnixMilli(newClient(t, server.Addr()).PExpireTime(t.Context(), onceKey(name)).Val().Milliseconds())
			assert.WithinDuration(t, hour.Add(time.Minute+c.more), expires, 5*time.Second)
		})
	}
}

// A server that is full refuses new claims, and keeps those that it has.
func TestClaimsWithoutMemory(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	once, admin := store.Once(), newClient(t, server.Addr())
	requireFirst(t, once, "before")
	configure(t, admin, "maxmemory", "1")
	first, err := once.Claim(t.Context(), "secret", hour)
	require.ErrorContains(t, err, "redisstore: OOM command not allowed when used memory > 'maxmemory'")
	assert.NotContains(t, err.Error(), "secret")
	assert.False(t, first)
	assert.False(t, claim(t, once, "before"))
	configure(t, admin, "maxmemory", "0")
	requireFirst(t, once, "secret")
}

// Used IDs expire, so that no policy will do by which a server forgets what expires.
func TestClaimsOnServerThatEvicts(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, "--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru")
	client := newClient(t, server.Addr())
	store := newStore(t, client, redisstore.Options{})
	require.NoError(t, store.Ready(t.Context()))
	store.Once()
	requireRefused(t, store, "redisstore: the server forgets keys when it is short of memory (maxmemory-policy volatile-lru): set maxmemory-policy to noeviction")
	configure(t, client, "maxmemory-policy", "noeviction")
	require.NoError(t, store.Ready(t.Context()))
}

// A replica does not claim.
func TestClaimsOnReplica(t *testing.T) {
	t.Parallel()
	replica := testserver.RedisReplica(t, testserver.Redis(t))
	_, err := newStore(t, newClient(t, replica.Addr()), redisstore.Options{}).Once().Claim(t.Context(), "id", hour)
	require.ErrorContains(t, err, "READONLY")
}

func TestClaimsThatAreRefused(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	_, err := store.Once().Claim(t.Context(), "", hour)
	assert.EqualError(t, err, "redisstore: a used ID is empty")
	_, err = store.Once().Claim(t.Context(), "secret", time.Now())
	assert.EqualError(t, err, "redisstore: the time until which to remember a used ID has passed")
}
