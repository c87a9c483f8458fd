//go:build !race

package ginjwt_test

import (
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A bound token that is known costs what the signature of its proof costs, and 7 allocations: the
// state of the request and the Token, the proof with its claims and its place in the state, and its
// ID twice, for the store of used proofs. See allocs_test.go for why these tests are neither parallel
// nor run with the race detector.
func TestAllocationsOfABoundToken(t *testing.T) {
	const runs = 100
	for _, algorithm := range []string{"ES256", "EdDSA", "RS256 2048"} {
		p := newProver(t, algorithm)
		for name, test := range map[string]struct {
			mode string
			opts []ginjwt.RequiredOption
			most float64
		}{
			"off":      {"off", nil, 7},
			"accepted": {"accepted", nil, 7},
			"demanded": {"demanded", nil, 8}, // and a context for the shared store
			"Bound()":  {"accepted", []ginjwt.RequiredOption{ginjwt.Bound()}, 8},
		} {
			config := jwttest.Config(nil)
			config.DPoP, config.Once = test.mode, &ginjwt.MemoryOnce{}
			s := newProvenSender(t, p, config, test.opts...)
			s.prepare(t, runs+2)
			s.next(t) // the cache knows the token and the key now
			n := testing.AllocsPerRun(runs, func() { s.next(t) })
			requireBudget(t, test.most+p.allocationsOfASignature(t), n, algorithm+", "+name)
		}
	}
}

// allocationsOfASignature are those of checking the signature of a proof.
func (p *prover) allocationsOfASignature(t *testing.T) float64 {
	check := p.signatureCheck(t)
	return testing.AllocsPerRun(100, func() {
		if err := check(); err != nil {
			panic(err)
		}
	})
}

// No refusal of a proof allocates more than its key needs, however large the proof is.
func TestAllocationsOfHostileProofs(t *testing.T) {
	s := newProvenSender(t, newProver(t, "ES256"), jwttest.Config(nil))
	s.prepare(t, 1)
	s.next(t)
	budgets := map[string]float64{
		"garbage": 12, "1 MB": 6, "forged": 33, "of another key": 125, "jwk of 5 KB": 35, "jwk with nested arrays": 26,
		"claims with nested arrays": 14, "RSA of 4096 bits": 196, "RSA of 4096 bits, exponent of 31 bits": 50, "RSA of 4104 bits": 50, "RSA of 8192 bits": 50,
	}
	for _, h := range hostileProofs(t, s.prover, s.token) {
		s.ofProof[0] = h.proof
		s.must(t, http.StatusUnauthorized, h.text)
		requireBudget(t, budgets[h.name], testing.AllocsPerRun(100, func() { s.must(t, http.StatusUnauthorized, h.text) }), h.name)
	}
}

// A token that is bound to no key costs not one byte more because of DPoP, also if the client sends
// a proof that nobody asks for.
func TestDPoPCostsOtherTokensNothing(t *testing.T) {
	const runs = 1000
	for _, mode := range []string{"off", "accepted"} {
		for name, proof := range map[string]jwttest.RequestOption{
			"without a proof": func(*http.Request) {},
			"with a proof":    jwttest.Header("DPoP", "not.a.proof"),
		} {
			config := jwttest.Config(nil)
			config.DPoP = mode
			mgr, engine := protected(t, config)
			s := newSender(engine, jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")), proof)
			assert.LessOrEqual(t, s.allocations(t, http.StatusOK, "alice"), 1.0, "%s, %s", mode, name)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				s.send()
			}
			runtime.ReadMemStats(&after)
			assert.InDelta(t, 384, (after.TotalAlloc-before.TotalAlloc)/runs, 4, "%s, %s: the state of the request", mode, name)
		}
	}
}
