package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// snapshot copies the list as it is; the function that it returns puts that
// back in one step, as a server does that was restored from a backup.
func snapshot(t *testing.T, client redis.UniversalClient) (restore func()) {
	set, err := client.Dump(t.Context(), setKey).Result()
	require.NoError(t, err)
	log, err := client.Dump(t.Context(), logKey).Result()
	require.NoError(t, err)
	return func() {
		_, err := client.TxPipelined(t.Context(), func(pipe redis.Pipeliner) error {
			pipe.RestoreReplace(t.Context(), setKey, 0, set)
			pipe.RestoreReplace(t.Context(), logKey, 0, log)
			return nil
		})
		require.NoError(t, err)
	}
}

func TestListGoesBackInTime(t *testing.T) {
	t.Parallel()
	log, client := openLog(t)
	mustAppend(t, log, entries("a", "b")...)
	old := headOf(t, log)
	restore := snapshot(t, client)
	mustAppend(t, log, entries("c", "d")...)
	before := headOf(t, log)

	restore()
	assert.Equal(t, old, headOf(t, log))
	assertNotFollowed(t, log, before)
	mustAppend(t, log, entries("e", "f")...)
	head := headOf(t, log)
	assert.Equal(t, before.Seq, head.Seq)
	assert.NotEqual(t, before, head, "the mark tells")
	assertNotFollowed(t, log, before)
	mustAppend(t, log, entries("g", "h")...)
	assertNotFollowed(t, log, before)
	got, _, ok := since(t, log, old)
	assert.True(t, ok)
	assert.Equal(t, entries("e", "f", "g", "h"), got)
}

// A running process gives back to the server what that has lost, whatever it
// was, and reads what it has not read.
func TestListIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *tested, func()){
		"everything": func(t *testing.T, store *tested, _ func()) {
			require.NoError(t, store.client.FlushAll(t.Context()).Err())
		},
		"the set": func(t *testing.T, store *tested, _ func()) {
			require.NoError(t, store.client.Del(t.Context(), setKey).Err())
		},
		"the log": func(t *testing.T, store *tested, _ func()) {
			require.NoError(t, store.client.Del(t.Context(), logKey).Err())
		},
		"the last entries": func(_ *testing.T, _ *tested, restore func()) { restore() },
		"the last entries, and counts on": func(t *testing.T, store *tested, restore func()) {
			restore()
			mustAppend(t, store.log, entries("new", "more", "yet more", "and more")...)
		},
		"everything, and counts on": func(t *testing.T, store *tested, _ func()) {
			require.NoError(t, store.client.FlushAll(t.Context()).Err())
			mustAppend(t, store.log, entries("new", "more", "yet more", "and more")...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := openStore(t, redisstore.Options{})
			a, b := follow(t, store), follow(t, store)
			add(t, a, "1")
			restore := snapshot(t, store.client)
			add(t, b, "2")
			add(t, a, "3")
			requireFollowed(t, b, "3")
			lose(t, store, restore)
			requireListed(t, store, "1", "2", "3")

			add(t, a, "4")
			requireFollowed(t, b, "4")
			add(t, b, "5")
			requireFollowed(t, a, "5")
			for _, id := range []string{"new", "more", "yet more", "and more"} {
				if isListed(t, store, id) {
					requireFollowed(t, a, id)
				}
			}
			late := follow(t, store)
			for _, id := range []string{"1", "2", "3", "4", "5"} {
				requireFollowed(t, late, id)
			}
		})
	}
}

func TestServerComesBackEmpty(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	b := follow(t, store)
	add(t, b, "1")
	server.Kill()
	server.Wipe()
	server.Start()
	requireListed(t, store, "1")
	add(t, b, "2")
	requireFollowed(t, follow(t, store), "2")
}

// The process that reads too slowly has to load the list again, and misses
// nothing.
func TestFollowerIsOvertaken(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	store.log.LogLength = 100
	b := follow(t, store)
	add(t, b, "1")
	list := numbered(3000)
	mustAppend(t, store.log, list...)
	add(t, b, "last")
	require.Eventually(t, func() bool { // it has all entries before it knows that it does
		status := b.Status()
		return status.Err == nil && status.Entries == len(list)+2
	}, soon, tick)
	for _, id := range []string{"1", "last"} {
		requireFollowed(t, b, id)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{Timeout: time.Second, MaxStaleness: time.Second})
	b := store.Blocklist(t.Context())
	require.NoError(t, b.Ready(t.Context()))
	add(t, b, "id")
	status := b.Status()
	assert.Equal(t, 1, status.Entries)
	assert.NoError(t, status.Err)
	assert.WithinDuration(t, time.Now(), status.Complete, soon)

	server.Kill()
	require.Eventually(t, func() bool { return b.Status().Err != nil }, soon, tick)
	require.Eventually(t, func() bool {
		_, err := b.Contains(t.Context(), "unknown")
		return err != nil
	}, soon, tick, "no answer once the copy is too old")
	blocked, err := b.Contains(t.Context(), "unknown", "id")
	require.NoError(t, err)
	assert.True(t, blocked, "what is known stays blocked")

	server.Start()
	require.Eventually(t, func() bool { return b.Status().Err == nil }, soon, tick)
	assert.True(t, b.Status().Complete.After(status.Complete))
}
