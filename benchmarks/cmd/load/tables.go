package main

import (
	"fmt"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// tables returns the generated part of the page.
func (r *results) tables() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d cores; medians of %d interleaved rounds of %s each. %s\n", r.Go, r.Platform, r.Cores, r.Rounds, r.Time, r.placed())
	r.ratios(&b, "Throughput, × bare handler", func(s *series) ratio { return s.Throughput })
	r.ratios(&b, "Processor time of the server per request, × bare handler", func(s *series) ratio { return s.Processor })
	r.table(&b, "Bytes that the server allocates per request", names, algorithms, func(s *series) string {
		return fmt.Sprintf("%.0f", s.Bytes)
	})
	r.busy(&b)
	r.profiles(&b)
	return b.String()
}

func (r *results) placed() string {
	if !r.Pinned {
		return "The servers and the clients share all cores: nothing is pinned."
	}
	return fmt.Sprintf("Servers: pinned to one core. Clients: pinned to the other cores (%d).", r.ClientCores)
}

// ratios writes a table of ratios and what they are worth.
func (r *results) ratios(b *strings.Builder, title string, of func(*series) ratio) {
	r.table(b, title, names[1:], algorithms, func(s *series) string { return fmt.Sprintf("%.2f", of(s).Median) })
	var off []float64
	for _, scene := range scenes() {
		for _, name := range names[1:] {
			off = append(off, of(r.Measured[scene.of(name)]).off())
		}
	}
	fmt.Fprintf(b, "\nA single round typically differs by %.1f %% from its median; in the least steady cell, by %.1f %%.\n",
		100*page.Median(off), 100*page.Quantile(off, 1))
}

// table writes a table with a row for each contender and algorithm.
func (r *results) table(b *strings.Builder, title string, names, algorithms []string, cell func(*series) string) {
	fmt.Fprintf(b, "\n**%s**\n\n| library | token%s |\n|---|---|%s\n", title, columns(), strings.Repeat("---:|", len(protocols)*len(concurrencies)))
	for _, algorithm := range algorithms {
		for _, name := range names {
			fmt.Fprintf(b, "| %s | %s", contender.Named(name).Title, algorithm)
			r.row(b, algorithm, name, cell)
		}
	}
}

// columns heads the columns of all protocols and concurrencies.
func columns() string {
	var b strings.Builder
	for _, protocol := range protocols {
		for i, concurrency := range concurrencies {
			if i == 0 {
				fmt.Fprintf(&b, " | %s, %s: %d", protocol.name, protocol.carrier, concurrency)
			} else {
				fmt.Fprintf(&b, " | %d", concurrency)
			}
		}
	}
	return b.String()
}

func (r *results) row(b *strings.Builder, algorithm, name string, cell func(*series) string) {
	for _, scene := range scenes() {
		if scene.algorithm == algorithm {
			fmt.Fprintf(b, " | %s", cell(r.Measured[scene.of(name)]))
		}
	}
	b.WriteString(" |\n")
}

// busy writes a table that says whether servers or clients limit the throughput.
func (r *results) busy(b *strings.Builder) {
	algorithm := algorithms[0]
	fmt.Fprintf(b, "\n**How busy the cores are, %s**\n\n| process | library%s |\n|---|---|%s\n",
		algorithm, columns(), strings.Repeat("---:|", len(protocols)*len(concurrencies)))
	for _, name := range []string{contender.Bare, contender.Ours} {
		fmt.Fprintf(b, "| server | %s", contender.Named(name).Title)
		r.row(b, algorithm, name, func(s *series) string { return percent(s.Server) })
		fmt.Fprintf(b, "| clients | %s", contender.Named(name).Title)
		r.row(b, algorithm, name, func(s *series) string { return percent(s.Client) })
	}
}

// profiles writes where the servers' processor time goes.
func (r *results) profiles(b *strings.Builder) {
	for _, scene := range profiled() {
		fmt.Fprintf(b, "\n**Where the server's processor time goes, %s, %s, %d %s**\n\n| part",
			scene.algorithm, scene.protocol.name, scene.concurrency, scene.protocol.carrier)
		for _, name := range names {
			fmt.Fprintf(b, " | %s", contender.Named(name).Title)
		}
		fmt.Fprintf(b, " |\n|---|%s\n", strings.Repeat("---:|", len(names)))
		for _, part := range parts {
			fmt.Fprintf(b, "| %s", part)
			for _, name := range names {
				fmt.Fprintf(b, " | %s", percent(r.Profiles[scene.of(name)][part]))
			}
			b.WriteString(" |\n")
		}
	}
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }
