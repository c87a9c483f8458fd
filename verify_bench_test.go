package ginjwt_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func BenchmarkVerifyToken(b *testing.B) {
	mgr, _ := newManager(b, jwttest.Config(nil))
	off, _ := newManager(b, withoutCache(jwttest.Config(nil)))
	token := jwttest.AccessToken(b, mgr, "alice")
	b.Run("floor/HMAC alone", func(b *testing.B) { benchmarkHMAC(b, token) })
	b.Run("token known", func(b *testing.B) { benchmarkVerify(b, mgr, token) })
	b.Run("token unknown, cache off", func(b *testing.B) { benchmarkVerify(b, off, token) })
	for _, h := range []struct {
		name, token string
		want        error
	}{
		{"empty", "", ginjwt.ErrInvalidToken},
		{"garbage", "garbage", ginjwt.ErrInvalidToken},
		{"forged", forged(b, token), ginjwt.ErrInvalidToken},
		{"nested arrays", nestedArrays(), ginjwt.ErrInvalidToken},
		{"wrong type", jwttest.RefreshToken(b, mgr, "alice"), ginjwt.ErrWrongToken},
	} {
		b.Run("hostile/"+h.name, func(b *testing.B) {
			benchmarkError(b, h.want, func() error {
				_, err := mgr.VerifyToken(b.Context(), h.token)
				return err
			})
		})
	}
}

func benchmarkVerify(b *testing.B, mgr *ginjwt.JWTManager, token string) {
	b.ReportAllocs()
	for b.Loop() {
		if verified, err := mgr.VerifyToken(b.Context(), token); err != nil || verified.Identity != "alice" {
			b.Fatal(verified, err)
		}
	}
}

// Claims of the application, read into a struct or a map.
func BenchmarkGetJWTClaims(b *testing.B) {
	type claims struct {
		Tenant string `json:"tenant"`
		Level  int    `json:"level"`
	}
	own := ginjwt.Claims{"tenant": "acme", "level": 3}
	text, err := json.Marshal(own)
	require.NoError(b, err)
	want := claims{"acme", 3}
	b.Run("floor/json.Unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var got claims
			if err := json.Unmarshal(text, &got); err != nil || got != want {
				b.Fatal(got, err)
			}
		}
	})
	mgr, _ := newManager(b, jwttest.Config(nil))
	token := jwttest.AccessToken(b, mgr, "alice", ginjwt.WithClaims(own))
	for range 500 {
		own[fmt.Sprint("claim ", len(own))] = len(own)
	}
	large := jwttest.AccessToken(b, mgr, "alice", ginjwt.WithClaims(own))
	for _, of := range []struct{ name, token string }{{"", token}, {"hostile/500 claims, ", large}} {
		verified, err := mgr.VerifyToken(b.Context(), of.token)
		require.NoError(b, err)
		ctx := ginjwt.NewContext(b.Context(), verified, nil)
		b.Run(of.name+"struct", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := ginjwt.GetJWTClaims[claims](ctx); err != nil || got != want {
					b.Fatal(got, err)
				}
			}
		})
		b.Run(of.name+"map", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				// Every request has a token of its own, whose map nobody has made yet.
				verified, err := mgr.VerifyToken(b.Context(), of.token)
				if err != nil || verified.Claims()["tenant"] != "acme" {
					b.Fatal(verified, err)
				}
			}
		})
	}
}
