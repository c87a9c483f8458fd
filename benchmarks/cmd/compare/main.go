// Command compare runs the benchmarks in interleaved rounds. It writes a chart, tables
// of ratios, and the medians behind them.
//
//	go run ./benchmarks/cmd/compare                 # from the root of the repository
//	go run ./benchmarks/cmd/compare -match HS256    # only some benchmarks
//
// A round runs every benchmark once, each in a separate process. So other load on the
// machine disturbs all benchmarks alike.
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
	"regexp"
	"time"
)

// pageName is the page with the tables.
const pageName = "performance.md"

func main() {
	log.SetFlags(0)
	log.SetPrefix("compare: ")
	rounds := flag.Int("rounds", 9, "how often every benchmark runs")
	benchtime := flag.Duration("benchtime", 100*time.Millisecond, "how long a benchmark runs each time")
	out := flag.String("out", "docs", "folder for performance.md, performance.svg and performance/results.json")
	match := flag.String("match", "", "run only benchmarks whose name matches this expression")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, *rounds, *benchtime, *match, *out); err != nil {
		log.Fatal(err)
	}
}

func compare(ctx context.Context, rounds int, benchtime time.Duration, match, out string) error {
	if rounds < 1 {
		return errors.New("at least one round")
	}
	wanted, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	if _, err := part.IncludeIn(filepath.Join(out, pageName), ""); err != nil { // before the minutes that it takes
		return err
	}
	folder, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	binary := filepath.Join(folder, "bench.test")
	if err := build(ctx, binary); err != nil {
		return err
	}
	results := newResults(rounds, benchtime)
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		for _, name := range benchmarks(wanted) {
			m, err := run(ctx, binary, name, benchtime)
			if err != nil {
				return err
			}
			results.add(name, m)
		}
	}
	return write(results, out)
}

// write writes all files below the folder out.
func write(r *results, out string) error {
	if err := os.MkdirAll(filepath.Join(out, "performance"), 0o755); err != nil {
		return err
	}
	raw, err := r.json()
	if err != nil {
		return err
	}
	chart, err := renderChart(r)
	if err != nil {
		return err
	}
	text, err := part.IncludeIn(filepath.Join(out, pageName), renderTables(r))
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		filepath.Join(out, pageName):                      text,
		filepath.Join(out, "performance.svg"):             chart,
		filepath.Join(out, "performance", "results.json"): raw,
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
