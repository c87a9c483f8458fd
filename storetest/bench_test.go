package storetest

import (
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// The tests of a store in memory, beside one call of it (floor). They also find the mistakes of a
// store that lets everybody be first (hostile). What your store costs comes in addition.
func BenchmarkOnce(b *testing.B) {
	memory := func() []store.Once { return []store.Once{&store.MemoryOnce{Max: 1 << 30}} }
	everybody := func() []store.Once {
		return []store.Once{&brokenOnce{onSecond: func(*brokenOnce, string, time.Time) bool { return true }}}
	}
	b.Run("floor/Claim", func(b *testing.B) {
		once := memory()
		b.ReportAllocs()
		for b.Loop() {
			if err := claim(b.Context(), once[0], newID(), true); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, test := range []string{"of a thousand one is first", "what one has claimed the others see", "many IDs at once"} {
		b.Run(test, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := onceTests[test](b.Context(), memory()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("hostile/"+test, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if onceTests[test](b.Context(), everybody()) == nil {
					b.Fatal("the mistake was not found")
				}
			}
		})
	}
}
