package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// client is a connection that carries requests.
type client interface {
	// send sends requests until there are most of them or enough reports true. It returns
	// how long the requests took, after all of them have been answered.
	send(most int, enough func() bool) ([]time.Duration, error)
	close()
}

// load is one measurement.
type load struct {
	perSecond float64
	p50, p99  time.Duration
	cpu       float64 // nanoseconds of the server's processor time per request
	bytes     float64 // allocated by the server per request
	server    float64 // share of the time that the server's core was busy with it
	client    float64 // share of the time that the clients' cores were busy with this process
}

// load sends requests in a scene. Connections are made, used once and closed outside of the
// time that is measured.
func (s *server) load(ctx context.Context, scene scene, limits settings) (load, error) {
	clients, err := s.clients(scene)
	defer func() {
		for _, c := range clients {
			c.close()
		}
	}()
	if err != nil {
		return load{}, err
	}
	before, err := s.usage()
	if err != nil {
		return load{}, err
	}
	own, begin := processorTime(), time.Now()
	latencies, err := sendAll(ctx, clients, limits)
	if err != nil {
		return load{}, err
	}
	took, own := time.Since(begin), processorTime()-own
	after, err := s.usage()
	if err != nil {
		return load{}, err
	}
	slices.Sort(latencies)
	requests := float64(len(latencies))
	return load{
		perSecond: requests / took.Seconds(),
		p50:       latencies[len(latencies)/2],
		p99:       latencies[len(latencies)*99/100],
		cpu:       float64(after.CPU-before.CPU) / requests,
		bytes:     float64(after.Bytes-before.Bytes) / requests,
		server:    float64(after.CPU-before.CPU) / float64(took),
		client:    float64(own) / float64(took) / float64(s.cores.client),
	}, nil
}

// clients connects, and sends one request with every stream.
func (s *server) clients(scene scene) (clients []client, err error) {
	connections := scene.protocol.connections[scene.concurrency]
	streams := scene.concurrency / connections
	for range connections {
		c, err := scene.protocol.dial(s, streams)
		if err != nil {
			return clients, err
		}
		clients = append(clients, c)
		if _, err := c.send(streams, func() bool { return false }); err != nil {
			return clients, err
		}
	}
	return clients, nil
}

// sendAll lets all clients send requests until the time is up.
func sendAll(ctx context.Context, clients []client, limits settings) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, limits.time)
	defer cancel()
	enough := func() bool { return ctx.Err() != nil }
	latencies, errs := make([][]time.Duration, len(clients)), make([]error, len(clients))
	var running sync.WaitGroup
	for i, c := range clients {
		running.Go(func() { latencies[i], errs[i] = c.send(max(1, limits.requests/len(clients)), enough) })
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	all := slices.Concat(latencies...)
	if len(all) == 0 {
		return nil, errors.New("not one response in time")
	}
	return all, nil
}
