package jwks_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The cost of getting the keys for a request: with fixed keys, with keys of an issuer, and during
// a storm of tokens with unknown keys.
func BenchmarkKeySet(b *testing.B) {
	var issuer site
	issuer.serveSet(newKey(b, "a"), newKey(b, "b"))
	remote, err := jwks.New(b.Context(), setURL, jwks.Options{Client: &http.Client{Transport: &issuer}, Cooldown: time.Hour})
	require.NoError(b, err)
	require.NoError(b, remote.Ready(b.Context()))
	want, err := remote.KeySet(b.Context(), "a")
	require.NoError(b, err)
	for range 4 { // empties the bucket
		_, _ = remote.KeySet(b.Context(), "unknown")
	}
	benchmarks := []struct {
		name   string
		source keys.Source
		kid    string
	}{
		{"Constant", want, "a"},
		{"Known", remote, "a"},
		{"Unknown", remote, "unknown"},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checkKeySet(b, bench.source, bench.kid, want)
			}
		})
		b.Run(bench.name+"Parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					checkKeySet(b, bench.source, bench.kid, want)
				}
			})
		})
	}
}

func checkKeySet(b *testing.B, source keys.Source, kid string, want *keys.Set) {
	got, err := source.KeySet(context.Background(), kid)
	if err != nil || got != want {
		b.Error(got, err)
	}
}

// The cost of a fetch. Most of it is reading the ten keys.
func BenchmarkRefresh(b *testing.B) {
	sets := map[string][]members{"Empty": nil, "TenKeys": {}}
	for _, kid := range []string{"0", "1", "2", "3", "4"} {
		sets["TenKeys"] = append(sets["TenKeys"], newKey(b, "ec"+kid), public(b, &rsaKey().PublicKey, "rsa"+kid, "RS256"))
	}
	for _, name := range []string{"Empty", "TenKeys"} {
		b.Run(name, func(b *testing.B) {
			var issuer site
			issuer.serveSet(sets[name]...)
			remote, err := jwks.New(b.Context(), setURL, jwks.Options{Client: &http.Client{Transport: &issuer}})
			require.NoError(b, err)
			require.NoError(b, remote.Ready(b.Context()))
			b.ReportAllocs()
			for b.Loop() {
				if err := remote.Refresh(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
