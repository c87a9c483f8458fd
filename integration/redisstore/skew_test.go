package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// A clock that is a minute away from that of the server is told by Ready, with what to
// do; a few seconds are nothing.
func TestReadyComparesClocks(t *testing.T) {
	t.Parallel()
	_, server := openStore(t, redisstore.Options{})
	client := newClient(t, server.Addr())
	skew := time.Duration(0)
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if told, ok := cmd.(*redis.TimeCmd); ok {
			told.SetVal(told.Val().Add(skew))
		}
		return err
	}))
	store := newStore(t, client, redisstore.Options{})
	for _, skew = range []time.Duration{0, 20 * time.Second, -20 * time.Second} {
		require.NoError(t, store.Ready(t.Context()), skew)
	}
	ctx := t.Context()
	requireTold := func(want string) { // an answer that takes long is not exact
		require.EventuallyWithT(t, func(t *assert.CollectT) { assert.EqualError(t, store.Ready(ctx), want) }, soon, tick)
	}
	skew = time.Minute
	requireTold("redisstore: the server's clock is 1m0s ahead of the clock of this process, and may differ by 30s: synchronise both (NTP)")
	skew = -time.Minute
	requireTold("redisstore: the server's clock is 1m0s behind the clock of this process, and may differ by 30s: synchronise both (NTP)")
}
