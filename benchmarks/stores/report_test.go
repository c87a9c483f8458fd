package stores

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	full = flag.Bool("scale", false, "measure in full and write the tables into the page")
	page = flag.String("page", "../../docs/scale.md", "the page whose tables are written")
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
	text, err := os.ReadFile(*page)
	require.NoError(tb, err)
	text, ok := include(text, name, t.markdown())
	require.True(tb, ok, "%s has no marks <!-- %s --> and <!-- /%s -->", *page, name, name)
	require.NoError(tb, os.WriteFile(*page, text, 0o644))
}

// include replaces what is between the marks of a name.
func include(page []byte, name, text string) (included []byte, ok bool) {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, begins := bytes.Cut(page, []byte(begin))
	_, after, ends := bytes.Cut(rest, []byte(end))
	return bytes.Join([][]byte{before, []byte(begin + text + end), after}, nil), begins && ends
}

func TestInclude(t *testing.T) {
	page := []byte("a\n<!-- x -->\nold\n<!-- /x -->\nb\n")
	included, ok := include(page, "x", "new\n")
	require.True(t, ok)
	require.Equal(t, "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n", string(included))
	_, ok = include(page, "y", "new\n")
	require.False(t, ok)
}

func TestTables(t *testing.T) {
	tables := table{note: "A note.", head: []string{"", "of"}}
	tables.add("one", "1")
	require.Equal(t, "| | of |\n|---|---:|\n| one | 1 |\n", strings.ReplaceAll(tables.markdown()[strings.Index(tables.markdown(), "|"):], "|  |", "| |"))
}

// short writes a number with two digits that say something.
func short(v float64) string {
	digits := 0
	for limit := 10.0; v < limit && digits < 3; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
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
func milliseconds(d time.Duration) string { return short(d.Seconds()*1e3) + " ms" }
