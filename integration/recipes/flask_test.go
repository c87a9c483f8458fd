package recipes_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

// flaskBlocklist is the list that a service of Flask keeps in Redis: the "jti" of a
// revoked token is a key, which expires with the token.
type flaskBlocklist struct {
	redis *redis.Client
}

var _ ginjwt.Blocklist = flaskBlocklist{}

func (b flaskBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	if expires.IsZero() {
		return b.redis.Set(ctx, id, "", 0).Err()
	}
	ttl := time.Until(expires) + time.Second // EXPIRE counts whole seconds
	if ttl <= 0 {
		return nil
	}
	_, err := b.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.SetNX(ctx, id, "", ttl)
		p.ExpireGT(ctx, id, ttl) // a later time counts; since Redis 7
		return nil
	})
	return err
}

func (b flaskBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	if len(ids) == 0 {
		return false, nil
	}
	n, err := b.redis.Exists(ctx, ids...).Result()
	return n > 0, err
}

func newRedis(t *testing.T) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: testserver.Redis(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func newService(t *testing.T, list ginjwt.Blocklist, loaders ...func(*ginjwt.JWTManager)) *ginjwt.JWTManager {
	t.Helper()
	mgr := ginjwt.New(ginjwt.Config{SecretKey: "one secret for Flask, and for this service", Blocklist: list})
	for _, register := range loaders {
		register(mgr)
	}
	require.NoError(t, mgr.InitApp(nil))
	return mgr
}

func newToken(t *testing.T, mgr *ginjwt.JWTManager) (encoded string, token *ginjwt.Token) {
	t.Helper()
	encoded, err := mgr.CreateAccessToken(t.Context(), "alice")
	require.NoError(t, err)
	token, err = mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	return encoded, token
}

func TestTheListOfAFlaskServiceInRedis(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, func(t *testing.T) ginjwt.Blocklist { return flaskBlocklist{newRedis(t)} })
}

// What one of the services revokes, the other refuses.
func TestAFlaskServiceAndThisOneShareTheirListInRedis(t *testing.T) {
	t.Parallel()
	client := newRedis(t)
	mgr := newService(t, flaskBlocklist{client})

	encoded, token := newToken(t, mgr)
	_, err := mgr.VerifyToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, client.Set(t.Context(), token.ID, "", time.Hour).Err()) // as Flask does
	_, err = mgr.VerifyToken(t.Context(), encoded)
	require.ErrorIs(t, err, ginjwt.ErrRevokedToken)

	_, token = newToken(t, mgr)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	value, err := client.Get(t.Context(), token.ID).Result() // as Flask does
	require.NoError(t, err)
	assert.Empty(t, value)
	ttl, err := client.TTL(t.Context(), token.ID).Result()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, ttl, 14*time.Minute)
	assert.LessOrEqual(t, ttl, 30*time.Minute)
}

// A service that writes "false" for a token when it makes it, and "true" when it
// revokes it, as was usual with Flask-JWT-Extended 3.
func TestTheOlderListOfAFlaskServiceInRedis(t *testing.T) {
	t.Parallel()
	client := newRedis(t)
	mgr := newService(t, nil, func(jwt *ginjwt.JWTManager) {
		jwt.TokenInBlocklistLoader(func(ctx context.Context, token *ginjwt.Token) (bool, error) {
			revoked, err := client.Get(ctx, token.ID).Result()
			if errors.Is(err, redis.Nil) {
				return true, nil // every token was stored when it was created
			}
			return revoked != "false", err
		})
	})
	encoded, token := newToken(t, mgr)
	for value, refused := range map[string]bool{"false": false, "true": true} {
		require.NoError(t, client.Set(t.Context(), token.ID, value, time.Hour).Err())
		_, err := mgr.VerifyToken(t.Context(), encoded)
		assert.Equal(t, refused, errors.Is(err, ginjwt.ErrRevokedToken), value)
		assert.Equal(t, refused, err != nil, value)
	}
	require.NoError(t, client.Del(t.Context(), token.ID).Err())
	_, err := mgr.VerifyToken(t.Context(), encoded)
	require.ErrorIs(t, err, ginjwt.ErrRevokedToken)
}
