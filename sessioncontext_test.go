package ginjwt_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// twoProcesses are two managers with the same stores. The first has the sockets. The events that
// end them happen on the second.
type twoProcesses struct {
	clock     *jwttest.Clock
	sessions  *switchedSessions
	list      *ginjwt.MemoryBlocklist
	mgr, peer *ginjwt.JWTManager
	engine    *gin.Engine // of the second
}

func newTwoProcesses(t *testing.T, configure ...func(*ginjwt.Config)) *twoProcesses {
	t.Helper()
	p := &twoProcesses{clock: &jwttest.Clock{}, sessions: &switchedSessions{}, list: &ginjwt.MemoryBlocklist{}}
	p.sessions.Now, p.list.Now = p.clock.Now, p.clock.Now
	config := jwttest.Config(p.clock)
	config.Sessions, config.Blocklist = p.sessions, p.list
	for _, fn := range configure {
		fn(&config)
	}
	p.mgr, _ = newManager(t, config)
	p.peer, p.engine = newManager(t, config)
	p.engine.POST("/logout", p.peer.LogoutHandler())
	p.engine.POST("/logout/all", p.peer.JWTRequired(), p.peer.LogoutAllHandler())
	p.engine.DELETE("/sessions/:id", p.peer.JWTRequired(), p.peer.EndSessionHandler())
	p.engine.POST("/revoke", p.peer.RevocationHandler())
	return p
}

// socket is the context of a long-running handler.
type socket struct {
	context.Context
	leave context.CancelFunc // the client disconnects
}

// open opens a socket that sends its token in the first message.
func open(t *testing.T, mgr *ginjwt.JWTManager, encoded string, opts ...ginjwt.RequiredOption) socket {
	t.Helper()
	parent, leave := context.WithCancel(t.Context())
	token, err := mgr.VerifyToken(parent, encoded, opts...)
	require.NoError(t, err)
	return socket{ginjwt.SessionContext(ginjwt.NewContext(parent, token, nil)), leave}
}

// cause returns why a socket has ended, after all goroutines are idle.
func (s socket) cause() error {
	synctest.Wait()
	return context.Cause(s)
}

// endedFor returns the cause of the end of a socket; empty if it goes on.
func (s socket) endedFor(t *testing.T) ginjwt.Cause {
	t.Helper()
	cause := s.cause()
	if cause == nil {
		return ""
	}
	require.ErrorIs(t, s.Err(), context.Canceled)
	var end *ginjwt.SessionEnd
	require.ErrorAs(t, cause, &end)
	require.ErrorIs(t, end, ginjwt.ErrSessionEnded)
	assert.Equal(t, "ginjwt: session has ended ("+string(end.Cause)+")", end.Error())
	return end.Cause
}

// settle gives the watchers time to look: they ask a list that signals changes within 20 ms after
// the previous question.
func settle() { time.Sleep(50 * time.Millisecond) }

func (p *twoProcesses) decode(t *testing.T, encoded string) *ginjwt.Token {
	t.Helper()
	token, err := p.peer.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	return token
}

func TestContextsEndWithTheirSessionForACause(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause ginjwt.Cause
		end   func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair)
	}{
		"LogoutHandler": {ginjwt.CauseLogout, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			require.Equal(t, 204, jwttest.Do(p.engine, "POST", "/logout", jwttest.Bearer(pair.AccessToken)).Code)
		}},
		"LogoutAllHandler": {ginjwt.CauseLogout, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			require.Equal(t, 204, jwttest.Do(p.engine, "POST", "/logout/all", jwttest.Bearer(pair.AccessToken)).Code)
		}},
		"EndSessionHandler": {ginjwt.CauseUser, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			other := newPair(t, p.peer)
			require.Equal(t, 204, jwttest.Do(p.engine, "DELETE", "/sessions/"+pair.SessionID, jwttest.Bearer(other.AccessToken)).Code)
		}},
		"RevocationHandler": {ginjwt.CauseRevocation, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			require.Equal(t, 200, jwttest.Do(p.engine, "POST", "/revoke", jwttest.Form("token", pair.RefreshToken)).Code)
		}},
		"EndSession": {ginjwt.CauseApplication, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		}},
		"EndSessions": {ginjwt.CauseApplication, func(t *testing.T, p *twoProcesses, _ ginjwt.TokenPair) {
			require.NoError(t, p.peer.EndSessions(t.Context(), "alice"))
		}},
		"EndSessionForToken": {ginjwt.CauseApplication, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			require.NoError(t, p.peer.EndSessionForToken(t.Context(), p.decode(t, pair.AccessToken)))
		}},
		"RevokeToken": {ginjwt.CauseApplication, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			require.NoError(t, p.peer.RevokeToken(t.Context(), p.decode(t, pair.AccessToken)))
		}},
		"MaxSessions": {ginjwt.CauseMaxSessions, func(t *testing.T, p *twoProcesses, _ ginjwt.TokenPair) {
			newPair(t, p.peer)
			newPair(t, p.peer)
			newPair(t, p.peer)
		}},
		"reuse": {ginjwt.CauseReuse, func(t *testing.T, p *twoProcesses, pair ginjwt.TokenPair) {
			p.clock.Advance(2 * time.Minute)
			_, err := p.peer.RotateTokens(t.Context(), p.decode(t, pair.RefreshToken))
			require.NoError(t, err)
			p.clock.Advance(2 * time.Minute)
			_, err = p.peer.RotateTokens(t.Context(), p.decode(t, pair.RefreshToken))
			require.ErrorIs(t, err, ginjwt.ErrSessionReused)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newTwoProcesses(t, func(c *ginjwt.Config) { c.MaxSessions = 3 })
				pair := newPair(t, p.mgr)
				remote, local := open(t, p.mgr, pair.AccessToken), open(t, p.peer, pair.AccessToken)
				other := open(t, p.mgr, jwttest.TokenPair(t, p.mgr, "bob").AccessToken)
				settle()
				require.Empty(t, remote.endedFor(t))
				test.end(t, p, pair)
				settle()
				assert.Equal(t, test.cause, remote.endedFor(t))
				assert.Equal(t, test.cause, local.endedFor(t))
				assert.Empty(t, other.endedFor(t))
				other.leave()
			})
		})
	}
}

// Tokens that belong to no session of the manager.
func TestContextsOfTokensWithoutASession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause ginjwt.Cause
		end   func(t *testing.T, p *twoProcesses, encoded string)
	}{
		"LogoutHandler": {ginjwt.CauseLogout, func(t *testing.T, p *twoProcesses, encoded string) {
			require.Equal(t, 204, jwttest.Do(p.engine, "POST", "/logout", jwttest.Bearer(encoded)).Code)
		}},
		"RevocationHandler": {ginjwt.CauseRevocation, func(t *testing.T, p *twoProcesses, encoded string) {
			require.Equal(t, 200, jwttest.Do(p.engine, "POST", "/revoke", jwttest.Form("token", encoded)).Code)
		}},
		"RevokeToken": {ginjwt.CauseApplication, func(t *testing.T, p *twoProcesses, encoded string) {
			require.NoError(t, p.peer.RevokeToken(t.Context(), p.decode(t, encoded)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newTwoProcesses(t)
				encoded := jwttest.AccessToken(t, p.mgr, "alice")
				s, other := open(t, p.mgr, encoded), open(t, p.mgr, jwttest.AccessToken(t, p.mgr, "alice"))
				test.end(t, p, encoded)
				settle()
				assert.Equal(t, test.cause, s.endedFor(t))
				assert.Empty(t, other.endedFor(t))
				other.leave()
			})
		})
	}
}

func TestContextsOfTokensWithoutASessionExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.DecodeLeeway = 10 * time.Second })
		s := open(t, p.mgr, jwttest.AccessToken(t, p.mgr, "alice"))
		lasting := open(t, p.mgr, jwttest.AccessToken(t, p.mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires)))
		p.clock.Advance(15*time.Minute + 9*time.Second)
		time.Sleep(time.Second)
		assert.Empty(t, s.endedFor(t))
		p.clock.Advance(time.Second)
		time.Sleep(time.Second)
		assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
		p.clock.Advance(1000 * time.Hour)
		time.Sleep(time.Second)
		assert.Empty(t, lasting.endedFor(t))
		lasting.leave()
	})
}

// The context of a refresh token without a session ends with the session that it may become.
func TestContextsOfTokensThatMayBecomeASession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t)
		encoded := jwttest.RefreshToken(t, p.mgr, "alice")
		s := open(t, p.mgr, encoded, ginjwt.Refresh())
		pair, err := p.peer.RotateTokens(t.Context(), p.decode(t, encoded))
		require.NoError(t, err)
		settle()
		require.Empty(t, s.endedFor(t))
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		settle()
		assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t))
	})
}

func TestContextsEndWithALogoutAtTheIssuer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newUpstreamApp(t)
		phone, laptop := open(t, a.mgr, a.login(t, issuerA, "phone", "alice").AccessToken), open(t, a.mgr, a.login(t, issuerA, "laptop", "alice").AccessToken)
		foreign := open(t, a.mgr, a.access(t, issuerA, jwt.MapClaims{"sid": "phone"}))
		time.Sleep(time.Second)
		a.logOut(t, issuerA, jwt.MapClaims{"sid": "phone", "sub": nil})
		time.Sleep(time.Second) // this list does not signal changes
		assert.Equal(t, ginjwt.CauseUpstreamLogout, phone.endedFor(t))
		assert.Equal(t, ginjwt.CauseUpstreamLogout, foreign.endedFor(t))
		assert.Empty(t, laptop.endedFor(t))
		laptop.leave()
	})
}

// A logout at an issuer is remembered for MaxTokenAge. So a token does not work for longer, whatever
// its "exp".
func TestContextsOfOldTokensOfIssuersThatLogOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newUpstreamApp(t)
		s := open(t, a.mgr, a.access(t, issuerA, jwt.MapClaims{"exp": nil, "sid": "phone"}))
		a.clock.Advance(maxTokenAge - time.Second)
		time.Sleep(time.Second)
		assert.Empty(t, s.endedFor(t))
		a.clock.Advance(time.Second)
		time.Sleep(time.Second)
		assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
	})
}

func TestRotationsProlongContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t, func(c *ginjwt.Config) {
			c.RefreshTokenExpires, c.SessionLifetime = time.Hour, 3*time.Hour
		})
		pair := newPair(t, p.mgr)
		s, abandoned := open(t, p.mgr, pair.AccessToken), open(t, p.mgr, newPair(t, p.mgr).AccessToken)
		for range 5 {
			p.clock.Advance(30 * time.Minute)
			next, err := p.peer.RotateTokens(t.Context(), p.decode(t, pair.RefreshToken))
			require.NoError(t, err)
			pair = next
			time.Sleep(time.Second)
			require.Empty(t, s.endedFor(t))
		}
		assert.Equal(t, ginjwt.CauseExpired, abandoned.endedFor(t))
		p.clock.Advance(30*time.Minute - time.Second)
		time.Sleep(time.Second)
		require.Empty(t, s.endedFor(t))
		p.clock.Advance(time.Second) // SessionLifetime
		time.Sleep(time.Second)
		assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
	})
}

func TestImplicitRefreshProlongsContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t, func(c *ginjwt.Config) {
			c.RefreshTokenExpires, c.RenewedTokenHeader = 20*time.Minute, "X-Token"
		})
		p.engine.GET("/", p.peer.ImplicitRefresh(10*time.Minute), p.peer.JWTRequired(), identify)
		encoded := newPair(t, p.mgr).AccessToken
		s := open(t, p.mgr, encoded)
		for range 5 {
			p.clock.Advance(14 * time.Minute)
			w := jwttest.Do(p.engine, "GET", "/", jwttest.Bearer(encoded))
			require.NotEmpty(t, w.Header().Get("X-Token"), w.Body.String())
			encoded = w.Header().Get("X-Token")
			time.Sleep(time.Second)
			require.Empty(t, s.endedFor(t))
		}
		p.clock.Advance(20 * time.Minute)
		time.Sleep(time.Second)
		assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
	})
}

// With a clock that moves like timers, a context ends at the exact moment.
func TestContextsExpireToTheMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t, func(c *ginjwt.Config) { c.Now = time.Now })
		s := open(t, p.mgr, jwttest.AccessToken(t, p.mgr, "alice"))
		start := time.Now()
		<-s.Done()
		assert.Equal(t, start.Add(15*time.Minute), time.Now())
	})
}

// A session may end while a socket opens: after the check of the token, and before its context
// exists.
func TestContextsOfSessionsThatHaveJustEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t)
		long := open(t, p.mgr, jwttest.TokenPair(t, p.mgr, "bob").AccessToken)
		pair := newPair(t, p.mgr)
		token, err := p.mgr.VerifyToken(t.Context(), pair.AccessToken)
		require.NoError(t, err)
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		time.Sleep(time.Minute)
		parent, leave := context.WithCancel(t.Context())
		s := socket{ginjwt.SessionContext(ginjwt.NewContext(parent, token, nil)), leave}
		assert.Equal(t, ginjwt.CauseApplication, s.endedFor(t), "at once")
		long.leave()
	})
}

func TestContextsEndWithTheirParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t)
		pair := newPair(t, p.mgr)
		gone, stays := open(t, p.mgr, pair.AccessToken), open(t, p.mgr, pair.AccessToken)
		gone.leave()
		synctest.Wait()
		assert.Equal(t, context.Canceled, context.Cause(gone))
		assert.NoError(t, stays.Err())

		mine := errors.New("the handler has enough")
		parent, end := context.WithCancelCause(t.Context())
		s := ginjwt.SessionContext(ginjwt.NewContext(parent, p.decode(t, pair.AccessToken), nil))
		end(mine)
		assert.Equal(t, mine, context.Cause(s))
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		settle()
		assert.Equal(t, mine, context.Cause(s))
		assert.Equal(t, ginjwt.CauseApplication, stays.endedFor(t))
		assert.Equal(t, parent.Err(), ginjwt.SessionContext(ginjwt.NewContext(parent, p.decode(t, newPair(t, p.mgr).AccessToken), nil)).Err())
	})
}

// What the context has from its request.
func TestContextsOfRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t)
		var first, second, hijacked context.Context
		p.engine.GET("/", p.peer.JWTRequired(ginjwt.Optional()), func(c *gin.Context) {
			c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), valueKey{}, "of the request"))
			first, second = ginjwt.SessionContext(c), ginjwt.SessionContext(c.Request.Context())
			hijacked = ginjwt.SessionContext(context.WithoutCancel(c.Request.Context()))
			c.String(http.StatusOK, "%v %v", first.Value(valueKey{}), ginjwt.GetJWTIdentity(first))
		})
		p.engine.GET("/open", func(c *gin.Context) {
			assert.PanicsWithValue(t, "ginjwt: SessionContext: no token was verified for this request; put JWTRequired on the route, or call VerifyJWTInRequest first",
				func() { ginjwt.SessionContext(c) })
		})
		pair := newPair(t, p.mgr)
		ctx, answer := context.WithCancel(t.Context()) // net/http cancels when the handler returns
		inRequest := func(r *http.Request) { *r = *r.WithContext(ctx) }
		w := jwttest.Do(p.engine, "GET", "/", jwttest.Bearer(pair.AccessToken), inRequest)
		assert.Equal(t, "of the request alice", w.Body.String())
		for _, c := range []context.Context{first, second, hijacked} {
			assert.NoError(t, c.Err())
		}
		answer()
		assert.Error(t, first.Err())
		assert.Error(t, second.Err())
		assert.NoError(t, hijacked.Err())
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		settle()
		assert.Equal(t, ginjwt.CauseApplication, socket{Context: hijacked}.endedFor(t))

		ctx, answer = context.WithCancel(t.Context())
		jwttest.Do(p.engine, "GET", "/", inRequest)
		assert.NoError(t, first.Err(), "an anonymous visitor")
		answer()
		assert.Equal(t, context.Canceled, context.Cause(first))
		jwttest.Do(p.engine, "GET", "/open")
	})
}

type valueKey struct{}

func TestContextsOfTokensMadeByHand(t *testing.T) {
	t.Parallel()
	ctx := ginjwt.NewContext(t.Context(), &ginjwt.Token{ID: "id", Identity: "alice"}, nil)
	assert.NoError(t, ginjwt.SessionContext(ctx).Err())
}
