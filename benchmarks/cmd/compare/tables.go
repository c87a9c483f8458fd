package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// The generated parts of the page.
const (
	tablesPart = page.Part("results")
	partsPart  = page.Part("parts")
	coresPart  = page.Part("cores")
)

// column is one column of a table.
type column struct {
	head string
	cell func(c contender.Contender) string
}

// The contenders that others are measured by.
var (
	bare    = contender.Named(contender.Bare)
	bareSet = contender.Named(contender.BareSet)
	ours    = contender.Named(contender.Ours)
	noHits  = contender.Named(contender.NoHits)
	ginJWT  = contender.Named(contender.GinJWT)
)

func renderTables(r *results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d cores; medians of %d interleaved rounds of %s each; a run was typically %.0f %% off its "+
		"median. Only ratios and allocations carry over to other machines. \"ginjwt\" is with its defaults: its cache knows the token.\n",
		r.Go, r.Platform, r.Cores, r.Rounds, r.Benchtime, 100*r.spread())
	table(&b, "A protected request, HS256", "Protected", []column{
		{"version", r.version},
		{"× bare handler", func(c contender.Contender) string {
			return r.cell(cost{name: "Protected/HS256/" + c.Name}, cost{name: "Protected/HS256/" + c.Over()})
		}},
		r.times("× gin-jwt", "Protected", "HS256", "Protected/HS256/gin-jwt"),
		r.extra("extra time over the bare handler, gin-jwt = 1", "HS256"),
		r.allocs("Protected"),
		r.bytes("Protected"),
	})
	table(&b, "A protected request, extra time over the bare handler, gin-jwt = 1", "Protected",
		r.forAll("Protected", r.extra))
	table(&b, "Creating an access token, × golang-jwt with a map", "Create",
		append(r.forAll("Create", r.by("Create", "Create/%s/golang-jwt-map")), r.allocs("Create")))
	table(&b, "A login, HS256: access and refresh token in one response", "Login", []column{
		r.times("× gin-jwt", "Login", "HS256", "Login/HS256/gin-jwt"), r.allocs("Login")})
	table(&b, "Refusing a token, HS256, × gin-jwt", "Forged", []column{
		r.times("forged", "Forged", "HS256", "Forged/HS256/gin-jwt"),
		r.times("expired", "Expired", "HS256", "Expired/HS256/gin-jwt"),
		r.times("garbage", "Hostile", "Garbage", "Hostile/Garbage/gin-jwt"),
		r.allocs("Forged"),
	})
	table(&b, "Requests with 10000 or 100000 different tokens in turn, HS256, × ginjwt with its cache off", "Rotation",
		r.forAll("Rotation", r.by("Rotation", "Rotation/%s/ginjwt-cache-off")))
	table(&b, "Hostile requests, × gin-jwt with a good token", "Hostile",
		r.forAll("Hostile", r.by("Hostile", "Protected/HS256/gin-jwt")))
	table(&b, "A bound token (DPoP) with a new proof in each request, by the key of the proof, × the signature of the proof alone", "Bound",
		append(r.forAll("Bound", r.by("Bound", "Bound/%s/"+contender.Signature)), r.allocsWith("Bound", "ES256")))
	return b.String()
}

// renderCores shows what more cores and the collector do.
func renderCores(r *results) string {
	var b strings.Builder
	table(&b, "A protected request, throughput of all cores, × one core", "Parallel",
		r.forAll("Parallel", r.throughput))
	table(&b, "A protected request with another GOGC, HS256, × GOGC=100", "Collector",
		r.forAll("Collector", func(head, gogc string) column {
			return column{head, func(c contender.Contender) string { return r.cell(withCollector(gogc, c)) }}
		}))
	return strings.TrimPrefix(b.String(), "\n")
}

// withCollector are a request with another GOGC, and with the default.
func withCollector(gogc string, c contender.Contender) (a, b cost) {
	return cost{name: nameOf("Collector", gogc, c.Name)}, cost{name: nameOf("OneCore", "HS256", c.Name)}
}

// renderParts compares parts of the work with the time that this library adds to a request.
func renderParts(r *results) string {
	var b strings.Builder
	share := func(head string, of contender.Contender, parts ...string) column {
		return column{head, func(part contender.Contender) string {
			ratio, ok := r.ratio(cost{name: "Parts/HS256/" + part.Name}, protectedCost("HS256", of))
			if !ok || !slices.Contains(parts, part.Name) {
				return none
			}
			return percent(ratio) + " %"
		}}
	}
	table(&b, "Parts of an HS256 request, in percent of the time that ginjwt adds to it", "Parts", []column{
		share("known token", ours, contender.KnownParts...),
		share("cache off", noHits, contender.UnknownParts...),
	})
	return strings.TrimPrefix(b.String(), "\n")
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
	first := "library"
	if work == "Parts" {
		first = "part"
	}
	fmt.Fprintf(b, "\n**%s**\n\n| %s", title, first)
	for _, column := range columns {
		fmt.Fprintf(b, " | %s", column.head)
	}
	fmt.Fprintf(b, " |\n|---|%s\n%s", strings.Repeat("---:|", len(columns)), &rows)
}

// none stands where nothing was measured.
const none = "–"

// times is the time of a work by that of one benchmark.
func (r *results) times(head, work, variant, by string) column {
	return column{head, func(c contender.Contender) string {
		return r.cell(cost{name: nameOf(work, variant, c.Name)}, cost{name: by})
	}}
}

// by is times for any variant. It stands for %s.
func (r *results) by(work, by string) func(head, variant string) column {
	return func(head, variant string) column {
		return r.times(head, work, variant, strings.ReplaceAll(by, "%s", variant))
	}
}

// extra is the time over the bare handler of a framework by that of gin-jwt.
func (r *results) extra(head, algorithm string) column {
	return column{head, func(c contender.Contender) string {
		return r.cell(protectedCost(algorithm, c), protectedCost(algorithm, ginJWT))
	}}
}

// throughput is that of all cores by that of one.
func (r *results) throughput(head, algorithm string) column {
	return column{head, func(c contender.Contender) string {
		times, ok := r.timesOneCore(algorithm, c)
		if !ok {
			return none
		}
		return page.Significant(times)
	}}
}

// timesOneCore is how many times the throughput of one core all cores have, if they work all
// the time. It is less than their number if they disturb each other: then a request takes
// more processor time.
func (r *results) timesOneCore(algorithm string, c contender.Contender) (float64, bool) {
	ratio, ok := r.ratio(cost{name: nameOf("OneCore", algorithm, c.Name)}, cost{name: nameOf("Parallel", algorithm, c.Name)})
	return ratio * float64(r.Cores), ok
}

func (r *results) cell(a, b cost) string {
	ratio, ok := r.ratio(a, b)
	if !ok {
		return none
	}
	return page.Significant(ratio)
}

// forAll has a column for every variant of a work.
func (r *results) forAll(work string, columnOf func(head, variant string) column) (columns []column) {
	for _, variant := range contender.WorkNamed(work).Variants {
		columns = append(columns, columnOf(variant, variant))
	}
	return columns
}

// allocs and bytes are of HS256.
func (r *results) allocs(work string) column { return r.counts("allocations", work, "HS256", allocsOf) }
func (r *results) bytes(work string) column {
	return r.counts("bytes", work, "HS256", func(s *series) float64 { return s.Bytes })
}

// allocsWith is allocs for any variant, which its head names.
func (r *results) allocsWith(work, variant string) column {
	return r.counts("allocations, "+variant, work, variant, allocsOf)
}

func allocsOf(s *series) float64 { return s.Allocs }

func (r *results) counts(head, work, variant string, of func(*series) float64) column {
	return column{head, func(c contender.Contender) string {
		s := r.Measured[nameOf(work, variant, c.Name)]
		if s == nil {
			return none
		}
		return strconv.FormatFloat(of(s), 'f', 0, 64)
	}}
}

func (r *results) version(c contender.Contender) string {
	return cmp.Or(r.Versions[c.Name], none)
}
