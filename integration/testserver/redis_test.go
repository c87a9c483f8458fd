package testserver

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRedisKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	require.Equal(t, "OK", redis(t, s, "SET", "a", "1"))

	s.Kill()
	s.Start()
	require.Equal(t, "1", redis(t, s, "GET", "a"))

	s.Kill()
	s.Wipe()
	s.Start()
	assert.Equal(t, "0", redis(t, s, "EXISTS", "a"))
}

func TestRedisTakesArguments(t *testing.T) {
	t.Parallel()
	s := Redis(t, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru")
	assert.Equal(t, "maxmemory\n3145728", redis(t, s, "CONFIG", "GET", "maxmemory"))
	assert.Equal(t, "maxmemory-policy\nallkeys-lru", redis(t, s, "CONFIG", "GET", "maxmemory-policy"))
}

func TestRedisReplicaHasWhatItsMasterHas(t *testing.T) {
	t.Parallel()
	master := Redis(t)
	redis(t, master, "SET", "a", "1")

	replica := RedisReplica(t, master)

	assert.Equal(t, "1", redis(t, replica, "GET", "a"))
}

func TestSentinelMakesTheReplicaTheMaster(t *testing.T) {
	t.Parallel()
	master := Redis(t)
	replica := RedisReplica(t, master)
	sentinel := Sentinel(t, master, "sessions")
	require.Equal(t, master.Addr(), masterAddr(t, sentinel))

	master.Kill()
	require.NoError(t, replica.eventually(isMaster))
	require.NoError(t, sentinel.eventually(func(s *Server) error {
		return redisSays(s, replica.Addr()[len("127.0.0.1:"):], "SENTINEL", "get-master-addr-by-name", "sessions")
	}))

	replica.Kill()
	replica.Start()
	assert.NoError(t, isMaster(replica), "a role that was given is kept")
}

func TestRedisClusterServesAllKeysAndKeepsThem(t *testing.T) {
	t.Parallel()
	cluster := RedisCluster(t, 3)
	// Keys of the slots 3300, 7365 and 11298: one for each node.
	for i, key := range []string{"b", "c", "d"} {
		require.Equal(t, "OK", redis(t, cluster[i], "SET", key, "1"), key)
	}
	_, err := redisCommand(cluster[0].Addr(), "GET", "d")
	require.EqualError(t, err, "MOVED 11298 "+cluster[2].Addr())

	cluster[2].Kill()
	cluster[2].Start()
	for _, node := range cluster {
		require.NoError(t, node.eventually(func(s *Server) error { return isWhole(s, 3) }))
	}
	assert.Equal(t, "1", redis(t, cluster[2], "GET", "d"))
}

func redis(t *testing.T, s *Server, command ...string) string {
	t.Helper()
	answer, err := redisCommand(s.Addr(), command...)
	require.NoError(t, err)
	return answer
}

func masterAddr(t *testing.T, sentinel *Server) string {
	t.Helper()
	answer := redis(t, sentinel, "SENTINEL", "get-master-addr-by-name", "sessions")
	host, port, _ := strings.Cut(answer, "\n")
	return net.JoinHostPort(host, port)
}

func isMaster(s *Server) error { return redisSays(s, "role:master", "INFO", "replication") }
