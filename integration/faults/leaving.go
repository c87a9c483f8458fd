package faults

import (
	"bufio"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// Leaving says how RunLeaving runs.
type Leaving struct {
	For time.Duration

	// MostDelay is how long a client waits, at most, before it leaves. It is about as
	// long as a request takes.
	MostDelay time.Duration

	// Open connects a new process, until t ends.
	Open func(t *testing.T) Stores
}

// RunLeaving lets clients log in, refresh and log out, and leave in the middle, or
// close their half of the connection. Who was not answered repeats the request. Nobody
// is logged out by that, nobody who was told so is not, and nothing is left behind.
func RunLeaving(t *testing.T, l Leaving) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Run("clients", func(t *testing.T) { // which ends all that it starts
		w := newWorld(t, func(context.Context) Stores { return l.Open(t) })
		var servers []*httptest.Server
		for range 2 {
			w.startProcess()
			server := httptest.NewServer(handlersOf(w.managers[len(w.managers)-1]))
			t.Cleanup(server.Close)
			servers = append(servers, server)
		}
		ctx, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		for i := range users {
			c := &leaver{user: user{world: w, name: fmt.Sprint("user ", i)}, servers: servers, most: l.MostDelay, keyless: i%2 == 1}
			working.Go(func() { c.work(ctx) })
		}
		w.wait(l.For)
		w.awaitAll("left", "half closed", "half closed: answered", "half closed: unavailable", "refresh", "logout")
		stop()
		w.await(&working)
		w.wait(MaxStaleness)
		for _, e := range w.ended {
			for _, mgr := range w.managers {
				require.ErrorIs(t, w.visitWell(mgr, e.pair.AccessToken), ginjwt.ErrRevokedToken)
			}
		}
		t.Log(w.done)
	})
	requireNoMoreGoroutines(t, before)
}

func handlersOf(mgr *ginjwt.JWTManager) http.Handler {
	gin.SetMode(gin.ReleaseMode) // which is silent
	engine := gin.New()
	engine.POST("/login/:user", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c.Request.Context(), c.Param("user"))
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"access_token": pair.AccessToken, "refresh_token": pair.RefreshToken})
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/logout", mgr.LogoutHandler())
	return engine
}

// leaver is a user whose client leaves again and again. A client without keys stays
// for the answer, as nobody could tell it from a thief if it repeated what was answered.
type leaver struct {
	user
	servers []*httptest.Server
	most    time.Duration
	keyless bool
}

func (l *leaver) work(ctx context.Context) {
	for ctx.Err() == nil && !l.t.Failed() {
		l.ask("login", "/login/"+l.name[len("user "):], http.StatusOK)
		for ctx.Err() == nil && !l.t.Failed() && rand.IntN(6) > 0 {
			l.wait(tradeAge)
			if !l.keyless {
				l.key = "Idempotency-Key: " + crand.Text() + "\r\n"
			}
			l.ask("refresh", "/refresh", http.StatusOK)
		}
		l.ask("logout", "/logout", http.StatusNoContent)
		at := time.Now()
		l.mu.Lock()
		l.ended = append(l.ended, ended{at, l.pair})
		l.mu.Unlock()
		l.pair = ginjwt.TokenPair{}
	}
}

// ask sends a request until it is answered by a status.
func (l *leaver) ask(what, path string, want int) {
	for !l.t.Failed() {
		status, body := l.once(path)
		switch {
		case status == want:
			l.count(what)
			l.take(body)
			return
		case status == 0:
		case status == http.StatusServiceUnavailable:
			l.wait(2 * grace) // it has not begun
		default:
			assert.Equal(l.t, want, status, "%s: %s", what, body)
		}
	}
}

func (l *leaver) take(body []byte) {
	if len(body) == 0 {
		return
	}
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if assert.NoError(l.t, json.Unmarshal(body, &answer)) {
		l.pair.AccessToken = answer.Access
		if answer.Refresh != "" {
			l.pair.RefreshToken = answer.Refresh
		}
	}
}

// once sends a request. The status is 0 if the client has left before it was
// answered.
func (l *leaver) once(path string) (status int, body []byte) {
	server := l.servers[rand.IntN(len(l.servers))]
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if !assert.NoError(l.t, err) {
		return 0, nil
	}
	defer conn.Close()
	assert.NoError(l.t, conn.SetDeadline(time.Now().Add(Timeout+slack+patience)))
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: example\r\nAuthorization: Bearer %s\r\n%sContent-Length: 0\r\n\r\n",
		path, l.pair.RefreshToken, l.key)
	assert.NoError(l.t, err)
	moment := time.Duration(rand.Int64N(int64(l.most)))
	how := rand.IntN(3)
	switch {
	case how == 0 && !l.keyless:
		l.wait(moment)
		l.count("left")
		assert.NoError(l.t, conn.(*net.TCPConn).SetLinger(0)) // at once, by RST
		return 0, nil
	case how == 1:
		l.wait(moment)
		l.count("half closed")
		assert.NoError(l.t, conn.(*net.TCPConn).CloseWrite())
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if !assert.NoError(l.t, err) {
		return 0, nil
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	assert.NoError(l.t, err)
	if how == 1 {
		l.count(map[bool]string{true: "half closed: unavailable", false: "half closed: answered"}[answer.StatusCode == http.StatusServiceUnavailable])
	}
	return answer.StatusCode, body
}
