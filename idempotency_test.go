package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const (
	key      = "6fd2c6f6-0d4c-4b5e-8d4e-3c1f6a0b7e9d"
	otherKey = "0c5a1b9e-7e7b-4b0e-9a53-5d2f8c6b1a47"
)

// byHandler sends a refresh token and a key to RefreshHandler.
func byHandler(from carrier) func(t *testing.T, a *graceApp, encoded, key string) (ginjwt.TokenPair, error) {
	return func(t *testing.T, a *graceApp, encoded, key string) (pair ginjwt.TokenPair, err error) {
		t.Helper()
		err = errors.New("the answer is no pair")
		engine := gin.New()
		engine.Use(func(c *gin.Context) {
			c.Next()
			if len(c.Errors) > 0 {
				err = c.Errors.Last().Err
			}
		})
		require.NoError(t, a.mgr.InitApp(engine))
		engine.POST("/refresh", a.mgr.RefreshHandler())
		w := jwttest.Do(engine, "POST", "/refresh", append(from.put(t, encoded), jwttest.Header("Idempotency-Key", key))...)
		if w.Code == http.StatusOK {
			err = json.Unmarshal(w.Body.Bytes(), &pair)
		}
		return pair, err
	}
}

// keyCarriers are how a key comes to a rotation.
var keyCarriers = []struct {
	name   string
	rotate func(t *testing.T, a *graceApp, encoded, key string) (ginjwt.TokenPair, error)
}{
	{"header", byHandler(carriers[0])},
	{"form", byHandler(carriers[3])},
	{"handler of one's own", func(t *testing.T, a *graceApp, encoded, key string) (pair ginjwt.TokenPair, err error) {
		t.Helper()
		engine := gin.New()
		require.NoError(t, a.mgr.InitApp(engine))
		engine.POST("/refresh", a.mgr.RefreshRequired(), func(c *gin.Context) {
			token, _ := ginjwt.GetToken(c)
			pair, err = a.mgr.RotateTokens(c, token)
		})
		w := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(encoded), jwttest.Header("Idempotency-Key", key))
		if w.Code == http.StatusUnauthorized {
			return pair, ginjwt.ErrSessionReused
		}
		return pair, err
	}},
	{"option", func(t *testing.T, a *graceApp, encoded, key string) (ginjwt.TokenPair, error) {
		t.Helper()
		return rotate(t, a.mgr, encoded, ginjwt.WithIdempotencyKey(key))
	}},
}

// With its key a client may repeat a trade however late, until the successor is
// traded.
func TestKeysRepeatATradeHoweverLate(t *testing.T) {
	t.Parallel()
	for _, from := range keyCarriers {
		t.Run(from.name, func(t *testing.T) {
			t.Parallel()
			a := newGraceApp(t, nil)
			first := newPair(t, a.mgr)
			a.clock.Advance(tradable)
			second, err := from.rotate(t, a, first.RefreshToken, key)
			require.NoError(t, err)
			for range 3 {
				a.clock.Advance(7 * 24 * time.Hour)
				again, err := from.rotate(t, a, first.RefreshToken, key)
				require.NoError(t, err)
				assert.Equal(t, idOf(t, a.mgr, second.RefreshToken), idOf(t, a.mgr, again.RefreshToken))
				accepted(t, a.mgr, again.AccessToken)
			}
			_, err = from.rotate(t, a, second.RefreshToken, otherKey)
			require.NoError(t, err)
			_, err = from.rotate(t, a, first.RefreshToken, key)
			require.ErrorIs(t, err, ginjwt.ErrSessionReused)
			assert.Equal(t, []string{"alice"}, a.told)
		})
	}
}

func TestWhatIsNotTheKeyOfATrade(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		grace        time.Duration
		trade, again string // keys; empty: none
	}{
		{"another", 0, key, otherKey},
		{"none", 0, key, ""},
		{"one, where there was none", 0, "", key},
		{"in upper case", 0, key, strings.ToUpper(key)},
		{"the beginning", 0, key, key[:len(key)-1]},
		{"the same, without a grace", -1, key, key},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newGraceApp(t, func(c *ginjwt.Config) { c.SessionGrace = test.grace })
			first := newPair(t, a.mgr)
			a.clock.Advance(tradable)
			mustRotate(t, a.mgr, first.RefreshToken, ginjwt.WithIdempotencyKey(test.trade))
			if test.grace == 0 {
				a.clock.Advance(grace - time.Millisecond)
				mustRotate(t, a.mgr, first.RefreshToken, ginjwt.WithIdempotencyKey(test.again)) // for which it needs no key
				a.clock.Advance(time.Millisecond)
			}
			_, err := rotate(t, a.mgr, first.RefreshToken, ginjwt.WithIdempotencyKey(test.again))
			require.ErrorIs(t, err, ginjwt.ErrSessionReused)
		})
	}
}

// A key that made one generation makes no other: a thief would have one that never
// changes, too.
func TestKeysAreForOneGeneration(t *testing.T) {
	t.Parallel()
	for _, between := range []string{"", otherKey[:16]} {
		for later := range 4 {
			t.Run(fmt.Sprint(later, " generations later, key between: ", between), func(t *testing.T) {
				t.Parallel()
				a := newGraceApp(t, nil)
				last := newPair(t, a.mgr)
				a.clock.Advance(tradable)
				next := mustRotate(t, a.mgr, last.RefreshToken, ginjwt.WithIdempotencyKey(key))
				for i := range later + 1 {
					a.clock.Advance(tradable)
					last = next
					opts := []ginjwt.TokenOption{ginjwt.WithIdempotencyKey(key)}
					if between == "" && i < later {
						opts = nil // generations without a key do not make it new
					}
					next = mustRotate(t, a.mgr, last.RefreshToken, opts...)
				}
				a.clock.Advance(grace)
				_, err := rotate(t, a.mgr, last.RefreshToken, ginjwt.WithIdempotencyKey(key))
				require.ErrorIs(t, err, ginjwt.ErrSessionReused)
			})
		}
	}
}

// The key of the predecessor's trade is not that of the successor's.
func TestKeysOfTheTradeBefore(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	first := newPair(t, a.mgr)
	a.clock.Advance(tradable)
	second := mustRotate(t, a.mgr, first.RefreshToken, ginjwt.WithIdempotencyKey(key))
	a.clock.Advance(tradable)
	mustRotate(t, a.mgr, second.RefreshToken)
	a.clock.Advance(grace)
	_, err := rotate(t, a.mgr, second.RefreshToken, ginjwt.WithIdempotencyKey(key))
	require.ErrorIs(t, err, ginjwt.ErrSessionReused)
}

// A store keeps hashes of keys, and other ones for other sessions.
func TestKeysAreStoredAsHashes(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	hashes := map[string]bool{}
	for range 2 {
		pair := newPair(t, a.mgr)
		a.clock.Advance(tradable)
		mustRotate(t, a.mgr, pair.RefreshToken, ginjwt.WithIdempotencyKey(key))
		s := a.stored(t, pair.SessionID)
		require.NotEmpty(t, s.KeyHash)
		assert.LessOrEqual(t, len(s.KeyHash), 255)
		assert.NotContains(t, fmt.Sprintf("%+v", s), key)
		hashes[s.KeyHash] = true
	}
	assert.Len(t, hashes, 2)
}

// The key of one session is none in another, also if its hash were copied there.
func TestKeysOfOtherSessions(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	mine, theirs := newPair(t, a.mgr), newPair(t, a.mgr)
	a.clock.Advance(tradable)
	mustRotate(t, a.mgr, mine.RefreshToken, ginjwt.WithIdempotencyKey(key))
	mustRotate(t, a.mgr, theirs.RefreshToken, ginjwt.WithIdempotencyKey(otherKey))
	s := a.stored(t, theirs.SessionID)
	changed := s
	changed.KeyHash = a.stored(t, mine.SessionID).KeyHash
	changed.HandedOutAt = s.HandedOutAt.Add(time.Millisecond)
	done, err := a.store.Replace(t.Context(), s, changed)
	require.NoError(t, err)
	require.True(t, done)
	a.clock.Advance(tradable)
	_, err = rotate(t, a.mgr, theirs.RefreshToken, ginjwt.WithIdempotencyKey(key))
	require.ErrorIs(t, err, ginjwt.ErrSessionReused)
	_, err = rotate(t, a.mgr, mine.RefreshToken, ginjwt.WithIdempotencyKey(key))
	require.NoError(t, err)
}

func TestLengthOfKeys(t *testing.T) {
	t.Parallel()
	for length, good := range map[int]bool{1: false, 15: false, 16: true, 255: true, 256: false, 1 << 20: false} {
		for _, from := range keyCarriers[:2] {
			a := newGraceApp(t, nil)
			_, err := from.rotate(t, a, newPair(t, a.mgr).RefreshToken, strings.Repeat("k", length))
			if good {
				require.NoError(t, err, length)
				continue
			}
			require.Error(t, err, length)
		}
		a := newGraceApp(t, nil)
		_, err := rotate(t, a.mgr, newPair(t, a.mgr).RefreshToken, ginjwt.WithIdempotencyKey(strings.Repeat("k", length)))
		if good {
			require.NoError(t, err, length)
			continue
		}
		require.EqualError(t, err, "ginjwt: WithIdempotencyKey: an Idempotency-Key must have 16 to 255 bytes", length)
	}
}

// Two keys, or one that is none, are refused wherever a refresh token is used, and
// nothing is traded.
func TestBadKeysInRequests(t *testing.T) {
	t.Parallel()
	const says = "Bad Idempotency-Key header. Expected one of 16 to 255 bytes"
	for name, keys := range map[string][]string{
		"short": {key[:15]}, "long": {strings.Repeat("k", 256)}, "empty": {""}, "two": {key, otherKey}, "the same twice": {key, key},
	} {
		for _, from := range carriers {
			t.Run(name+" beside a "+from.name, func(t *testing.T) {
				t.Parallel()
				a := newHandlersApp(t)
				a.clock.Advance(tradable)
				opts := append(from.put(t, a.pair.RefreshToken), func(r *http.Request) { r.Header["Idempotency-Key"] = keys })
				w := jwttest.Do(a.engine, "POST", "/refresh", opts...)
				if from.name == "form" {
					assert.Equal(t, 400, w.Code)
					assert.Equal(t, oauthBody("invalid_request", says), w.Body.String())
				} else {
					assert.Equal(t, 422, w.Code)
					assert.Equal(t, `{"msg":"`+says+`"}`+"\n", w.Body.String())
				}
				assert.Contains(t, w.Header().Get("WWW-Authenticate"), `, reason="idempotency_key_malformed"`)
				assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
			})
		}
	}
}

// Requests with an access token may have keys of any kind, which are for others.
func TestKeysBesideAccessTokens(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	w := jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(a.pair.AccessToken), jwttest.Header("Idempotency-Key", "8"))
	assert.Equal(t, 200, w.Code)
}

// Whoever asks RefreshRequired with the key is no thief either.
func TestKeysOnRefreshRequired(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	engine := gin.New()
	require.NoError(t, a.mgr.InitApp(engine))
	engine.POST("/", a.mgr.RefreshRequired(), identify)
	first := newPair(t, a.mgr)
	a.clock.Advance(tradable)
	mustRotate(t, a.mgr, first.RefreshToken, ginjwt.WithIdempotencyKey(key))
	a.clock.Advance(24 * time.Hour)
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/", jwttest.Bearer(first.RefreshToken), jwttest.Header("Idempotency-Key", key)).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/", jwttest.Bearer(first.RefreshToken), jwttest.Header("Idempotency-Key", otherKey)).Code)
}

// The key of a form counts also where the manager is not in the request.
func TestKeysWithoutTheMiddleware(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	engine := gin.New()
	engine.POST("/refresh", a.mgr.RefreshHandler())
	for _, from := range []carrier{carriers[0], carriers[3]} {
		first := newPair(t, a.mgr)
		a.clock.Advance(tradable)
		for range 2 {
			w := jwttest.Do(engine, "POST", "/refresh", append(from.put(t, first.RefreshToken), jwttest.Header("Idempotency-Key", key))...)
			require.Equal(t, 200, w.Code, from.name)
			a.clock.Advance(24 * time.Hour)
		}
	}
}

// The option wins over the header of the request.
func TestKeyOfTheOptionWins(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	engine := gin.New()
	require.NoError(t, a.mgr.InitApp(engine))
	engine.POST("/", a.mgr.RefreshRequired(), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		_, err := a.mgr.RotateTokens(c, token, ginjwt.WithIdempotencyKey(key))
		assert.NoError(t, err)
	})
	first := newPair(t, a.mgr)
	a.clock.Advance(tradable)
	w := jwttest.Do(engine, "POST", "/", jwttest.Bearer(first.RefreshToken), jwttest.Header("Idempotency-Key", otherKey))
	require.Equal(t, 200, w.Code)
	a.clock.Advance(24 * time.Hour)
	mustRotate(t, a.mgr, first.RefreshToken, ginjwt.WithIdempotencyKey(key))
}

// A key is for the trade of a token, and nothing else takes one.
func TestKeysAreForRotateTokens(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	const says = "ginjwt: WithIdempotencyKey is for RotateTokens"
	for _, create := range []func(context.Context, any, ...ginjwt.TokenOption) (string, error){a.mgr.CreateAccessToken, a.mgr.CreateRefreshToken} {
		token, err := create(t.Context(), "alice", ginjwt.WithIdempotencyKey(key))
		require.EqualError(t, err, says)
		require.Empty(t, token)
	}
	pair, err := a.mgr.CreateTokenPair(t.Context(), "alice", ginjwt.WithIdempotencyKey(key))
	require.EqualError(t, err, says)
	require.Zero(t, pair)
}
