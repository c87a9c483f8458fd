package redisstore

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	deadlines = "redisstore: client: ignores deadlines: set ContextTimeoutEnabled to true in its options"
	replicas  = "redisstore: client: reads from replicas: set none of ReadOnly, ReplicaOnly, RouteByLatency and RouteRandomly in its options"
)

// No client connects before it is used.
const nowhere = "127.0.0.1:1"

func TestClientsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client redis.UniversalClient
		err    string
	}{
		"none":                     {nil, "redisstore: client: is nil: pass a redis.Client or a redis.ClusterClient"},
		"nil client":               {(*redis.Client)(nil), "redisstore: client: is nil: pass a redis.Client or a redis.ClusterClient"},
		"nil cluster":              {(*redis.ClusterClient)(nil), "redisstore: client: is nil: pass a redis.Client or a redis.ClusterClient"},
		"client":                   {redis.NewClient(&redis.Options{Addr: nowhere, ContextTimeoutEnabled: true}), ""},
		"client without deadlines": {redis.NewClient(&redis.Options{Addr: nowhere}), deadlines},
		"sentinel": {redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "m", SentinelAddrs: []string{nowhere}, ContextTimeoutEnabled: true,
		}), ""},
		"sentinel without deadlines": {redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "m", SentinelAddrs: []string{nowhere},
		}), deadlines},
		"cluster": {redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{nowhere}, ContextTimeoutEnabled: true}), ""},
		"cluster without deadlines": {redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{nowhere},
		}), deadlines},
		"cluster that reads from replicas": {redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{nowhere}, ContextTimeoutEnabled: true, ReadOnly: true,
		}), replicas},
		"cluster that reads from the closest": {redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{nowhere}, RouteByLatency: true,
		}), deadlines + "\n" + replicas},
		"sentinel that reads from any": {redis.NewFailoverClusterClient(&redis.FailoverOptions{
			MasterName: "m", SentinelAddrs: []string{nowhere}, ContextTimeoutEnabled: true, RouteRandomly: true,
		}), replicas},
		"ring": {redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": nowhere}, ContextTimeoutEnabled: true}),
			"redisstore: client: is a redis.Ring, which asks another server when one is down," +
				" and the other server does not know what was revoked: use a redis.Client or a redis.ClusterClient"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := New(c.client, Options{})
			if c.err == "" {
				require.NoError(t, err)
				require.NotNil(t, store)
				return
			}
			require.EqualError(t, err, c.err)
			require.Nil(t, store)
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: nowhere, ContextTimeoutEnabled: true})
	_, err := New(client, Options{Prefix: "{a}", Timeout: -1, MaxStaleness: -1, Replicas: -1})
	require.EqualError(t, err, "redisstore: Prefix: contains a brace: use a prefix without { and }\nredisstore: Timeout: is negative: use a positive duration, or 0 for 1 second\n"+
		"redisstore: MaxStaleness: is negative: use a positive duration, or 0 for 5 seconds\nredisstore: Replicas: is negative: use the number of replicas, or 0 to wait for none")
	_, err = New(nil, Options{Timeout: -1})
	require.EqualError(t, err, "redisstore: client: is nil: pass a redis.Client or a redis.ClusterClient\nredisstore: Timeout: is negative: use a positive duration, or 0 for 1 second")

	store, err := New(client, Options{})
	require.NoError(t, err)
	assert.Equal(t, Options{Prefix: "ginjwt", Timeout: time.Second, MaxStaleness: 5 * time.Second}, store.options)
	chosen := Options{Prefix: "app", Timeout: 2 * time.Second, MaxStaleness: time.Minute, Replicas: 2}
	store, err = New(client, chosen)
	require.NoError(t, err)
	assert.Equal(t, chosen, store.options)
}
