package ginjwt_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A manager for each tenant, on shared stores. The page says how much one takes. The test is not
// parallel, because it counts what the whole program has.
func TestManyManagersOnSharedStores(t *testing.T) {
	const many = 10_000
	sessions, list, once := &ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}, &ginjwt.MemoryOnce{}
	managers := make([]*ginjwt.JWTManager, many)
	memory, goroutines := memoryInUse()
	for i := range managers {
		issuer := fmt.Sprintf("https://%d.example.com", i)
		managers[i] = ginjwt.New(ginjwt.Config{
			SecretKey: fmt.Sprintf("the secret of the tenant %064d", i), Realm: strconv.Itoa(i), EncodeIssuer: issuer, DecodeIssuer: issuer,
			Sessions: sessions, Blocklist: list, Once: once,
		})
		require.NoError(t, managers[i].InitApp(nil))
	}
	after, running := memoryInUse()
	assert.LessOrEqual(t, running, goroutines, "a manager has no goroutine")

	token := jwttest.AccessToken(t, managers[0], "alice")
	_, err := managers[0].VerifyToken(t.Context(), token)
	require.NoError(t, err)
	_, err = managers[1].VerifyToken(t.Context(), token)
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)

	said := regexp.MustCompile(`A manager alone takes (\d+) KB`).FindStringSubmatch(docRead(t, "docs/tenants.md"))
	require.Len(t, said, 2)
	figure, err := strconv.Atoi(said[1])
	require.NoError(t, err)
	assert.InEpsilon(t, figure, float64(after-memory)/many/1000, 0.15, "the page says %d KB", figure)
}

// memoryInUse returns the bytes of the heap, and the number of goroutines.
func memoryInUse() (bytes uint64, goroutines int) {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc, runtime.NumGoroutine()
}
