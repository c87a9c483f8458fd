package benchmarks

import (
	"strconv"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// One user's token, request after request.
func BenchmarkProtected(b *testing.B) {
	each(b, "Protected", func(b *testing.B, algorithm string, c contender.Contender) {
		keys := contender.NewKeys(algorithm)
		client := protected(c.Protected(keys), "Bearer "+c.Token(keys))
		client.mustIdentify(b) // a cache knows the token now
		b.ReportAllocs()
		for b.Loop() {
			client.mustIdentify(b)
		}
	})
}

// The same on all cores.
func BenchmarkParallel(b *testing.B) {
	each(b, "Parallel", func(b *testing.B, algorithm string, c contender.Contender) {
		keys := contender.NewKeys(algorithm)
		handler, authorization := c.Protected(keys), "Bearer "+c.Token(keys)
		protected(handler, authorization).mustIdentify(b)
		b.ReportAllocs()
		b.ResetTimer() // without b.Loop, what is above would count
		b.RunParallel(func(pb *testing.PB) {
			client := protected(handler, authorization)
			for pb.Next() {
				if client.do(); !client.identified() {
					b.Errorf("answered %d %s", client.status, client.body)
					return
				}
			}
		})
	})
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
		for _, client.authorization[0] = range authorizations {
			client.mustIdentify(b)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			client.authorization[0] = authorizations[i%users]
			client.mustIdentify(b)
			i++
		}
	})
}
