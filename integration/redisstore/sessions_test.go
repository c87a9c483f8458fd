package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	sessionstore "github.com/gin-jwt-extended/ginjwt/store"
)

func indexOf(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return "ginjwt:sessions:" + hex.EncodeToString(sum[:])
}

func listed(t *testing.T, s *redisstore.Sessions, identity string) (ids []string) {
	t.Helper()
	sessions, err := s.List(t.Context(), "", identity)
	require.NoError(t, err)
	for _, session := range sessions {
		ids = append(ids, session.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestSessionIsAHashThatExpires(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, client, ctx := store.Sessions(), store.client, t.Context()
	s := create(t, sessions, ginjwt.Session{
		ID: "sid", Identity: "alice@example.com", Device: "Firefox", Generation: 7,
		CreatedAt: time.UnixMilli(1000), RotatedAt: time.UnixMilli(2001), HandedOutAt: time.UnixMilli(3002), ExpiresAt: hour,
		EndsAt: time.UnixMilli(4000), KeyHash: "hash:7", Data: "{}", JKT: "thumb",
		Upstream: sessionstore.Upstream{Issuer: "https://id", SID: "s", Subject: "a"},
	})

	keys, err := client.Keys(ctx, "*").Result()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"ginjwt:session:sid", indexOf("alice@example.com")}, keys)
	fields, err := client.HGetAll(ctx, "ginjwt:session:sid").Result()
	require.NoError(t, err)
	require.NotEmpty(t, fields["call"])
	delete(fields, "call")
	assert.Equal(t, map[string]string{
		"identity": "alice@example.com", "device": "Firefox", "generation": "7",
		"created": "1000", "rotated": "2001", "grace": "63002", "expires": strconv.FormatInt(hour.UnixMilli(), 10),
		"realm": "", "ends": "4000", "key": "hash:7", "data": "{}", "iss": "https://id", "sid": "s", "sub": "a", "jkt": "thumb",
	}, fields)
	assertExpiry(t, client, hour.Add(margin), "ginjwt:session:sid", indexOf("alice@example.com"))
	entries, err := client.ZRangeWithScores(ctx, indexOf("alice@example.com"), 0, -1).Result()
	require.NoError(t, err)
	assert.Equal(t, []redis.Z{{Score: float64(hour.UnixMilli()), Member: "sid"}}, entries)

	later := s
	later.Generation, later.ExpiresAt = 8, hour.Add(time.Hour)
	replace(t, sessions, s, later)
	assertExpiry(t, client, later.ExpiresAt.Add(margin), "ginjwt:session:sid", indexOf("alice@example.com"))
	longer := later
	longer.RotatedAt, longer.ExpiresAt = later.RotatedAt.Add(time.Second), hour.Add(2*time.Hour)
	replace(t, sessions, later, longer)
	assertExpiry(t, client, longer.ExpiresAt.Add(margin), "ginjwt:session:sid", indexOf("alice@example.com"))
	sooner := longer
	sooner.Generation, sooner.ExpiresAt = 9, hour
	replace(t, sessions, longer, sooner)
	assertExpiry(t, client, hour.Add(margin), "ginjwt:session:sid")
	assertExpiry(t, client, longer.ExpiresAt.Add(margin), indexOf("alice@example.com"))

	remove(t, sessions, "sid")
	keys = client.Keys(ctx, "*").Val()
	require.Len(t, keys, 1, "neither hash nor index")
	assert.Regexp(t, `^ginjwt:deleted:\{ginjwt:session:sid\}:\d+$`, keys[0])
	assertExpiry(t, client, time.Now().Add(time.Minute+patience), keys[0])
}

// margin is how long what has expired is kept, as clocks differ.
const margin = time.Minute

func TestSessionsOfAMomentAgoAreKept(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, client, ctx := store.Sessions(), store.client, t.Context()
	for id, ago := range map[string]time.Duration{"just": 15 * time.Second, "long": margin + time.Second} {
		s := sessionFor(id, "alice")
		s.ExpiresAt = time.Now().Add(-ago)
		create(t, sessions, s)
	}
	assert.Equal(t, []string{"just"}, listed(t, sessions, "alice"))
	for _, key := range []string{"ginjwt:session:long", "ginjwt:session:just", indexOf("alice")} {
		assert.EqualValues(t, strings.Count(key, "long")^1, client.Exists(ctx, key).Val(), key)
	}
	assert.Equal(t, []string{"just"}, client.ZRange(ctx, indexOf("alice"), 0, -1).Val())
	_, ok, err := sessions.Get(ctx, "just")
	require.NoError(t, err)
	assert.True(t, ok)
}

func assertExpiry(t *testing.T, client redis.UniversalClient, want time.Time, keys ...string) {
	t.Helper()
	for _, key := range keys {
		left, err := client.PTTL(t.Context(), key).Result()
		require.NoError(t, err)
		assert.WithinDuration(t, want, time.Now().Add(left), 10*time.Second, key)
	}
}

func replace(t *testing.T, s *redisstore.Sessions, old, next ginjwt.Session) {
	t.Helper()
	replaced, err := s.Replace(t.Context(), old, next)
	require.NoError(t, err)
	require.True(t, replaced)
}

func remove(t *testing.T, s *redisstore.Sessions, id string) {
	t.Helper()
	deleted, err := s.Delete(t.Context(), id)
	require.NoError(t, err)
	require.True(t, deleted)
}

func TestSessionWithoutAnEndStays(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, client, ctx := store.Sessions(), store.client, t.Context()
	s := sessionFor("sid", "alice")
	s.ExpiresAt = time.Time{}
	create(t, sessions, s)
	create(t, sessions, sessionFor("other", "alice"))
	for _, key := range []string{"ginjwt:session:sid", indexOf("alice")} {
		assert.EqualValues(t, -1, client.PTTL(ctx, key).Val(), "%s has no expiry", key)
	}
	got, ok, err := sessions.Get(ctx, "sid")
	require.NoError(t, err)
	require.True(t, ok)
	assert.True(t, got.ExpiresAt.IsZero())
	assert.Equal(t, []string{"other", "sid"}, listed(t, sessions, "alice"))

	ends := s
	ends.Generation, ends.ExpiresAt = 2, hour
	replace(t, sessions, s, ends)
	assertExpiry(t, client, hour.Add(margin), "ginjwt:session:sid")
}

func TestExpiredSessionsGoByThemselves(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, client, ctx := store.Sessions(), store.client, t.Context()
	create(t, sessions, sessionFor("long", "alice"))
	short := sessionFor("short", "alice")
	short.ExpiresAt = time.Now().Add(200*time.Millisecond - margin)
	create(t, sessions, short)
	lonely := sessionFor("lonely", "bob")
	lonely.ExpiresAt = short.ExpiresAt
	create(t, sessions, lonely)

	require.Eventually(t, func() bool {
		return client.Exists(ctx, "ginjwt:session:short", "ginjwt:session:lonely", indexOf("bob")).Val() == 0
	}, soon, tick)
	assert.EqualValues(t, 2, client.ZCard(ctx, indexOf("alice")).Val())
	assert.Equal(t, []string{"long"}, listed(t, sessions, "alice"))
	assert.EqualValues(t, 1, client.ZCard(ctx, indexOf("alice")).Val(), "listing drops the entry")
}

// A process may have stopped between the index and the session, or be between
// them now.
func TestIndexMayNameWhatIsNotThere(t *testing.T) {
	t.Parallel()
	store, server := openStore(t, redisstore.Options{})
	sessions, ctx := store.Sessions(), t.Context()
	create(t, sessions, sessionFor("bobs", "bob"))
	bobs := redis.Z{Member: "bobs", Score: float64(hour.UnixMilli())}
	require.NoError(t, store.client.ZAdd(ctx, indexOf("alice"), bobs).Err())

	slow := newClient(t, server.Addr())
	between, goOn := make(chan struct{}), make(chan struct{})
	slow.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if slices.Contains(cmd.Args(), any("ginjwt:session:coming")) {
			close(between)
			<-goOn
		}
		return next(ctx, cmd)
	}))
	coming := newStore(t, slow, redisstore.Options{Timeout: soon}).Sessions()
	created := make(chan bool, 1)
	go func() {
		yes, err := coming.Create(ctx, sessionFor("coming", "alice"))
		assert.NoError(t, err)
		created <- yes
	}()
	<-between
	require.EqualValues(t, 2, store.client.ZCard(ctx, indexOf("alice")).Val())
	assert.Empty(t, listed(t, sessions, "alice"))

	close(goOn)
	require.True(t, <-created)
	assert.Equal(t, []string{"coming"}, listed(t, sessions, "alice"), "listing has not dropped the entry")
}

// hook sees every command of a client, and sends it by next.
type hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestRotationMendsTheIndex(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, ctx := store.Sessions(), t.Context()
	s := create(t, sessions, sessionFor("sid", "alice"))
	require.NoError(t, store.client.Del(ctx, indexOf("alice")).Err())
	require.Empty(t, listed(t, sessions, "alice"))
	next := s
	next.Generation++
	replace(t, sessions, s, next)
	assert.Equal(t, []string{"sid"}, listed(t, sessions, "alice"))
	assertExpiry(t, store.client, s.ExpiresAt.Add(margin), indexOf("alice"))
}

func TestSessionThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	sessions, ctx := store.Sessions(), t.Context()
	create(t, sessions, sessionFor("sid", "alice"))
	const notASession = "redisstore: the record of a session has fields that cannot be read: check whether another program writes to the keys of this prefix"
	for _, field := range []string{"generation", "created", "rotated", "grace", "expires", "ends"} {
		was := store.client.HGet(ctx, "ginjwt:session:sid", field).Val()
		require.NoError(t, store.client.HSet(ctx, "ginjwt:session:sid", field, "x").Err())
		_, ok, err := sessions.Get(ctx, "sid")
		assert.EqualError(t, err, notASession, field)
		assert.False(t, ok)
		_, err = sessions.List(ctx, "", "alice")
		assert.EqualError(t, err, notASession, field)
		require.NoError(t, store.client.HSet(ctx, "ginjwt:session:sid", field, was).Err())
	}
	require.NoError(t, store.client.Set(ctx, "ginjwt:session:text", "x", 0).Err())
	_, _, err := sessions.Get(ctx, "text")
	assert.ErrorContains(t, err, "redisstore: WRONGTYPE")
}

// What a thief of the database gets is good for nothing.
func TestNothingInRedisIsAToken(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, redisstore.Options{})
	b := follow(t, store)
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = store.Sessions(), b
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	pair, err := mgr.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	refresh, err := mgr.DecodeToken(t.Context(), pair.RefreshToken)
	require.NoError(t, err)
	pair, err = mgr.RotateTokens(t.Context(), refresh)
	require.NoError(t, err)
	access, err := mgr.DecodeToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), access))

	texts := everything(t, store.client)
	require.Greater(t, len(texts), 10)
	for _, text := range texts {
		_, err := mgr.DecodeToken(t.Context(), text)
		assert.Error(t, err, "%q", text)
		for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
			assert.NotContains(t, text, token)
			assert.NotContains(t, text, token[strings.LastIndexByte(token, '.')+1:], "a signature")
		}
	}
	assert.NotContains(t, texts, access.ID)
}

// everything returns all keys and values.
func everything(t *testing.T, client redis.UniversalClient) (texts []string) {
	ctx := t.Context()
	for _, key := range client.Keys(ctx, "*").Val() {
		texts = append(texts, key)
		switch client.Type(ctx, key).Val() {
		case "hash":
			for field, value := range client.HGetAll(ctx, key).Val() {
				texts = append(texts, field, value)
			}
		case "string":
			texts = append(texts, client.Get(ctx, key).Val())
		case "zset":
			texts = append(texts, client.ZRange(ctx, key, 0, -1).Val()...)
		case "stream":
			for _, message := range client.XRange(ctx, key, "-", "+").Val() {
				for field, value := range message.Values {
					texts = append(texts, field, value.(string))
				}
			}
		default:
			t.Errorf("%s is of an unexpected type", key)
		}
	}
	return texts
}
