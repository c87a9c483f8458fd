package main

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// part is the generated part of the page.
const part = page.Part("results")

// column is one column of a table.
type column struct {
	head string
	cell func(c contender.Contender) string
}

func renderTables(r *results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d cores; medians of %d interleaved rounds of %s each; a run was typically %.0f %% off its "+
		"median. Only ratios and allocations carry over to other machines. \"ginjwt\" is with its defaults: its cache knows the token.\n",
		r.Go, r.Platform, r.Cores, r.Rounds, r.Benchtime, 100*r.spread())
	table(&b, "A protected request, HS256", "Protected", []column{
		{"version", version},
		r.ratios("× bare handler", "Protected", "HS256", "Protected/HS256/bare", ""),
		r.ratios("× gin-jwt", "Protected", "HS256", "Protected/HS256/gin-jwt", ""),
		r.ratios("extra time over the bare handler, gin-jwt = 1", "Protected", "HS256", "Protected/HS256/gin-jwt", "Protected/HS256/bare"),
		r.allocs("Protected"),
		r.bytes("Protected"),
	})
	table(&b, "A protected request, extra time over the bare handler, gin-jwt = 1", "Protected",
		r.forAll("Protected", "Protected/%s/gin-jwt", "Protected/%s/bare"))
	table(&b, "A protected request, throughput of all cores, × one core", "Parallel", r.speedups())
	table(&b, "Creating an access token, × golang-jwt with a map", "Create",
		append(r.forAll("Create", "Create/%s/golang-jwt-map", ""), r.allocs("Create")))
	table(&b, "A login, HS256: access and refresh token in one response", "Login", []column{
		r.ratios("× gin-jwt", "Login", "HS256", "Login/HS256/gin-jwt", ""), r.allocs("Login")})
	table(&b, "Refusing a forged token, HS256", "Forged", []column{
		r.ratios("× gin-jwt", "Forged", "HS256", "Forged/HS256/gin-jwt", ""), r.allocs("Forged")})
	table(&b, "Requests with 10000 or 100000 different tokens in turn, HS256, × ginjwt with its cache off", "Rotation",
		r.forAll("Rotation", "Rotation/%s/ginjwt-cache-off", ""))
	table(&b, "Hostile requests, × gin-jwt with a good token", "Hostile",
		r.forAll("Hostile", "Protected/HS256/gin-jwt", ""))
	return b.String()
}

// table writes a table with a row for everyone who does a work. Without any
// results there is none.
func table(b *strings.Builder, title, work string, columns []column) {
	var rows strings.Builder
	for _, c := range contender.WorkNamed(work).By {
		cells := make([]string, len(columns))
		measured := false
		for i, column := range columns {
			cells[i] = column.cell(c)
			measured = measured || column.head != "version" && cells[i] != none
		}
		if measured {
			fmt.Fprintf(&rows, "| %s | %s |\n", c.Title, strings.Join(cells, " | "))
		}
	}
	if rows.Len() == 0 {
		return
	}
	fmt.Fprintf(b, "\n**%s**\n\n| library", title)
	for _, column := range columns {
		fmt.Fprintf(b, " | %s", column.head)
	}
	fmt.Fprintf(b, " |\n|---|%s\n%s", strings.Repeat("---:|", len(columns)), &rows)
}

// none stands where nothing was measured.
const none = "–"

// ratios is the time of a work by that of one benchmark.
func (r *results) ratios(head, work, variant, by, common string) column {
	return column{head, func(c contender.Contender) string {
		return r.cell(nameOf(work, variant, c.Name), by, common)
	}}
}

func (r *results) cell(name, by, common string) string {
	ratio, ok := r.ratio(name, by, common)
	if !ok {
		return none
	}
	return page.Significant(ratio)
}

// forAll has a column for every variant of a work. It stands for %s.
func (r *results) forAll(work, by, common string) (columns []column) {
	for _, variant := range contender.WorkNamed(work).Variants {
		fill := strings.NewReplacer("%s", variant).Replace
		columns = append(columns, r.ratios(variant, work, variant, fill(by), fill(common)))
	}
	return columns
}

func (r *results) speedups() (columns []column) {
	for _, algorithm := range contender.Algorithms {
		columns = append(columns, column{algorithm, func(c contender.Contender) string {
			return r.cell(nameOf("Protected", algorithm, c.Name), nameOf("Parallel", algorithm, c.Name), "")
		}})
	}
	return columns
}

func (r *results) allocs(work string) column {
	return r.counts("allocations", work, func(s *series) float64 { return s.Allocs })
}

func (r *results) bytes(work string) column {
	return r.counts("bytes", work, func(s *series) float64 { return s.Bytes })
}

// counts are of HS256.
func (r *results) counts(head, work string, of func(*series) float64) column {
	return column{head, func(c contender.Contender) string {
		s := r.Measured[nameOf(work, "HS256", c.Name)]
		if s == nil {
			return none
		}
		return strconv.FormatFloat(of(s), 'f', 0, 64)
	}}
}

// version is that of a contender in this very build.
func version(c contender.Contender) string {
	info, ok := debug.ReadBuildInfo()
	if !ok || c.Module == "" {
		return none
	}
	for _, module := range info.Deps {
		if module.Path == c.Module && strings.HasPrefix(module.Version, "v") && module.Replace == nil {
			return module.Version
		}
	}
	return none
}
