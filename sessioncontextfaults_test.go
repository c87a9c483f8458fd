package ginjwt_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// askedBlocklist signals changes, and counts questions. It can be down.
type askedBlocklist struct {
	switchedBlocklist
	calls, ids atomic.Int64
	panics     atomic.Bool
}

func (b *askedBlocklist) Self() any { return b }

func (b *askedBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	b.calls.Add(1)
	b.ids.Add(int64(len(ids)))
	if b.panics.Load() {
		panic("the list is broken")
	}
	if len(ids) > store.MaxBatch {
		panic("too many IDs")
	}
	return b.switchedBlocklist.Contains(ctx, ids...)
}

func onList(b *askedBlocklist) func(*ginjwt.Config) {
	return func(c *ginjwt.Config) { c.Blocklist = b }
}

// After an error of the list contexts go on, for the lifetime of an access token.
func TestContextsWhileTheListIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &askedBlocklist{}
		p := newTwoProcesses(t, onList(list))
		s, pair := open(t, p.mgr, newPair(t, p.mgr).AccessToken), newPair(t, p.mgr)
		ended := open(t, p.mgr, pair.AccessToken)
		settle()
		for _, fail := range []*atomic.Bool{&list.down, &list.panics} {
			fail.Store(true)
			p.clock.Advance(15 * time.Minute)
			time.Sleep(10 * time.Second)
			assert.Empty(t, s.endedFor(t))
			fail.Store(false)
			if fail == &list.down {
				require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
				time.Sleep(time.Second)
				assert.Equal(t, ginjwt.CauseApplication, ended.endedFor(t))
			}
			time.Sleep(time.Second)
		}
		list.down.Store(true)
		p.clock.Advance(15*time.Minute + time.Second)
		time.Sleep(5 * time.Second)
		require.ErrorIs(t, s.cause(), ginjwt.ErrUnavailable)
		require.ErrorIs(t, s.cause(), errStoreDown)
		assert.NotErrorIs(t, s.cause(), ginjwt.ErrSessionEnded)
	})
}

// The list says that the session has ended, and fails before it says why. The context ends.
func TestContextsWhoseCauseIsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &failsAfterwards{}
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Blocklist = list })
		pair := newPair(t, p.mgr)
		s := open(t, p.mgr, pair.AccessToken)
		settle()
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		time.Sleep(time.Second)
		var end *ginjwt.SessionEnd
		require.ErrorAs(t, s.cause(), &end)
		assert.Empty(t, end.Cause)
		assert.EqualError(t, end, "ginjwt: session has ended (cause unknown)")
	})
}

// A replica that cannot ask its server still knows the cause, which was added before the ID.
func TestContextsWhoseCauseIsInTheCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &staleCopy{}
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Blocklist = list })
		pair := newPair(t, p.mgr)
		s := open(t, p.mgr, pair.AccessToken)
		settle()
		list.stale.Store(true)
		require.Equal(t, 200, jwttest.Do(p.engine, "POST", "/revoke", jwttest.Form("token", pair.RefreshToken)).Code)
		time.Sleep(time.Second)
		assert.Equal(t, ginjwt.CauseRevocation, s.endedFor(t))
	})
}

// staleCopy knows some entries, and fails for all other IDs.
type staleCopy struct {
	ginjwt.MemoryBlocklist
	stale atomic.Bool
}

func (b *staleCopy) Contains(ctx context.Context, ids ...string) (bool, error) {
	found, err := b.MemoryBlocklist.Contains(ctx, ids...)
	if !found && b.stale.Load() {
		return false, errStoreDown
	}
	return found, err
}

// failsAfterwards fails after it has found an entry.
type failsAfterwards struct {
	ginjwt.MemoryBlocklist
	found atomic.Bool
}

func (b *failsAfterwards) Contains(ctx context.Context, ids ...string) (bool, error) {
	if b.found.Load() {
		return false, errStoreDown
	}
	found, err := b.MemoryBlocklist.Contains(ctx, ids...)
	b.found.Store(found)
	return found, err
}

// A list is asked at once when it changes, in few questions, and otherwise rarely.
func TestWhatContextsAskTheList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &askedBlocklist{}
		p := newTwoProcesses(t, onList(list))
		for range 1000 {
			defer open(t, p.mgr, newPair(t, p.mgr).AccessToken).leave()
		}
		last := newPair(t, p.mgr)
		s := open(t, p.mgr, last.AccessToken)
		time.Sleep(time.Minute)
		list.calls.Store(0)
		time.Sleep(time.Minute)
		assert.InDelta(t, 60*5, list.calls.Load(), 5, "2002 IDs, each second")

		list.calls.Store(0)
		for range 1000 { // in a second
			require.NoError(t, list.Add(t.Context(), "another's", time.Time{}))
			require.NoError(t, list.Add(t.Context(), time.Now().String(), time.Time{}))
			time.Sleep(time.Millisecond)
		}
		assert.LessOrEqual(t, list.calls.Load(), int64(51*5), "50 times a second at most")
		assert.Greater(t, list.calls.Load(), int64(45*5))

		list.calls.Store(0)
		require.NoError(t, p.peer.EndSession(t.Context(), last.SessionID))
		settle()
		assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
		assert.Less(t, list.calls.Load(), int64(60), "a search in halves")
	})
}

// If many sessions end at once, all their contexts end.
func TestManyContextsEndAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Blocklist = &askedBlocklist{} })
		var ended, live []socket
		for range 700 {
			ended = append(ended, open(t, p.mgr, newPair(t, p.mgr).AccessToken))
			live = append(live, open(t, p.mgr, jwttest.TokenPair(t, p.mgr, "bob").AccessToken))
		}
		settle()
		require.NoError(t, p.peer.EndSessions(t.Context(), "alice"))
		settle()
		for _, s := range ended {
			assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
		}
		for _, s := range live {
			assert.NoError(t, s.Err())
			s.leave()
		}
	})
}

// A list behind an observer signals changes. A list that embeds another one does not.
func TestListsThatTellAreHeardAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		configure func(*ginjwt.Config)
		within    time.Duration
	}{
		"MemoryBlocklist":   {func(*ginjwt.Config) {}, 50 * time.Millisecond},
		"with an observer":  {func(c *ginjwt.Config) { c.Observer = &recorder{} }, 50 * time.Millisecond},
		"that does not say": {func(c *ginjwt.Config) { c.Blocklist = struct{ ginjwt.Blocklist }{c.Blocklist} }, time.Second},
		"of its own":        {func(c *ginjwt.Config) { c.Blocklist = &switchedBlocklist{} }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newTwoProcesses(t, test.configure)
				pair := newPair(t, p.mgr)
				s := open(t, p.mgr, pair.AccessToken)
				time.Sleep(2*time.Second + 500*time.Millisecond)
				require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
				time.Sleep(test.within)
				assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
			})
		})
	}
}

func TestContextsWhileTheStoreOfSessionsIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.RefreshTokenExpires = 20 * time.Minute })
		s, forgotten := open(t, p.mgr, newPair(t, p.mgr).AccessToken), open(t, p.mgr, newPair(t, p.mgr).AccessToken)
		p.sessions.down.Store(true)
		p.clock.Advance(30 * time.Minute)
		time.Sleep(time.Minute)
		require.Empty(t, s.endedFor(t))
		p.sessions.down.Store(false)
		time.Sleep(5 * time.Second) // more than the longest pause between failed questions
		assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
		assert.Equal(t, ginjwt.CauseExpired, forgotten.endedFor(t))

		s = open(t, p.mgr, newPair(t, p.mgr).AccessToken)
		p.sessions.down.Store(true)
		p.clock.Advance(15 * time.Minute)
		time.Sleep(time.Minute)
		p.clock.Advance(15 * time.Minute)
		time.Sleep(time.Minute)
		require.NoError(t, s.Err())
		p.clock.Advance(time.Second)
		time.Sleep(time.Second)
		assert.ErrorIs(t, s.cause(), ginjwt.ErrUnavailable)
		assert.ErrorIs(t, s.cause(), errStoreDown)
	})
}

// hangingSessions never answers Get, even if the context ends.
type hangingSessions struct {
	ginjwt.MemorySessions
	hang chan struct{}
	gets atomic.Int64
}

func (s *hangingSessions) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	s.gets.Add(1)
	<-s.hang
	return s.MemorySessions.Get(ctx, id)
}

// No context waits for a store that hangs, and only one goroutine asks it.
func TestContextsWhileTheStoreOfSessionsHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sessions := &hangingSessions{hang: make(chan struct{})}
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Sessions = sessions })
		plain := jwttest.AccessToken(t, p.mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires))
		revoked := open(t, p.mgr, plain)
		var waiting []socket
		for range 3 {
			waiting = append(waiting, open(t, p.mgr, newPair(t, p.mgr).AccessToken))
		}
		p.clock.Advance(15 * time.Minute)
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, sessions.gets.Load())
		require.NoError(t, p.peer.RevokeToken(t.Context(), p.decode(t, plain)))
		settle()
		assert.Equal(t, ginjwt.CauseApplication, revoked.endedFor(t))
		p.clock.Advance(15*time.Minute + time.Second)
		time.Sleep(time.Second)
		for _, s := range waiting {
			assert.ErrorIs(t, s.cause(), ginjwt.ErrUnavailable)
		}
		close(sessions.hang)
	})
}

func TestContextsAskTheLoader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked, blocked, fails, panics atomic.Int64
		config := jwttest.Config(nil)
		config.Now = time.Now
		mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
			mgr.TokenInBlocklistLoader(func(ctx context.Context, token *ginjwt.Token) (bool, error) {
				asked.Add(1)
				assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx))
				switch {
				case panics.Load() > 0:
					panic("the loader is broken")
				case fails.Load() > 0:
					return false, errStoreDown
				}
				return blocked.Load() > 0, nil
			})
		})
		encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires))
		open1 := func() socket {
			token, err := mgr.DecodeToken(t.Context(), encoded)
			require.NoError(t, err)
			parent, leave := context.WithCancel(t.Context())
			return socket{ginjwt.SessionContext(ginjwt.NewContext(parent, token, nil)), leave}
		}
		s := open1()
		time.Sleep(10*time.Minute + time.Second)
		assert.EqualValues(t, 20, asked.Load(), "every 30 seconds")
		for _, bad := range []*atomic.Int64{&fails, &panics} {
			bad.Store(1)
			time.Sleep(10 * time.Minute)
			assert.Empty(t, s.endedFor(t))
			bad.Store(0)
			time.Sleep(time.Minute)
		}
		blocked.Store(1)
		time.Sleep(30 * time.Second)
		assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))

		blocked.Store(0)
		s = open1()
		fails.Store(1)
		time.Sleep(16 * time.Minute)
		assert.ErrorIs(t, s.cause(), ginjwt.ErrUnavailable)
	})
}

func TestEventsOfContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := &recorder{panics: ginjwt.EventContextEnded}
		list := &askedBlocklist{}
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Observer, c.Blocklist = seen, list })
		pair := newPair(t, p.mgr)
		token := p.decode(t, pair.AccessToken)
		open(t, p.mgr, pair.AccessToken).leave()
		s := open(t, p.mgr, pair.AccessToken)
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		settle()
		require.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
		assert.Equal(t, []ginjwt.Event{{
			Kind: ginjwt.EventContextEnded, TokenType: ginjwt.AccessToken, Cause: ginjwt.CauseApplication, SessionID: pair.SessionID, TokenID: token.ID,
		}}, seen.taken(ginjwt.EventContextEnded))

		pair = newPair(t, p.mgr)
		s = open(t, p.mgr, pair.AccessToken)
		settle()
		list.down.Store(true)
		p.clock.Advance(16 * time.Minute)
		time.Sleep(6 * time.Second)
		events := seen.taken(ginjwt.EventContextEnded)
		require.Len(t, events, 1)
		assert.Equal(t, ginjwt.FaultService, events[0].Fault)
		assert.Equal(t, s.cause(), events[0].Err)
		assert.Empty(t, events[0].Cause)
	})
}

// One goroutine serves all contexts, and ends with them. The test is not parallel, because it counts
// the goroutines of the whole program.
func TestGoroutinesOfContexts(t *testing.T) {
	p := newTwoProcesses(t)
	pair := newPair(t, p.mgr)
	token := p.decode(t, pair.AccessToken)
	before := runtime.NumGoroutine()
	parent, leave := context.WithCancel(t.Context())
	for range 1000 {
		ginjwt.SessionContext(ginjwt.NewContext(parent, token, nil))
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+1)
	leave()
	for start := time.Now(); runtime.NumGoroutine() > before; runtime.Gosched() {
		require.Less(t, time.Since(start), time.Minute)
	}
}

// Contexts start and end while their sessions end, for the race detector.
func TestContextsComeAndGo(t *testing.T) {
	t.Parallel()
	p := newTwoProcesses(t)
	var left atomic.Int64
	const users = 8
	for range users {
		go func() {
			defer left.Add(1)
			for i := range 50 {
				pair, err := p.mgr.CreateTokenPair(context.Background(), "alice")
				assert.NoError(t, err)
				token, err := p.mgr.VerifyToken(context.Background(), pair.AccessToken)
				assert.NoError(t, err)
				parent, leave := context.WithCancel(context.Background())
				ctx := ginjwt.SessionContext(ginjwt.NewContext(parent, token, nil))
				if i%2 == 0 {
					assert.NoError(t, p.peer.EndSession(context.Background(), pair.SessionID))
					<-ctx.Done()
					assert.Equal(t, &ginjwt.SessionEnd{Cause: ginjwt.CauseApplication}, context.Cause(ctx))
				}
				leave()
				<-ctx.Done()
			}
		}()
	}
	require.Eventually(t, func() bool { return left.Load() == users }, time.Minute, time.Millisecond)
}
