package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// some are results of three rounds. In each of them, the second contender has half of the
// bare handler's throughput, and the fourth a quarter of it.
func some() *results {
	r := newResults(settings{rounds: 3, time: 100 * time.Millisecond}, cores{pinned: true, client: 1})
	r.Go, r.Platform, r.Cores = "go1.26.8", "linux/amd64", 2
	for _, scene := range scenes() {
		for i, name := range names {
			for _, slowness := range []float64{1, 10, 100} {
				cost := slowness * float64(i+1)
				r.runs[scene.of(name)] = append(r.runs[scene.of(name)], load{
					perSecond: 1000 / cost, cpu: cost * 1000, p50: time.Millisecond, p99: 2 * time.Millisecond,
					bytes: 1000 * float64(i+1), server: 0.9, client: 0.5,
				})
			}
		}
	}
	for _, scene := range profiled() {
		for _, name := range names {
			r.Profiles[scene.of(name)] = map[string]float64{kernel: 0.5, netHTTP: 0.25, library: 0.25}
		}
	}
	r.summarize()
	return r
}

// Ratios are taken within a round: a machine that was slow for one of them does not count.
func TestRatiosArePaired(t *testing.T) {
	t.Parallel()
	s := some().Measured["HTTP/2/ES256/16/ginjwt-cache-off"]
	assert.Equal(t, ratio{0.25, 0.25, 0.25}, s.Throughput)
	assert.Equal(t, ratio{4, 4, 4}, s.Processor)
	assert.Equal(t, 25.0, s.PerSecond)
	assert.Equal(t, 1000.0, s.P50)
}

func TestOff(t *testing.T) {
	t.Parallel()
	one := func(l load) float64 { return l.perSecond }
	var runs, by []load
	for _, perSecond := range []float64{80, 90, 100, 110, 120} {
		runs, by = append(runs, load{perSecond: perSecond}), append(by, load{perSecond: 100})
	}
	r := paired(runs, by, one)
	assert.Equal(t, ratio{1, 0.9, 1.1}, r)
	assert.InDelta(t, 0.1, r.off(), 1e-9)
}

func TestTables(t *testing.T) {
	t.Parallel()
	tables := some().tables()
	assert.True(t, strings.HasPrefix(tables, `go1.26.8, linux/amd64, 2 cores; medians of 3 interleaved rounds of 100ms each. Servers: pinned to one core. Clients: pinned to the other cores (1).

**Throughput, × bare handler**

| library | token | HTTP/1.1, connections: 1 | 16 | 128 | HTTP/2, streams: 1 | 16 | 128 |
|---|---|---:|---:|---:|---:|---:|---:|
| bare Gin handler, one `+"`c.Set`"+` | HS256 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 |
| ginjwt | HS256 | 0.33 | 0.33 | 0.33 | 0.33 | 0.33 | 0.33 |
`), tables)
	for _, row := range []string{
		"| gin-jwt | ES256 | 5.00 | 5.00 | 5.00 | 5.00 | 5.00 | 5.00 |\n\nA single round typically differs by 0.0 % from its median; in the least steady cell, by 0.0 %.\n",
		"| bare Gin handler | HS256 | 1000 | 1000 | 1000 | 1000 | 1000 | 1000 |\n",
		"| server | ginjwt | 90 % | 90 % | 90 % | 90 % | 90 % | 90 % |\n| clients | ginjwt | 50 % |",
		"| part | bare Gin handler | bare Gin handler, one `c.Set` | ginjwt | ginjwt, cache off | gin-jwt |\n|---|---:|---:|---:|---:|---:|\n| system calls | 50 % | 50 % | 50 % | 50 % | 50 % |\n",
		"| garbage collector | 0 % | 0 % | 0 % | 0 % | 0 % |\n",
	} {
		assert.Contains(t, tables, row)
	}
}

func TestTablesSayWhenNothingIsPinned(t *testing.T) {
	t.Parallel()
	r := some()
	r.Pinned = false
	assert.Contains(t, r.tables(), "each. The servers and the clients share all cores: nothing is pinned.\n")
}

func TestWrite(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	require.NoError(t, os.WriteFile(pageIn(out), []byte("# Speed\n<!-- end to end -->\n<!-- /end to end -->\n"), 0o600))
	require.NoError(t, some().write(out))

	text, err := os.ReadFile(pageIn(out))
	require.NoError(t, err)
	assert.Equal(t, "# Speed\n<!-- end to end -->\n"+some().tables()+"<!-- /end to end -->\n", string(text))
	assert.Equal(t, some().tables(), read(t, out).tables(), "the data has everything that the page shows")
}

// The page and the data come from one run.
func TestPageHasTheData(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "..", "docs")
	text, err := os.ReadFile(pageIn(docs))
	require.NoError(t, err)
	shown, err := part.In(text)
	require.NoError(t, err)
	assert.Equal(t, read(t, docs).tables(), shown, "write both: go run ./benchmarks/cmd/load")
}

// read reads the data below a folder, and checks that nothing is missing.
func read(t *testing.T, folder string) *results {
	t.Helper()
	raw, err := os.ReadFile(dataIn(folder))
	require.NoError(t, err)
	var r results
	require.NoError(t, json.Unmarshal(raw, &r))
	for _, scene := range scenes() {
		for _, name := range names {
			require.NotNil(t, r.Measured[scene.of(name)], scene.of(name))
		}
	}
	for _, scene := range profiled() {
		require.Contains(t, r.Profiles, scene.of(contender.Ours))
	}
	return &r
}
