package redisstore_test

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

const (
	soon = time.Minute           // for what should happen at once
	tick = 10 * time.Millisecond // between two looks
)

var hour = time.Now().Add(time.Hour).Truncate(time.Millisecond)

func newClient(t testing.TB, addr string) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func newCluster(t *testing.T) *redis.ClusterClient {
	servers := testserver.RedisCluster(t, 3)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr()}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// tested is a store, and what it works with.
type tested struct {
	*redisstore.Store
	client redis.UniversalClient
	log    *redisdb.List // without the copy of a process
}

// patience is the timeout of stores: others use this machine, too.
const patience = 10 * time.Second

// openStore returns a store on an empty server of its own.
func openStore(t testing.TB, options redisstore.Options) (*tested, *testserver.Server) {
	server := testserver.Redis(t)
	return newStore(t, newClient(t, server.Addr()), options), server
}

func newStore(t testing.TB, client redis.UniversalClient, options redisstore.Options) *tested {
	options.Timeout = cmp.Or(options.Timeout, patience)
	store, err := redisstore.New(client, options)
	require.NoError(t, err)
	db := &redisdb.DB{Client: client, Timeout: options.Timeout, Replicas: options.Replicas}
	return &tested{store, client, db.List(cmp.Or(options.Prefix, "ginjwt"))}
}

var prefixes atomic.Int64

// emptyStore returns a store without data on the servers of client.
func emptyStore(t *testing.T, client redis.UniversalClient) *tested {
	return newStore(t, client, redisstore.Options{Prefix: fmt.Sprint("test", prefixes.Add(1))})
}

// follow returns a blocklist that has been loaded.
func follow(t testing.TB, store *tested) *redisstore.Blocklist {
	b := store.Blocklist(t.Context())
	require.NoError(t, b.Ready(t.Context()))
	return b
}

// requireFollowed waits until the copy knows id, without asking the server.
func requireFollowed(t *testing.T, b *redisstore.Blocklist, id string) {
	t.Helper()
	lost, cancel := context.WithCancel(t.Context())
	cancel()
	require.Eventually(t, func() bool {
		blocked, err := b.Contains(lost, id)
		return err == nil && blocked
	}, soon, tick)
}

func add(t *testing.T, b ginjwt.Blocklist, id string) {
	t.Helper()
	require.NoError(t, b.Add(t.Context(), id, hour))
}

// isListed asks the server, as a process does that has just been started.
func isListed(t *testing.T, store *tested, id string) bool {
	t.Helper()
	answer, err := store.log.Contains(t.Context(), []idset.Key{idset.KeyOf(id)}, positionZero)
	require.NoError(t, err)
	return answer.Found
}

func requireListed(t *testing.T, store *tested, ids ...string) {
	t.Helper()
	for _, id := range ids {
		assert.Eventually(t, func() bool { return isListed(t, store, id) }, soon, tick, id)
	}
}

func sessionFor(id, identity string) ginjwt.Session {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return ginjwt.Session{
		ID: id, Identity: identity, Device: "Firefox on Linux", Generation: 1,
		CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

func create(t *testing.T, s *redisstore.Sessions, session ginjwt.Session) ginjwt.Session {
	t.Helper()
	created, err := s.Create(t.Context(), session)
	require.NoError(t, err)
	require.True(t, created)
	return session
}
