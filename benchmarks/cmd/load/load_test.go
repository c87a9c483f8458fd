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

func TestMeasure(t *testing.T) {
	t.Parallel()
	report, err := measure(context.Background(), settings{rounds: 1, time: 10 * time.Second, requests: 128}, "ES256")
	require.NoError(t, err)
	assert.Equal(t, 2+len(names)*len(concurrencies), strings.Count(report, "\n")-1)
	for _, name := range names {
		assert.Contains(t, report, "\n"+name+" ")
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

func TestRefusedRequestsAreNoLoad(t *testing.T) {
	t.Parallel()
	s, err := start(context.Background(), contender.Ours, "HS256")
	require.NoError(t, err)
	defer s.stop()
	s.Token += "x"
	_, err = s.load(context.Background(), 1, settings{time: 10 * time.Second, requests: 1})
	assert.ErrorContains(t, err, "answered")
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(bytes.NewBufferString(
		"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\naliceHTTP/1.1 500 Oh\r\n\r\n"))
	body, err := readAnswer(r)
	require.NoError(t, err)
	assert.Equal(t, "alice", body)
	_, err = readAnswer(r)
	assert.EqualError(t, err, `answered "HTTP/1.1 500 Oh\r\n"`)
}

func TestTable(t *testing.T) {
	t.Parallel()
	r := newResults()
	for _, clients := range concurrencies {
		for i, name := range names {
			r.add(name, clients, load{1000 / float64(i+1), time.Millisecond, 2 * time.Millisecond})
			r.add(name, clients, load{100 / float64(i+1), 3 * time.Millisecond, 4 * time.Millisecond})
			r.add(name, clients, load{10 / float64(i+1), 5 * time.Millisecond, 6 * time.Millisecond})
		}
	}
	lines := strings.Split(r.table("HS256"), "\n")
	assert.Equal(t, "HS256", lines[1])
	assert.Equal(t, strings.Fields("ginjwt 1 50 0.50 3ms 4ms"), strings.Fields(lines[4]))
}
