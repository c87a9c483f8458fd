package benchmarks

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// What the collection of garbage costs: a request with another GOGC, on one core.
func BenchmarkCollector(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	each(b, "Collector", func(b *testing.B, gogc string, c contender.Contender) {
		percent := map[string]int{"GOGC=400": 400, "GOGC=off": -1}[gogc]
		if percent < 0 {
			debug.SetMemoryLimit(2 << 30) // for a benchmark that runs long
		}
		defer debug.SetGCPercent(debug.SetGCPercent(percent))
		benchmarkParallel(b, "HS256", c)
	})
}
