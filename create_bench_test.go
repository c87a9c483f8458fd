package ginjwt_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func BenchmarkCreateAccessToken(b *testing.B) {
	config := jwttest.Config(nil)
	hs256, _ := newManager(b, config)
	b.Run("floor/HMAC alone", func(b *testing.B) { benchmarkHMAC(b, jwttest.AccessToken(b, hs256, "alice")) })
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		mgr, _ := newManager(b, configFor(b, algorithm))
		b.Run(algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if token, err := mgr.CreateAccessToken(b.Context(), "alice"); err != nil || strings.Count(token, ".") != 2 {
					b.Fatal(token, err)
				}
			}
		})
	}
	b.Run("HS256, ten claims of its own", func(b *testing.B) {
		claims := ginjwt.Claims{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			claims["claim-"+name] = "value of the claim"
		}
		b.ReportAllocs()
		for b.Loop() {
			if token, err := hs256.CreateAccessToken(b.Context(), "alice", ginjwt.WithClaims(claims)); err != nil || strings.Count(token, ".") != 2 {
				b.Fatal(token, err)
			}
		}
	})
	b.Run("hostile/identity of 1 MB", func(b *testing.B) {
		identity := strings.Repeat("a", 1_000_000)
		benchmarkError(b, ginjwt.ErrTokenTooLarge, func() error {
			_, err := hs256.CreateAccessToken(b.Context(), identity)
			return err
		})
	})
}

// A login as a request: an access and a refresh token in one response.
func BenchmarkLogin(b *testing.B) {
	answer := func(c *gin.Context, access, refresh string) {
		c.JSON(http.StatusOK, map[string]string{"access_token": access, "refresh_token": refresh})
	}
	b.Run("floor/bare handler", func(b *testing.B) {
		token := strings.Repeat("e", 300)
		newSender(bare(func(c *gin.Context) { answer(c, token, token) })).benchmark(b, 200, `{"access_token":"eee`)
	})
	b.Run("two tokens", func(b *testing.B) {
		newSender(loginWithTokens(b, "alice", answer)).benchmark(b, 200, `{"access_token":"eyJ`)
	})
	b.Run("token pair with a session", func(b *testing.B) {
		config := jwttest.Config(nil)
		config.Sessions = &ginjwt.MemorySessions{}
		newSender(loginWithPair(b, config)).benchmark(b, 200, `{"access_token":"eyJ`)
	})
	b.Run("hostile/identity of 1 MB", func(b *testing.B) {
		newSender(loginWithTokens(b, strings.Repeat("a", 1_000_000), answer)).benchmark(b, 500, ginjwt.ErrTokenTooLarge.Error())
	})
}

// loginWithTokens is a route that creates two tokens.
func loginWithTokens(tb testing.TB, identity string, answer func(c *gin.Context, access, refresh string)) *gin.Engine {
	_, engine := newRoute(tb, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
		return []gin.HandlerFunc{func(c *gin.Context) {
			access, err := mgr.CreateAccessToken(c, identity)
			if err != nil {
				c.String(http.StatusInternalServerError, "%v", err)
				return
			}
			refresh, err := mgr.CreateRefreshToken(c, identity)
			if err != nil {
				c.String(http.StatusInternalServerError, "%v", err)
				return
			}
			answer(c, access, refresh)
		}}
	})
	return engine
}

// loginWithPair is a route that begins a session.
func loginWithPair(tb testing.TB, config ginjwt.Config) *gin.Engine {
	_, engine := newRoute(tb, config, func(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
		return []gin.HandlerFunc{func(c *gin.Context) {
			pair, err := mgr.CreateTokenPair(c, "alice")
			if err != nil {
				c.String(http.StatusInternalServerError, "%v", err)
				return
			}
			c.JSON(http.StatusOK, pair)
		}}
	})
	return engine
}
