package redisstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func indexOf(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return "ginjwt:sessions:" + hex.EncodeToString(sum[:])
}

func listed(t *testing.T, s *Sessions, identity string) (ids []string) {
	t.Helper()
	sessions, err := s.List(t.Context(), identity)
	require.NoError(t, err)
	for _, session := range sessions {
		ids = append(ids, session.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestSessionIsAHashThatExpires(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
	sessions, client, ctx := store.Sessions(), store.client, t.Context()
	s := create(t, sessions, ginjwt.Session{
		ID: "sid", Identity: "alice@example.com", Device: "Firefox", Generation: 7,
		CreatedAt: time.UnixMilli(1000), RotatedAt: time.UnixMilli(2001), ExpiresAt: hour,
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
		"created": "1000", "rotated": "2001", "grace": "", "expires": millis(hour),
	}, fields)
	assertExpiry(t, client, hour, "ginjwt:session:sid", indexOf("alice@example.com"))
	entries, err := client.ZRangeWithScores(ctx, indexOf("alice@example.com"), 0, -1).Result()
	require.NoError(t, err)
	assert.Equal(t, []redis.Z{{Score: float64(hour.UnixMilli()), Member: "sid"}}, entries)

	later := s
	later.Generation, later.ExpiresAt = 8, hour.Add(time.Hour)
	replace(t, sessions, s, later)
	assertExpiry(t, client, later.ExpiresAt, "ginjwt:session:sid", indexOf("alice@example.com"))
	longer := later
	longer.RotatedAt, longer.ExpiresAt = later.RotatedAt.Add(time.Second), hour.Add(2*time.Hour)
	replace(t, sessions, later, longer)
	assertExpiry(t, client, longer.ExpiresAt, "ginjwt:session:sid", indexOf("alice@example.com"))
	sooner := longer
	sooner.Generation, sooner.ExpiresAt = 9, hour
	replace(t, sessions, longer, sooner)
	assertExpiry(t, client, hour, "ginjwt:session:sid")
	assertExpiry(t, client, longer.ExpiresAt, indexOf("alice@example.com"))

	require.NoError(t, sessions.Delete(ctx, "sid"))
	assert.Zero(t, client.DBSize(ctx).Val(), "neither hash nor index")
}

func assertExpiry(t *testing.T, client redis.UniversalClient, want time.Time, keys ...string) {
	t.Helper()
	for _, key := range keys {
		left, err := client.PTTL(t.Context(), key).Result()
		require.NoError(t, err)
		assert.WithinDuration(t, want, time.Now().Add(left), 10*time.Second, key)
	}
}

func replace(t *testing.T, s *Sessions, old, next ginjwt.Session) {
	t.Helper()
	replaced, err := s.Replace(t.Context(), old, next)
	require.NoError(t, err)
	require.True(t, replaced)
}

func TestSessionWithoutAnEndStays(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
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
	assertExpiry(t, client, hour, "ginjwt:session:sid")
}

func TestExpiredSessionsGoByThemselves(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
	sessions, client, ctx := store.Sessions(), store.client, t.Context()
	create(t, sessions, sessionFor("long", "alice"))
	short := sessionFor("short", "alice")
	short.ExpiresAt = time.Now().Add(200 * time.Millisecond)
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
	store, _ := openStore(t, Options{})
	sessions, ctx := store.Sessions(), t.Context()
	coming := sessionFor("coming", "alice")
	require.NoError(t, sessions.index(ctx, coming))
	create(t, sessions, sessionFor("bobs", "bob"))
	require.NoError(t, sessions.index(ctx, sessionFor("bobs", "alice")))
	assert.Empty(t, listed(t, sessions, "alice"))

	created, err := sessions.decide(ctx, createScript, coming.ID, append([]any{"1", millis(hour), "identity", "alice",
		"device", "", "created", "1"}, changing(coming)...)...)
	require.NoError(t, err)
	require.True(t, created)
	assert.Equal(t, []string{"coming"}, listed(t, sessions, "alice"), "listing has not dropped the entry")
}

func TestRotationMendsTheIndex(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
	sessions, ctx := store.Sessions(), t.Context()
	s := create(t, sessions, sessionFor("sid", "alice"))
	require.NoError(t, store.client.Del(ctx, indexOf("alice")).Err())
	require.Empty(t, listed(t, sessions, "alice"))
	next := s
	next.Generation++
	replace(t, sessions, s, next)
	assert.Equal(t, []string{"sid"}, listed(t, sessions, "alice"))
	assertExpiry(t, store.client, s.ExpiresAt, indexOf("alice"))
}

// The client sends a script again when it did not get the answer.
func TestScriptsKnowTheirOwnWork(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
	sessions := store.Sessions()
	s := sessionFor("sid", "alice")
	fields := append([]any{"identity", "alice", "device", "", "created", "1"}, changing(s)...)
	next := s
	next.Generation = 2
	run := func(script *redis.Script, args ...any) bool {
		yes, err := sessions.decide(t.Context(), script, "sid", args...)
		require.NoError(t, err)
		return yes
	}
	creates := func(call string) bool {
		return run(createScript, append([]any{call, millis(hour)}, fields...)...)
	}
	replaces := func(call string) bool {
		return run(replaceScript, append([]any{call, millis(hour), 1, millis(s.RotatedAt), millis(s.GraceUntil)}, changing(next)...)...)
	}
	assert.False(t, replaces("0"), "there is none")
	assert.True(t, creates("1"))
	assert.True(t, creates("1"), "sent again")
	assert.False(t, creates("2"))
	assert.True(t, replaces("3"))
	assert.True(t, replaces("3"), "sent again")
	assert.False(t, replaces("4"))
	assert.False(t, creates("1"), "replaced since")
}

// So does a whole call whose answer is lost on the way.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	proxy := testserver.NewProxy(t, testserver.Redis(t).Addr())
	sessions := newStore(t, newClient(t, proxy.Addr()), Options{}).Sessions()
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
		require.NoError(t, sessions.Delete(t.Context(), s.ID))
	}
	assert.Equal(t, []string{"first"}, listed(t, sessions, "alice"))
}

func TestSessionThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
	sessions, ctx := store.Sessions(), t.Context()
	create(t, sessions, sessionFor("sid", "alice"))
	for _, field := range []string{"generation", "created", "rotated", "grace", "expires"} {
		was := store.client.HGet(ctx, "ginjwt:session:sid", field).Val()
		require.NoError(t, store.client.HSet(ctx, "ginjwt:session:sid", field, "x").Err())
		_, ok, err := sessions.Get(ctx, "sid")
		assert.ErrorIs(t, err, errBadSession, field)
		assert.False(t, ok)
		_, err = sessions.List(ctx, "alice")
		assert.ErrorIs(t, err, errBadSession, field)
		require.NoError(t, store.client.HSet(ctx, "ginjwt:session:sid", field, was).Err())
	}
	require.NoError(t, store.client.Set(ctx, "ginjwt:session:text", "x", 0).Err())
	_, _, err := sessions.Get(ctx, "text")
	assert.ErrorContains(t, err, "redisstore: WRONGTYPE")
}

// What a thief of the database gets is good for nothing.
func TestNothingInRedisIsAToken(t *testing.T) {
	t.Parallel()
	store, _ := openStore(t, Options{})
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
