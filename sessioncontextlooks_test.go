package ginjwt_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A session may have gone without being on the list: somebody removed it from the store, or the
// process was paused until the list had forgotten the end.
func TestContextsOfSessionsThatAreGone(t *testing.T) {
	t.Parallel()
	for name, refresh := range map[string]bool{"access token": false, "refresh token": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newTwoProcesses(t)
				pair := newPair(t, p.mgr)
				encoded, opts := pair.AccessToken, []ginjwt.RequiredOption(nil)
				if refresh {
					encoded, opts = pair.RefreshToken, []ginjwt.RequiredOption{ginjwt.Refresh()}
				}
				s := open(t, p.mgr, encoded, opts...)
				for range 5 {
					p.clock.Advance(20 * time.Minute)
					time.Sleep(time.Second)
					require.Empty(t, s.endedFor(t))
				}
				_, err := p.sessions.Delete(t.Context(), pair.SessionID)
				require.NoError(t, err)
				p.clock.Advance(15 * time.Minute) // AccessTokenExpires
				time.Sleep(time.Second)
				assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
			})
		})
	}
}

// The store of sessions may know of an end before the list in this process. The cause is still
// right.
func TestContextsWhoseListIsBehindTheStore(t *testing.T) {
	t.Parallel()
	for _, observer := range []ginjwt.Observer{nil, &recorder{}} {
		synctest.Test(t, func(t *testing.T) {
			p := newTwoProcesses(t)
			behind := &copiedList{all: p.list, behind: true}
			config := jwttest.Config(p.clock)
			config.Sessions, config.Blocklist, config.Observer = p.sessions, behind, observer
			mgr, _ := newManager(t, config)
			for want, end := range map[ginjwt.Cause]func(pair ginjwt.TokenPair) error{
				ginjwt.CauseApplication: func(pair ginjwt.TokenPair) error { return p.mgr.EndSession(t.Context(), pair.SessionID) },
				ginjwt.CauseExpired: func(pair ginjwt.TokenPair) error {
					_, err := p.sessions.Delete(t.Context(), pair.SessionID)
					return err
				},
			} {
				pair := newPair(t, p.mgr)
				s := open(t, mgr, pair.AccessToken)
				require.NoError(t, end(pair))
				time.Sleep(time.Minute)
				require.Empty(t, s.endedFor(t), "the list does not know")
				p.clock.Advance(15 * time.Minute)
				time.Sleep(time.Second)
				assert.Equal(t, want, s.endedFor(t))
			}
		})
	}
}

// A slow loader is asked about all contexts, one after the other. This is no failure.
func TestContextsAskASlowLoader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var slow, failed atomic.Bool
		config := jwttest.Config(nil)
		config.Now = time.Now
		mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
			mgr.TokenInBlocklistLoader(func(ctx context.Context, _ *ginjwt.Token) (bool, error) {
				if slow.Load() {
					time.Sleep(time.Second + 100*time.Millisecond)
				}
				failed.Store(failed.Load() || ctx.Err() != nil)
				return false, ctx.Err()
			})
		})
		encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires))
		var sockets []socket
		for range 300 {
			sockets = append(sockets, open(t, mgr, encoded))
		}
		slow.Store(true)
		time.Sleep(time.Hour)
		assert.False(t, failed.Load())
		for _, s := range sockets {
			assert.NoError(t, s.cause())
			s.leave()
		}
		time.Sleep(2 * time.Second) // until the loader has answered
	})
}

// A loader is asked even if the store of sessions uses up all its time.
func TestContextsAskTheLoaderBesideAStoreThatIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var blocked atomic.Bool
		config := jwttest.Config(nil)
		config.Now, config.Sessions = time.Now, &slowSessions{}
		mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
			mgr.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return blocked.Load(), nil })
		})
		var sockets []socket
		for range 10 {
			sockets = append(sockets, open(t, mgr, newPair(t, mgr).AccessToken))
		}
		time.Sleep(16 * time.Minute)
		blocked.Store(true)
		time.Sleep(time.Minute)
		for _, s := range sockets {
			assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
		}
	})
}

// slowSessions answer Get only after their time limit.
type slowSessions struct{ ginjwt.MemorySessions }

func (s *slowSessions) Get(ctx context.Context, _ string) (session ginjwt.Session, ok bool, err error) {
	<-ctx.Done()
	return session, false, ctx.Err()
}

// deafBlocklist waits until it is open, even if the context ends.
type deafBlocklist struct {
	ginjwt.MemoryBlocklist
	open chan struct{}
}

func (b *deafBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	<-b.open
	return b.MemoryBlocklist.Contains(ctx, ids...)
}

// A list that never answers ends the contexts like a list that fails.
func TestContextsWhileTheListHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &deafBlocklist{open: make(chan struct{})}
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Blocklist = list })
		token, err := p.mgr.DecodeToken(t.Context(), newPair(t, p.mgr).AccessToken)
		require.NoError(t, err)
		s := socket{Context: ginjwt.SessionContext(ginjwt.NewContext(t.Context(), token, nil))}
		time.Sleep(15 * time.Minute)
		require.NoError(t, s.cause())
		time.Sleep(6 * time.Second)
		require.ErrorIs(t, s.cause(), ginjwt.ErrUnavailable)

		close(list.open)
		assertWatched(t, p)
	})
}

// brokenSignal is a list that panics when it should signal changes.
type brokenSignal struct{ ginjwt.MemoryBlocklist }

func (b *brokenSignal) Self() any { return b }

func (b *brokenSignal) Changed() <-chan struct{} { panic("the list is broken") }

func TestContextsOfAListThatFailsToTell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		assertWatched(t, newTwoProcesses(t, func(c *ginjwt.Config) { c.Blocklist = &brokenSignal{} }))
	})
}

// assertWatched requires that contexts end within a second.
func assertWatched(t *testing.T, p *twoProcesses) {
	t.Helper()
	pair := newPair(t, p.mgr)
	s := open(t, p.mgr, pair.AccessToken)
	settle()
	require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
	time.Sleep(time.Second)
	assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
}
