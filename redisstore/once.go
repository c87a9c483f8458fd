package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var _ store.Once = (*Once)(nil)

// Once is a [store.Once]. Make one with [Store.Once].
//
// A used ID is a Redis key that expires. If the server loses the key, the ID can be used
// again. The package comment says when that may happen, and how to prevent it.
type Once struct {
	db     *redisdb.DB
	prefix string
}

// Once returns the used IDs of the store. After this call [Store.Check] and
// [Store.Ready] also refuse a server with a maxmemory and a volatile policy, because it
// may evict keys that expire.
func (s *Store) Once() *Once {
	s.db.NeedsExpiring()
	return &Once{s.db, s.options.Prefix}
}

// claimScript returns 1 to the call that sets its mark. If the client repeats that call
// because the answer was lost, it returns 1 again, and writes the mark again for WAIT.
//
// One of the two clocks may be wrong. So the key expires at the later of two times: at
// the given time by the server's clock, and after as much time as the caller's clock had
// left. A minute is added, as for sessions: then the key outlives the time by the clock
// of every process that is within 30 seconds of the server's.
//
// KEYS: the ID; ARGV: call, time, and the caller's remaining time, in milliseconds.
var claimScript = redis.NewScript(`
local mark = redis.call('GET', KEYS[1])
if mark and mark ~= ARGV[1] then
	return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = math.max(tonumber(ARGV[2]), now + tonumber(ARGV[3]))
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', string.format('%.0f', ends + 60000))
return 1
`)

// Claim reports whether id is used for the first time. After an error it is not known
// whether the use is recorded. A server with noeviction and no memory left returns an
// error.
func (o *Once) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	now := time.Now()
	if err := store.CheckClaim(id, until, now); err != nil {
		return false, fmt.Errorf("redisstore: %w", err)
	}
	mark := redisdb.RandomMark()
	return redisdb.Ask(ctx, o.db, func(ctx context.Context) (bool, error) {
		first, err := o.db.Write(ctx, claimScript, []string{o.key(id)}, mark, until.UnixMilli(), until.Sub(now).Milliseconds())
		return first == int64(1), err
	})
}

func (o *Once) key(id string) string { return o.prefix + ":once:" + hashOf(id) }
