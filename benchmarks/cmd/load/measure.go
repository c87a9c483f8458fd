package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// floor is the least that middleware can do: it hands a value on.
const floor = "bare-set"

// What is compared.
var (
	names      = []string{contender.Bare, floor, contender.Ours, contender.NoHits, contender.GinJWT}
	algorithms = []string{"HS256", "ES256"}
	protocols  = []protocol{
		{"HTTP/1.1", "connections", dialHTTP1, map[int]int{1: 1, 16: 16, 128: 128}},
		{"HTTP/2", "streams", dialHTTP2, map[int]int{1: 1, 16: 2, 128: 4}},
	}
	concurrencies = []int{1, 16, 128} // requests at the same time
)

// protocol is a version of HTTP.
type protocol struct {
	name        string
	carrier     string // what carries a request
	dial        func(s *server, streams int) (client, error)
	connections map[int]int // by the number of requests at the same time
}

// scene is a comparison: what all contenders are measured with in turn.
type scene struct {
	protocol    protocol
	algorithm   string
	concurrency int
}

// of returns the name of a contender's measurement: HTTP/2/ES256/16/gin-jwt.
func (s scene) of(name string) string {
	return fmt.Sprintf("%s/%s/%d/%s", s.protocol.name, s.algorithm, s.concurrency, name)
}

func scenes() (all []scene) {
	for _, protocol := range protocols {
		for _, algorithm := range algorithms {
			for _, concurrency := range concurrencies {
				all = append(all, scene{protocol, algorithm, concurrency})
			}
		}
	}
	return all
}

// measure measures everything in rounds.
func measure(ctx context.Context, limits settings, cores cores) (*results, error) {
	servers, stop, err := startAll(ctx, cores)
	defer stop()
	if err != nil {
		return nil, err
	}
	r := newResults(limits, cores)
	for round := range limits.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, limits.rounds)
		for _, scene := range shuffled(scenes()) {
			if err := r.compare(ctx, servers[scene.algorithm], scene, limits); err != nil {
				return nil, err
			}
		}
	}
	r.summarize()
	return r, r.profileAll(ctx, servers, limits)
}

// startAll starts the servers of all algorithms.
func startAll(ctx context.Context, cores cores) (byAlgorithm map[string][]*server, stop func(), err error) {
	byAlgorithm = map[string][]*server{}
	stop = func() {
		for _, servers := range byAlgorithm {
			for _, s := range servers {
				s.stop()
			}
		}
	}
	for _, algorithm := range algorithms {
		for _, name := range names {
			s, err := start(ctx, name, algorithm, cores)
			if err != nil {
				return nil, stop, err
			}
			byAlgorithm[algorithm] = append(byAlgorithm[algorithm], s)
		}
	}
	return byAlgorithm, stop, nil
}

// compare measures all contenders once, one soon after the other.
func (r *results) compare(ctx context.Context, servers []*server, scene scene, limits settings) error {
	for _, server := range shuffled(servers) {
		m, err := server.load(ctx, scene, limits)
		if err != nil {
			return fmt.Errorf("%s: %w", scene.of(server.name), err)
		}
		r.runs[scene.of(server.name)] = append(r.runs[scene.of(server.name)], m)
	}
	return nil
}

// shuffled returns the elements in another order, so that no contender always follows the
// same one.
func shuffled[T any](elements []T) []T {
	elements = slices.Clone(elements)
	rand.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
	return elements
}
