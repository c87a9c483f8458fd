package redisstore_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	contract "github.com/gin-jwt-extended/ginjwt/store"
)

// calls are all that an application may call; each is to be given up in time.
func calls(store *tested, b *redisstore.Blocklist) map[string]func(context.Context) error {
	sessions, s := store.Sessions(), sessionFor("sid", "alice")
	return map[string]func(context.Context) error{
		"Create":  func(ctx context.Context) error { _, err := sessions.Create(ctx, s); return err },
		"Get":     func(ctx context.Context) error { _, _, err := sessions.Get(ctx, "sid"); return err },
		"Replace": func(ctx context.Context) error { _, err := sessions.Replace(ctx, s, s); return err },
		"Delete":  func(ctx context.Context) error { _, err := sessions.Delete(ctx, "sid"); return err },
		"DeleteMany": func(ctx context.Context) error {
			return sessions.DeleteMany(ctx, []ginjwt.Session{s, sessionFor("other", "alice"), sessionFor("third", "bob")})
		},
		"List":    func(ctx context.Context) error { _, err := sessions.List(ctx, "", "alice"); return err },
		"Claim":   func(ctx context.Context) error { _, err := store.Once().Claim(ctx, "id", hour); return err },
		"Migrate": store.Migrate,
		"Check":   store.Check,
		"Ready":   store.Ready,
		"Add":     func(ctx context.Context) error { return b.Add(ctx, "id", hour) },
		"AddMany": func(ctx context.Context) error {
			return b.AddMany(ctx, []contract.Revocation{{ID: "id", Expires: hour}, {ID: "other"}})
		},
		"Contains": func(ctx context.Context) error {
			_, err := b.Contains(ctx, "another")
			return err
		},
	}
}

// A paused server accepts connections and never answers. The client of a
// cluster would wait for one of its own questions for five seconds.
func TestNoCallHangs(t *testing.T) {
	t.Parallel()
	const timeout, slack = 300 * time.Millisecond, 2 * time.Second
	for name, open := range map[string]func(*testserver.Server) redis.UniversalClient{
		"server": func(s *testserver.Server) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: s.Addr(), ContextTimeoutEnabled: true})
		},
		"cluster": func(s *testserver.Server) redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.Addr()}, ContextTimeoutEnabled: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testserver.Redis(t)
			server.Pause()
			client := open(server)
			t.Cleanup(func() { _ = client.Close() })
			store := newStore(t, client, redisstore.Options{Timeout: timeout})
			b := store.Blocklist(t.Context())
			for name, call := range calls(store, b) {
				assertTimeout(t, faults.Within(t, timeout+slack, name, func() error { return call(t.Context()) }), name)

				ended, cancel := context.WithCancel(t.Context())
				cancel()
				assert.ErrorIs(t, call(ended), context.Canceled, name)
			}
			assertTimeout(t, b.Status().Err, "Status")
			assert.Error(t, faults.Within(t, 2*timeout+slack, "Wait", func() error {
				return store.log.Wait(t.Context(), positionZero, timeout)
			}))
		})
	}
}

// assertTimeout knows the error of a context and that of a connection.
func assertTimeout(t *testing.T, err error, name string) {
	t.Helper()
	var timeout interface{ Timeout() bool }
	if assert.ErrorAs(t, err, &timeout, name) {
		assert.True(t, timeout.Timeout(), name)
	}
}

func TestErrorsTellNoIDs(t *testing.T) {
	t.Parallel()
	const renamed = "; the store needs Redis 6.2 or newer, without renamed commands; the address must not be the address of a Sentinel"
	// Servers may rename commands, and do not know them by the names we use.
	server := testserver.Redis(t, "--rename-command", "HGETALL", "", "--rename-command", "ZMSCORE", "", "--rename-command", "XADD", "")
	store := newStore(t, newClient(t, server.Addr()), redisstore.Options{})
	b := store.Blocklist(t.Context())
	_, _, err := store.Sessions().Get(t.Context(), "secret")
	assert.EqualError(t, err, "redisstore: ERR unknown command 'hgetall'"+renamed)
	_, err = store.log.Contains(t.Context(), keysOf("secret"), positionZero)
	assert.EqualError(t, err, "redisstore: ERR unknown command 'zmscore'"+renamed)
	for range 3 { // nor does it seem to be done when it is repeated
		err = b.Add(t.Context(), "secret", hour)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret")
		assert.NotContains(t, err.Error(), "ginjwt:")
	}
}

// A user with the permissions that the documentation lists can do everything,
// and none of them is superfluous.
func TestPermissions(t *testing.T) {
	t.Parallel()
	commands := documentedCommands(t)
	server := testserver.Redis(t)
	testserver.RedisReplica(t, server)
	admin := newClient(t, server.Addr())
	rules := []any{"acl", "setuser", "app", "on", ">secret", "~ginjwt:*", "~{ginjwt}:*", "-@all"}
	for _, command := range commands {
		rules = append(rules, "+"+command)
	}
	require.NoError(t, admin.Do(t.Context(), rules...).Err())
	client := redis.NewClient(&redis.Options{
		Addr: server.Addr(), Username: "app", Password: "secret", ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	store := newStore(t, client, redisstore.Options{Replicas: 1})
	require.NoError(t, admin.ConfigResetStat(t.Context()).Err())
	b, other := follow(t, store), follow(t, store)
	add(t, b, "id")
	requireFollowed(t, other, "id") // has read the log
	requireFollowed(t, follow(t, store), "id")
	require.NoError(t, admin.ZAdd(t.Context(), setKey, redis.Z{Member: "expired", Score: 1}).Err())
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, call := range calls(store, store.Blocklist(stopped)) {
		require.NoError(t, call(t.Context()), name)
	}
	endless := sessionFor("endless", "bob")
	endless.ExpiresAt = time.Time{}
	create(t, store.Sessions(), endless)
	require.NoError(t, b.Status().Err)

	leaving, leave := context.WithCancel(t.Context())
	require.NoError(t, store.Blocklist(leaving).Ready(t.Context()))
	leave()
	require.Eventually(t, func() bool { return strings.Contains(admin.Info(t.Context(), "commandstats").Val(), "cmdstat_hdel") }, soon, tick)

	used := admin.Info(t.Context(), "commandstats").Val()
	for _, command := range commands {
		assert.Contains(t, used, "cmdstat_"+strings.ToLower(command), "%s is used", command)
	}
}

// documentedCommands reads the last sentence of the package comment.
func documentedCommands(t *testing.T) []string {
	source, err := os.ReadFile("../../redisstore/doc.go")
	require.NoError(t, err)
	_, list, found := strings.Cut(string(source), "and the commands ")
	require.True(t, found)
	commands := regexp.MustCompile(`[A-Z]{3,}`).FindAllString(list, -1)
	require.Greater(t, len(commands), 20)
	return commands
}
