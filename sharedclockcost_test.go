//go:build !race

package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Not parallel: testing.AllocsPerRun counts the allocations of the whole program.

// A request looks up one ID, or two if its token belongs to a session.
func TestAllocationsOfARequestWithAReplica(t *testing.T) {
	_, replicated := followed(t, time.Hour)
	counted := func(list ginjwt.Blocklist, sessions ginjwt.SessionStore) float64 {
		config := jwttest.Config(nil)
		config.Blocklist, config.Sessions = list, sessions
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), func(*gin.Context) {})
		token := jwttest.AccessToken(t, mgr, "alice")
		if sessions != nil {
			token = jwttest.TokenPair(t, mgr, "alice").AccessToken
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := discard{http.Header{}}
		return testing.AllocsPerRun(1000, func() { engine.ServeHTTP(w, r) })
	}
	for name, sessions := range map[string]ginjwt.SessionStore{"one ID": nil, "two IDs": &ginjwt.MemorySessions{}} {
		memory := counted(&ginjwt.MemoryBlocklist{}, sessions)
		assert.LessOrEqual(t, memory, 1.0, name+": the request with its state")
		assert.Equal(t, memory, counted(replicated, sessions), name)
	}
}
