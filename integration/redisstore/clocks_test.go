package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// An entry leaves the set when it has expired an hour ago by the server's clock and by
// that of the process that writes. One of them may be wrong, and nobody knows which.
func TestDroppingComparesClocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead time.Duration // of our clock
		age   time.Duration // since it expired, by the server's clock
		kept  bool
	}{
		"both clocks, more than an hour ago": {0, 61 * time.Minute, false},
		"both clocks, less than that":        {0, 59 * time.Minute, true},
		"our clock is ahead":                 {3 * time.Hour, 59 * time.Minute, true},
		"our clock is ahead, and it has":     {3 * time.Hour, 61 * time.Minute, false},
		"our clock is behind":                {-3 * time.Hour, 2 * time.Hour, true},
		"our clock is behind, and it has":    {-3 * time.Hour, 5 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, server := openStore(t, redisstore.Options{})
			client := newClient(t, server.Addr())
			told := 0
			client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
				// eval, script, number of keys, set, log, length of the log, our time
				if args := cmd.Args(); len(args) > 7 && args[3] == setKey && args[4] == logKey {
					_, isTime := args[6].(int64)
					require.True(t, isTime)
					args[6] = time.Now().Add(c.ahead).Unix()
					told++
				}
				return next(ctx, cmd)
			}))
			entry := idset.EntryOf("id", time.Now().Add(-c.age))
			require.NoError(t, store.log.Append(t.Context(), []idset.Entry{entry}))

			require.NoError(t, newStore(t, client, redisstore.Options{}).log.Append(t.Context(), entries("another")))
			require.Positive(t, told)
			answer, err := store.log.Contains(t.Context(), []idset.Key{entry.Key}, positionZero)
			require.NoError(t, err)
			assert.Equal(t, c.kept, answer.Found)
		})
	}
}
