//go:build !race

package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// With HTTP/2, each request has a new goroutine. Its stack begins small, and doubles when a
// call does not fit. A known token fits into 4 KiB, which Gin alone needs too: copying
// another stack would cost more than all checks of the token.
func TestAKnownTokenNeedsASmallStack(t *testing.T) {
	for _, algorithm := range []string{"HS256", "ES256"} {
		config := jwttest.Config(nil)
		if algorithm == "ES256" {
			config.Algorithm, config.PrivateKey, config.SecretKey = algorithm, keytest.Generate(t).P256Private, ""
		}
		mgr, engine := newManager(t, config)
		arrived, leave := make(chan bool), make(chan bool)
		known := func(c *gin.Context) {
			if ginjwt.GetJWTIdentity(c) == "alice" {
				arrived <- true
				<-leave
			}
		}
		engine.GET("/", mgr.JWTRequired(), known)
		token := jwttest.AccessToken(t, mgr, "alice")

		const requests = 500
		var running sync.WaitGroup
		before := stacks()
		for range requests {
			r, w := httptest.NewRequest(http.MethodGet, "/", nil), discard{http.Header{}}
			r.Header.Set("Authorization", "Bearer "+token)
			running.Go(func() { behindServer(engine, w, r) })
			<-arrived
		}
		each := (stacks() - before) / requests
		close(leave)
		running.Wait()
		t.Log(algorithm, each)
		assert.Less(t, each, 5000, algorithm)
	}
}

// behindServer has the stack frames of a server of HTTP/2.
//
//go:noinline
func behindServer(h http.Handler, w http.ResponseWriter, r *http.Request) {
	var frames [256]byte
	h.ServeHTTP(w, r)
	runtime.KeepAlive(&frames)
}

// stacks returns how many bytes all stacks have.
func stacks() int {
	runtime.GC() // frees unused stacks
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.StackInuse)
}
