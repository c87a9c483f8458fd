package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// http1 is a connection of HTTP/1.1 with keep-alive. It is written by hand because the client
// of net/http costs more than the server that is measured.
type http1 struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
}

func dialHTTP1(s *server, _ int) (client, error) {
	conn, err := dial(s)
	if err != nil {
		return nil, err
	}
	request := "GET /protected HTTP/1.1\r\nHost: " + s.Address + "\r\nAuthorization: Bearer " + s.Token + "\r\n\r\n"
	return &http1{conn, bufio.NewReader(conn), []byte(request)}, nil
}

// patience is how long a connection may live. A measurement is much shorter.
const patience = 5 * time.Minute

func dial(s *server) (net.Conn, error) {
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

func (c *http1) close() { _ = c.conn.Close() }

func (c *http1) send(most int, enough func() bool) (latencies []time.Duration, err error) {
	for len(latencies) < most && !enough() {
		begin := time.Now()
		if _, err := c.conn.Write(c.request); err != nil {
			return nil, err
		}
		body, err := readResponse(c.reader)
		if err != nil {
			return nil, err
		}
		if body != contender.Identity {
			return nil, fmt.Errorf("the body was %q", body)
		}
		latencies = append(latencies, time.Since(begin))
	}
	return latencies, nil
}

// readResponse reads a response with status 200 and a Content-Length.
func readResponse(r *bufio.Reader) (body string, err error) {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(string(status), "HTTP/1.1 200 ") {
		return "", fmt.Errorf("the status was %q", status)
	}
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		header := strings.TrimRight(string(line), "\r\n")
		if header == "" {
			break
		}
		name, value, _ := strings.Cut(header, ": ")
		if strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(value); err != nil {
				return "", err
			}
		}
	}
	if length < 0 || length > 1<<20 {
		return "", errors.New("a response without a length, or too long")
	}
	b := make([]byte, length)
	_, err = io.ReadFull(r, b)
	return string(b), err
}
