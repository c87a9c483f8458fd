package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// load is what came of one measurement.
type load struct {
	perSecond float64
	p50, p99  time.Duration
}

// load sends requests by as many clients, each on a connection of its own.
func (s *server) load(ctx context.Context, clients int, limits settings) (load, error) {
	ctx, cancel := context.WithTimeout(ctx, limits.time)
	defer cancel()
	latencies, errs := make([][]time.Duration, clients), make([]error, clients)
	var running sync.WaitGroup
	begin := time.Now()
	for i := range clients {
		running.Go(func() { latencies[i], errs[i] = s.client(ctx, limits.requests/clients, limits.time) })
	}
	running.Wait()
	took := time.Since(begin)
	if err := errors.Join(errs...); err != nil {
		return load{}, err
	}
	all := slices.Concat(latencies...)
	if len(all) == 0 {
		return load{}, errors.New("not one answer in time")
	}
	slices.Sort(all)
	return load{float64(len(all)) / took.Seconds(), all[len(all)/2], all[len(all)*99/100]}, nil
}

// patience is how long an answer may take after the time is up.
const patience = 10 * time.Second

// client sends requests one after the other until ctx ends. It is written by
// hand because net/http's client costs more than the server that is measured.
func (s *server) client(ctx context.Context, most int, limit time.Duration) (latencies []time.Duration, err error) {
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(limit + patience)); err != nil {
		return nil, err
	}
	request := []byte("GET /protected HTTP/1.1\r\nHost: " + s.Address + "\r\nAuthorization: Bearer " + s.Token + "\r\n\r\n")
	reader := bufio.NewReader(conn)
	for len(latencies) < most && ctx.Err() == nil {
		begin := time.Now()
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		body, err := readAnswer(reader)
		if err != nil {
			return nil, err
		}
		if body != contender.Identity {
			return nil, fmt.Errorf("answered %q", body)
		}
		latencies = append(latencies, time.Since(begin))
	}
	return latencies, nil
}

// readAnswer reads a response with status 200 and a Content-Length.
func readAnswer(r *bufio.Reader) (body string, err error) {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(string(status), "HTTP/1.1 200 ") {
		return "", fmt.Errorf("answered %q", status)
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
		return "", errors.New("an answer without a length, or too long")
	}
	b := make([]byte, length)
	_, err = io.ReadFull(r, b)
	return string(b), err
}
