package redisstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// The client sends a script again when it did not get the answer.
func TestScriptsKnowTheirOwnWork(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	var decision []any // the last command that was answered
	client := newClient(t, server.Addr())
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if err == nil {
			decision = cmd.Args()
		}
		return err
	}))
	sessions := newStore(t, client, redisstore.Options{}).Sessions()
	s := sessionFor("sid", "alice")
	next := s
	next.Generation = 2
	creates := func() bool {
		yes, err := sessions.Create(t.Context(), s)
		require.NoError(t, err)
		return yes
	}
	replaces := func() bool {
		yes, err := sessions.Replace(t.Context(), s, next)
		require.NoError(t, err)
		return yes
	}
	again := func(command []any) bool {
		require.Contains(t, command, any("ginjwt:session:sid"))
		yes, err := store.client.Do(t.Context(), command...).Int()
		require.NoError(t, err)
		return yes == 1
	}
	assert.False(t, replaces(), "there is none")
	assert.True(t, creates())
	creation := decision
	assert.True(t, again(creation), "sent again")
	assert.False(t, creates())
	assert.True(t, replaces())
	assert.True(t, again(decision), "sent again")
	assert.False(t, replaces())
	assert.False(t, again(creation), "replaced since")
}

// A deletion that is sent again still says that it has deleted, and leaves alone
// what was made since.
func TestDeletionKnowsItsOwnWork(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	var deletions [][]any
	client := newClient(t, server.Addr())
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if err == nil && slices.Contains(cmd.Args(), any("ginjwt:session:sid")) {
			deletions = append(deletions, cmd.Args())
		}
		return err
	}))
	sessions, deleting := store.Sessions(), newStore(t, client, redisstore.Options{}).Sessions()
	again := func(command []any) any {
		whose, err := store.client.Do(t.Context(), command...).Result()
		require.NoError(t, err)
		return whose
	}
	s := sessionFor("sid", "alice")
	s.Realm = "tenant"
	none, err := deleting.Delete(t.Context(), "sid")
	require.NoError(t, err)
	require.False(t, none)
	assert.Empty(t, again(deletions[0]), "there was none")

	create(t, sessions, s)
	remove(t, deleting, "sid")
	assert.Equal(t, []any{"tenant", "alice"}, again(deletions[1]))
	second, err := deleting.Delete(t.Context(), "sid")
	require.NoError(t, err)
	assert.False(t, second, "another call")
	assert.Empty(t, again(deletions[2]), "another call")

	create(t, sessions, s)
	assert.Equal(t, []any{"tenant", "alice"}, again(deletions[1]))
	_, ok, err := sessions.Get(t.Context(), "sid")
	require.NoError(t, err)
	assert.True(t, ok, "created since")
	remove(t, deleting, "sid")
	assert.Equal(t, []any{"tenant", "alice"}, again(deletions[1]))
	assert.Equal(t, []any{"tenant", "alice"}, again(deletions[3]))
}

// lastCommand returns where the last command stands that a client sent about a key.
func lastCommand(client *redis.Client, key string) *[]any {
	var last []any
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if err == nil && slices.Contains(cmd.Args(), any(key)) {
			last = cmd.Args()
		}
		return err
	}))
	return &last
}

// A command that is sent again writes again: WAIT behind it waits for what its own
// connection has written, and replicas need not have what another one has.
func TestRepeatedCommandsWriteAgain(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	testserver.RedisReplica(t, server) // without one, offsets do not change
	admin := newClient(t, server.Addr())
	offset := func() string {
		_, after, found := strings.Cut(admin.Info(t.Context(), "replication").Val(), "master_repl_offset:")
		require.True(t, found)
		return strings.Fields(after)[0]
	}
	s := sessionFor("sid", "alice")
	next := s
	next.Generation = 2
	for _, call := range []struct {
		name, key string
		do        func(*tested) error
	}{
		{"Create", "ginjwt:session:sid", func(store *tested) error { _, err := store.Sessions().Create(t.Context(), s); return err }},
		{"Replace", "ginjwt:session:sid", func(store *tested) error { _, err := store.Sessions().Replace(t.Context(), s, next); return err }},
		{"Delete", "ginjwt:session:sid", func(store *tested) error { _, err := store.Sessions().Delete(t.Context(), "sid"); return err }},
		{"Claim", onceKey("id"), func(store *tested) error { _, err := store.Once().Claim(t.Context(), "id", hour); return err }},
		{"Append", setKey, func(store *tested) error { return store.log.Append(t.Context(), entries("id", "other")) }},
	} {
		client := newClient(t, server.Addr())
		last := lastCommand(client, call.key)
		require.NoError(t, call.do(newStore(t, client, redisstore.Options{})), call.name)
		before := offset()
		require.NoError(t, admin.Do(t.Context(), *last...).Err(), call.name)
		assert.NotEqual(t, before, offset(), call.name)
	}
}

// So does a whole call whose answer is lost on the way.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	proxy := testserver.NewProxy(t, testserver.Redis(t).Addr())
	sessions := newStore(t, newClient(t, proxy.Addr()), redisstore.Options{}).Sessions()
	first := create(t, sessions, sessionFor("first", "alice")) // the server knows the scripts from now on
	next := first
	next.Generation++
	replace(t, sessions, first, next)

	for lost := range 2 { // index, session
		proxy.LoseReply(lost)
		s := create(t, sessions, sessionFor(fmt.Sprint("sid", lost), "alice"))
		next := s
		next.Generation++
		proxy.LoseReply(lost)
		replace(t, sessions, s, next)
		got, ok, err := sessions.Get(t.Context(), s.ID)
		require.NoError(t, err)
		require.True(t, ok)
		assert.EqualValues(t, 2, got.Generation)
		proxy.LoseReply(0)
		remove(t, sessions, s.ID)
	}
	assert.Equal(t, []string{"first"}, listed(t, sessions, "alice"))
}
