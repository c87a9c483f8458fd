// Command load measures whole requests over loopback HTTP. The server is a process with
// one core. Each client waits for an answer before it sends the next request.
//
//	go run ./benchmarks/cmd/load                   # from the root of the repository
//	go run ./benchmarks/cmd/load -rounds 5 -time 1s
//
// It prints the throughput relative to a bare handler, compared round by round, and how
// long requests take.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// settings are what the command line says.
type settings struct {
	rounds   int
	time     time.Duration // of a measurement
	requests int           // the most of a measurement
}

// What is compared.
var (
	names         = []string{contender.Bare, contender.Ours, contender.NoHits, contender.GinJWT}
	algorithms    = []string{"HS256", "ES256"}
	concurrencies = []int{1, 8, 64}
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	var s settings
	flag.IntVar(&s.rounds, "rounds", 3, "how often everything is measured")
	flag.DurationVar(&s.time, "time", 500*time.Millisecond, "how long a measurement lasts")
	flag.IntVar(&s.requests, "requests", 200_000, "how many requests a measurement has at the most")
	serves := flag.String("serve", "", "be the server of this contender; used by the command itself")
	algorithm := flag.String("algorithm", "HS256", "of the server's tokens")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *serves != "" {
		err = serve(*serves, *algorithm, os.Stdin, os.Stdout)
	} else {
		err = measureAll(ctx, s)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func measureAll(ctx context.Context, s settings) error {
	if s.rounds < 1 {
		return errors.New("at least one round")
	}
	for _, algorithm := range algorithms {
		report, err := measure(ctx, s, algorithm)
		if err != nil {
			return err
		}
		fmt.Print(report)
	}
	return nil
}

// measure compares all contenders with the tokens of one algorithm.
func measure(ctx context.Context, s settings, algorithm string) (report string, err error) {
	servers := make([]*server, len(names))
	for i, name := range names {
		if servers[i], err = start(ctx, name, algorithm); err != nil {
			return "", err
		}
		defer servers[i].stop()
	}
	results := newResults()
	for range s.rounds {
		for _, clients := range concurrencies {
			for _, server := range servers {
				l, err := server.load(ctx, clients, s)
				if err != nil {
					return "", fmt.Errorf("%s: %w", server.name, err)
				}
				results.add(server.name, clients, l)
			}
		}
	}
	return results.table(algorithm), nil
}
