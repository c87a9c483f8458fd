package ginjwt_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// leavingSessions calls left after a generation was traded and before the store records
// the hand-out. Like most drivers, it does nothing for a cancelled request.
type leavingSessions struct {
	*ginjwt.MemorySessions
	left func(ctx context.Context)
}

func (s *leavingSessions) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	replaced, err := s.MemorySessions.Replace(ctx, old, next)
	if replaced && next.Generation > old.Generation && s.left != nil {
		s.left(ctx)
	}
	return replaced, err
}

// halfConn is a connection that can be closed in one direction, by FIN or by close_notify.
type halfConn interface {
	net.Conn
	CloseWrite() error
}

// net/http treats a client that closes its half of the connection as disconnected: it
// cancels the context of the request, although the client can still read the answer. The
// client must not get tokens whose grace period never starts, because then the previous
// token would be valid forever.
func TestClientThatHalfClosesItsConnection(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"TCP", "TLS"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			config := jwttest.Config(clock)
			sessions := &leavingSessions{MemorySessions: &ginjwt.MemorySessions{Now: clock.Now}}
			config.Sessions = sessions
			mgr, engine := newManager(t, config)
			engine.POST("/refresh", mgr.RefreshHandler())
			server := httptest.NewUnstartedServer(engine)
			dial := func() (halfConn, error) {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				return conn.(*net.TCPConn), err
			}
			if server.Start(); kind == "TLS" {
				server.Close()
				server = httptest.NewTLSServer(engine)
				dial = func() (halfConn, error) {
					return tls.Dial("tcp", server.Listener.Addr().String(), server.Client().Transport.(*http.Transport).TLSClientConfig)
				}
			}
			defer server.Close()
			first := newPair(t, mgr)
			clock.Advance(2 * time.Minute)

			conn, err := dial()
			require.NoError(t, err)
			defer conn.Close()
			sessions.left = func(ctx context.Context) {
				assert.NoError(t, conn.CloseWrite())
				<-ctx.Done()
			}
			_, err = fmt.Fprintf(conn, "POST /refresh HTTP/1.1\r\nHost: example\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n\r\n", first.RefreshToken)
			require.NoError(t, err)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
			assert.Equal(t, "{\"msg\":\"Service unavailable\"}\n", string(body))

			sessions.left = nil
			clock.Advance(time.Hour)
			second := mustRotate(t, mgr, first.RefreshToken)
			assert.NotEqual(t, first.RefreshToken, second.RefreshToken, "an honest client can repeat, however late")
			clock.Advance(time.Minute)
			refusedWith(t, mgr, first.RefreshToken, ginjwt.ErrSessionReused)
		})
	}
}
