package threats_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// serverSessions are sessions as a server keeps them: whoever has gone away is
// not answered, a step may fail, and what has expired is removed.
type serverSessions struct {
	ginjwt.MemorySessions
	before func(ctx context.Context, step string) error // may fail a step before it is made
	after  func(step string) error                      // or its answer
}

func (s *serverSessions) step(ctx context.Context, name string, do func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.before != nil {
		if err := s.before(ctx, name); err != nil {
			return err
		}
	}
	do()
	if s.after != nil {
		return s.after(name)
	}
	return nil
}

func (s *serverSessions) Create(ctx context.Context, x ginjwt.Session) (created bool, err error) {
	err = s.step(ctx, "Create", func() {
		if old, ok, _ := s.MemorySessions.Get(ctx, x.ID); ok && !s.Now().Before(old.ExpiresAt) {
			_, _ = s.MemorySessions.Delete(ctx, x.ID)
		}
		created, _ = s.MemorySessions.Create(ctx, x)
	})
	return created, err
}

func (s *serverSessions) Get(ctx context.Context, id string) (x ginjwt.Session, ok bool, err error) {
	err = s.step(ctx, "Get", func() { x, ok, _ = s.MemorySessions.Get(ctx, id) })
	return x, ok && s.Now().Before(x.ExpiresAt), err
}

func (s *serverSessions) Replace(ctx context.Context, old, next ginjwt.Session) (replaced bool, err error) {
	err = s.step(ctx, "Replace", func() { replaced, _ = s.MemorySessions.Replace(ctx, old, next) })
	return replaced, err
}

func (s *serverSessions) Delete(ctx context.Context, id string) (deleted bool, err error) {
	err = s.step(ctx, "Delete", func() { deleted, _ = s.MemorySessions.Delete(ctx, id) })
	return deleted, err
}

// serverBlocklist is a blocklist as a server keeps it: to the second, and not
// for who has gone away.
type serverBlocklist struct {
	now   func() time.Time
	mu    sync.Mutex
	until map[string]time.Time
}

func (b *serverBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if before, ok := b.until[id]; !ok || expires.IsZero() || !before.IsZero() && before.Before(expires) {
		b.until[id] = expires
	}
	return nil
}

func (b *serverBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		if until, ok := b.until[id]; ok && (until.IsZero() || b.now().Before(until)) {
			return true, nil
		}
	}
	return false, nil
}

// How long a refresh token may be repeated after it was traded, and how old the
// newest tokens are before they are traded.
const (
	attackGrace    = time.Minute
	attackTradable = 2 * attackGrace
)

// sessionsApp is an application with sessions. Alice logged in to it so long ago that
// her tokens are traded.
type sessionsApp struct {
	*attackApp
	sessions *serverSessions
	thefts   atomic.Int64
	users    sync.Map // identity → whether it is disabled
	pair     ginjwt.TokenPair
}

func sessionsNew(t *testing.T, settings func(*ginjwt.Config)) *sessionsApp {
	t.Helper()
	a := &sessionsApp{sessions: &serverSessions{}}
	a.attackApp = attackNew(t, func(c *ginjwt.Config) {
		a.sessions.Now = c.Now
		c.Sessions, c.Blocklist = a.sessions, &serverBlocklist{now: c.Now, until: map[string]time.Time{}}
		c.TokenLocation = []ginjwt.Location{ginjwt.InQueryString, ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON}
		c.RefreshCookiePath = "/token"
		if settings != nil {
			settings(c)
		}
	}, func(m *ginjwt.JWTManager) {
		m.OnReuse(func(context.Context, ginjwt.Session, *ginjwt.Token) { a.thefts.Add(1) })
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			if _, disabled := a.users.Load(token.Identity); disabled {
				return nil, nil
			}
			return token.Identity, nil
		})
	})
	a.engine.Any("/token", a.mgr.RefreshHandler())
	a.engine.POST("/token/both", a.mgr.RefreshHandler(ginjwt.RequireAccessToken()))
	a.engine.POST("/logout", a.mgr.JWTRequired(ginjwt.AnyType()), a.mgr.LogoutHandler())
	a.engine.GET("/sessions", a.mgr.JWTRequired(), a.mgr.SessionsHandler())
	a.engine.DELETE("/sessions/:id", a.mgr.JWTRequired(), a.mgr.EndSessionHandler())
	a.pair = a.login(t, "alice")
	a.clock.Advance(attackTradable)
	return a
}

func (a *sessionsApp) login(t *testing.T, identity string, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	t.Helper()
	pair, err := a.mgr.CreateTokenPair(t.Context(), identity, opts...)
	require.NoError(t, err)
	return pair
}

// trade sends a refresh token in the header. What comes back is empty if it is
// refused.
func (a *sessionsApp) trade(refresh string, opts ...jwttest.RequestOption) (ginjwt.TokenPair, *httptest.ResponseRecorder) {
	var pair ginjwt.TokenPair
	w := jwttest.Do(a.engine, "POST", "/token", append([]jwttest.RequestOption{jwttest.Bearer(refresh)}, opts...)...)
	if json.Unmarshal(w.Body.Bytes(), &pair) == nil && pair.RefreshToken != "" {
		pair.SessionID = a.sessionOf(pair.RefreshToken)
	}
	return pair, w
}

// sessionOf returns the "sid" of a token.
func (a *sessionsApp) sessionOf(encoded string) string {
	token, err := a.mgr.DecodeToken(context.Background(), encoded)
	if err != nil {
		return ""
	}
	return token.SessionID
}

func (a *sessionsApp) mustTrade(t *testing.T, refresh string) ginjwt.TokenPair {
	t.Helper()
	pair, w := a.trade(refresh)
	require.Equal(t, 200, w.Code, w.Body.String())
	require.NotEmpty(t, pair.RefreshToken)
	return pair
}

// tradeLater waits until a refresh token that was just handed out is traded, and
// not only good for another access token.
func (a *sessionsApp) tradeLater(t *testing.T, refresh string) ginjwt.TokenPair {
	t.Helper()
	a.clock.Advance(attackTradable)
	pair := a.mustTrade(t, refresh)
	require.NotEqual(t, refresh, pair.RefreshToken)
	return pair
}

// refuses sends a refresh token and compares the whole answer, in which there
// is no token.
func (a *sessionsApp) refuses(t *testing.T, want attackAnswer, refresh string, opts ...jwttest.RequestOption) {
	t.Helper()
	_, w := a.trade(refresh, opts...)
	want.check(t, w.Code, w.Header(), w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Empty(t, w.Header().Values("Set-Cookie"))
	attackKeepsQuiet(t, refresh, w.Header(), w.Body.String())
}

// isDead checks that nothing of a session is good any more, now and later.
func (a *sessionsApp) isDead(t *testing.T, pairs ...ginjwt.TokenPair) {
	t.Helper()
	for range 3 {
		for _, pair := range pairs {
			_, w := a.trade(pair.RefreshToken)
			assert.Equal(t, 401, w.Code, "a refresh token lives: %s", w.Body)
			w = jwttest.Do(a.engine, "GET", "/private", jwttest.Bearer(pair.AccessToken))
			assert.Equal(t, 401, w.Code, "an access token lives")
		}
		a.clock.Advance(17 * time.Minute)
	}
}

// isAlive checks that both tokens are good, and returns the next.
func (a *sessionsApp) isAlive(t *testing.T, pair ginjwt.TokenPair) ginjwt.TokenPair {
	t.Helper()
	a.expect(t, attackPassed("alice"), "GET", "/private", jwttest.Bearer(pair.AccessToken))
	return a.mustTrade(t, pair.RefreshToken)
}

// sessionsClaims returns the claims of a token.
func sessionsClaims(t *testing.T, encoded string) jwt.MapClaims {
	t.Helper()
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(encoded, claims)
	require.NoError(t, err)
	return claims
}

// changed signs the claims of a token again with one replaced, or removed
// where the value is nil.
func sessionsChanged(t *testing.T, secret, encoded, name string, value any) string {
	t.Helper()
	claims := sessionsClaims(t, encoded)
	claims[name] = value
	if value == nil {
		delete(claims, name)
	}
	changed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	require.NoError(t, err)
	return changed
}

var (
	attackReused = attackRefusal(401, "Refresh token has already been used", "invalid_token", "The session has ended", "session_reused")
	attackEnded  = attackRefusal(401, "Session has ended", "invalid_token", "The session has ended", "session_ended")

	attackOnlyRefresh = attackInvalid("Only refresh tokens are allowed")
	attackNoGen       = attackInvalid(`Token has no valid "gen" claim`)
	attackForeign     = attackInvalid("Token is not of its session")
)

func TestAttackRefusedSessions(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name string
		end  func(t *testing.T, a *sessionsApp) error
		want attackAnswer
	}{
		{"T187 log out everywhere", func(t *testing.T, a *sessionsApp) error {
			t.Helper()
			return a.mgr.EndSessions(t.Context(), "alice")
		}, attackRevoked},
		{"T187 a password change elsewhere", func(t *testing.T, a *sessionsApp) error {
			t.Helper()
			return a.mgr.EndSessions(t.Context(), "alice", a.login(t, "alice").SessionID)
		}, attackRevoked},
		{"T194 logout with the access token", func(_ *testing.T, a *sessionsApp) error {
			jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(a.pair.AccessToken))
			return nil
		}, attackRevoked},
		{"T194 logout with the refresh token", func(_ *testing.T, a *sessionsApp) error {
			jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(a.pair.RefreshToken))
			return nil
		}, attackRevoked},
		{"T194 ended on another device", func(t *testing.T, a *sessionsApp) error {
			t.Helper()
			w := jwttest.Do(a.engine, "DELETE", "/sessions/"+a.pair.SessionID, jwttest.Bearer(a.login(t, "alice").AccessToken))
			assert.Equal(t, 204, w.Code)
			return nil
		}, attackRevoked},
		{"T194 the store has lost it", func(t *testing.T, a *sessionsApp) error {
			t.Helper()
			_, err := a.sessions.Delete(t.Context(), a.pair.SessionID)
			return err
		}, attackEnded},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			bob := a.login(t, "bob")
			require.NoError(t, v.end(t, a))
			a.refuses(t, v.want, a.pair.RefreshToken)
			if v.want == attackRevoked {
				a.expectBoth(t, attackRevoked, a.pair.AccessToken) // T199
				a.isDead(t, a.pair)
			}
			a.mustTrade(t, bob.RefreshToken)
		})
	}
	t.Run("T187 tokens of others stay", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		for _, other := range []string{"ALICE", "alice ", "alic", "alicee", "bob", ""} {
			require.NoError(t, a.mgr.EndSessions(t.Context(), other))
		}
		a.isAlive(t, a.pair)
	})
}

// Whoever wins, nothing lives after a logout.
func TestAttackLogoutRaces(t *testing.T) {
	t.Parallel()
	logout := func(t *testing.T, a *sessionsApp) {
		t.Helper()
		hook := a.sessions.before
		a.sessions.before = nil
		w := jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(a.pair.AccessToken))
		assert.Equal(t, 204, w.Code)
		a.sessions.before = hook
	}
	for step := 1; step <= 4; step++ {
		t.Run(fmt.Sprintf("T189 before step %d of a refresh", step), func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			count := 0
			a.sessions.before = func(context.Context, string) error {
				if count++; count == step {
					logout(t, a)
				}
				return nil
			}
			next, w := a.trade(a.pair.RefreshToken)
			require.GreaterOrEqual(t, count, step, "the refresh has such a step")
			a.sessions.before = nil
			assert.Equal(t, 401, w.Code)
			assert.Empty(t, next.RefreshToken)
			a.isDead(t, a.pair)
		})
	}
	t.Run("T189 after the last step of a refresh", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		replaced := 0
		a.sessions.after = func(step string) error {
			if step != "Replace" {
				return nil
			}
			if replaced++; replaced == 2 {
				a.sessions.after = nil
				logout(t, a)
			}
			return nil
		}
		next, w := a.trade(a.pair.RefreshToken)
		assert.Equal(t, 200, w.Code, "it came first")
		a.isDead(t, a.pair, next)
	})
	t.Run("T189 both at once", func(t *testing.T) {
		t.Parallel()
		for range 50 {
			a := sessionsNew(t, nil)
			var next ginjwt.TokenPair
			var wg sync.WaitGroup
			wg.Go(func() { next, _ = a.trade(a.pair.RefreshToken) })
			wg.Go(func() { jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(a.pair.AccessToken)) })
			wg.Wait()
			pairs := []ginjwt.TokenPair{a.pair}
			if next.RefreshToken != "" {
				pairs = append(pairs, next)
			}
			a.isDead(t, pairs...)
		}
	})
}

func TestAttackReuse(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name  string
		steal func(t *testing.T, a *sessionsApp) (stolen string, alive []ginjwt.TokenPair)
	}{
		{"T190 used again", func(t *testing.T, a *sessionsApp) (string, []ginjwt.TokenPair) {
			t.Helper()
			next := a.mustTrade(t, a.pair.RefreshToken)
			a.clock.Advance(attackGrace)
			return a.pair.RefreshToken, []ginjwt.TokenPair{next}
		}},
		{"T190 two generations back, at once", func(t *testing.T, a *sessionsApp) (string, []ginjwt.TokenPair) {
			t.Helper()
			next := a.mustTrade(t, a.pair.RefreshToken)
			return a.pair.RefreshToken, []ginjwt.TokenPair{next, a.tradeLater(t, next.RefreshToken)}
		}},
		{"T190 weeks later", func(t *testing.T, a *sessionsApp) (string, []ginjwt.TokenPair) {
			t.Helper()
			last := a.pair
			for range 4 {
				a.clock.Advance(7 * 24 * time.Hour)
				last = a.mustTrade(t, last.RefreshToken)
			}
			return a.pair.RefreshToken, []ginjwt.TokenPair{last}
		}},
		{"T193 in the grace, after the successor was traded", func(t *testing.T, a *sessionsApp) (string, []ginjwt.TokenPair) {
			t.Helper()
			pair := a.login(t, "alice", ginjwt.WithIdleLifetime(2*time.Minute)) // traded every half minute
			a.clock.Advance(30 * time.Second)
			next := a.mustTrade(t, pair.RefreshToken)
			a.clock.Advance(30 * time.Second)
			return pair.RefreshToken, []ginjwt.TokenPair{next, a.mustTrade(t, next.RefreshToken)}
		}},
		{"T193 a second after many repetitions", func(t *testing.T, a *sessionsApp) (string, []ginjwt.TokenPair) {
			t.Helper()
			var next ginjwt.TokenPair
			for range 20 { // none of them prolongs the grace
				next = a.mustTrade(t, a.pair.RefreshToken)
				a.clock.Advance(attackGrace / 20)
			}
			return a.pair.RefreshToken, []ginjwt.TokenPair{next}
		}},
		{"T191 no grace", func(t *testing.T, a *sessionsApp) (string, []ginjwt.TokenPair) {
			t.Helper()
			return a.pair.RefreshToken, []ginjwt.TokenPair{a.mustTrade(t, a.pair.RefreshToken)}
		}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, func(c *ginjwt.Config) {
				if strings.HasSuffix(v.name, "no grace") {
					c.SessionGrace = -1
				}
			})
			stolen, alive := v.steal(t, a)
			other, bob := a.login(t, "alice"), a.login(t, "bob")
			a.refuses(t, attackReused, stolen)
			assert.Equal(t, int64(1), a.thefts.Load(), "the application was told")
			a.refuses(t, attackRevoked, stolen)
			for _, pair := range alive {
				a.refuses(t, attackRevoked, pair.RefreshToken)
				if sessionsClaims(t, pair.AccessToken)["exp"].(json.Number).String() > a.at(0) {
					a.expectBoth(t, attackRevoked, pair.AccessToken) // T199
				}
			}
			a.isAlive(t, other)
			a.mustTrade(t, bob.RefreshToken)
			a.isDead(t, alive...)
		})
	}
}

// A thief who closes the connection is noticed all the same.
func TestAttackReuseAndGoAway(t *testing.T) {
	t.Parallel()
	for _, goesAt := range []string{"Get", "Delete"} {
		t.Run("T190 the client goes away at "+goesAt, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			next := a.mustTrade(t, a.pair.RefreshToken)
			a.clock.Advance(time.Minute)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a.sessions.before = func(_ context.Context, step string) error {
				if step == goesAt {
					cancel()
				}
				return nil
			}
			_, w := a.trade(a.pair.RefreshToken, func(r *http.Request) { *r = *r.WithContext(ctx) })
			require.Error(t, ctx.Err())
			assert.Equal(t, 401, w.Code)
			assert.Equal(t, int64(1), a.thefts.Load())
			a.sessions.before = nil
			a.isDead(t, next)
		})
	}
	t.Run("T190 the client has gone before anything was asked", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		next := a.mustTrade(t, a.pair.RefreshToken)
		a.clock.Advance(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		a.refuses(t, attackReused, a.pair.RefreshToken, func(r *http.Request) { *r = *r.WithContext(ctx) })
		assert.Equal(t, int64(1), a.thefts.Load())
		a.isDead(t, next)
	})
	t.Run("T192 an honest client goes away in the middle", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a.sessions.after = func(step string) error {
			if step == "Replace" {
				cancel()
			}
			return nil
		}
		answered, w := a.trade(a.pair.RefreshToken, func(r *http.Request) { *r = *r.WithContext(ctx) })
		require.Error(t, ctx.Err())
		attackUnavailable.check(t, w.Code, w.Header(), w.Body.String())
		assert.Empty(t, answered.RefreshToken, "T192 whoever must repeat has no tokens")
		a.sessions.after = nil
		a.clock.Advance(time.Hour)
		a.mustTrade(t, a.pair.RefreshToken)
		assert.Zero(t, a.thefts.Load(), "and is no thief when it comes back")
	})
}

// tradeAtOnce sends a refresh token many times. All requests have found it good
// before any of them takes the step that decides.
func (a *sessionsApp) tradeAtOnce(t *testing.T, refresh, decides string) (pairs []ginjwt.TokenPair) {
	t.Helper()
	const clients = 32
	var steps atomic.Int64
	var asked, all sync.WaitGroup
	asked.Add(clients)
	a.sessions.before = func(_ context.Context, step string) error {
		if step == decides && steps.Add(1) <= clients {
			asked.Done()
			asked.Wait()
		}
		return nil
	}
	results := make(chan ginjwt.TokenPair, clients)
	for range clients {
		all.Go(func() {
			pair, _ := a.trade(refresh)
			results <- pair
		})
	}
	all.Wait()
	close(results)
	a.sessions.before = nil
	for pair := range results {
		if pair.RefreshToken != "" {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

func TestAttackManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, decides string
		token         func(t *testing.T, a *sessionsApp) string
		generation    json.Number
	}{
		{"T191 of a session", "Replace", func(_ *testing.T, a *sessionsApp) string { return a.pair.RefreshToken }, "2"},
		{"T191 without a session", "Create", func(t *testing.T, a *sessionsApp) string {
			t.Helper()
			return jwttest.RefreshToken(t, a.mgr, "alice")
		}, "1"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			refresh := v.token(t, a)
			pairs, ids := a.tradeAtOnce(t, refresh, v.decides), map[any]bool{}
			for _, pair := range pairs {
				claims := sessionsClaims(t, pair.RefreshToken)
				assert.Equal(t, v.generation, claims["gen"])
				ids[claims["jti"]] = true
			}
			assert.Len(t, pairs, 32)
			assert.Len(t, ids, 1, "exactly one successor")
			assert.Zero(t, a.thefts.Load())
			next := a.tradeLater(t, pairs[0].RefreshToken)
			a.refuses(t, attackReused, refresh)
			assert.Equal(t, int64(1), a.thefts.Load())
			a.isDead(t, append(pairs, next)...)
		})
	}
	t.Run("T191 without a grace", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, func(c *ginjwt.Config) { c.SessionGrace = -1 })
		pairs := a.tradeAtOnce(t, a.pair.RefreshToken, "Replace")
		assert.Len(t, pairs, 1, "all others are too late")
		assert.Positive(t, a.thefts.Load())
		a.isDead(t, pairs...)
	})
}

func TestAttackGrace(t *testing.T) {
	t.Parallel()
	t.Run("T192 the answer was lost", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		first := a.mustTrade(t, a.pair.RefreshToken)
		a.clock.Advance(attackGrace - time.Millisecond)
		again := a.mustTrade(t, a.pair.RefreshToken)
		want, got := sessionsClaims(t, first.RefreshToken), sessionsClaims(t, again.RefreshToken)
		for _, name := range []string{"jti", "sid", "gen", "exp", "sub"} {
			assert.Equal(t, want[name], got[name], name)
		}
		a.mustTrade(t, again.RefreshToken)
	})
	t.Run("T193 both holders use the one successor", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		mine, theirs := a.mustTrade(t, a.pair.RefreshToken), a.mustTrade(t, a.pair.RefreshToken)
		next := a.tradeLater(t, theirs.RefreshToken)
		a.clock.Advance(15 * time.Minute)
		a.refuses(t, attackReused, mine.RefreshToken)
		a.isDead(t, next)
	})
	t.Run("T193 a shorter grace", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, func(c *ginjwt.Config) { c.SessionGrace = time.Second })
		a.mustTrade(t, a.pair.RefreshToken)
		a.clock.Advance(time.Second)
		a.refuses(t, attackReused, a.pair.RefreshToken)
	})
}

func TestAttackUsersThatAreGone(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	t.Run("T195 a disabled user", func(t *testing.T) {
		a.users.Store("alice", true)
		a.refuses(t, attackNobody("alice"), a.pair.RefreshToken)
		w := jwttest.Do(a.engine, "POST", "/token", jwttest.Form("grant_type", "refresh_token", "refresh_token", a.pair.RefreshToken))
		assert.Equal(t, 400, w.Code)
		assert.JSONEq(t, `{"error":"invalid_grant","error_description":"The token is invalid, expired or revoked"}`, w.Body.String())
	})
	t.Run("T195 and back again", func(t *testing.T) {
		a.users.Delete("alice")
		a.isAlive(t, a.pair)
	})
}

func TestAttackLifetime(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, func(c *ginjwt.Config) { c.SessionLifetime = 10 * 24 * time.Hour })
	start, last := a.clock.Now().Add(-attackTradable).Unix(), a.pair
	for range 9 {
		a.clock.Advance(24 * time.Hour)
		last = a.mustTrade(t, last.RefreshToken)
		exp, err := sessionsClaims(t, last.RefreshToken)["exp"].(json.Number).Int64()
		require.NoError(t, err)
		assert.Equal(t, start+10*24*3600, exp, "T196 a refresh does not prolong it")
	}
	a.clock.Advance(24*time.Hour - time.Minute - attackTradable)
	last = a.mustTrade(t, last.RefreshToken)
	assert.Equal(t, int64(60), last.ExpiresIn, "T196 nor does an access token outlive it")
	a.clock.Advance(time.Minute)
	a.refuses(t, attackExpired, last.RefreshToken)
	a.expectBoth(t, attackExpired, last.AccessToken)
}

func TestAttackWiderClaims(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	claims := ginjwt.Claims{"scope": "admin", "admin": true}
	pair := a.login(t, "alice", ginjwt.WithFresh(), ginjwt.WithClaims(claims))
	a.expect(t, attackPassed("alice"), "GET", "/fresh", jwttest.Bearer(pair.AccessToken))
	wishes := []string{"scope", "admin root", "fresh", "true", "audience", "other", "sub", "root", "resource", "other"}
	form := jwttest.Form(append([]string{"grant_type", "refresh_token", "refresh_token", pair.RefreshToken}, wishes...)...)
	w := jwttest.Do(a.engine, "POST", "/token?scope=admin&fresh=true", form)
	require.Equal(t, 200, w.Code)
	var next ginjwt.TokenPair
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &next))
	a.expect(t, attackStale, "GET", "/fresh", jwttest.Bearer(next.AccessToken))
	for _, encoded := range []string{next.AccessToken, next.RefreshToken} {
		got := sessionsClaims(t, encoded)
		assert.Equal(t, "alice", got["sub"], "T197")
		assert.Equal(t, false, got["fresh"], "T197")
		for _, name := range []string{"scope", "admin", "aud"} {
			assert.NotContains(t, got, name, "T197")
		}
	}
	token, err := a.mgr.DecodeToken(t.Context(), next.RefreshToken)
	require.NoError(t, err)
	_, err = a.mgr.RotateTokens(t.Context(), token, ginjwt.WithFresh())
	require.Error(t, err, "T197 not even the application makes a fresh one")
	a.refuses(t, attackOnlyRefresh, next.AccessToken)
	a.expectBoth(t, attackInvalid("Only non-refresh tokens are allowed"), next.RefreshToken)
}

// errAttackTimeout is what a store says when nobody knows what it has done.
var errAttackTimeout = errors.New("read tcp 10.0.0.7:5432: i/o timeout")

func TestAttackStoreFailsInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before", "after"} {
		for failing := 1; failing <= 4; failing++ {
			t.Run(fmt.Sprintf("T198 %s step %d", when, failing), func(t *testing.T) {
				t.Parallel()
				a := sessionsNew(t, nil)
				count := 0
				fail := func() error {
					if count++; count >= failing { // and so does all that follows
						return errAttackTimeout
					}
					return nil
				}
				if when == "before" {
					a.sessions.before = func(context.Context, string) error { return fail() }
				} else {
					a.sessions.after = func(string) error { return fail() }
				}
				answered, w := a.trade(a.pair.RefreshToken)
				require.GreaterOrEqual(t, count, failing)
				a.sessions.before, a.sessions.after = nil, nil
				a.clock.Advance(time.Hour) // until the store is back
				usable := answered.RefreshToken
				if failing == 4 && when == "before" { // until the successor is traded
					again := a.mustTrade(t, a.pair.RefreshToken)
					assert.Equal(t, sessionsClaims(t, usable)["jti"], sessionsClaims(t, again.RefreshToken)["jti"])
				}
				if failing < 4 {
					attackUnavailable.check(t, w.Code, w.Header(), w.Body.String())
					require.Empty(t, usable, "no tokens come out")
					usable = a.pair.RefreshToken
				} // the last step only starts the grace: what was decided before goes out
				next := a.mustTrade(t, usable)
				assert.Zero(t, a.thefts.Load(), "nobody is taken for a thief")
				a.tradeLater(t, next.RefreshToken)
				a.refuses(t, attackReused, a.pair.RefreshToken)
			})
		}
	}
	t.Run("T183 the store is down", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		a.sessions.before = func(context.Context, string) error { return errAttackTimeout }
		a.refuses(t, attackUnavailable, a.pair.RefreshToken)
		a.expect(t, attackUnavailable, "GET", "/refresh", jwttest.Bearer(a.pair.RefreshToken))
		a.expect(t, attackPassed("alice"), "GET", "/private", jwttest.Bearer(a.pair.AccessToken))
	})
}

func TestAttackMissingParts(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name   string
		change func(*ginjwt.Config)
		says   string
	}{
		{"T200 a grace without a store", func(c *ginjwt.Config) { c.SessionGrace = time.Second }, "SessionGrace (JWT_SESSION_GRACE): has no effect without a store of sessions; set Sessions"},
		{"T200 a lifetime without a store", func(c *ginjwt.Config) { c.SessionLifetime = time.Hour }, "SessionLifetime (JWT_SESSION_LIFETIME): has no effect without a store of sessions; set Sessions"},
		{"T200 a limit without a store", func(c *ginjwt.Config) { c.MaxSessions = 3 }, "MaxSessions (JWT_MAX_SESSIONS): has no effect without a store of sessions; set Sessions"},
		{"T200 a store that is a nil pointer", func(c *ginjwt.Config) { c.Sessions = (*ginjwt.MemorySessions)(nil) }, "Sessions: is a nil pointer"},
		{"T200 tokens that outlive all memory", func(c *ginjwt.Config) {
			c.Sessions, c.AccessTokenExpires = &ginjwt.MemorySessions{}, ginjwt.NeverExpires
		}, "AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): must not be NeverExpires with Sessions"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			v.change(&config)
			require.ErrorContains(t, ginjwt.New(config).InitApp(nil), v.says)
		})
	}
	t.Run("T200 a handler without a store", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil)
		assert.Panics(t, func() { a.mgr.RefreshHandler() })
		_, err := a.mgr.CreateTokenPair(t.Context(), "alice")
		require.ErrorIs(t, err, ginjwt.ErrNoSessions)
	})
}

func TestAttackRefreshTokensInURLs(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	missing := attackNoToken("Missing JWT in headers, cookies or json (Missing Authorization Header; " +
		`Missing cookie "refresh_token_cookie"; Invalid content-type. Must be application/json.)`)
	for _, query := range []string{"jwt", "refresh_token", "token", "grant_type=refresh_token&refresh_token"} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			t.Run("T201 "+method+" "+query, func(t *testing.T) {
				a.expect(t, missing, method, "/token?"+query+"="+a.pair.RefreshToken)
				a.expect(t, missing, method, "/token?"+query+"="+a.pair.RefreshToken, jwttest.Form("a", "b"))
			})
		}
	}
	a.isAlive(t, a.pair)
}

func TestAttackTamperedSessions(t *testing.T) {
	t.Parallel()
	number := func(text string) json.Number { return json.Number(text) }
	for _, v := range []struct {
		name, claim string
		value       any
		want        attackAnswer
	}{
		{"T202 no gen", "gen", nil, attackNoGen},
		{"T202 gen 0", "gen", number("0"), attackNoGen},
		{"T202 gen -0", "gen", number("-0"), attackNoGen},
		{"T202 gen -1", "gen", number("-1"), attackNoGen},
		{"T202 gen 1e3", "gen", number("1e3"), attackNoGen},
		{"T202 gen 1e0", "gen", number("1e0"), attackNoGen},
		{"T202 gen 1.0", "gen", number("1.0"), attackNoGen},
		{"T202 gen 1.5", "gen", number("1.5"), attackNoGen},
		{"T202 gen of 2^63", "gen", number("9223372036854775808"), attackNoGen},
		{"T202 gen of 200 digits", "gen", number(strings.Repeat("9", 200)), attackNoGen},
		{"T202 gen text", "gen", "1", attackNoGen},
		{"T202 gen true", "gen", true, attackNoGen},
		{"T202 gen an array", "gen", []int{1}, attackNoGen},
		{"T202 gen an object", "gen", map[string]int{"a": 1}, attackNoGen},
		{"T202 gen null", "gen", json.RawMessage("null"), attackNoGen},
		{"T202 another sid", "sid", "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b", attackEnded},
		{"T202 sid in upper case", "sid", "UPPER", attackEnded},
		{"T202 sid of bob", "sid", "BOB", attackForeign},
		{"T202 the user of another session", "sub", "bob", attackForeign},
		{"T202 no identity but a session", "sub", "", attackInvalid("Empty claim: sub")},
		{"T202 an access token", "type", "access", attackOnlyRefresh},
		{"T202 another type", "type", "session", attackOnlyRefresh},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			bob := a.login(t, "bob")
			value := v.value
			switch value {
			case "UPPER":
				value = strings.ToUpper(a.pair.SessionID)
			case "BOB":
				value = bob.SessionID
			}
			forged := sessionsChanged(t, "the attacker's own key, long enough.", a.pair.RefreshToken, v.claim, value)
			a.refuses(t, attackBadKey, forged)
			header, rest, _ := strings.Cut(a.pair.RefreshToken, ".")
			_, signature := attackCut(rest)
			payload, _, _ := strings.Cut(forged[strings.IndexByte(forged, '.')+1:], ".")
			a.refuses(t, attackBadKey, header+"."+payload+"."+signature)

			signed := sessionsChanged(t, a.config.SecretKey, a.pair.RefreshToken, v.claim, value) // only with the key
			a.refuses(t, v.want, signed)
			a.expect(t, v.want, "GET", "/refresh", jwttest.Bearer(signed))
			assert.Zero(t, a.thefts.Load())
			a.isAlive(t, a.pair)
			a.mustTrade(t, bob.RefreshToken)
		})
	}
}

func TestAttackMemoryOfSessions(t *testing.T) {
	t.Parallel()
	t.Run("T203 many logins", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, func(c *ginjwt.Config) { c.MaxSessions = 5 })
		pairs := []ginjwt.TokenPair{a.pair}
		for range 20 {
			a.clock.Advance(time.Second)
			pairs = append(pairs, a.login(t, "alice"))
		}
		stored, err := a.sessions.List(t.Context(), "", "alice")
		require.NoError(t, err)
		assert.Len(t, stored, 5)
		for i, pair := range pairs {
			if i < len(pairs)-5 {
				a.refuses(t, attackRevoked, pair.RefreshToken)
				a.expectBoth(t, attackRevoked, pair.AccessToken)
				continue
			}
			a.isAlive(t, pair)
		}
	})
	t.Run("T203 many refreshes", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		last := a.pair
		for range 200 {
			last = a.tradeLater(t, last.RefreshToken)
		}
		stored, err := a.sessions.List(t.Context(), "", "alice")
		require.NoError(t, err)
		assert.Len(t, stored, 1)
	})
	t.Run("T203 sessions that were left", func(t *testing.T) {
		t.Parallel()
		clock := &jwttest.Clock{}
		store := &ginjwt.MemorySessions{Now: clock.Now}
		for i := range 50_000 {
			_, err := store.Create(t.Context(), ginjwt.Session{ID: fmt.Sprint(i), Identity: "alice", Generation: 1, ExpiresAt: clock.Now().Add(time.Minute)})
			require.NoError(t, err)
			clock.Advance(time.Second)
		}
		stored, err := store.List(t.Context(), "", "alice")
		require.NoError(t, err)
		assert.LessOrEqual(t, len(stored), 1024+60)
	})
}

func TestAttackRefreshCookies(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	a.engine.POST("/login", func(c *gin.Context) {
		assert.NoError(t, a.mgr.SetAccessCookies(c, a.pair.AccessToken))
		assert.NoError(t, a.mgr.SetRefreshCookies(c, a.pair.RefreshToken))
	})
	login := jwttest.Do(a.engine, "POST", "/login")
	cookie := jwttest.Header("Cookie", "refresh_token_cookie="+a.pair.RefreshToken)
	for _, v := range []struct {
		name string
		opts []jwttest.RequestOption
		want attackAnswer
	}{
		{"T204 no CSRF value", []jwttest.RequestOption{cookie}, attackNoCSRF},
		{"T204 a form of another site", []jwttest.RequestOption{jwttest.Form("csrf_token", "x"), cookie}, attackNoCSRF},
		{"T204 a made-up value", []jwttest.RequestOption{cookie, jwttest.Header("X-CSRF-TOKEN", "x")}, attackWrongCSRF},
		{"T204 that of another session", []jwttest.RequestOption{cookie, jwttest.Header("X-CSRF-TOKEN", a.login(t, "alice").CSRF)}, attackWrongCSRF},
	} {
		t.Run(v.name, func(t *testing.T) {
			a.expect(t, v.want, "POST", "/token", v.opts...)
		})
	}
	t.Run("T204 a form of OAuth has no use of the cookie", func(t *testing.T) {
		for _, fields := range [][]string{{"grant_type", "refresh_token"}, {"refresh_token", ""}} {
			w := jwttest.Do(a.engine, "POST", "/token", jwttest.Form(fields...), cookie)
			assert.Equal(t, 400, w.Code)
			assert.Contains(t, w.Body.String(), `{"error":"invalid_request"`)
			assert.Empty(t, w.Header().Values("Set-Cookie"))
		}
	})
	t.Run("T204 with its own", func(t *testing.T) {
		w := jwttest.Do(a.engine, "POST", "/token", jwttest.RefreshCookies(login))
		assert.Equal(t, 200, w.Code)
		assert.JSONEq(t, `{"token_type":"Bearer","expires_in":900}`, w.Body.String(), "no script sees the tokens")
		for _, set := range w.Result().Cookies() {
			if set.Name == "refresh_token_cookie" && set.Value != "" {
				assert.Equal(t, "/token", set.Path, "T205")
				assert.True(t, set.HttpOnly && set.Secure)
				assert.Equal(t, http.SameSiteLaxMode, set.SameSite)
			}
		}
	})
	t.Run("T205 other paths do not get it", func(t *testing.T) {
		for path, sent := range map[string]bool{"/token": true, "/token/both": true, "/": false, "/private": false, "/tokens": false} {
			r := attackRequest("GET", path, jwttest.Cookies(login))
			assert.Equal(t, sent, strings.Contains(r.Header.Get("Cookie"), "refresh_token_cookie="), path)
		}
	})
}

// Refresh tokens from before there were sessions.
func TestAttackTokensWithoutASession(t *testing.T) {
	t.Parallel()
	t.Run("T190 used twice", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		loose := jwttest.RefreshToken(t, a.mgr, "alice")
		pair := a.mustTrade(t, loose)
		a.clock.Advance(attackGrace)
		a.refuses(t, attackReused, loose)
		assert.Equal(t, int64(1), a.thefts.Load())
		a.isDead(t, pair)
		a.isAlive(t, a.login(t, "alice"))
	})
	t.Run("T190 used after its successor", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		loose := jwttest.RefreshToken(t, a.mgr, "alice")
		next := a.tradeLater(t, a.mustTrade(t, loose).RefreshToken)
		a.refuses(t, attackReused, loose)
		a.isDead(t, next)
	})
	ends := map[string]func(t *testing.T, a *sessionsApp, loose string, pair ginjwt.TokenPair){
		"with its access token": func(_ *testing.T, a *sessionsApp, _ string, pair ginjwt.TokenPair) {
			jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(pair.AccessToken))
		},
		"with its refresh token": func(_ *testing.T, a *sessionsApp, _ string, pair ginjwt.TokenPair) {
			jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(pair.RefreshToken))
		},
		"by a theft": func(_ *testing.T, a *sessionsApp, loose string, _ ginjwt.TokenPair) {
			a.clock.Advance(time.Minute)
			a.trade(loose)
		},
		"twice": func(t *testing.T, a *sessionsApp, _ string, pair ginjwt.TokenPair) {
			t.Helper()
			require.NoError(t, a.mgr.EndSession(t.Context(), pair.SessionID))
			require.NoError(t, a.mgr.EndSession(t.Context(), pair.SessionID))
		},
	}
	for name, end := range ends {
		t.Run("T194 ended "+name+", and tried again until it has expired", func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, func(c *ginjwt.Config) { c.DecodeLeeway = time.Minute })
			loose := jwttest.RefreshToken(t, a.mgr, "alice")
			exp, err := sessionsClaims(t, loose)["exp"].(json.Number).Int64()
			require.NoError(t, err)
			left := func() time.Duration { return time.Unix(exp, 0).Sub(a.clock.Now()) }
			a.clock.Advance(24 * time.Hour)
			pair := a.mustTrade(t, loose)
			end(t, a, loose, pair)
			_, ok, err := a.sessions.MemorySessions.Get(t.Context(), pair.SessionID)
			require.NoError(t, err)
			require.False(t, ok, "the session has gone")
			for left() > 12*time.Hour {
				a.refuses(t, attackRevoked, loose)
				a.clock.Advance(12 * time.Hour)
			}
			a.clock.Advance(left() + time.Minute - time.Second)
			a.refuses(t, attackRevoked, loose) // at the end of the leeway
			a.clock.Advance(time.Second)
			a.refuses(t, attackExpired, loose)
		})
	}
	t.Run("T194 ended before its first use", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		loose := jwttest.RefreshToken(t, a.mgr, "alice")
		jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(loose))
		for range 29 {
			a.refuses(t, attackRevoked, loose)
			a.clock.Advance(24 * time.Hour)
		}
	})
	t.Run("T196 it began with the token", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, func(c *ginjwt.Config) { c.SessionLifetime = 2 * 24 * time.Hour })
		loose := jwttest.RefreshToken(t, a.mgr, "alice")
		a.clock.Advance(24 * time.Hour)
		last := a.mustTrade(t, loose)
		a.clock.Advance(24 * time.Hour)
		a.refuses(t, attackExpired, last.RefreshToken)
		a.refuses(t, attackEnded, loose)
	})
	for name, identity := range map[string]string{
		"T202 an identity of 300 bytes": strings.Repeat("a", 300),
		"T202 an identity with NUL":     "alice\x00bob",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			_, err := a.mgr.CreateTokenPair(t.Context(), identity)
			require.ErrorIs(t, err, ginjwt.ErrIdentity)
			a.refuses(t, attackEnded, jwttest.RefreshToken(t, a.mgr, identity))
			stored, err := a.sessions.List(t.Context(), "", identity)
			require.NoError(t, err)
			assert.Empty(t, stored)
		})
	}
	t.Run("T202 one that never expires", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		a.refuses(t, attackEnded, jwttest.RefreshToken(t, a.mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires)))
	})
	t.Run("T202 two users with one jti", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		of := func(identity string) string {
			return jwttest.RefreshToken(t, a.mgr, identity, ginjwt.WithID("1"))
		}
		a.mustTrade(t, of("alice"))
		a.mustTrade(t, of("bob"))
		a.mustTrade(t, of(`a", "b`))
		a.mustTrade(t, of("a"))
		assert.Zero(t, a.thefts.Load())
	})
}

func TestAttackStolenRefreshTokenAlone(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	mallory := a.login(t, "mallory")
	for name, access := range map[string]string{
		"T190 alone":                        "",
		"T190 with a token of the thief":    mallory.AccessToken,
		"T190 with itself":                  a.pair.RefreshToken,
		"T190 with a forged token":          sessionsChanged(t, "the attacker's own key, long enough.", a.pair.AccessToken, "fresh", true),
		"T190 with one without a session":   jwttest.AccessToken(t, a.mgr, "alice"),
		"T190 with one of another session":  a.login(t, "alice").AccessToken,
		"T190 with what is not even base64": "%%%",
	} {
		t.Run(name, func(t *testing.T) {
			w := jwttest.Do(a.engine, "POST", "/token/both", jwttest.Form("grant_type", "refresh_token", "refresh_token", a.pair.RefreshToken, "access_token", access))
			assert.Equal(t, 400, w.Code)
			assert.JSONEq(t, `{"error":"invalid_grant","error_description":"The token is invalid, expired or revoked"}`, w.Body.String())
		})
	}
	w := jwttest.Do(a.engine, "POST", "/token/both", jwttest.Form("grant_type", "refresh_token", "refresh_token", a.pair.RefreshToken, "access_token", a.pair.AccessToken))
	assert.Equal(t, 200, w.Code, "and it was not used")
}

func TestAttackDevices(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ name, device, want string }{
		{"T295 markup", `<script>alert(1)</script>`, `<script>alert(1)</script>`},
		{"T295 control characters", "a\x00b\r\nc\x1b[31md\x7f", "abc[31md"},
		{"T295 text that runs backwards", "a\u202eb\u2066c\ufeffd\u200be", "abcde"},
		{"T295 bytes that are no UTF-8", "a\xff\xc0\x80b\xed\xa0\x80", "ab"},
		{"T295 a megabyte", strings.Repeat("x", 1<<20), strings.Repeat("x", 255)},
		{"T295 a megabyte of two-byte letters", strings.Repeat("é", 1<<19), strings.Repeat("é", 127)},
		{"T295 a letter across the end", strings.Repeat("x", 254) + "😀", strings.Repeat("x", 254)},
		{"T295 many combining marks", "e" + strings.Repeat("\u0301", 1000), "e" + strings.Repeat("\u0301", 127)},
		{"T295 nothing that can be seen", "\u200b\u2060\x00", ""},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			pair := a.login(t, "bob", ginjwt.WithDevice(v.device))
			s, ok, err := a.sessions.Get(t.Context(), pair.SessionID)
			require.NoError(t, err)
			require.True(t, ok)
			assert.Equal(t, v.want, s.Device)
			w := jwttest.Do(a.engine, "GET", "/sessions", jwttest.Bearer(pair.AccessToken))
			assert.Equal(t, 200, w.Code)
			assert.NotContains(t, w.Body.String(), "<")
			assert.Equal(t, -1, strings.IndexFunc(strings.TrimSuffix(w.Body.String(), "\n"), func(r rune) bool { return !unicode.IsPrint(r) }))
			assert.NotContains(t, sessionsClaims(t, pair.AccessToken), "device", "it is in no token")
		})
	}
}

func TestAttackOthersSessions(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	mallory := a.login(t, "mallory")
	for _, id := range []string{a.pair.SessionID, strings.ToUpper(a.pair.SessionID), "*", "%25", "..%2f" + a.pair.SessionID, "'%20OR%20'1'='1"} {
		w := jwttest.Do(a.engine, "DELETE", "/sessions/"+id, jwttest.Bearer(mallory.AccessToken))
		assert.Equal(t, 404, w.Code, "T202 %s", id)
	}
	w := jwttest.Do(a.engine, "GET", "/sessions", jwttest.Bearer(mallory.AccessToken))
	assert.NotContains(t, w.Body.String(), a.pair.SessionID, "T202")
	a.isAlive(t, a.pair)
}

// A logout during the first use of a token without a session: the session that
// is created after it does not live.
func TestAttackLogoutRacesAdoption(t *testing.T) {
	t.Parallel()
	t.Run("T189 of a token without a session", func(t *testing.T) {
		t.Parallel()
		a := sessionsNew(t, nil)
		loose := jwttest.RefreshToken(t, a.mgr, "alice")
		a.sessions.before = func(_ context.Context, step string) error {
			if step == "Create" {
				a.sessions.before = nil
				w := jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(loose))
				assert.Equal(t, 204, w.Code)
			}
			return nil
		}
		next, w := a.trade(loose)
		if w.Code == 200 {
			a.isDead(t, next)
		}
	})
}

// A token without "iat" has one lifetime, however often its session is over.
func TestAttackNoIATLifetime(t *testing.T) {
	t.Parallel()
	loose := func(t *testing.T) (*sessionsApp, string) {
		t.Helper()
		a := sessionsNew(t, func(c *ginjwt.Config) { c.SessionLifetime = 24 * time.Hour })
		return a, sessionsChanged(t, a.config.SecretKey, jwttest.RefreshToken(t, a.mgr, "alice"), "iat", nil)
	}
	t.Run("T196 no iat", func(t *testing.T) {
		t.Parallel()
		a, token := loose(t)
		a.mustTrade(t, token)
		a.clock.Advance(25 * time.Hour)
		_, w := a.trade(token)
		assert.Equal(t, 401, w.Code, "used before, and older than a session may be")
	})
	t.Run("T194 no iat, ended", func(t *testing.T) {
		t.Parallel()
		a, token := loose(t)
		pair := a.mustTrade(t, token)
		jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(pair.AccessToken))
		a.clock.Advance(25 * time.Hour)
		_, w := a.trade(token)
		assert.Equal(t, 401, w.Code, "adopted again after a logout")
	})
}

// A renewal by ImplicitRefresh that read the session before the grace was started
// does not take the start back.
func TestAttackRenewalTakesGraceBack(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	a.engine.GET("/page", a.mgr.ImplicitRefresh(5*time.Minute), a.mgr.JWTRequired(), attackHandler)
	replaced := 0
	a.sessions.before = func(_ context.Context, step string) error {
		if step == "Replace" {
			if replaced++; replaced == 2 {
				return errAttackTimeout // the start of the grace is lost
			}
		}
		return nil
	}
	next := a.mustTrade(t, a.pair.RefreshToken)
	a.sessions.before = nil
	a.clock.Advance(12 * time.Minute)
	a.sessions.before = func(_ context.Context, step string) error {
		if step == "Replace" { // of the renewal, which has read the session
			a.sessions.before = nil
			a.mustTrade(t, a.pair.RefreshToken) // starts the grace
		}
		return nil
	}
	w := jwttest.Do(a.engine, "GET", "/page", jwttest.Header("Cookie", "access_token_cookie="+next.AccessToken))
	require.Equal(t, 200, w.Code)
	require.Nil(t, a.sessions.before)
	a.clock.Advance(24 * time.Hour)
	a.refuses(t, attackReused, a.pair.RefreshToken)
}

// Beside an access token in the header, the refresh token is looked for elsewhere
// first.
func TestAttackAccessTokenInTheHeader(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InJSON} })
	w := jwttest.Do(a.engine, "POST", "/token/both", jwttest.Bearer(a.pair.AccessToken), jwttest.JSON(`{"refresh_token":"`+a.pair.RefreshToken+`"}`))
	assert.Equal(t, 200, w.Code, w.Body)
}

// The last generation does not overflow, and cannot be used for ever.
func TestAttackLastGeneration(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	last := sessionsChanged(t, a.config.SecretKey, a.pair.RefreshToken, "gen", int64(1<<63-1))
	_, w := a.trade(last)
	assert.Equal(t, 422, w.Code)
	assert.Equal(t, `{"msg":"Token has no valid \"gen\" claim"}`+"\n", w.Body.String())
}

// Media types have no case (RFC 9110 §8.3.1).
func TestAttackFormInUpperCase(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	w := jwttest.Do(a.engine, "POST", "/token", jwttest.Form("grant_type", "refresh_token", "refresh_token", a.pair.RefreshToken),
		jwttest.Header("Content-Type", "Application/X-WWW-Form-URLEncoded"))
	assert.Equal(t, 200, w.Code, w.Body)
}

// A logout with a token that cannot be revoked is no failure of the service.
func TestAttackLogoutWithoutAnID(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	a.engine.POST("/logout", a.mgr.JWTRequired(), a.mgr.LogoutHandler())
	w := jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(a.token("jti", "")))
	assert.Equal(t, 422, w.Code)
	assert.Equal(t, `{"msg":"Token is missing the \"jti\" claim"}`+"\n", w.Body.String())
}

// MaxSessions counts sessions that tokens without one become, too.
func TestAttackManyAdoptions(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, func(c *ginjwt.Config) { c.MaxSessions = 3 })
	for range 10 {
		a.clock.Advance(time.Second)
		a.mustTrade(t, jwttest.RefreshToken(t, a.mgr, "alice"))
	}
	stored, err := a.sessions.List(t.Context(), "", "alice")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(stored), 3)
}

// The error of a store in a renewal is an ErrUnavailable.
func TestAttackRenewalStoreError(t *testing.T) {
	t.Parallel()
	a := sessionsNew(t, nil)
	var seen error
	a.engine.GET("/page", func(c *gin.Context) { c.Next(); seen = c.Errors.Last().Err }, a.mgr.ImplicitRefresh(5*time.Minute), a.mgr.JWTRequired(), attackHandler)
	a.clock.Advance(12 * time.Minute)
	a.sessions.before = func(_ context.Context, step string) error {
		if step == "Replace" {
			return errAttackTimeout
		}
		return nil
	}
	jwttest.Do(a.engine, "GET", "/page", jwttest.Header("Cookie", "access_token_cookie="+a.pair.AccessToken))
	assert.ErrorIs(t, seen, ginjwt.ErrUnavailable)
}

// A refresh token that was used before is noticed also where an access token is
// asked for beside it, and missing.
func TestAttackReuseWithoutTheAccessToken(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]func(refresh string) jwttest.RequestOption{
		"header": jwttest.Bearer,
		"form": func(refresh string) jwttest.RequestOption {
			return jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh)
		},
	} {
		t.Run("T190 in a "+name, func(t *testing.T) {
			t.Parallel()
			a := sessionsNew(t, nil)
			a.mustTrade(t, a.pair.RefreshToken)
			a.clock.Advance(time.Minute)
			jwttest.Do(a.engine, "POST", "/token/both", opt(a.pair.RefreshToken))
			assert.Equal(t, int64(1), a.thefts.Load())
		})
	}
}
