package testserver

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProxyForwards(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, Redis(t).Addr())
	conn := dial(t, p.Addr())
	for range 3 {
		assert.Equal(t, "+PONG\r\n", ask(t, conn))
	}
}

func TestCutProxyClosesAndRefuses(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, newEcho(t).addr)
	conn := dial(t, p.Addr())
	require.Equal(t, "PING\r\n", ask(t, conn))

	p.Cut()
	p.Cut()
	requireClosed(t, conn)
	_, err := net.Dial("tcp", p.Addr())
	require.Error(t, err)

	p.Restore()
	p.Restore()
	assert.Equal(t, "PING\r\n", ask(t, dial(t, p.Addr())))
}

func TestStalledProxyAnswersOnceRestored(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	p := NewProxy(t, server.addr)
	conn := dial(t, p.Addr())
	require.Equal(t, "PING\r\n", ask(t, conn))
	<-server.got

	p.Stall()
	p.Stall()
	send(t, conn, "PING\r\n")
	requireSilence(t, conn)
	require.Empty(t, server.got)

	p.Restore()
	assert.Equal(t, "PING\r\n", receive(t, conn))
}

func TestStalledProxyIsCut(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, newEcho(t).addr)
	conn := dial(t, p.Addr())
	p.Stall()
	send(t, conn, "PING\r\n")
	requireSilence(t, conn)

	p.Cut()

	requireClosed(t, conn)
}

func TestDelayIsInEachDirection(t *testing.T) {
	t.Parallel()
	const delay = 50 * time.Millisecond
	p := NewProxy(t, newEcho(t).addr)
	p.Delay(delay)
	conn := dial(t, p.Addr())

	start := time.Now()
	require.Equal(t, "PING\r\n", ask(t, conn))
	assert.GreaterOrEqual(t, time.Since(start), 2*delay)
}

func TestDroppedRepliesAreOfRequestsThatWereDone(t *testing.T) {
	t.Parallel()
	server := Redis(t)
	p := NewProxy(t, server.Addr())
	conn := dial(t, p.Addr())
	require.Equal(t, "+PONG\r\n", ask(t, conn))

	p.DropReplies()
	send(t, conn, "INCR a\r\n")
	requireClosed(t, conn)
	_, err := redisCommand(p.Addr(), "INCR", "a")
	require.Error(t, err)
	require.Equal(t, "2", redis(t, server, "GET", "a"))

	p.Restore()
	assert.Equal(t, "+PONG\r\n", ask(t, dial(t, p.Addr())))
}

func TestLostReplyIsOfARequestThatWasDone(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	p := NewProxy(t, server.addr)
	conn := dial(t, p.Addr())

	p.LoseReply(1)
	require.Equal(t, "PING\r\n", ask(t, conn))
	send(t, conn, "PING\r\n")
	requireClosed(t, conn)
	<-server.got
	<-server.got

	assert.Equal(t, "PING\r\n", ask(t, dial(t, p.Addr())), "only one is lost")
}

func TestLostRequestIsNotDone(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	p := NewProxy(t, server.addr)
	conn := dial(t, p.Addr())

	p.LoseRequest(1)
	require.Equal(t, "PING\r\n", ask(t, conn))
	send(t, conn, "PING\r\n")
	requireClosed(t, conn)
	<-server.got
	require.Empty(t, server.got)

	assert.Equal(t, "PING\r\n", ask(t, dial(t, p.Addr())), "only one is lost")
}

func TestRestoreForgetsWhatWasToBeLost(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, newEcho(t).addr)
	p.LoseRequest(0)
	p.LoseReply(0)
	p.Restore()
	assert.Equal(t, "PING\r\n", ask(t, dial(t, p.Addr())))
}

func TestProxyClosesWhatTheServerCloses(t *testing.T) {
	t.Parallel()
	server := Redis(t)
	p := NewProxy(t, server.Addr())
	conn := dial(t, p.Addr())
	require.Equal(t, "+PONG\r\n", ask(t, conn))

	server.Kill()
	requireClosed(t, conn)
	requireClosed(t, dial(t, p.Addr()))

	server.Start()
	assert.Equal(t, "+PONG\r\n", ask(t, dial(t, p.Addr())))
}

func TestProxyForwardsWhatIsLong(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	p := NewProxy(t, s.Addr())
	long := strings.Repeat("0123456789abcdef", largestChunk)
	answer, err := redisCommand(p.Addr(), "ECHO", long)
	require.NoError(t, err)
	assert.True(t, long == answer)
}

func ask(t *testing.T, conn net.Conn) string {
	t.Helper()
	send(t, conn, "PING\r\n")
	return receive(t, conn)
}

// echo is a server that sends back every line, and tells which it has got.
type echo struct {
	addr string
	got  chan string
}

func newEcho(t *testing.T) echo {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	e := echo{l.Addr().String(), make(chan string, 16)}
	go e.serve(l)
	return e
}

func (e echo) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go e.repeat(conn)
	}
}

func (e echo) repeat(conn net.Conn) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		e.got <- lines.Text()
		if _, err := conn.Write([]byte(lines.Text() + "\r\n")); err != nil {
			return
		}
	}
}
