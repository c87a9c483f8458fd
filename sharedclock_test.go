package ginjwt_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// listOnce is a server whose list is empty, and that can go down.
type listOnce struct {
	replica.Log
	isDown atomic.Bool
}

var errListDown = errors.New("the server of the list is down")

func (l *listOnce) err() error {
	if l.isDown.Load() {
		return errListDown
	}
	return nil
}

func (l *listOnce) Head(context.Context) (replica.Head, error) {
	return replica.Head{Epoch: "epoch", Now: time.Now()}, l.err()
}

func (l *listOnce) Load(context.Context, func(idset.Entry)) (at replica.Position, err error) {
	return at, l.err()
}

func (l *listOnce) Call(_ context.Context, me replica.Member) ([]replica.Member, string, error) {
	return []replica.Member{me}, "epoch", l.err()
}

func (l *listOnce) Wait(ctx context.Context, _ replica.Position, most time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, most)
	defer stop()
	<-ctx.Done()
	return nil
}

func (l *listOnce) Contains(context.Context, []idset.Key, replica.Position) (replica.Answer, error) {
	return replica.Answer{}, errListDown
}

func (l *listOnce) Strike(context.Context, replica.Member) error { return nil }

// replicatedList is a blocklist like those of redisstore and sqlstore.
type replicatedList struct{ *replica.Copy }

func (r *replicatedList) Self() any { return r }

// A request judges the age of a replica by the clock of the machine, whatever Config.Now
// says.
func TestTheAgeOfAReplicaIsMeasuredByARealClock(t *testing.T) {
	t.Parallel()
	stopped := time.Now()
	for name, now := range map[string]func() time.Time{
		"no Config.Now":           nil,
		"Config.Now stands still": func() time.Time { return stopped },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, list := followed(t, 200*time.Millisecond)
			config := jwttest.Config(nil)
			config.Blocklist, config.Now = list, now
			mgr, engine := newManager(t, config)
			engine.GET("/", mgr.JWTRequired(), identify)
			token := jwttest.AccessToken(t, mgr, "alice")
			status := func() int { return jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(token)).Code }
			require.Eventually(t, func() bool { return status() == http.StatusOK }, time.Minute, time.Millisecond)
			server.isDown.Store(true)
			require.Eventually(t, func() bool { return status() == http.StatusServiceUnavailable }, time.Minute, time.Millisecond)
		})
	}
}

func followed(t *testing.T, maxStaleness time.Duration) (*listOnce, *replicatedList) {
	t.Helper()
	server := &listOnce{}
	list := &replicatedList{replica.New(t.Context(), server, maxStaleness)}
	require.NoError(t, list.Ready(t.Context()))
	return server, list
}

// A DecodeKeyLoader may take longer than a replica stays fresh.
func TestTheAgeOfAReplicaAfterASlowLoader(t *testing.T) {
	t.Parallel()
	server, list := followed(t, 200*time.Millisecond)
	config := jwttest.Config(nil)
	config.Blocklist, config.SecretKey = list, strings.Repeat("k", 32)
	mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.DecodeKeyLoader(func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
			server.isDown.Store(true)
			for isFresh := true; isFresh; {
				_, err := list.Contains(ctx, "unknown")
				isFresh = err == nil
			}
			return unverifiedKeyLoader()(ctx, unverified)
		})
	})
	engine.GET("/", mgr.JWTRequired(), identify)
	token := jwttest.AccessToken(t, mgr, "alice")
	assert.Equal(t, http.StatusServiceUnavailable, jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(token)).Code)
}

// timedList records the readings that it gets, and the IDs that it gets without one.
type timedList struct {
	ginjwt.MemoryBlocklist
	readings []time.Time
	ids      [][]string
	fails    error
}

func (l *timedList) Contains(ctx context.Context, ids ...string) (bool, error) {
	l.ids = append(l.ids, ids)
	return l.MemoryBlocklist.Contains(ctx, ids...)
}

func (l *timedList) ContainsAt(ctx context.Context, now time.Time, id, other string) (bool, error) {
	l.readings = append(l.readings, now)
	if l.fails != nil {
		return false, l.fails
	}
	return l.MemoryBlocklist.Contains(ctx, id, other)
}

func (l *timedList) Self() any { return l }

// last returns the last reading, and forgets all.
func (l *timedList) last(t *testing.T) time.Time {
	t.Helper()
	require.NotEmpty(t, l.readings)
	last := l.readings[len(l.readings)-1]
	l.readings = nil
	return last
}

// The list gets a reading of time.Now, or none. It gets none if somebody may keep the request
// waiting after the reading.
func TestReadingsForTheBlocklist(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		loader bool
		shares bool
	}{
		"by default":        {func(*ginjwt.Config) {}, false, true},
		"with sessions":     {func(c *ginjwt.Config) { c.Sessions = &ginjwt.MemorySessions{} }, false, true},
		"with an observer":  {func(c *ginjwt.Config) { c.Observer = &recorder{} }, false, true},
		"without a cache":   {func(c *ginjwt.Config) { c.TokenCacheSize = -1 }, false, true},
		"Config.Now":        {func(c *ginjwt.Config) { c.Now = (&jwttest.Clock{}).Now }, false, false},
		"a DecodeKeyLoader": {func(c *ginjwt.Config) { c.SecretKey = strings.Repeat("k", 32) }, true, false},
		"another issuer": {func(c *ginjwt.Config) {
			c.Issuers = []ginjwt.Issuer{{Name: "https://other.example", IdentityPrefix: "other|", Keys: []keys.Key{{Verify: []byte(theirSecret), AllowMissingKeyID: true}}}}
		}, false, false},
		"an IssuerResolver": {func(c *ginjwt.Config) {
			c.IssuerResolver = func(context.Context, string) (ginjwt.Issuer, error) { return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer }
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, config := &timedList{}, jwttest.Config(nil)
			config.Blocklist = list
			test.change(&config)
			mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
				if test.loader {
					mgr.DecodeKeyLoader(unverifiedKeyLoader())
				}
			})
			engine.GET("/", mgr.JWTRequired(), identify)
			token := jwttest.AccessToken(t, mgr, "alice")
			for range 2 { // then it is in the cache
				before := time.Now()
				require.Equal(t, "alice", jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(token)).Body.String())
				reading := list.last(t)
				assert.Equal(t, test.shares, !reading.IsZero())
				if test.shares {
					assert.WithinRange(t, reading, before, time.Now())
				}
			}
			_, err := mgr.VerifyToken(t.Context(), token)
			require.NoError(t, err)
			assert.Zero(t, list.last(t))

			require.NoError(t, mgr.RevokeToken(t.Context(), decoded(t, mgr, token)))
			assert.Equal(t, http.StatusUnauthorized, jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(token)).Code)
			assert.Empty(t, list.ids)
		})
	}
}

// An error refuses the request, and the observer learns of it.
func TestAListFailsAtAReading(t *testing.T) {
	t.Parallel()
	told, config := &recorder{}, jwttest.Config(nil)
	config.Blocklist, config.Observer = &timedList{fails: errListDown}, told
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	w := jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	failed := told.failures()
	require.Len(t, failed, 1)
	assert.Equal(t, ginjwt.OperationBlocklistContains, failed[0].Operation)
	assert.Equal(t, errListDown, failed[0].Err)
}

func decoded(t *testing.T, mgr *ginjwt.JWTManager, encoded string) *ginjwt.Token {
	t.Helper()
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	return token
}

// slowBody is a body whose end comes late. It records when.
type slowBody struct {
	io.Reader
	end time.Time
}

func (b *slowBody) Read(p []byte) (n int, err error) {
	n, err = b.Reader.Read(p)
	b.end = time.Now()
	return n, err
}

// A client can send its body as slowly as it likes. The reading of the clock comes after that.
func TestTheReadingComesAfterTheBody(t *testing.T) {
	t.Parallel()
	list, config := &timedList{}, jwttest.Config(nil)
	config.Blocklist, config.CSRFCheckForm = list, true
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON}
	mgr, engine := newManager(t, config)
	engine.POST("/", mgr.JWTRequired(ginjwt.AnyType()), identify)
	config.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	past, _ := newManager(t, config)
	access, refresh := jwttest.AccessToken(t, mgr, "alice"), jwttest.RefreshToken(t, mgr, "alice")
	csrf := func(token string) string { return "csrf_token=" + decoded(t, mgr, token).CSRF }
	const form = "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		body, contentType string
		headers           map[string]string
	}{
		"a token in JSON":        {`{"access_token": "` + access + `"}`, "application/json", nil},
		"a CSRF value in a form": {csrf(access), form, map[string]string{"Cookie": "access_token_cookie=" + access}},
		"after an expired token": {csrf(refresh), form, map[string]string{
			"Authorization": "Bearer " + jwttest.AccessToken(t, past, "alice"), "Cookie": "refresh_token_cookie=" + refresh,
		}},
	} {
		body := &slowBody{Reader: strings.NewReader(test.body)}
		r, w := httptest.NewRequest(http.MethodPost, "/", body), httptest.NewRecorder()
		r.Header.Set("Content-Type", test.contentType)
		for key, value := range test.headers {
			r.Header.Set(key, value)
		}
		engine.ServeHTTP(w, r)
		require.Equal(t, "alice", w.Body.String(), name)
		require.NotZero(t, body.end, name)
		assert.False(t, list.last(t).Before(body.end), name)
	}
}

// A ticket may be looked up in a store before the token.
func TestATicketHasNoReading(t *testing.T) {
	t.Parallel()
	list, config := &timedList{}, jwttest.Config(nil)
	config.Blocklist = list
	mgr, engine := withTickets(t, config)
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	ticket := buy(t, engine, http.MethodGet, "/live", bearer)
	require.NotZero(t, list.last(t))
	require.Equal(t, http.StatusOK, use(engine, http.MethodGet, "/live", ticket).Code)
	assert.Zero(t, list.last(t))
}

// A token of an upstream login has more IDs than ContainsAt takes.
func TestManyIDsOfAToken(t *testing.T) {
	t.Parallel()
	list := &timedList{}
	a := newUpstreamApp(t, func(c *ginjwt.Config) { c.Blocklist = list })
	pair := a.login(t, issuerA, "phone", "alice")
	list.readings, list.ids = nil, nil
	require.Equal(t, http.StatusOK, a.get(pair.AccessToken))
	assert.Empty(t, list.readings)
	require.Len(t, list.ids, 1)
	assert.Greater(t, len(list.ids[0]), 2)
	require.NoError(t, list.Add(t.Context(), list.ids[0][2], time.Time{}))
	assert.Equal(t, http.StatusUnauthorized, a.get(pair.AccessToken))
}

// strictList is a list of an application, with a Contains of its own.
type strictList struct {
	*replicatedList
	blocked bool
}

func (l strictList) Contains(context.Context, ...string) (bool, error) { return l.blocked, nil }

// The Contains of a type that embeds a list of this module counts. The list itself knows of
// no revoked token.
func TestContainsOfATypeThatEmbedsAList(t *testing.T) {
	t.Parallel()
	_, list := followed(t, time.Hour)
	for blocked, status := range map[bool]int{false: http.StatusOK, true: http.StatusUnauthorized} {
		config := jwttest.Config(nil)
		config.Blocklist = strictList{list, blocked}
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), identify)
		token := jwttest.AccessToken(t, mgr, "alice")
		for range 2 {
			assert.Equal(t, status, jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(token)).Code)
		}
	}
}
