// Command compare runs the benchmarks in interleaved rounds. It writes a chart, tables
// of ratios, and the medians behind them.
//
//	go run ./benchmarks/cmd/compare                     # from the root of the repository
//	go run ./benchmarks/cmd/compare -match HS256        # prints tables of some benchmarks
//	go run ./benchmarks/cmd/compare -match ^Bound/ -add # adds a new work to the recorded ones
//	go run ./benchmarks/cmd/compare -check              # fails if a ratio is much larger than recorded
//
// It also writes the figures in the prose of pages, which stand between marks:
//
//	<!-- figure known-HS256-percent -->6<!-- /figure --> %
//
// A round runs every benchmark once, each in a separate process. So other load on the
// machine disturbs all benchmarks alike.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// pageName is the page with the tables.
const pageName = "performance.md"

func main() {
	log.SetFlags(0)
	log.SetPrefix("compare: ")
	rounds := flag.Uint("rounds", 7, "how often every benchmark runs; 0 only writes the pages again")
	benchtime := flag.Duration("benchtime", 50*time.Millisecond, "how long a benchmark works each time")
	out := flag.String("out", "docs", "folder for performance.md, performance.svg and performance/results.json")
	match := flag.String("match", "", "run only benchmarks whose name matches this expression, and print the tables")
	add := flag.Bool("add", false, "with -match, write the results beside the recorded results of other benchmarks, and print nothing")
	again := flag.Bool("check", false, "compare briefly, write nothing, and fail if a ratio is much larger than recorded")
	flag.Parse()
	if *again {
		if err := check(*out, duels()); err != nil {
			log.Fatal(err)
		}
		return
	}

	finish := func(r *results) error { return write(r, *out) }
	switch {
	case *match != "" && *add:
		finish = func(r *results) error { return addTo(*out, r) }
	case *match != "":
		finish = printTables
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, *rounds, *benchtime, *match, *out, finish); err != nil {
		log.Fatal(err)
	}
}

// compare runs the benchmarks, and gives the results to finish.
func compare(ctx context.Context, rounds uint, benchtime time.Duration, match, out string, finish func(*results) error) error {
	if rounds == 0 {
		r, err := read(out)
		if err != nil {
			return err
		}
		return write(r, out)
	}
	wanted, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	if _, err := generated(out, nil); err != nil { // before the minutes that it takes
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
	results, share := newResults(int(rounds), benchtime), 1.0
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		for _, name := range benchmarks(wanted) {
			m, err := run(ctx, binary, name, time.Duration(share*float64(benchtime)))
			if err != nil {
				return err
			}
			results.add(name, m)
			share = m.share()
		}
	}
	return finish(results)
}

func printTables(r *results) error {
	_, err := fmt.Print(renderTables(r), "\n", renderParts(r), "\n", renderCores(r))
	return err
}

// addTo writes all files again, with r beside the results that were recorded before. A ratio is of
// one run all the same, if r has whole works.
func addTo(out string, r *results) error {
	recorded, err := read(out)
	if err != nil {
		return err
	}
	if err := recorded.include(r); err != nil {
		return err
	}
	return write(recorded, out)
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
	text, err := generated(out, r)
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
	return fillPages(out, r.Figures)
}

// generated returns the page in the folder out with tables in their places. They are empty
// without results.
func generated(out string, r *results) (text []byte, err error) {
	path := filepath.Join(out, pageName)
	if text, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	for part, render := range map[page.Part]func(*results) string{
		tablesPart: renderTables, partsPart: renderParts, coresPart: renderCores,
	} {
		tables := ""
		if r != nil {
			tables = render(r)
		}
		if text, err = part.Include(text, tables); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return text, nil
}
