package jwks_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// mapSource is the least that a source of keys can do.
type mapSource map[string]*keys.Set

func (m mapSource) KeySet(_ context.Context, kid string) (*keys.Set, error) { return m[kid], nil }

// The cost of getting the keys for a request, also during a storm of tokens with unknown keys.
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
	fetches := issuer.fetches()
	for _, of := range []struct {
		name   string
		source keys.Source
		kid    string
	}{
		{"floor/map", mapSource{"a": want}, "a"},
		{"fixed keys", want, "a"},
		{"known kid", remote, "a"},
		{"hostile/unknown kid", remote, "unknown"},
		{"hostile/kid of 1 MB", remote, strings.Repeat("k", 1_000_000)},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checkKeySet(b, of.source, of.kid, want)
			}
		})
		b.Run(of.name+", all cores", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					checkKeySet(b, of.source, of.kid, want)
				}
			})
		})
	}
	assert.Equal(b, fetches, issuer.fetches())
}

func checkKeySet(b *testing.B, source keys.Source, kid string, want *keys.Set) {
	got, err := source.KeySet(context.Background(), kid)
	if err != nil || got != want {
		b.Error(got, err)
	}
}

// The cost of a fetch. Most of it is reading the keys.
func BenchmarkRefresh(b *testing.B) {
	var ten, hundred []members
	for i := range 100 {
		hundred = append(hundred, newKey(b, fmt.Sprint("key-", i)))
	}
	for i := range 5 {
		ten = append(ten, hundred[i], public(b, &rsaKey().PublicKey, fmt.Sprint("rsa-", i), "RS256"))
	}
	b.Run("floor/request alone", func(b *testing.B) {
		var issuer site
		issuer.serveSet(ten...)
		client, want := &http.Client{Transport: &issuer}, setOf(ten...)
		b.ReportAllocs()
		for b.Loop() {
			response, err := client.Get(setURL)
			require.NoError(b, err)
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(body) != want {
				b.Fatal(err)
			}
		}
	})
	padding := func(bytes int) members {
		return newKey(b, "padded").with("unknown", strings.Repeat("a", bytes))
	}
	for _, of := range []struct {
		name string
		set  []members
		says string
	}{
		{"no keys", nil, ""},
		{"ten keys", ten, ""},
		{"a hundred keys", hundred, ""},
		{"hostile/a key of 200 KB", []members{padding(200_000)}, ""},
		{"hostile/a key of 2 MB", []members{padding(2_000_000)}, "is longer than 524288 bytes"},
		{"hostile/more keys than allowed", append(hundred, ten...), "has more than 100 keys"},
	} {
		b.Run(of.name, func(b *testing.B) {
			var issuer site
			issuer.serveSet(of.set...)
			remote, err := jwks.New(b.Context(), setURL, jwks.Options{Client: &http.Client{Transport: &issuer}})
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if err := remote.Refresh(b.Context()); (err == nil) != (of.says == "") || err != nil && !strings.Contains(err.Error(), of.says) {
					b.Fatal(err)
				}
			}
		})
	}
}
