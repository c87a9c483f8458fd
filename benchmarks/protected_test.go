package benchmarks

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/processor"
)

// One user's token, request after request.
func BenchmarkProtected(b *testing.B) {
	each(b, "Protected", func(b *testing.B, algorithm string, c contender.Contender) {
		keys := contender.NewKeys(algorithm)
		client := protected(c.Protected(keys), "Bearer "+c.Token(keys))
		mustIdentify(b, client) // a cache knows the token now
		loop(b, func() {
			mustIdentify(b, client)
		})
	})
}

// The same on all cores.
func BenchmarkParallel(b *testing.B) { each(b, "Parallel", benchmarkParallel) }

// The same on one core. Its garbage is collected on this core too.
func BenchmarkOneCore(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	each(b, "OneCore", benchmarkParallel)
}

func benchmarkParallel(b *testing.B, algorithm string, c contender.Contender) {
	keys := contender.NewKeys(algorithm)
	handler, authorization := c.Protected(keys), "Bearer "+c.Token(keys)
	mustIdentify(b, protected(handler, authorization))
	b.ReportAllocs()
	b.ResetTimer() // without b.Loop, what is above would count
	start := processor.Time()
	b.RunParallel(func(pb *testing.PB) {
		client := protected(handler, authorization)
		for pb.Next() {
			if status, body := client.Do(); !identified(status, body) {
				b.Errorf("responded %d %s", status, body)
				return
			}
		}
	})
	b.ReportMetric(float64(processor.Time()-start)/float64(b.N), "cpu-ns/op")
}

// Every request has the token of the next user, and begins again with the first
// when all had their turn: the worst order for a cache that is too small.
func BenchmarkRotation(b *testing.B) {
	each(b, "Rotation", func(b *testing.B, variant string, c contender.Contender) {
		users, err := strconv.Atoi(variant)
		if err != nil {
			b.Fatal(err)
		}
		keys := contender.NewKeys("HS256")
		authorizations := make([]string, users)
		for i := range authorizations {
			authorizations[i] = "Bearer " + c.Token(keys)
		}
		client := protected(c.Protected(keys), "")
		for _, authorization := range authorizations {
			client.Authorize(authorization)
			mustIdentify(b, client)
		}
		i := 0
		loop(b, func() {
			client.Authorize(authorizations[i%users])
			mustIdentify(b, client)
			i++
		})
	})
}
