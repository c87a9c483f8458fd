package benchmarks

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/processor"
)

// One user's token that is bound to a key, request after request, each with a proof of its own. The
// token has HS256, so that the proof has the only expensive signature.
func BenchmarkBound(b *testing.B) {
	each(b, "Bound", func(b *testing.B, algorithm string, c contender.Contender) {
		keys, prover := contender.NewKeys("HS256"), contender.NewProver(algorithm)
		token := prover.Bound(c).Token(keys)
		if c.Bound == nil {
			benchmarkSignature(b, prover.CheckSignature(prover.Proof(token)))
			return
		}
		client := contender.NewHTTPClient(c.Bound(keys), http.MethodGet, "/protected")
		client.Authorize("DPoP " + token)
		proof := make([]string, 1)
		client.Request.Header["Dpop"] = proof
		proof[0] = prover.Proof(token)
		mustIdentify(b, client) // a cache knows the token now

		var proofs []string
		var making time.Duration // which the clients do
		b.ReportAllocs()
		start := processor.Time()
		for b.Loop() {
			if len(proofs) == 0 {
				before := processor.Time()
				b.StopTimer()
				for range 256 {
					proofs = append(proofs, prover.Proof(token))
				}
				b.StartTimer()
				making += processor.Time() - before
			}
			proof[0], proofs = proofs[0], proofs[1:]
			mustIdentify(b, client)
		}
		b.ReportMetric(float64(processor.Time()-start-making)/float64(b.N), "cpu-ns/op")
	})
}

func benchmarkSignature(b *testing.B, check func() error) {
	loop(b, func() {
		if err := check(); err != nil {
			b.Fatal(err)
		}
	})
}
