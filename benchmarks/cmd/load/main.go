// Command load measures whole requests over loopback HTTP. Each server is a process with
// one core. The clients have the other cores, where the system can pin processes.
//
//	go run ./benchmarks/cmd/load                     # from the root of the repository
//	go run ./benchmarks/cmd/load -rounds 3 -out ""   # only print the tables
//
// Each client waits for a response before it sends the next request. All servers take turns
// in rounds, in a new order in each round. The command compares throughput and processor
// time with those of a bare handler in the same round.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// settings are the limits from the command line.
type settings struct {
	rounds   int
	time     time.Duration // of a measurement
	requests int           // the most of a measurement
	profile  time.Duration // of a profile
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	var s settings
	flag.IntVar(&s.rounds, "rounds", 25, "how often everything is measured")
	flag.DurationVar(&s.time, "time", 100*time.Millisecond, "how long a measurement lasts")
	flag.IntVar(&s.requests, "requests", 1_000_000, "how many requests a measurement has at the most")
	flag.DurationVar(&s.profile, "profile", 2*time.Second, "how long each profile lasts")
	out := flag.String("out", "docs", "folder for performance.md and performance/endtoend.json; if it is empty, the tables are printed")
	serves := flag.String("serve", "", "be the server of this contender; used by the command itself")
	algorithm := flag.String("algorithm", "HS256", "of the server's tokens")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *serves != "" {
		err = serve(*serves, *algorithm, os.Stdin, os.Stdout)
	} else {
		err = measureAndWrite(ctx, s, *out)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func measureAndWrite(ctx context.Context, s settings, out string) error {
	if s.rounds < 1 || s.requests < 1 {
		return errors.New("at least one round and one request")
	}
	if out != "" {
		if _, err := part.IncludeIn(pageIn(out), ""); err != nil { // before the minutes that it takes
			return err
		}
	}
	cores, err := separateCores()
	if err != nil {
		return err
	}
	r, err := measure(ctx, s, cores)
	if err != nil {
		return err
	}
	if out == "" {
		fmt.Print(r.tables())
		return nil
	}
	return r.write(out)
}

// part is the generated part of the page.
const part = page.Part("end to end")

func pageIn(out string) string { return filepath.Join(out, "performance.md") }
func dataIn(out string) string { return filepath.Join(out, "performance", "endtoend.json") }

// write writes the page and the data below the folder out.
func (r *results) write(out string) error {
	text, err := part.IncludeIn(pageIn(out), r.tables())
	if err != nil {
		return err
	}
	data, err := r.json()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dataIn(out)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(dataIn(out), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(pageIn(out), text, 0o644)
}
