package main

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	output := `goos: linux
goarch: amd64
cpu: Some(R) CPU
BenchmarkProtected/HS256/gin-jwt-2         	    1131	     11730.5 ns/op	    3776 B/op	      76 allocs/op
PASS
`
	m, err := parse(output)
	require.NoError(t, err)
	assert.Equal(t, measured{ns: 11730.5, bytes: 3776, allocs: 76}, m)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	line := "BenchmarkA/B/c-2 10 5.0 ns/op 1 B/op 1 allocs/op\n"
	for name, output := range map[string]string{
		"no result":    "PASS\n",
		"two results":  line + line,
		"not a number": strings.Replace(line, "5.0", "five", 1),
	} {
		_, err := parse(output)
		assert.Error(t, err, name)
	}
}

// Ratios are taken within a round: a machine that was slow for one of them does
// not count.
func TestRatioIsPaired(t *testing.T) {
	t.Parallel()
	r := newResults(3, time.Millisecond)
	for _, slowness := range []float64{1, 10, 3} {
		r.add("a", measured{ns: 30 * slowness})
		r.add("b", measured{ns: 110 * slowness})
		r.add("common", measured{ns: 10 * slowness})
	}
	ratio, ok := r.ratio("a", "b", "common")
	assert.True(t, ok)
	assert.InDelta(t, 0.2, ratio, 1e-9)
	_, ok = r.ratio("a", "nobody", "")
	assert.False(t, ok)
}

func TestSpread(t *testing.T) {
	t.Parallel()
	r := newResults(3, time.Millisecond)
	for _, ns := range []float64{100, 90, 120, 100, 80} {
		r.add("a", measured{ns: ns})
	}
	assert.InDelta(t, 0.1, r.spread(), 1e-9)
}

func TestBenchmarksAreOfAllWorks(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"Login/HS256/ginjwt", "Login/HS256/gin-jwt", "Login/HS256/golang-jwt-map"},
		benchmarks(regexp.MustCompile("^Login/")))
	all := benchmarks(regexp.MustCompile(""))
	assert.Contains(t, all, "Protected/EdDSA/auth0")
	assert.Contains(t, all, "Rotation/100000/ginjwt-cache-off")
	assert.NotContains(t, all, "Forged/HS256/bare")
}

// some are results of one round.
func some() *results {
	r := newResults(1, 200*time.Millisecond)
	r.Go, r.Platform, r.Cores = "go1.26.8", "linux/amd64", 2
	r.add("Protected/HS256/bare", measured{ns: 100})
	r.add("Protected/HS256/ginjwt", measured{ns: 600, bytes: 64, allocs: 3})
	r.add("Protected/HS256/gin-jwt", measured{ns: 10100, bytes: 3776, allocs: 76})
	r.add("Login/HS256/ginjwt", measured{ns: 100, allocs: 7})
	return r
}

func TestTables(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `go1.26.8, linux/amd64, 2 cores; medians of 1 interleaved rounds of 200ms each; a run was typically 0 % off its median. `+
		`Only ratios and allocations carry over to other machines. "ginjwt" is with its defaults: its cache knows the token.

**A protected request, HS256**

| library | version | × bare handler | × gin-jwt | extra time over the bare handler, gin-jwt = 1 | allocations | bytes |
|---|---:|---:|---:|---:|---:|---:|
| bare Gin handler | – | 1.0 | 0.010 | 0.000 | 0 | 0 |
| ginjwt | – | 6.0 | 0.059 | 0.050 | 3 | 64 |
| gin-jwt | v3.5.1 | 101 | 1.0 | 1.0 | 76 | 3776 |

**A protected request, extra time over the bare handler, gin-jwt = 1**

| library | HS256 | RS256 | ES256 | EdDSA |
|---|---:|---:|---:|---:|
| bare Gin handler | 0.000 | – | – | – |
| ginjwt | 0.050 | – | – | – |
| gin-jwt | 1.0 | – | – | – |

**A login, HS256: access and refresh token in one response**

| library | × gin-jwt | allocations |
|---|---:|---:|
| ginjwt | – | 7 |
`, renderTables(some()))
}

func TestChart(t *testing.T) {
	t.Parallel()
	chart, err := renderChart(some())
	require.NoError(t, err)
	decoder := xml.NewDecoder(strings.NewReader(string(chart)))
	for err == nil {
		_, err = decoder.Token()
	}
	require.ErrorIs(t, err, io.EOF)
	assert.Contains(t, string(chart), `>ginjwt</text>
<rect class="ours" x="232" y="88" width="23" height="16" rx="2"/>`)
	assert.Contains(t, string(chart), `>gin-jwt</text>
<rect class="peer" x="232" y="112" width="470" height="16" rx="2"/>`)
	assert.Contains(t, string(chart), "prefers-color-scheme: dark")
	assert.NotContains(t, string(chart), "bare Gin handler")
}

func TestWrite(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	page := filepath.Join(out, "performance.md")
	require.NoError(t, os.WriteFile(page, []byte("# Speed\n<!-- results -->\n<!-- /results -->\n"), 0o600))
	require.NoError(t, write(some(), out))

	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, "# Speed\n<!-- results -->\n"+renderTables(some())+"<!-- /results -->\n", string(text))
	assert.FileExists(t, filepath.Join(out, "performance.svg"))

	raw, err := os.ReadFile(filepath.Join(out, "performance", "results.json"))
	require.NoError(t, err)
	var read results
	require.NoError(t, json.Unmarshal(raw, &read))
	assert.Equal(t, 600.0, read.Measured["Protected/HS256/ginjwt"].NS)
	assert.Equal(t, []float64{600}, read.Measured["Protected/HS256/ginjwt"].Rounds)
}
