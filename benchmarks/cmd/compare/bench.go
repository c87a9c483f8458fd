package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// nameOf is the name of a benchmark: Protected/HS256/gin-jwt.
func nameOf(work, variant, contender string) string {
	return work + "/" + variant + "/" + contender
}

// benchmarks returns the names of those that are wanted. What is compared with
// each other stands close together.
func benchmarks(wanted *regexp.Regexp) (names []string) {
	for _, variant := range variants() {
		for _, work := range contender.Works {
			for _, c := range work.By {
				name := nameOf(work.Name, variant, c.Name)
				if slices.Contains(work.Variants, variant) && wanted.MatchString(name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// variants are those of all works, once each.
func variants() (all []string) {
	for _, work := range contender.Works {
		for _, variant := range work.Variants {
			if !slices.Contains(all, variant) {
				all = append(all, variant)
			}
		}
	}
	return all
}

func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/gin-jwt-extended/ginjwt/benchmarks")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the benchmarks: %w\n%s", err, output)
	}
	return nil
}

// measured is the result of one run of one benchmark. ns is processor time, where the
// benchmark reports it.
type measured struct {
	ns, real, bytes, allocs float64
}

// share is how much longer a run took than it worked, because other programs had the core:
// at least 1, at most 4.
func (m measured) share() float64 { return min(max(m.real/m.ns, 1), 4) }

func run(ctx context.Context, binary, name string, benchtime time.Duration) (measured, error) {
	only := "^Benchmark" + strings.ReplaceAll(name, "/", "$/^") + "$"
	cmd := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", only, "-test.benchtime", benchtime.String())
	if !strings.HasPrefix(name, "Parallel/") {
		cmd.Args = append(cmd.Args, "-test.cpu", "1") // no second core collects the garbage unseen
	}
	output, err := cmd.CombinedOutput()
	if err != nil {
		return measured{}, fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	m, err := parse(string(output))
	if err != nil {
		return measured{}, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// parse reads what one benchmark printed.
func parse(output string) (m measured, err error) {
	found := 0
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		found++
		for i := 2; i+1 < len(fields); i += 2 { // after the name and the count: value, unit
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return m, fmt.Errorf("not the result of a benchmark: %q", line)
			}
			switch fields[i+1] {
			case "ns/op":
				m.real = value
			case "cpu-ns/op":
				m.ns = value
			case "B/op":
				m.bytes = value
			case "allocs/op":
				m.allocs = value
			}
		}
	}
	if found != 1 {
		return m, fmt.Errorf("results of %d benchmarks where one was expected:\n%s", found, output)
	}
	if m.ns == 0 {
		m.ns = m.real
	}
	return m, nil
}
