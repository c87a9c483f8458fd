package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// ends are the ways in which a session ends, by their cause.
var ends = map[ginjwt.Cause]func(t *testing.T, p *played){
	ginjwt.CauseLogout: func(_ *testing.T, p *played) { p.post("/api/logout", p.pair.AccessToken, "") },
	ginjwt.CauseUser: func(t *testing.T, p *played) {
		sessions, err := p.JWT.Sessions(t.Context(), "alice")
		require.NoError(t, err)
		answer := p.do("DELETE", "/api/sessions/"+sessions[0].ID, "", bearer(p)...)
		_ = answer.Body.Close()
		require.Equal(t, 204, answer.StatusCode)
	},
	ginjwt.CauseApplication: func(t *testing.T, p *played) {
		require.NoError(t, p.JWT.EndSessions(t.Context(), "alice"))
	},
	ginjwt.CauseMaxSessions: func(_ *testing.T, p *played) { p.login() },
	ginjwt.CauseExpired:     func(_ *testing.T, p *played) { p.clock.Advance(31 * 24 * time.Hour) },
	ginjwt.CauseReuse: func(t *testing.T, p *played) {
		stolen := p.pair.RefreshToken
		p.clock.Advance(3 * time.Minute)
		p.post("/api/refresh", stolen, "")
		p.clock.Advance(3 * time.Minute)
		answer := p.do("POST", "/api/refresh", "", "Authorization", "Bearer "+stolen)
		_ = answer.Body.Close()
		require.Equal(t, 401, answer.StatusCode)
	},
}

func TestEveryEndOfASessionEndsEveryKindOfConnection(t *testing.T) {
	t.Parallel()
	for cause, end := range ends {
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, p *played, c connection, kind string) {
				end(t, p)
				assert.Regexp(t, map[string]string{
					"WebSocket": "^3000 " + string(cause) + "$",
					"events":    "^session-end " + string(cause) + "$",
					"download":  "^unexpected EOF$",
					"long poll": "^401 (session_ended|token_(revoked|expired))$", // it waited, or asked again
				}[kind], next(c))
			})
		})
	}
}

// A client that does not answer pings still gets the cause.
func TestTheSessionMayEndBetweenPingAndPong(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/live/gorilla", "/live/coder"} {
		p := play(t)
		p.beatEvery = 10 * time.Millisecond
		conn := dialGorilla(p, p.ticketed(path))
		pinged := make(chan struct{}, 1000)
		conn.SetPingHandler(func(string) error {
			pinged <- struct{}{}
			return nil
		})
		end := make(chan string, 1)
		go func() { end <- next(conn) }()
		<-pinged
		p.post("/api/logout", p.pair.AccessToken, "")
		assert.Equal(t, "3000 logout", <-end, path)
	}
}

// The blocklist does not answer for the lifetime of an access token.
func TestALongOutageEndsEveryKindOfConnection(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, p *played, c connection, kind string) {
		p.list.broken.Store(true)
		p.clock.Advance(16 * time.Minute)
		require.NoError(t, p.list.Add(t.Context(), "another", p.clock.Now().Add(time.Hour))) // a change makes the server ask the list
		assert.Regexp(t, map[string]string{
			"WebSocket": "^1013 unavailable$",
			"events":    "^EOF$", // no event: the page reconnects
			"download":  "^unexpected EOF$",
			"long poll": "^(503 store_unavailable|401 token_expired)$",
		}[kind], next(c))
	})
}

func TestARotationEndsNothing(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, p *played, c connection, kind string) {
		for range 2 {
			p.clock.Advance(3 * time.Minute)
			p.rotate()
		}
		if d, ok := c.(download); ok {
			_, err := io.CopyN(io.Discard, d, 100_000)
			assert.NoError(t, err)
			return
		}
		p.say("still here")
		assert.Equal(t, "still here", next(c))
	})
}

func TestAServerThatStopsEndsWhatWouldNotEnd(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, p *played, c connection, kind string) {
		p.Stop()
		if d, ok := c.(download); ok { // http.Server.Shutdown waits for downloads
			_, err := io.CopyN(io.Discard, d, 100_000)
			assert.NoError(t, err)
			return
		}
		assert.Equal(t, map[string]string{
			"WebSocket": "1001 shutdown",
			"events":    "EOF",
			"long poll": "204 none",
		}[kind], next(c))
		waited, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		assert.NoError(t, p.Wait(waited))
	})
}

// The server does not wait for a client that does not answer the close frame.
func TestAServerWaitsForItsConnections(t *testing.T) {
	t.Parallel()
	p := play(t)
	conn := dialGorilla(p, p.ticketed("/live/gorilla?after=0"))
	p.say("hello")
	require.Equal(t, "hello", next(conn)) // and then reads nothing
	over, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, p.Wait(over), context.Canceled)
	p.Stop()
	assert.NoError(t, p.Wait(t.Context()))
}

// The deadlines of the server are for short requests.
func TestConnectionsOutliveTheDeadlinesOfTheServer(t *testing.T) {
	t.Parallel()
	const deadline = time.Second
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, func(_ *ginjwt.Config, s *http.Server) { s.ReadTimeout, s.WriteTimeout = deadline, deadline })
			c := open(p)
			time.Sleep(2 * deadline) // the deadlines of net/http have no other clock
			if d, ok := c.(download); ok {
				_, err := io.CopyN(io.Discard, d, 200_000)
				assert.NoError(t, err)
				return
			}
			p.say("still here")
			assert.Equal(t, "still here", next(c))
		})
	}
}

// A client that reads nothing does not hold a handler: the write ends with the context.
func TestADownloadThatNobodyReadsEndsToo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	started, ended := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		defer cutAtEnd(ctx, w)()
		for i := 0; ; i++ {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
			if i == 0 {
				close(started)
			}
		}
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	<-started
	cancel()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the handler waits for ever")
	}
	_, err = io.Copy(io.Discard, answer.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
