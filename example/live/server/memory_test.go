package server

import (
	"bufio"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The memory of the server for a connection. The test is not parallel, because it measures the
// whole program. The clients use no library, so that nearly all memory is the server's.
func TestBytesOfAConnection(t *testing.T) {
	const connections = 300
	for path, status := range map[string]int{"/live/gorilla": 101, "/live/coder": 101, "/live/events": 200} {
		p := play(t)
		openBare(p, path, status) // objects that exist once
		before := memoryInUse()
		for range connections {
			openBare(p, path, status)
		}
		each := (memoryInUse() - before) / connections
		t.Logf("%s: %d bytes for each connection", path, each)
		assert.Less(t, each, int64(100_000), path)
	}
}

// openBare opens a connection without a library.
func openBare(p *played, path string, status int) {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(p.t, err)
	_, err = conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: live\r\nAuthorization: Bearer " + p.pair.AccessToken +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	require.NoError(p.t, err)
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil) // the body is the connection
	require.NoError(p.t, err)
	p.t.Cleanup(func() {
		_ = conn.Close()
		_ = answer.Body.Close()
	})
	require.Equal(p.t, status, answer.StatusCode, path)
}

// memoryInUse returns the bytes of the heap and of stacks.
func memoryInUse() int64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
