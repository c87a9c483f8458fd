package stores

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

var (
	full  = flag.Bool("scale", false, "measure in full and write the tables into the page")
	scale = flag.String("page", "../../docs/scale.md", "the page whose tables are written")
)

// size is what to measure with: much, or little if only the code is to be shown
// to work.
func size[T any](much, little T) T {
	if *full {
		return much
	}
	return little
}

// table is what a measurement writes.
type table struct {
	note string // how it was measured
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d cores. %s\n\n", runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), t.note)
	fmt.Fprintf(&b, "| %s |\n|---|%s\n", strings.Join(t.head, " | "), strings.Repeat("---:|", len(t.head)-1))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

// write puts the table where the page has the marks of its name. Without -scale
// it only logs it.
func (t *table) write(tb testing.TB, name string) {
	tb.Helper()
	tb.Logf("%s:\n%s", name, t.markdown())
	if !*full {
		return
	}
	text, err := page.Part(name).IncludeIn(*scale, t.markdown())
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(*scale, text, 0o644))
}

func TestTables(t *testing.T) {
	tables := table{note: "A note.", head: []string{"", "of"}}
	tables.add("one", "1")
	require.Equal(t, "| | of |\n|---|---:|\n| one | 1 |\n", strings.ReplaceAll(tables.markdown()[strings.Index(tables.markdown(), "|"):], "|  |", "| |"))
}

func count(n int) string {
	switch {
	case n >= 1e6:
		return strconv.Itoa(n/1e6) + " M"
	case n >= 1e3:
		return strconv.Itoa(n/1e3) + " k"
	}
	return strconv.Itoa(n)
}

func nanoseconds(d time.Duration) string  { return strconv.FormatInt(d.Nanoseconds(), 10) + " ns" }
func milliseconds(d time.Duration) string { return page.Significant(d.Seconds()*1e3) + " ms" }
