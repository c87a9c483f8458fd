package ginjwt_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// jsonSessions keep sessions as JSON, as a store outside of the process does.
type jsonSessions struct{ ginjwt.SessionStore }

func throughJSON(s ginjwt.Session) (copied ginjwt.Session) {
	text, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(text, &copied)
	}
	if err != nil {
		panic(err)
	}
	return copied
}

func (j jsonSessions) Create(ctx context.Context, s ginjwt.Session) (bool, error) {
	return j.SessionStore.Create(ctx, throughJSON(s))
}

func (j jsonSessions) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	s, ok, err := j.SessionStore.Get(ctx, id)
	return throughJSON(s), ok, err
}

func (j jsonSessions) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	return j.SessionStore.Replace(ctx, throughJSON(old), throughJSON(next))
}

func (j jsonSessions) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	all, err := j.SessionStore.List(ctx, realm, identity)
	for i, s := range all {
		all[i] = throughJSON(s)
	}
	return all, err
}

// What a login chooses for its session is in all access tokens of it, as exactly as
// it was given.
func TestSessionClaimsAreInEveryAccessToken(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.Sessions = jsonSessions{config.Sessions}
	config.RequiredClaims = []string{"tenant"}
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr, ginjwt.WithSessionClaims(ginjwt.Claims{"tenant": "acme", "n": int64(9007199254740993)}),
		ginjwt.WithSessionClaims(ginjwt.Claims{"deep": map[string]any{"list": []any{1.5, nil, "<é>"}}}))
	check := func(pair ginjwt.TokenPair, what string) {
		t.Helper()
		payload := payloadOf(t, pair.AccessToken)
		for _, member := range []string{`"tenant":"acme"`, `"n":9007199254740993`, `"deep":{"list":[1.5,null,"<é>"]}`} {
			assert.Contains(t, payload, member, what)
		}
		payload = payloadOf(t, pair.RefreshToken)
		assert.Contains(t, payload, `"tenant":"acme"`, what)
		assert.NotContains(t, payload, `"n"`, "%s: of a refresh token only what is required", what)
		assert.NotContains(t, payload, `"deep"`, what)
	}
	check(first, "login")
	check(mustRotate(t, mgr, first.RefreshToken), "newest token")
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken)
	check(second, "trade")
	check(mustRotate(t, mgr, first.RefreshToken), "repetition")
	clock.Advance(24 * time.Hour)
	check(mustRotate(t, mgr, second.RefreshToken), "another trade")
}

func TestSessionClaimsAndImplicitRefresh(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	a.pair = a.login(t, "alice", ginjwt.WithSessionClaims(ginjwt.Claims{"plan": "gold"}))
	a.browser = a.loginByCookies(t)
	a.clock.Advance(12 * time.Minute)
	assert.Equal(t, "gold", claimsIn(t, renewedIn(t, a.get("/page")))["plan"])
}

// ImplicitRefresh prolongs a session by what its login chose, and not beyond the end
// that it chose.
func TestLifetimesOfSessionsAndImplicitRefresh(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, func(c *ginjwt.Config) { c.Sessions = jsonSessions{c.Sessions} })
	start := a.clock.Now()
	a.pair = a.login(t, "alice", ginjwt.WithIdleLifetime(time.Hour), ginjwt.WithSessionLifetime(100*time.Minute))
	a.browser = a.loginByCookies(t)
	jar := []*httptest.ResponseRecorder{a.browser}
	for _, expires := range []time.Duration{72 * time.Minute, 84 * time.Minute, 96 * time.Minute, 100 * time.Minute, 100 * time.Minute} {
		a.clock.Advance(12 * time.Minute)
		w := jwttest.Do(a.engine, "GET", "/page", jwttest.Cookies(jar...))
		require.NotEmpty(t, renewedIn(t, w))
		jar = append(jar, w)
		assert.Equal(t, start.Add(expires).UTC(), a.session(t).ExpiresAt)
	}
}

// Of claims with one name, that of WithClaims wins, then that of the session, then
// that of the loader.
func TestWhichClaimsWin(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) {
			return ginjwt.Claims{"a": "loader", "b": "loader", "c": "loader"}, nil
		})
	})
	pair := newPair(t, mgr, ginjwt.WithSessionClaims(ginjwt.Claims{"b": "session", "c": "session"}), ginjwt.WithClaims(ginjwt.Claims{"c": "call"}))
	for _, test := range []struct{ pair, want string }{
		{pair.AccessToken, "loader session call"},
		{mustRotate(t, mgr, pair.RefreshToken).AccessToken, "loader session session"},
		{mustRotate(t, mgr, pair.RefreshToken, ginjwt.WithClaims(ginjwt.Claims{"c": "call"})).AccessToken, "loader session call"},
	} {
		claims := claimsIn(t, test.pair)
		assert.Equal(t, test.want, claims["a"].(string)+" "+claims["b"].(string)+" "+claims["c"].(string))
	}
	clock.Advance(tradable)
	claims := claimsIn(t, mustRotate(t, mgr, pair.RefreshToken).RefreshToken)
	assert.Equal(t, "loader", claims["b"], "refresh tokens have none of the session that are not required")
}

func TestReservedClaimsOfSessions(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	for _, name := range []string{"sub", "fresh", "iat", "jti", "type", "nbf", "csrf", "aud", "iss", "exp", "sid", "gen"} {
		pair, err := mgr.CreateTokenPair(t.Context(), "alice", ginjwt.WithSessionClaims(ginjwt.Claims{name: "x"}))
		require.ErrorIs(t, err, ginjwt.ErrReservedClaim, name)
		require.Zero(t, pair)
	}
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
}

// Stores keep 1024 bytes of what a login chooses.
func TestSessionClaimsHaveALimit(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	claims := func(length int) ginjwt.TokenOption {
		const around = len(`{"claims":{"x":""}}`)
		return ginjwt.WithSessionClaims(ginjwt.Claims{"x": strings.Repeat("x", length-around)})
	}
	pair := newPair(t, mgr, claims(1024))
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	assert.Len(t, sessions[0].Data, 1024)
	mustRotate(t, mgr, pair.RefreshToken)

	_, err = mgr.CreateTokenPair(t.Context(), "alice", claims(1025))
	require.EqualError(t, err, "ginjwt: session options of the login: 1025 bytes of JSON, stores keep at most 1024: pass fewer claims to WithSessionClaims")
	_, err = mgr.CreateTokenPair(t.Context(), "alice", claims(1013), ginjwt.WithIdleLifetime(time.Hour))
	require.ErrorContains(t, err, "stores keep at most 1024", "the lifetimes count too")
	_, err = mgr.CreateTokenPair(t.Context(), "alice", ginjwt.WithSessionClaims(ginjwt.Claims{"x": func() {}}))
	require.ErrorContains(t, err, "ginjwt: session options of the login: ")
	sessions, err = mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Len(t, sessions, 1)
}

// What cannot be read of a session is a failure, which tells nothing of it, and the
// session is as it was.
func TestDataThatCannotBeRead(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	pair := newPair(t, a.mgr)
	for _, data := range []string{"s3cret", `{"claims":"s3cret"}`, `{"idle":"s3cret"}`, `{"claims":{"a":1,"a":2}}`} {
		s := a.stored(t, pair.SessionID)
		next := s
		next.Data, next.HandedOutAt = data, s.HandedOutAt.Add(-tradable)
		_, err := a.store.MemorySessions.Replace(t.Context(), s, next)
		require.NoError(t, err)
		_, err = rotate(t, a.mgr, pair.RefreshToken)
		require.ErrorIs(t, err, ginjwt.ErrCallback, data)
		assert.NotContains(t, err.Error(), "s3cret")
		assert.Equal(t, next, a.stored(t, pair.SessionID))
	}
}

// How long a session lives without use, and at all, is chosen at the login, and
// holds after every trade.
func TestLifetimesOfSessions(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		opts       []ginjwt.TokenOption
		config     time.Duration // SessionLifetime
		idle, ends time.Duration // ends: 0 never
	}{
		"as configured":                          {nil, 0, 30 * day, 0},
		"zero is as configured":                  {[]ginjwt.TokenOption{ginjwt.WithIdleLifetime(0), ginjwt.WithSessionLifetime(0)}, 90 * day, 30 * day, 90 * day},
		"remembered for longer":                  {[]ginjwt.TokenOption{ginjwt.WithIdleLifetime(180 * day)}, 0, 180 * day, 0},
		"shorter":                                {[]ginjwt.TokenOption{ginjwt.WithIdleLifetime(time.Hour)}, 0, time.Hour, 0},
		"an end":                                 {[]ginjwt.TokenOption{ginjwt.WithSessionLifetime(3 * day)}, 0, 30 * day, 3 * day},
		"a later end than configured":            {[]ginjwt.TokenOption{ginjwt.WithSessionLifetime(90 * day)}, 10 * day, 30 * day, 90 * day},
		"an earlier end than configured":         {[]ginjwt.TokenOption{ginjwt.WithSessionLifetime(2 * day)}, 10 * day, 30 * day, 2 * day},
		"remembered, but not beyond the end":     {[]ginjwt.TokenOption{ginjwt.WithIdleLifetime(180 * day)}, 10 * day, 180 * day, 10 * day},
		"a remembered session with its own end":  {[]ginjwt.TokenOption{ginjwt.WithIdleLifetime(day), ginjwt.WithSessionLifetime(36 * time.Hour)}, 0, day, 36 * time.Hour},
		"shorter than an access token of theirs": {[]ginjwt.TokenOption{ginjwt.WithIdleLifetime(5 * time.Minute)}, 0, 5 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, clock := sessionsConfig()
			config.Sessions, config.SessionLifetime = jsonSessions{config.Sessions}, test.config
			mgr, _ := newManager(t, config)
			login := clock.Now()
			expires := func() time.Time {
				end := clock.Now().Add(test.idle)
				if last := login.Add(test.ends); test.ends != 0 && last.Before(end) {
					return last
				}
				return end
			}
			pair := newPair(t, mgr, test.opts...)
			for range 5 {
				refresh, err := mgr.DecodeToken(t.Context(), pair.RefreshToken)
				require.NoError(t, err)
				assert.Equal(t, expires().UTC(), refresh.ExpiresAt.UTC())
				assert.Equal(t, expires().UTC(), pair.RefreshExpiresAt.UTC())
				assert.LessOrEqual(t, time.Duration(pair.ExpiresIn)*time.Second, expires().Sub(clock.Now()))
				if wait := expires().Sub(clock.Now()) - time.Second; wait < test.idle/2 {
					clock.Advance(wait)
					break // at the end
				}
				clock.Advance(test.idle / 2)
				pair = mustRotate(t, mgr, pair.RefreshToken)
			}
		})
	}
}

// A SessionLifetime that is shortened holds for sessions that have begun, at once, and
// so does what a login chose where the store says that its session lives for longer.
func TestASessionDoesNotOutliveItsEndWhateverIsStored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts     []ginjwt.TokenOption
		lifetime time.Duration // the settings of now
		over     error
	}{
		"a shorter SessionLifetime":        {nil, 20 * time.Minute, ginjwt.ErrSessionEnded},
		"an end that the login has chosen": {[]ginjwt.TokenOption{ginjwt.WithSessionLifetime(20 * time.Minute)}, 0, ginjwt.ErrExpiredToken},
	} {
		config, clock := sessionsConfig()
		before, _ := newManager(t, config)
		config.SessionLifetime = test.lifetime
		config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
		now, engine := newManager(t, config)
		engine.GET("/page", now.ImplicitRefresh(14*time.Minute), now.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
		login := newPair(t, before, test.opts...)
		end := clock.Now().Add(20 * time.Minute).UTC()
		stored, _, err := config.Sessions.Get(t.Context(), login.SessionID)
		require.NoError(t, err)
		later := stored
		later.RotatedAt, later.ExpiresAt = later.RotatedAt.Add(time.Millisecond), end.Add(24*time.Hour)
		replaced, err := config.Sessions.Replace(t.Context(), stored, later)
		require.True(t, replaced && err == nil)

		clock.Advance(12 * time.Minute)
		w := jwttest.Do(engine, "GET", "/page", jwttest.Header("Cookie", "access_token_cookie="+login.AccessToken))
		renewed, err := now.DecodeToken(t.Context(), renewedIn(t, w))
		require.NoError(t, err, name)
		assert.Equal(t, end, renewed.ExpiresAt.UTC(), name)

		clock.Advance(3 * time.Minute)
		pair := mustRotate(t, now, login.RefreshToken)
		assert.Equal(t, end, pair.RefreshExpiresAt.UTC(), name)
		assert.Equal(t, int64(300), pair.ExpiresIn, name)
		listed, err := now.Sessions(t.Context(), "alice")
		require.NoError(t, err)
		require.Len(t, listed, 1, name)
		assert.Equal(t, end, listed[0].ExpiresAt.UTC(), name)

		clock.Advance(5 * time.Minute)
		refusedWith(t, now, login.RefreshToken, test.over)
		newPair(t, before)
		listed, err = now.Sessions(t.Context(), "alice")
		require.NoError(t, err)
		assert.Len(t, listed, 1, name)
	}
}

func TestLifetimesThatAreNone(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	for name, option := range map[string]func(time.Duration) ginjwt.TokenOption{
		"WithIdleLifetime": ginjwt.WithIdleLifetime, "WithSessionLifetime": ginjwt.WithSessionLifetime,
	} {
		for _, lifetime := range []time.Duration{-time.Second, time.Second, 30, 1500 * time.Millisecond, ginjwt.NeverExpires} {
			pair, err := mgr.CreateTokenPair(t.Context(), "alice", option(lifetime))
			require.ErrorIs(t, err, ginjwt.ErrLifetime, name)
			require.ErrorContains(t, err, name+" was given "+lifetime.String())
			require.Zero(t, pair)
		}
		clock.Advance(999 * time.Millisecond) // ends are whole seconds
		newPair(t, mgr, option(2*time.Second))
	}
}

// A login without claims or lifetimes of its own keeps no data.
func TestLoginsThatChooseNothing(t *testing.T) {
	t.Parallel()
	a := newGraceApp(t, nil)
	assert.Empty(t, a.stored(t, newPair(t, a.mgr, ginjwt.WithDevice("phone")).SessionID).Data)
}

// What is chosen when a session begins is an error anywhere else.
func TestOptionsOfLogins(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	plain, _ := newManager(t, jwttest.Config(nil))
	pair := newPair(t, mgr)
	for name, option := range map[string]ginjwt.TokenOption{
		"WithDevice":          ginjwt.WithDevice("phone"),
		"WithSessionClaims":   ginjwt.WithSessionClaims(ginjwt.Claims{"a": 1}),
		"WithIdleLifetime":    ginjwt.WithIdleLifetime(time.Hour),
		"WithSessionLifetime": ginjwt.WithSessionLifetime(time.Hour),
	} {
		says := "ginjwt: " + name + " is for CreateTokenPair: it applies when a session begins"
		for _, m := range []*ginjwt.JWTManager{mgr, plain} {
			_, err := m.CreateAccessToken(t.Context(), "alice", option)
			require.EqualError(t, err, says)
			_, err = m.CreateRefreshToken(t.Context(), "alice", option)
			require.EqualError(t, err, says)
		}
		_, err := rotate(t, mgr, pair.RefreshToken, option)
		require.EqualError(t, err, says)
	}
}
