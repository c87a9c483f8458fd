package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The page says how much a tenant takes. The test counts it with all routes, after a login and
// a request. It is not parallel, because it counts what the whole program has.
func TestBytesOfATenant(t *testing.T) {
	const tenants = 1000
	w := newWorld(t, inSQLite, false)
	w.login(t, "acme") // the first request opens connections
	var err error
	w.apps, err = newApps(w.directory, w.shared.handler, tenants)
	require.NoError(t, err)
	list := make([]tenant, tenants)
	for i := range list {
		list[i], err = newTenant(fmt.Sprint("t", i), fmt.Sprintf("t%d.test", i))
		require.NoError(t, err)
		list[i].ClientID = fmt.Sprint("client-", i)
		w.directory.put(list[i])
	}
	memory, goroutines := used()
	for i := range list {
		got := w.do(fmt.Sprint("t", i), "GET", "/me")
		require.Equal(t, 401, got.Code)
	}
	unused, after := used()
	assert.LessOrEqual(t, after, goroutines, "no tenant has a goroutine")
	for i := range list {
		token := w.provider.Token("bob", ginjwt.Claims{"aud": fmt.Sprint("client-", i)})
		got := w.do(fmt.Sprint("t", i), "GET", "/me", jwttest.Bearer(token))
		require.Equal(t, 200, got.Code, got.Body)
	}
	inUse, after := used()
	assert.LessOrEqual(t, after, goroutines, "no tenant has a goroutine")

	page, err := os.ReadFile("../../docs/tenants.md")
	require.NoError(t, err)
	said := regexp.MustCompile(`A tenant takes (\d+) KB of memory with all routes of the example, and (\d+) KB after its first token`).FindStringSubmatch(string(page))
	require.Len(t, said, 3, "the page does not say it")
	for i, counted := range []uint64{unused, inUse} {
		figure, err := strconv.Atoi(said[i+1])
		require.NoError(t, err)
		assert.InEpsilon(t, figure, float64(counted-memory)/tenants/1000, 0.15, "the page says %d KB", figure)
	}
	assert.Equal(t, tenants, w.inUse.Len())
}

// used returns the bytes of the heap and the number of goroutines.
func used() (bytes uint64, goroutines int) {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc, runtime.NumGoroutine()
}
