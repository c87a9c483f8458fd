package testserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var starters = map[string]func(testing.TB, ...string) *Server{
	"redis": Redis, "postgres": Postgres, "mariadb": MariaDB,
}

func TestKilledServerStartsAgain(t *testing.T) {
	t.Parallel()
	for name, start := range starters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			addr := s.Addr()
			require.NoError(t, s.kind.answers(addr))

			s.Kill()
			s.Kill()
			require.Error(t, s.kind.answers(addr))

			s.Start()
			s.Start()
			require.NoError(t, s.kind.answers(addr))
			assert.Equal(t, addr, s.Addr())
		})
	}
}

func TestWipedServerStartsWithNewFiles(t *testing.T) {
	t.Parallel()
	for name, start := range starters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			left := s.data() + "/left-by-test"
			require.NoError(t, os.WriteFile(left, nil, 0o644))

			s.Kill()
			s.Wipe()
			s.Start()

			assert.NoFileExists(t, left)
			assert.NoError(t, s.kind.answers(s.Addr()))
		})
	}
}

func TestServerThatEndedByItselfStartsAgain(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	_, _ = redisCommand(s.Addr(), "SHUTDOWN")
	<-s.process.ended

	s.Resume()
	s.Start()

	assert.NoError(t, s.kind.answers(s.Addr()))
}

func TestDSN(t *testing.T) {
	t.Parallel()
	const addr = "127.0.0.1:9"
	assert.Equal(t, addr, redisKind(t, "").dsn(addr))
	assert.Equal(t, "postgres://postgres@127.0.0.1:9/postgres?sslmode=disable", postgresKind(t, nil).dsn(addr))
	assert.Equal(t, "test@tcp(127.0.0.1:9)/test", mariadbKind(t, nil).dsn(addr))
}

func TestPausedServerAnswersOnceResumed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start func(testing.TB, ...string) *Server
		ask   func(t *testing.T, conn net.Conn)
	}{
		"redis":               {Redis, func(t *testing.T, conn net.Conn) { send(t, conn, "PING\r\n") }},
		"backend of postgres": {Postgres, func(t *testing.T, conn net.Conn) { send(t, conn, "Q\x00\x00\x00\x0dSELECT 1\x00") }},
		"greeting of mariadb": {MariaDB, func(*testing.T, net.Conn) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.start(t)
			conn := dial(t, s.Addr())
			if s.kind.name == "postgres" {
				logIn(t, conn)
			}
			s.Pause()
			s.Pause()
			if s.kind.name == "mariadb" {
				conn = dial(t, s.Addr())
			}
			c.ask(t, conn)
			requireSilence(t, conn)

			s.Resume()
			s.Resume()
			assert.NotEmpty(t, receive(t, conn))
		})
	}
}

func TestPausedServerIsKilled(t *testing.T) {
	t.Parallel()
	s := Postgres(t)
	dial(t, s.Addr())
	s.Pause()

	s.Kill()
	s.Start()

	assert.NoError(t, s.kind.answers(s.Addr()))
}

func TestMisuseFailsTheTest(t *testing.T) {
	t.Parallel()
	requireLinux(t)
	for name, c := range map[string]struct {
		misuse func(testing.TB)
		want   string
	}{
		"setting that is none": {
			func(tb testing.TB) { Redis(tb, "--no-such-setting", "1") },
			"testserver: redis does not start: it ended at once\n",
		},
		"wiped while running": {
			func(tb testing.TB) { Redis(tb).Wipe() },
			"testserver: Wipe of a running server: Kill it first",
		},
		"paused while killed": {
			func(tb testing.TB) { s := Redis(tb); s.Kill(); s.Pause() },
			"testserver: Pause of a killed server",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := outcome(t, c.misuse)
			assert.Contains(t, got, "failed: "+c.want)
		})
	}
}

func TestFailedStartShowsTheLog(t *testing.T) {
	t.Parallel()
	requireLinux(t)
	got := outcome(t, func(tb testing.TB) { Postgres(tb, "no_such_setting=1") })
	assert.Contains(t, got, `unrecognized configuration parameter "no_such_setting"`)
}

func TestProgramThatIsNotInstalled(t *testing.T) {
	t.Parallel()
	const why = "redis-server is not installed"
	assert.Equal(t, "skipped: "+why, outcome(t, func(tb testing.TB) { missing(tb, false, why) }))
	assert.Equal(t, "failed: "+why, outcome(t, func(tb testing.TB) { missing(tb, true, why) }))
}

func TestServerOnATakenPortIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	s.Kill()
	impostor, err := net.Listen("tcp", s.Addr())
	require.NoError(t, err)
	defer impostor.Close()
	go answerAll(impostor, "+PONG\r\n")
	require.NoError(t, s.kind.answers(s.Addr()))

	assert.EqualError(t, s.start(), "it ended at once")
}

func TestLastLinesOfALog(t *testing.T) {
	t.Parallel()
	var log, last bytes.Buffer
	for i := range 40 {
		fmt.Fprintln(&log, i)
		if i >= 10 {
			fmt.Fprintln(&last, i)
		}
	}
	assert.Equal(t, last.String(), tail(log.String())+"\n")
	assert.Equal(t, "one", tail("one\n"))
}

// observer stands for a test whose end is looked at.
type observer struct {
	testing.TB
	end string
}

func (o *observer) Fatal(args ...any) { o.stop("failed: " + fmt.Sprint(args...)) }
func (o *observer) Fatalf(format string, args ...any) {
	o.stop("failed: " + fmt.Sprintf(format, args...))
}
func (o *observer) Skip(args ...any) { o.stop("skipped: " + fmt.Sprint(args...)) }

func (o *observer) stop(end string) {
	o.end = end
	runtime.Goexit()
}

func outcome(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	o := &observer{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(o)
	}()
	<-done
	return o.end
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
}

func receive(t *testing.T, conn net.Conn) string {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	answer := make([]byte, 1024)
	n, err := conn.Read(answer)
	require.NoError(t, err)
	return string(answer[:n])
}

// requireSilence also waits, so that an answer had the time to come.
func requireSilence(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func requireClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	_, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "still open")
}

func logIn(t *testing.T, conn net.Conn) {
	t.Helper()
	send(t, conn, string(postgresStartup()))
	require.NoError(t, awaitReadyForQuery(bufio.NewReader(conn)))
}

func answerAll(l net.Listener, answer string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.WriteString(conn, answer)
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
}
