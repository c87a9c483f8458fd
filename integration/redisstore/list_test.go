package redisstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

var positionZero replica.Position

const (
	setKey = "{ginjwt}:blocklist"
	logKey = "{ginjwt}:blocklist:log"
)

func openLog(t *testing.T) (*redisdb.List, redis.UniversalClient) {
	store, _ := openStore(t, redisstore.Options{})
	return store.log, store.client
}

func keysOf(ids ...string) (keys []idset.Key) {
	for _, id := range ids {
		keys = append(keys, idset.KeyOf(id))
	}
	return keys
}

func entries(ids ...string) (entries []idset.Entry) {
	for _, id := range ids {
		entries = append(entries, idset.EntryOf(id, hour))
	}
	return entries
}

// numbered returns n entries that expire one second after another.
func numbered(n int) []idset.Entry {
	list := make([]idset.Entry, n)
	for i := range list {
		binary.BigEndian.PutUint64(list[i].Key[:], uint64(i))
		list[i].Until = uint32(hour.Unix()) + uint32(i)
	}
	return list
}

func setOf(list []idset.Entry) map[idset.Key]uint32 {
	set := map[idset.Key]uint32{}
	for _, e := range list {
		set[e.Key] = e.Until
	}
	return set
}

func mustAppend(t *testing.T, log *redisdb.List, entries ...idset.Entry) {
	t.Helper()
	require.NoError(t, log.Append(t.Context(), entries))
}

func headOf(t *testing.T, log *redisdb.List) replica.Position {
	t.Helper()
	head, err := log.Head(t.Context())
	require.NoError(t, err)
	return head.At
}

func load(t *testing.T, log *redisdb.List) (list []idset.Entry) {
	t.Helper()
	last, err := log.Load(t.Context(), func(e idset.Entry) { list = append(list, e) })
	require.NoError(t, err)
	assert.Equal(t, headOf(t, log), last)
	return list
}

func since(t *testing.T, log *redisdb.List, at replica.Position) (list []idset.Entry, last replica.Position, ok bool) {
	t.Helper()
	last, err := log.Since(t.Context(), at, func(e idset.Entry) { list = append(list, e) })
	ok = err == nil
	if !ok {
		require.True(t, errors.Is(err, replica.ErrDropped) || errors.Is(err, replica.ErrLost), "%v", err)
	}
	return list, last, ok
}

func assertNotFollowed(t *testing.T, log *redisdb.List, at replica.Position) {
	t.Helper()
	_, _, ok := since(t, log, at)
	assert.False(t, ok)
}

func TestEmptyList(t *testing.T) {
	t.Parallel()
	log, client := openLog(t)
	assert.Equal(t, positionZero, headOf(t, log))
	assert.Empty(t, load(t, log))
	answer, err := log.Contains(t.Context(), keysOf("a", "b"), positionZero)
	require.NoError(t, err)
	assert.False(t, answer.Found)
	assert.True(t, answer.Intact)
	require.NoError(t, log.Append(t.Context(), nil))
	assert.Zero(t, client.DBSize(t.Context()).Val(), "asking leaves nothing")
}

func TestEntriesAreNumbered(t *testing.T) {
	t.Parallel()
	log, client := openLog(t)
	list := entries("a", "b", "c")
	mustAppend(t, log, list[0])
	first := headOf(t, log)
	mustAppend(t, log, list[1:]...)
	head := headOf(t, log)
	assert.EqualValues(t, 1, first.Seq)
	assert.EqualValues(t, 3, head.Seq)
	assert.NotEmpty(t, first.Mark)
	assert.NotEqual(t, first.Mark, head.Mark)

	got, last, ok := since(t, log, positionZero)
	assert.True(t, ok)
	assert.Equal(t, list, got)
	assert.Equal(t, head, last)
	got, last, ok = since(t, log, first)
	assert.True(t, ok)
	assert.Equal(t, list[1:], got)
	assert.Equal(t, head, last)
	got, last, ok = since(t, log, head)
	assert.True(t, ok)
	assert.Empty(t, got)
	assert.Equal(t, head, last)
	assert.ElementsMatch(t, list, load(t, log))

	for _, key := range []string{setKey, logKey} {
		assert.EqualValues(t, -1, client.PTTL(t.Context(), key).Val(), "%s has no expiry", key)
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{setKey, logKey}, keys)
}

func TestLaterExpiryNeedsANumber(t *testing.T) {
	t.Parallel()
	log, _ := openLog(t)
	e := entries("a")[0]
	sooner, later, forever := e, e, e
	sooner.Until--
	later.Until++
	forever.Until = idset.Forever
	for _, step := range []struct {
		entry idset.Entry
		seq   int64
		kept  idset.Entry
	}{{e, 1, e}, {e, 1, e}, {sooner, 1, e}, {later, 2, later}, {e, 2, later}, {forever, 3, forever}, {later, 3, forever}} {
		mustAppend(t, log, step.entry)
		assert.Equal(t, step.seq, headOf(t, log).Seq)
		assert.Equal(t, []idset.Entry{step.kept}, load(t, log))
	}
	got, _, ok := since(t, log, positionZero)
	assert.True(t, ok)
	assert.Equal(t, []idset.Entry{e, later, forever}, got)
}

func TestManyEntries(t *testing.T) {
	t.Parallel()
	log, _ := openLog(t)
	list := numbered(2*redisdb.ReadAtOnce + 500)
	mustAppend(t, log, list...)
	assert.Equal(t, setOf(list), setOf(load(t, log)))
	var followed []idset.Entry
	for at := positionZero; at != headOf(t, log); {
		got, last, ok := since(t, log, at)
		require.True(t, ok)
		require.LessOrEqual(t, len(got), redisdb.ReadAtOnce)
		followed, at = append(followed, got...), last
	}
	assert.Equal(t, list, followed)
}

// Between two questions of Load others raise what it has not read yet, add above
// it, and drop what has expired.
func TestLoadMissesNothing(t *testing.T) {
	t.Parallel()
	log, client := openLog(t)
	list := numbered(2*redisdb.ReadAtOnce + 500)
	mustAppend(t, log, list...)
	raised := list[:100]
	for i := range raised {
		raised[i].Until = idset.Forever
	}
	expired := make([]redis.Z, 50)
	for i := range expired {
		expired[i] = redis.Z{Member: string(rune('0' + i)), Score: float64(i)}
	}
	require.NoError(t, client.ZAdd(t.Context(), setKey, expired...).Err())

	read := map[idset.Key]uint32{}
	last, err := log.Load(t.Context(), func(e idset.Entry) {
		read[e.Key] = e.Until
		switch len(read) {
		case redisdb.ReadAtOnce: // the last before a question
			mustAppend(t, log, raised...)
		case redisdb.ReadAtOnce + 1:
			mustAppend(t, log, entries("x", "y", "z")...)
		}
	})
	require.NoError(t, err)
	assert.Equal(t, headOf(t, log), last, "as of the last question")
	for _, e := range list[len(raised):] { // the others were there under new numbers
		require.Equal(t, e.Until, read[e.Key])
	}
	for _, e := range expired {
		assert.Error(t, client.ZScore(t.Context(), setKey, e.Member.(string)).Err(), "dropped")
	}
}

// Others' clocks may be behind, so that an entry stays for an hour after it has
// expired.
func TestExpiredEntriesAreDropped(t *testing.T) {
	t.Parallel()
	log, client := openLog(t)
	mustAppend(t, log, entries("live")...)
	recent := idset.EntryOf("recent", time.Now().Add(-time.Minute))
	mustAppend(t, log, recent)
	old := make([]redis.Z, 250)
	for i := range old {
		key := numbered(250)[i].Key
		old[i] = redis.Z{Member: string(key[:]), Score: float64(time.Now().Add(-2 * time.Hour).Unix())}
	}
	require.NoError(t, client.ZAdd(t.Context(), setKey, old...).Err())
	const guard, live, kept = 1, 1, 1
	for _, left := range []int64{150, 50, 0} {
		mustAppend(t, log, entries("live")...)
		assert.Equal(t, guard+live+kept+left, client.ZCard(t.Context(), setKey).Val())
	}
	answer, err := log.Contains(t.Context(), []idset.Key{recent.Key}, positionZero)
	require.NoError(t, err)
	assert.True(t, answer.Found)
}

func TestLogIsTrimmed(t *testing.T) {
	t.Parallel()
	log, client := openLog(t)
	log.LogLength = 100
	list := numbered(1000)
	mustAppend(t, log, list[:500]...)
	early := headOf(t, log)
	mustAppend(t, log, list[500:]...)
	length := client.XLen(t.Context(), logKey).Val()
	assert.GreaterOrEqual(t, length, int64(100))
	assert.Less(t, length, int64(400))
	assertNotFollowed(t, log, positionZero)
	assertNotFollowed(t, log, early)
	assert.Equal(t, setOf(list), setOf(load(t, log)))

	require.NoError(t, client.XTrimMaxLen(t.Context(), logKey, 0).Err())
	head := headOf(t, log)
	assert.EqualValues(t, 1000, head.Seq, "known also when no entry is left")
	mustAppend(t, log, entries("next")...)
	assert.EqualValues(t, 1001, headOf(t, log).Seq)
	assertNotFollowed(t, log, head)
}

func TestLostKeysAreNoticed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose  func(ctx context.Context, client redis.UniversalClient) error
		first int64 // number that comes next
	}{
		"set":  {func(ctx context.Context, c redis.UniversalClient) error { return c.Del(ctx, setKey).Err() }, 1},
		"log":  {func(ctx context.Context, c redis.UniversalClient) error { return c.Del(ctx, logKey).Err() }, 2},
		"both": {func(ctx context.Context, c redis.UniversalClient) error { return c.FlushAll(ctx).Err() }, 1},
		"guard": {func(ctx context.Context, c redis.UniversalClient) error {
			return c.ZRem(ctx, setKey, "guard").Err()
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, client := openLog(t)
			mustAppend(t, log, entries("a", "b", "c")...)
			before := headOf(t, log)
			require.NoError(t, c.lose(t.Context(), client))
			assert.Equal(t, positionZero, headOf(t, log))

			if client.Exists(t.Context(), logKey).Val() == 1 {
				began := time.Now()
				assert.NoError(t, log.Wait(t.Context(), positionZero, time.Minute))
				assert.GreaterOrEqual(t, time.Since(began), redisdb.MinFirstWait, "nothing goes round and round")
			}

			// Whoever is first to write does not hide the loss.
			mustAppend(t, log, entries("d")...)
			head := headOf(t, log)
			assert.Equal(t, c.first, head.Seq)
			assertNotFollowed(t, log, before)
			mustAppend(t, log, entries("e", "f", "g")...)
			assert.Greater(t, headOf(t, log).Seq, before.Seq)
			assertNotFollowed(t, log, before)
			if c.first > 1 {
				assertNotFollowed(t, log, positionZero)
			}
		})
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	log := store.log
	mustAppend(t, log, entries("a")...)
	at := headOf(t, log)
	wait := func(ctx context.Context, at replica.Position, most time.Duration) time.Duration {
		began := time.Now()
		_ = log.Wait(ctx, at, most)
		return time.Since(began)
	}
	assert.GreaterOrEqual(t, wait(t.Context(), at, 300*time.Millisecond), 300*time.Millisecond, "nothing is new")
	assert.Less(t, wait(t.Context(), at, 0), soon, "0 is not for ever")

	ended := make(chan time.Duration, 1)
	go func() { ended <- wait(t.Context(), at, time.Hour) }()
	requireBlocked(t, store.client)
	mustAppend(t, log, entries("b")...)
	assert.Less(t, <-ended, soon, "an entry is new")
	assert.Less(t, wait(t.Context(), at, time.Hour), soon, "an entry was new before")

	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- wait(ctx, headOf(t, log), time.Hour) }()
	requireBlocked(t, store.client)
	cancel()
	assert.Less(t, <-ended, soon, "the context has ended")

	server.Kill()
	assert.Less(t, wait(t.Context(), at, time.Hour), soon, "the server is gone")
}

// Head and all the rest may work where waiting does not: nothing goes round and
// round then.
func TestWaitIsRefused(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, "--rename-command", "XREAD", "")
	log := newStore(t, newClient(t, server.Addr()), redisstore.Options{}).log
	mustAppend(t, log, entries("a")...)
	began := time.Now()
	assert.Error(t, log.Wait(t.Context(), headOf(t, log), time.Hour))
	assert.GreaterOrEqual(t, time.Since(began), redisdb.MinWait)
	assert.Less(t, time.Since(began), soon)
}

// A user who may not use XREAD has a list that polls, and says so.
func TestPollingIsShown(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{MaxStaleness: 200 * time.Millisecond})
	require.NoError(t, store.client.Do(t.Context(), "acl", "setuser", "app", "on", ">secret", "~*", "+@all", "-xread").Err())
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Username: "app", Password: "secret", ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	b := follow(t, newStore(t, client, redisstore.Options{MaxStaleness: 200 * time.Millisecond}))
	require.Eventually(t, func() bool { return b.Status().Polling != nil }, soon, tick)
	assert.ErrorContains(t, b.Status().Polling, "NOPERM")
	assert.NoError(t, b.Status().Err, "all else works")
	add(t, follow(t, store), "id")
	requireFollowed(t, b, "id")
	assert.NoError(t, follow(t, store).Status().Polling)
}

// requireBlocked waits until a connection waits for entries.
func requireBlocked(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	require.Eventually(t, func() bool {
		return strings.Contains(client.Info(t.Context(), "clients").Val(), "blocked_clients:1\r\n")
	}, soon, tick)
}

// An answer that comes too late is nobody's; the race detector sees to it.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	proxy := testserver.NewProxy(t, server.Addr())
	const timeout = 300 * time.Millisecond
	log := newStore(t, newClient(t, proxy.Addr()), redisstore.Options{Timeout: timeout}).log
	for range 3 {
		proxy.Delay(0)
		require.Eventually(t, func() bool {
			_, err := log.Contains(t.Context(), []idset.Key{idset.KeyOf("a")}, positionZero)
			return err == nil
		}, soon, tick)
		proxy.Delay(timeout / 3) // the first command is answered in time, the second is not
		answer, err := log.Contains(t.Context(), []idset.Key{idset.KeyOf("a")}, positionZero)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, answer)
		pass(timeout) // in which the last answers come
	}
}
