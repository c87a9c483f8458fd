package main

import (
	"bytes"
	"cmp"
	_ "embed" // the template
	"slices"
	"text/template"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

//go:embed chart.svg.tmpl
var chartText string

var chartTemplate = template.Must(template.New("chart").Parse(chartText))

// Sizes of the chart, in its own units.
const (
	barLeft   = 232
	barMax    = 470
	barStep   = 24
	groupHead = 52
)

// chart is what the template draws.
type chart struct {
	Height int
	Groups []group
}

// group is the bars of one algorithm.
type group struct {
	Title string
	Y     int
	Bars  []bar
}

// bar is one contender.
type bar struct {
	Label    string
	Ratio    float64
	Ours     bool
	Y, Width int
}

// renderChart draws the time above the bare handler, with that of gin-jwt as 1.
func renderChart(r *results) ([]byte, error) {
	drawn := chart{Height: 36}
	for _, algorithm := range []string{"HS256", "ES256"} {
		g := r.group(algorithm, drawn.Height)
		drawn.Groups = append(drawn.Groups, g)
		drawn.Height += groupHead + barStep*len(g.Bars)
	}
	drawn.Height += 12
	var b bytes.Buffer
	err := chartTemplate.Execute(&b, drawn)
	return b.Bytes(), err
}

func (r *results) group(algorithm string, y int) group {
	g, longest := group{Title: algorithm, Y: y}, 0.0
	for _, c := range contender.All {
		ratio, ok := r.ratio(protectedCost(algorithm, c), protectedCost(algorithm, ginJWT))
		if ok && !c.Open {
			g.Bars = append(g.Bars, bar{Label: c.Title, Ratio: max(ratio, 0), Ours: c.Module == contender.OurModule})
			longest = max(longest, ratio)
		}
	}
	slices.SortStableFunc(g.Bars, func(a, b bar) int { return cmp.Compare(a.Ratio, b.Ratio) })
	for i := range g.Bars {
		g.Bars[i].Y = y + groupHead + i*barStep
		g.Bars[i].Width = max(2, int(barMax*g.Bars[i].Ratio/longest))
	}
	return g
}

// The template places these.
func (chart) Left() int     { return barLeft }
func (g group) TitleY() int { return g.Y + 32 }
func (b bar) LabelX() int   { return barLeft - 10 }
func (b bar) TextY() int    { return b.Y + 12 }
func (b bar) ValueX() int   { return barLeft + b.Width + 8 }
func (b bar) Value() string { return page.Significant(b.Ratio) }
