package ginjwt_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// An exchange of a refresh token for a new token pair. Each exchange sends the newest token.
func BenchmarkRefresh(b *testing.B) {
	b.Run("floor/bare handler", func(b *testing.B) {
		token := strings.Repeat("e", 400)
		pair := map[string]string{"access_token": token, "refresh_token": token}
		newSender(bare(func(c *gin.Context) { c.JSON(http.StatusOK, pair) })).benchmark(b, 200, `{"access_token":"eee`)
	})
	b.Run("rotation", func(b *testing.B) {
		_, engine, pair := refreshRoute(b)
		s := newSender(engine, jwttest.Bearer(pair.RefreshToken))
		b.ReportAllocs()
		for b.Loop() {
			s.rotate(b)
		}
	})
	b.Run("hostile/used before, session ended", func(b *testing.B) {
		clock, engine, pair := refreshRoute(b)
		s := newSender(engine, jwttest.Bearer(pair.RefreshToken))
		for range 2 { // the grace period of the first token ends
			s.rotate(b)
			clock.Advance(time.Hour)
		}
		s.request.Header.Set("Authorization", "Bearer "+pair.RefreshToken)
		s.must(b, 401, `{"msg":"Refresh token has already been used"}`)
		s.benchmark(b, 401, `{"msg":"Token has been revoked"}`)
	})
	_, engine, pair := refreshRoute(b)
	for _, h := range []struct {
		name, token string
		status      int
		text        string
	}{
		{"access token", pair.AccessToken, 422, `{"msg":"Only refresh tokens are allowed"}`},
		{"forged", forged(b, pair.RefreshToken), 422, `{"msg":"Signature verification failed"}`},
		{"garbage", "garbage", 422, `{"msg":"Not enough segments"}`},
	} {
		b.Run("hostile/"+h.name, func(b *testing.B) { newSender(engine, jwttest.Bearer(h.token)).benchmark(b, h.status, h.text) })
	}
}

// refreshRoute returns a route that exchanges refresh tokens, and the first tokens of a session.
func refreshRoute(tb testing.TB) (*jwttest.Clock, *gin.Engine, ginjwt.TokenPair) {
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	mgr, engine := newRoute(tb, config, func(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
		return []gin.HandlerFunc{mgr.RefreshHandler()}
	})
	return clock, engine, jwttest.TokenPair(tb, mgr, "alice")
}

// rotate exchanges the refresh token of the request, and puts the new one into the request.
func (s *sender) rotate(tb testing.TB) {
	s.must(tb, 200, `{"access_token":"eyJ`)
	_, rest, ok := bytes.Cut(s.body, []byte(`"refresh_token":"`))
	token, _, ended := bytes.Cut(rest, []byte(`"`))
	require.True(tb, ok && ended)
	s.request.Header["Authorization"][0] = "Bearer " + string(token)
}
