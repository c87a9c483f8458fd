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
	assert.Equal(t, measured{ns: 11730.5, real: 11730.5, bytes: 3776, allocs: 76}, m)
	m, err = parse(strings.Replace(output, "ns/op", "ns/op  11500 cpu-ns/op", 1))
	require.NoError(t, err)
	assert.Equal(t, measured{ns: 11500, real: 11730.5, bytes: 3776, allocs: 76}, m)
}

func TestShareOfACore(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 2.5, measured{ns: 100, real: 250}.share())
	assert.Equal(t, 1.0, measured{ns: 100, real: 60}.share())
	assert.Equal(t, 4.0, measured{ns: 1, real: 250}.share())
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
		r.add("floor", measured{ns: 10 * slowness})
	}
	ratio, ok := r.ratio(cost{"a", "floor"}, cost{"b", "floor"})
	assert.True(t, ok)
	assert.InDelta(t, 0.2, ratio, 1e-9)
	ratio, _ = r.ratio(cost{name: "a"}, cost{"b", "floor"})
	assert.InDelta(t, 0.3, ratio, 1e-9)
	for _, unknown := range []cost{{name: "nobody"}, {"a", "nobody"}} {
		_, ok = r.ratio(unknown, cost{name: "b"})
		assert.False(t, ok)
		_, ok = r.ratio(cost{name: "b"}, unknown)
		assert.False(t, ok)
	}
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
	assert.NotContains(t, all, "Forged/HS256/bare-set")
	assert.Contains(t, all, "Parts/HS256/hmac")
}

// some are results of one round.
func some() *results {
	r := newResults(1, 200*time.Millisecond)
	r.Go, r.Platform, r.Cores = "go1.26.8", "linux/amd64", 2
	r.add("Protected/HS256/bare", measured{ns: 100})
	r.add("Protected/HS256/ginjwt", measured{ns: 600, bytes: 64, allocs: 3})
	r.add("Protected/HS256/gin-jwt", measured{ns: 10100, bytes: 3776, allocs: 76})
	r.add("Protected/HS256/bare-echo", measured{ns: 200})
	r.add("Protected/HS256/echo-jwt", measured{ns: 5200, allocs: 70})
	r.add("Login/HS256/ginjwt", measured{ns: 100, allocs: 7})
	r.add("Parts/HS256/clock", measured{ns: 50})
	r.add("Parts/HS256/hmac", measured{ns: 400})
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
| bare Echo handler | – | 2.0 | 0.020 | 0.010 | 0 | 0 |
| ginjwt | – | 6.0 | 0.059 | 0.050 | 3 | 64 |
| gin-jwt | v3.5.1 | 101 | 1.0 | 1.0 | 76 | 3776 |
| echo-jwt, in Echo | v5.0.1 | 26 | 0.51 | 0.50 | 70 | 0 |

**A protected request, extra time over the bare handler, gin-jwt = 1**

| library | HS256 | RS256 | ES256 | EdDSA |
|---|---:|---:|---:|---:|
| bare Gin handler | 0.000 | – | – | – |
| bare Echo handler | 0.010 | – | – | – |
| ginjwt | 0.050 | – | – | – |
| gin-jwt | 1.0 | – | – | – |
| echo-jwt, in Echo | 0.50 | – | – | – |

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
<rect class="peer" x="232" y="136" width="470" height="16" rx="2"/>`)
	assert.Contains(t, string(chart), "prefers-color-scheme: dark")
	assert.NotContains(t, string(chart), "bare Gin handler")
}

func TestParts(t *testing.T) {
	t.Parallel()
	r := some()
	r.add("Protected/HS256/ginjwt-cache-off", measured{ns: 4100})
	assert.Equal(t, `**Parts of an HS256 request, in percent of the time that ginjwt adds to it**

| part | known token | cache off |
|---|---:|---:|
| reading the clock | 10 % | 1 % |
| the HMAC, with a reused state | – | 10 % |
`, renderParts(r))
}

func TestCores(t *testing.T) {
	t.Parallel()
	r := newResults(1, time.Millisecond)
	r.Cores = 2
	r.add("OneCore/HS256/ginjwt", measured{ns: 1000})
	r.add("Parallel/HS256/ginjwt", measured{ns: 1250})
	r.add("Collector/GOGC=off/ginjwt", measured{ns: 700})
	assert.Equal(t, `**A protected request, throughput of all cores, × one core**

| library | HS256 | ES256 |
|---|---:|---:|
| ginjwt | 1.6 | – |

**A protected request with another GOGC, HS256, × GOGC=100**

| library | GOGC=400 | GOGC=off |
|---|---:|---:|
| ginjwt | – | 0.70 |
`, renderCores(r))
	r.add("Collector/GOGC=400/ginjwt", measured{ns: 750})
	assert.Equal(t, map[string]string{"cores-ginjwt": "1.6", "gogc-400-ginjwt-percent": "25"}, r.figures())
}

func TestFigures(t *testing.T) {
	t.Parallel()
	assert.Equal(t, map[string]string{"known-HS256-percent": "5", "login-percent": "40"}, withLogin(some()).figures())
	assert.Equal(t, "0.4", percent(0.0044))
	assert.Equal(t, "12", percent(0.1249))
	assert.Equal(t, "0.8", single(0.81))
	assert.Equal(t, "19", single(19.4))
	assert.Equal(t, "1.3", oneDigit(1.34))
}

func withLogin(r *results) *results {
	r.add("Login/HS256/gin-jwt", measured{ns: 250})
	return r
}

func TestFill(t *testing.T) {
	t.Parallel()
	const before = "It takes <!-- figure a -->7<!-- /figure --> % and <!-- figure b --><!-- /figure --> times."
	after, err := fill([]byte(before), map[string]string{"a": "6", "b": "1.5"})
	require.NoError(t, err)
	assert.Equal(t, "It takes <!-- figure a -->6<!-- /figure --> % and <!-- figure b -->1.5<!-- /figure --> times.", string(after))
	_, err = fill([]byte(before), map[string]string{"a": "6"})
	assert.EqualError(t, err, `no figure is called "b"`)
}

func TestWrite(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	out := filepath.Join(root, "docs")
	page, readme := filepath.Join(out, pageName), filepath.Join(root, "README.md")
	require.NoError(t, os.Mkdir(out, 0o700))
	require.NoError(t, os.WriteFile(page, []byte("# Speed\n<!-- results -->\n<!-- /results -->\n<!-- parts -->\n<!-- /parts -->\n<!-- cores -->\n<!-- /cores -->\n"), 0o600))
	require.NoError(t, os.WriteFile(readme, []byte("<!-- figure known-HS256-percent -->7<!-- /figure --> %\n"), 0o600))
	require.NoError(t, write(some(), out))

	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, "# Speed\n<!-- results -->\n"+renderTables(some())+"<!-- /results -->\n<!-- parts -->\n"+renderParts(some())+"<!-- /parts -->\n<!-- cores -->\n<!-- /cores -->\n",
		string(text))
	assert.FileExists(t, filepath.Join(out, "performance.svg"))
	text, err = os.ReadFile(readme)
	require.NoError(t, err)
	assert.Equal(t, "<!-- figure known-HS256-percent -->5<!-- /figure --> %\n", string(text))

	read := readResults(t, out)
	assert.Equal(t, 600.0, read.Measured["Protected/HS256/ginjwt"].NS)
	assert.Equal(t, []float64{600}, read.Measured["Protected/HS256/ginjwt"].Rounds)
	assert.Equal(t, some().figures(), read.Figures)
}

func readResults(t *testing.T, docs string) *results {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(docs, "performance", "results.json"))
	require.NoError(t, err)
	var read results
	require.NoError(t, json.Unmarshal(raw, &read))
	return &read
}

func TestAddedResultsAreOfTheSameMachine(t *testing.T) {
	t.Parallel()
	recorded, added := some(), newResults(1, 200*time.Millisecond)
	added.Go, added.Platform, added.Cores = recorded.Go, recorded.Platform, recorded.Cores
	added.add("Bound/ES256/ginjwt", measured{ns: 150, allocs: 31})
	added.add("Bound/ES256/signature", measured{ns: 100, allocs: 24})
	require.NoError(t, recorded.include(added))
	assert.Contains(t, renderTables(recorded), `
**A bound token (DPoP) with a new proof in each request, by the key of the proof, × the signature of the proof alone**

| library | ES256 | EdDSA | RS256 | allocations, ES256 |
|---|---:|---:|---:|---:|
| the signature of the proof alone, by golang-jwt | 1.0 | – | – | 24 |
| ginjwt | 1.5 | – | – | 31 |
`)
	assert.Contains(t, renderTables(recorded), "**A login, HS256", "the others stay")
	for _, change := range []func(*results){
		func(r *results) { r.Go = "go1.0" }, func(r *results) { r.Cores++ }, func(r *results) { r.Rounds++ },
		func(r *results) { r.Benchtime = "1s" }, func(r *results) { r.Platform = "plan9/arm" },
	} {
		other := *added
		change(&other)
		assert.Error(t, recorded.include(&other))
	}
}

// The tables, the chart and the figures in the documentation are made of the results beside
// them. Nobody has edited one of them alone.
func TestDocsAreOfTheResults(t *testing.T) {
	t.Parallel()
	const docs = "../../../docs"
	r := readResults(t, docs)
	want, err := generated(docs, r)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(docs, pageName))
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))

	chart, err := renderChart(r)
	require.NoError(t, err)
	drawn, err := os.ReadFile(filepath.Join(docs, "performance.svg"))
	require.NoError(t, err)
	assert.Equal(t, string(chart), string(drawn))
	assert.Equal(t, r.figures(), r.Figures)
}
