package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// TestMain lets the test's program be the server, as the command itself is.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "-serve" {
		if err := serve(os.Args[2], os.Args[4], os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// few are limits that only the number of requests reaches.
func few(requests int) settings {
	return settings{rounds: 1, time: time.Minute, requests: requests, profile: time.Minute}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	r, err := measure(context.Background(), few(128), sharedCores())
	require.NoError(t, err)
	assert.Len(t, r.Measured, len(protocols)*len(algorithms)*len(concurrencies)*len(names))
	for name, s := range r.Measured {
		assert.Positive(t, s.PerSecond, name)
		assert.Positive(t, s.Throughput.Median, name)
		if strings.HasSuffix(name, "/"+contender.Bare) {
			assert.Equal(t, ratio{1, 1, 1}, s.Throughput, name)
		}
	}
	assert.Len(t, r.Profiles, len(protocols)*len(names))
}

// A measurement counts what the load costs, and not what was before it.
func TestLoadCountsTheServersUse(t *testing.T) {
	t.Parallel()
	s, err := start(context.Background(), contender.GinJWT, "HS256", sharedCores())
	require.NoError(t, err)
	defer s.stop()
	for _, protocol := range protocols {
		l, err := s.load(context.Background(), scene{protocol, "HS256", 16}, few(1600))
		require.NoError(t, err)
		assert.Positive(t, l.cpu)
		assert.Greater(t, l.bytes, 3000.0, "gin-jwt alone allocates more")
		assert.Less(t, l.bytes, 30_000.0)
		assert.LessOrEqual(t, l.p50, l.p99)
	}
}

func TestServerEndsWithItsInput(t *testing.T) {
	t.Parallel()
	in, parent := io.Pipe()
	out, told := io.Pipe()
	ended := make(chan error)
	go func() { ended <- serve(contender.Ours, "HS256", in, told) }()
	var g greeting
	require.NoError(t, json.NewDecoder(out).Decode(&g))
	assert.True(t, strings.HasPrefix(g.Address, "127.0.0.1:"), g.Address)
	require.NoError(t, parent.Close())
	assert.NoError(t, <-ended)
}

func TestServerRefusesUnknownQuestions(t *testing.T) {
	t.Parallel()
	err := answerAll(json.NewDecoder(strings.NewReader(`"usage" "price"`)), json.NewEncoder(io.Discard))
	assert.EqualError(t, err, `no such question: "price"`)
}

func TestRefusedRequestsAreNoLoad(t *testing.T) {
	t.Parallel()
	s, err := start(context.Background(), contender.Ours, "HS256", sharedCores())
	require.NoError(t, err)
	defer s.stop()
	s.Token += "x"
	for _, protocol := range protocols {
		_, err = s.load(context.Background(), scene{protocol, "HS256", 1}, few(1))
		assert.ErrorContains(t, err, "the status was", protocol.name)
		assert.ErrorContains(t, err, "422", protocol.name)
	}
}

func TestAllStreamsAreUsed(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		for _, concurrency := range concurrencies {
			connections := protocol.connections[concurrency]
			require.Positive(t, connections, protocol.name)
			assert.Zero(t, concurrency%connections, protocol.name)
		}
	}
}

func TestReadResponse(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(bytes.NewBufferString(
		"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\naliceHTTP/1.1 500 Oh\r\n\r\n"))
	body, err := readResponse(r)
	require.NoError(t, err)
	assert.Equal(t, "alice", body)
	_, err = readResponse(r)
	assert.EqualError(t, err, `the status was "HTTP/1.1 500 Oh\r\n"`)
}

func TestShuffledKeepsAllElements(t *testing.T) {
	t.Parallel()
	inOrder := []int{1, 2, 3, 4}
	assert.ElementsMatch(t, inOrder, shuffled(inOrder))
	assert.Equal(t, []int{1, 2, 3, 4}, inOrder)
}

func TestPartOf(t *testing.T) {
	t.Parallel()
	const (
		write  = "github.com/gin-gonic/gin.(*responseWriter).WriteString"
		next   = "github.com/gin-gonic/gin.(*Context).Next"
		set    = "github.com/gin-gonic/gin.(*Context).Set"
		guard  = "github.com/gin-jwt-extended/ginjwt.(*JWTManager).JWTRequired.func1"
		peer   = "github.com/appleboy/gin-jwt/v3.(*GinJWTMiddleware).middlewareImpl"
		behind = "github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender.bare.func1"
		conn   = "net/http.(*conn).serve"
		clone  = "net/http.(*Request).WithContext"
		malloc = "runtime.mallocgc"
	)
	for _, test := range []struct {
		part  string
		stack []string
	}{
		{kernel, []string{"internal/runtime/syscall.Syscall6", "syscall.write", conn}},
		{collector, []string{"runtime.scanobject", "runtime.gcBgMarkWorker.func2"}},
		{collector, []string{"runtime.gcAssistAlloc", malloc, guard, next, conn}},
		{stacks, []string{"runtime.copystack", "runtime.newstack", "runtime.morestack", guard, next, conn}},
		{library, []string{malloc, clone, guard, next, conn}},
		{library, []string{set, peer, next, conn}},
		{handler, []string{write, behind, next, peer, next, conn}},
		{handler, []string{next, conn}},
		{netHTTP, []string{malloc, conn}},
		{rest, []string{"runtime.findRunnable", "runtime.schedule"}},
		{rest, nil},
	} {
		assert.Equal(t, test.part, partOf(test.stack), test.stack)
	}
}
