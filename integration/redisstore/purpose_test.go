package redisstore_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// A link is used once, whichever process is asked, and the newest is the one that is good.
// What a thief of the database gets opens nothing.
func TestPurposeTokensOverManyProcesses(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	managers := make([]*ginjwt.JWTManager, 3)
	var store *tested
	for i := range managers {
		store = newStore(t, newClient(t, server.Addr()), redisstore.Options{})
		config := jwttest.Config(nil)
		config.Blocklist, config.Once = follow(t, store), store.Once()
		managers[i] = ginjwt.New(config)
		require.NoError(t, managers[i].InitApp(nil))
	}
	reset, hash := ginjwt.Purpose{Name: "reset-password", OnlyNewest: true}, ginjwt.BoundTo("the hash of a password")
	old, err := managers[0].CreatePurposeToken(t.Context(), reset, "alice", hash)
	require.NoError(t, err)
	encoded, err := managers[0].CreatePurposeToken(t.Context(), reset, "alice", hash)
	require.NoError(t, err)
	_, err = managers[0].PeekPurposeToken(t.Context(), reset, old, hash)
	require.ErrorIs(t, err, ginjwt.ErrRevokedToken)

	var used, refused atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range 300 {
		all.Go(func() {
			<-start
			switch _, err := managers[i%3].ConsumePurposeToken(t.Context(), reset, encoded, hash); {
			case err == nil:
				used.Add(1)
			case errors.Is(err, ginjwt.ErrConsumed):
				refused.Add(1)
			}
		})
	}
	close(start)
	all.Wait()
	assert.Equal(t, []int64{1, 299}, []int64{used.Load(), refused.Load()})
	for _, text := range everything(t, store.client) {
		assert.NotContains(t, text, encoded)
		assert.NotContains(t, text, "alice")
		assert.NotContains(t, text, "reset-password")
		_, err := managers[0].PeekPurposeToken(t.Context(), reset, text, hash)
		assert.Error(t, err)
	}
}
