package redisstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// What a replica does not know may have been revoked, however well it answers, and
// whether or not anybody asks Ready.
func TestReplicaIsNotBelieved(t *testing.T) {
	t.Parallel()
	const refusal = "redisstore: the server is a replica, which learns of revocations late: connect to the master, with Sentinel without ReplicaOnly"
	store, server := openStore(t, redisstore.Options{})
	require.NoError(t, store.Migrate(t.Context()))
	b := follow(t, store)
	add(t, b, "known")
	reading := newStore(t, newClient(t, testserver.RedisReplica(t, server).Addr()), redisstore.Options{})
	other := reading.Blocklist(t.Context())
	require.Eventually(t, func() bool {
		blocked, err := other.Contains(t.Context(), "known")
		return err == nil && blocked
	}, soon, tick, "what it has is revoked")
	for range 3 {
		_, err := other.Contains(t.Context(), "unknown")
		require.EqualError(t, err, refusal)
	}
	assert.EqualError(t, other.Ready(t.Context()), refusal)
	assert.Zero(t, other.Status().Complete)
}
