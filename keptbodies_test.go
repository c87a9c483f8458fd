package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// keeper keeps the bytes that it writes, which io.Writer forbids, but logs and caches of
// responses do it by mistake.
type keeper struct {
	http.ResponseWriter
	kept [][]byte
}

func (k *keeper) Write(b []byte) (int, error) {
	k.kept = append(k.kept, b)
	return k.ResponseWriter.Write(b)
}

// A middleware that keeps a response by mistake has no bytes of the requests after it: those
// may be tokens and claims of other users.
func TestAKeptBodyNeverHasWhatOthersSend(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenCacheSize = -1
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	engine.POST("/login", func(c *gin.Context) {
		access, err := mgr.CreateAccessToken(c, c.Query("user"))
		require.NoError(t, err)
		c.Render(http.StatusOK, ginjwt.TokenPair{AccessToken: access})
	})
	k := &keeper{ResponseWriter: httptest.NewRecorder()}
	request := func(method, target string) *http.Request { return httptest.NewRequest(method, target, nil) }
	engine.ServeHTTP(k, request("POST", "/login?user=alice"))
	engine.ServeHTTP(k, request("GET", "/"))
	var bodies []string
	for _, b := range k.kept {
		bodies = append(bodies, string(b))
	}
	for range 20 {
		w := jwttest.Do(engine, "POST", "/login?user="+strings.Repeat("mallory", 30))
		jwttest.Do(engine, "GET", "/", jwttest.Bearer(strings.Split(w.Body.String(), `"`)[3]))
	}
	for i, b := range k.kept {
		assert.Equal(t, bodies[i], string(b))
	}
}
