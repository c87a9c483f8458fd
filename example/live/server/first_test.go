package server

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

func TestTheFirstMessageMustBeAToken(t *testing.T) {
	t.Parallel()
	p := play(t)
	for first, end := range map[string]string{
		`{"token":"` + p.pair.RefreshToken + `"}`: "3000 token",
		`{"token":"x"}`: "3000 token",
		`hello`:         "3000 token",
		`{}`:            "3000 token",
		`{"token":"` + strings.Repeat("x", maxToken) + `"}`: "1009 read limited at 8193 bytes",
	} {
		conn := dialCoder(p, "/first")
		require.NoError(t, conn.Write(t.Context(), 1, []byte(first)))
		assert.Equal(t, end, next(conn), first)
	}
}

func TestTheFirstMessageMustComeInTime(t *testing.T) {
	t.Parallel()
	p := play(t)
	p.firstWait = 10 * time.Millisecond
	assert.Equal(t, "3008 no token", next(dialGorilla(p, "/first")))
}

// The server does not wait for a stranger who sends nothing, nor for a client that it refused.
func TestAStrangerHoldsNoConnection(t *testing.T) {
	t.Parallel()
	p := listen(t, func(_ *ginjwt.Config, s *http.Server) {
		s.ReadTimeout, s.ReadHeaderTimeout = 100*time.Millisecond, patience // the time is short for the body only
	})
	for _, header := range []string{"", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://evil.test\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
		_, err = io.WriteString(conn, "GET /first HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"+header+"\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn) // until the server closes the connection
		require.NoError(t, err)
		assert.Regexp(t, "^HTTP/1.1 4(26|03) ", string(answer))
	}
}

func TestAStoreThatFailsIsNoFaultOfTheToken(t *testing.T) {
	t.Parallel()
	p := play(t)
	p.list.broken.Store(true)
	assert.Equal(t, "1013 unavailable", next(firstByCoder(p)))
}

func TestMessagesAreLimited(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, path := range []string{"/live/gorilla", "/live/coder"} {
		conn := dialGorilla(p, p.ticketed(path+"?after=0"))
		require.NoError(t, conn.WriteMessage(1, []byte("from alice to "+path)))
		require.Equal(t, "from alice to /live/gorilla", next(conn))
		if path == "/live/coder" {
			require.Equal(t, "from alice to /live/coder", next(conn))
		}
		require.NoError(t, conn.WriteMessage(1, []byte(strings.Repeat("x", maxMessage+1))))
		assert.Regexp(t, "^1009 ", next(conn))
	}
}
