package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// The scripts and fields of version 1, word for word: they run on the same keys
// while processes are replaced.
const previousExpireAt = `
local function expireAt(key, ms)
	if ms == '' or ms == 'inf' then
		redis.call('PERSIST', key)
	else
		redis.call('PEXPIREAT', key, ms)
	end
end
`

var (
	previousIndex = redis.NewScript(previousExpireAt + `
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
expireAt(KEYS[1], redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
return 1
`)
	previousCreate = redis.NewScript(previousExpireAt + `
if redis.call('EXISTS', KEYS[1]) == 1 then
	return redis.call('HGET', KEYS[1], 'call') == ARGV[1] and 1 or 0
end
redis.call('HSET', KEYS[1], 'call', ARGV[1], unpack(ARGV, 3))
expireAt(KEYS[1], ARGV[2])
return 1
`)
	previousReplace = redis.NewScript(previousExpireAt + `
local old = redis.call('HMGET', KEYS[1], 'call', 'generation', 'rotated', 'grace')
if old[1] == ARGV[1] then
	return 1
end
if old[2] ~= ARGV[3] or old[3] ~= ARGV[4] or old[4] ~= ARGV[5] then
	return 0
end
redis.call('HSET', KEYS[1], 'call', ARGV[1], unpack(ARGV, 6))
expireAt(KEYS[1], ARGV[2])
return 1
`)
	previousDelete = redis.NewScript(`
local identity = redis.call('HGET', KEYS[1], 'identity')
redis.call('DEL', KEYS[1])
return identity or ''
`)
	previousUnindex = redis.NewScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`)
)

// previous is a process of version 1. Its times are milliseconds; "" is none.
type previous struct {
	t      *testing.T
	client redis.UniversalClient
}

func (p previous) create(id, identity, generation, created, rotated, grace, expires string) int {
	p.t.Helper()
	require.NoError(p.t, previousIndex.Run(p.t.Context(), p.client, []string{indexOf(identity)}, id, expires).Err())
	n, err := previousCreate.Run(p.t.Context(), p.client, []string{"ginjwt:session:" + id}, "17", expires,
		"identity", identity, "device", "Firefox", "created", created,
		"generation", generation, "rotated", rotated, "grace", grace, "expires", expires).Int()
	require.NoError(p.t, err)
	return n
}

// replace compares the three that it has read.
func (p previous) replace(id string, old map[string]string, generation, rotated, grace, expires string) int {
	p.t.Helper()
	n, err := previousReplace.Run(p.t.Context(), p.client, []string{"ginjwt:session:" + id}, "18", expires,
		old["generation"], old["rotated"], old["grace"],
		"generation", generation, "rotated", rotated, "grace", grace, "expires", expires).Int()
	require.NoError(p.t, err)
	return n
}

// get requires what version 1 requires of a session.
func (p previous) get(id string) map[string]string {
	p.t.Helper()
	fields, err := p.client.HGetAll(p.t.Context(), "ginjwt:session:"+id).Result()
	require.NoError(p.t, err)
	if len(fields) == 0 {
		return nil
	}
	assert.Regexp(p.t, `^\d+$`, fields["generation"])
	for _, name := range []string{"created", "rotated", "grace", "expires"} {
		assert.Regexp(p.t, `^\d*$`, fields[name])
	}
	return fields
}

func (p previous) remove(id string) string {
	p.t.Helper()
	identity, err := previousDelete.Run(p.t.Context(), p.client, []string{"ginjwt:session:" + id}).Text()
	require.NoError(p.t, err)
	require.NoError(p.t, previousUnindex.Run(p.t.Context(), p.client, []string{indexOf(identity)}, id).Err())
	return identity
}

const expiry = "4102444800000" // 2100-01-01T00:00:00Z

func inUTC(s ginjwt.Session) ginjwt.Session {
	for _, at := range []*time.Time{&s.CreatedAt, &s.RotatedAt, &s.HandedOutAt, &s.ExpiresAt, &s.EndsAt} {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	return s
}

func stored(t *testing.T, sessions *redisstore.Sessions, id string) ginjwt.Session {
	t.Helper()
	s, ok, err := sessions.Get(t.Context(), id)
	require.NoError(t, err)
	require.True(t, ok)
	return s
}

func TestSessionsOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, old := store.Sessions(), previous{t, store.client}
	require.Equal(t, 1, old.create("sid", "alice", "3", "1000", "2000", "62500", expiry))
	require.Equal(t, 1, old.create("new", "alice", "1", "1000", "2000", "", expiry))
	require.NoError(t, store.Check(t.Context()))
	require.NoError(t, store.Migrate(t.Context()))

	want := ginjwt.Session{
		ID: "sid", Identity: "alice", Device: "Firefox", Generation: 3,
		CreatedAt: time.UnixMilli(1000).UTC(), RotatedAt: time.UnixMilli(2000).UTC(),
		HandedOutAt: time.UnixMilli(2500).UTC(), // a minute before the grace ends
		ExpiresAt:   time.UnixMilli(4102444800000).UTC(),
	}
	assert.Equal(t, want, inUTC(stored(t, sessions, "sid")))
	assert.True(t, stored(t, sessions, "new").HandedOutAt.IsZero())
	assert.Equal(t, []string{"new", "sid"}, listed(t, sessions, "alice"))
	next := want
	next.Generation, next.Data, next.JKT = 4, "{}", "thumb"
	replace(t, sessions, want, next)
	assert.Equal(t, next, inUTC(stored(t, sessions, "sid")))
	remove(t, sessions, "sid")
	remove(t, sessions, "new")
	assert.Empty(t, listed(t, sessions, "alice"))
}

func TestProcessesOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, old := store.Sessions(), previous{t, store.client}
	require.NoError(t, store.Migrate(t.Context()))
	s := sessionFor("sid", "alice")
	s.HandedOutAt, s.RotatedAt = time.UnixMilli(100_000), time.UnixMilli(90_000)
	s.Data, s.KeyHash, s.EndsAt = `{"a":1}`, "hash:1", hour
	create(t, sessions, s)

	read := old.get("sid")
	assert.Equal(t, "160000", read["grace"], "accepts the generation before for a minute after the tokens were handed out")
	require.Equal(t, 0, old.create("sid", "alice", "1", "1", "1", "", expiry))
	require.Equal(t, 1, old.replace("sid", read, "2", "120000", "", expiry))
	next := stored(t, sessions, "sid")
	assert.EqualValues(t, 2, next.Generation)
	assert.True(t, next.HandedOutAt.IsZero())
	assert.Equal(t, []any{s.Data, s.KeyHash}, []any{next.Data, next.KeyHash})
	assert.True(t, s.EndsAt.Equal(next.EndsAt))
	lost, err := sessions.Replace(t.Context(), s, next)
	require.NoError(t, err)
	assert.False(t, lost, "the other process was first")

	handedOut := next
	handedOut.HandedOutAt = time.UnixMilli(130_000)
	replace(t, sessions, next, handedOut)
	assert.Equal(t, 0, old.replace("sid", map[string]string{"generation": "2", "rotated": "120000"}, "3", "1", "", expiry), "this one was first")
	read = old.get("sid")
	assert.Equal(t, "190000", read["grace"])
	require.Equal(t, 1, old.replace("sid", read, "2", "120000", "140000", expiry), "a grace of its own")
	assert.Equal(t, int64(80_000), stored(t, sessions, "sid").HandedOutAt.UnixMilli())

	remove(t, sessions, "sid")
	assert.Nil(t, old.get("sid"))
	require.Equal(t, 1, old.create("sid", "alice", "1", "1000", "2000", "", expiry), "what was deleted is not in the way")
	assert.Equal(t, "alice", old.remove("sid"))
	deleted, err := sessions.Delete(t.Context(), "sid")
	require.NoError(t, err)
	assert.False(t, deleted)
}

func TestVersions(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	ctx, key := t.Context(), "ginjwt:schema"
	note := func(version, oldest string) {
		require.NoError(t, store.client.HSet(ctx, key, "version", version, "oldest", oldest).Err())
	}
	noted := func() map[string]string { return store.client.HGetAll(ctx, key).Val() }
	asks := map[string]func(context.Context) error{
		"Check": store.Check, "Ready": store.Ready, "Migrate": store.Migrate, "Blocklist.Ready": follow(t, store).Ready,
	}

	require.NoError(t, store.Check(ctx))
	require.NoError(t, store.Ready(ctx))
	assert.Zero(t, store.client.Exists(ctx, key).Val(), "they only read")
	require.NoError(t, store.Migrate(ctx))
	assert.Equal(t, map[string]string{"version": "2", "oldest": "1"}, noted())
	note("1", "1")
	for _, name := range []string{"Check", "Ready", "Blocklist.Ready", "Migrate"} {
		require.NoError(t, asks[name](ctx), name)
	}
	assert.Equal(t, map[string]string{"version": "2", "oldest": "1"}, noted())
	for name, ask := range asks {
		note("3", "2")
		assert.NoError(t, ask(ctx), name)
		for _, tooNew := range [][2]string{{"3", "3"}, {"4", "2"}} {
			note(tooNew[0], tooNew[1])
			assert.EqualError(t, ask(ctx), "redisstore: the schema has version "+tooNew[0]+", which is too new for this code of version 2", name)
			assert.Equal(t, map[string]string{"version": tooNew[0], "oldest": tooNew[1]}, noted(), "%s lowers nothing", name)
		}
		note("x", "1")
		assert.EqualError(t, ask(ctx), "redisstore: the version of the schema is not a number: check whether another program writes to the keys of this prefix", name)
	}
	server.Kill()
	for name, ask := range asks {
		assert.ErrorContains(t, ask(ctx), "redisstore: ", name)
	}
}
