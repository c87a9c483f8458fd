package idset_test

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// From ten thousand entries on each needs less than 64 bytes, even just after maps have
// doubled. The test is not parallel, because it measures the heap of the whole program.
func TestBytesOfAnEntry(t *testing.T) {
	for _, n := range []int{10_000, 30_000, 100_000, 200_000} {
		before := heap()
		var s idset.Set
		for i := range n {
			var e idset.Entry
			binary.LittleEndian.PutUint64(e.Key[:], uint64(i)*0x9e3779b97f4a7c15) // spread as random IDs are
			e.Until = idset.Forever
			s.Add(e, time.Now)
		}
		assert.Less(t, (heap()-before)/int64(n), int64(64), "%d entries", n)
		runtime.KeepAlive(&s)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
