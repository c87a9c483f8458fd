package redisstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// Where a key of the list is gone, and nobody is left who knew it, a process that
// starts does not take what is left for the whole list.
func TestNewProcessesRestoreAListThatIsBroken(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string][]string{"set": {setKey}, "log": {logKey}, "both": {setKey, logKey}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const staleness = 2 * time.Second
			store, _ := openStore(t, redisstore.Options{MaxStaleness: staleness})
			ctx, leave := context.WithCancel(t.Context())
			b := store.Blocklist(ctx)
			require.NoError(t, b.Ready(t.Context()))
			add(t, b, "id")
			leave()
			require.Eventually(t, func() bool { return store.client.Exists(t.Context(), setKey+":roll").Val() == 0 }, soon, tick)
			require.NoError(t, store.client.Del(t.Context(), gone...).Err())

			began := time.Now()
			late := store.Blocklist(t.Context())
			_, err := late.Contains(t.Context(), "unknown")
			require.Error(t, err)
			require.NoError(t, late.Ready(t.Context()))
			assert.GreaterOrEqual(t, time.Since(began), staleness, "others had time to come")
			_, err = late.Contains(t.Context(), "unknown")
			require.NoError(t, err)
		})
	}
}

// The log is cut by hand. The position of each process is then gone: it cannot compare it
// with the server any more, so the processes restore the list.
func TestLastEntryOfTheLogIsGone(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string][]any{
		"trimmed": {"XTRIM", logKey, "MAXLEN", "0"},
		"ahead":   {"XSETID", logKey, "999999-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := openStore(t, redisstore.Options{MaxStaleness: 200 * time.Millisecond})
			b := store.Blocklist(t.Context())
			require.NoError(t, b.Ready(t.Context()))
			add(t, b, "id")
			require.NoError(t, store.client.Do(t.Context(), cut...).Err())
			assert.Eventually(t, func() bool { return b.Status().Losses == 1 && !b.Status().Restoring }, soon, tick)
			blocked, err := b.ContainsNow(t.Context(), "unknown")
			require.NoError(t, err)
			require.False(t, blocked)
			late := store.Blocklist(t.Context())
			blocked, err = late.Contains(t.Context(), "id")
			require.NoError(t, err)
			require.True(t, blocked)
		})
	}
}

// The script by which version 1 appends, word for word.
var previousAppend = redis.NewScript(`
local function lastID(log)
	local info = redis.call('XINFO', 'STREAM', log)
	for i = 1, #info, 2 do
		if info[i] == 'last-generated-id' then
			return info[i + 1]
		end
	end
end

local set, log = KEYS[1], KEYS[2]
local seq
if not redis.call('ZSCORE', set, 'guard') then
	redis.call('DEL', log)
	redis.call('ZADD', set, '+inf', 'guard')
	seq = 0
elseif redis.call('EXISTS', log) == 0 then
	seq = 1
else
	seq = tonumber(string.match(lastID(log), '^%d+'))
end

local hourAgo = redis.call('TIME')[1] - 3600
local expired = redis.call('ZRANGEBYSCORE', set, '-inf', string.format('(%.0f', hourAgo), 'LIMIT', 0, 100)
if #expired > 0 then
	redis.call('ZREM', set, unpack(expired))
end

for i = 2, #ARGV, 3 do
	local key, expiry, mark = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	local known = redis.call('ZSCORE', set, key)
	if not known or tonumber(known) < tonumber(expiry) then
		seq = seq + 1
		redis.call('XADD', log, 'MAXLEN', '~', ARGV[1], string.format('%.0f-%s', seq, mark), 'key', key, 'until', expiry)
		redis.call('ZADD', set, expiry, key)
	end
end
return 1
`)

// Processes of version 1 revoke on the same list, also on one that was restored, and
// read what others revoke: number, key and time of an entry are where they were.
func TestListOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{MaxStaleness: time.Second})
	revoke := func(id, mark string) {
		e := idset.EntryOf(id, hour)
		require.NoError(t, previousAppend.Run(t.Context(), store.client, []string{setKey, logKey}, 100_000, e.Key[:], e.Until, mark).Err())
	}
	revoke("before", "11")
	b := follow(t, store)
	requireFollowed(t, b, "before")
	revoke("beside", "12")
	requireFollowed(t, b, "beside")
	add(t, b, "new")

	messages, err := store.client.XRange(t.Context(), logKey, "2-12", "+").Result()
	require.NoError(t, err)
	e := idset.EntryOf("new", hour)
	require.Len(t, messages, 2)
	assert.Equal(t, string(e.Key[:]), messages[1].Values["key"])
	number, _, _ := strings.Cut(messages[1].ID, "-")
	assert.Equal(t, "3", number)

	require.NoError(t, store.client.FlushAll(t.Context()).Err())
	revoke("on the empty server", "13")
	requireListed(t, store, "before", "beside", "new", "on the empty server")
	requireFollowed(t, b, "on the empty server")
}
