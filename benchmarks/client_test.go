package benchmarks

import (
	"net/http"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/processor"
)

// protected returns a client of GET /protected that sends authorization.
func protected(h http.Handler, authorization string) contender.Client {
	c := contender.NewClient(h, http.MethodGet, "/protected")
	c.Authorize(authorization)
	return c
}

// identified reports whether the response is that of the handler.
func identified(status int, body []byte) bool {
	return status == http.StatusOK && string(body) == contender.Identity
}

// mustIdentify sends the request and checks the response.
func mustIdentify(b *testing.B, c contender.Client) {
	if status, body := c.Do(); !identified(status, body) {
		b.Fatalf("responded %d %s", status, body)
	}
}

// refuse runs the benchmark of a request that must be refused, every time with the same
// words. A baseline lets it through.
func refuse(b *testing.B, by contender.Contender, c contender.Client) {
	status, first := c.Do()
	words := string(first)
	if refused := status >= 400 && status <= 499; refused == by.Open {
		b.Fatalf("responded %d %s", status, words)
	}
	loop(b, func() {
		if got, body := c.Do(); got != status || string(body) != words {
			b.Fatalf("responded %d %s", got, body)
		}
	})
}

// loop measures do. The processor time is steadier than the real time: it does not pass
// while another process has the core. With -cpu 1 it includes the collection of garbage.
func loop(b *testing.B, do func()) {
	b.ReportAllocs()
	start := processor.Time()
	for b.Loop() {
		do()
	}
	b.ReportMetric(float64(processor.Time()-start)/float64(b.N), "cpu-ns/op")
}

// each runs a work for all its variants and contenders.
func each(b *testing.B, name string, run func(b *testing.B, variant string, c contender.Contender)) {
	work := contender.WorkNamed(name)
	for _, variant := range work.Variants {
		b.Run(variant, func(b *testing.B) {
			for _, c := range work.By {
				b.Run(c.Name, func(b *testing.B) { run(b, variant, c) })
			}
		})
	}
}
