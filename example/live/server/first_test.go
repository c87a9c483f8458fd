package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
