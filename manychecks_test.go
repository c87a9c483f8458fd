package ginjwt_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// asked is a context that counts how many contexts around it pass on a question.
type asked struct {
	context.Context
	depth *int
}

func (a asked) Value(key any) any {
	if key == "depth" {
		*a.depth = runtime.Callers(0, make([]uintptr, 1000))
		return "yes"
	}
	return a.Context.Value(key)
}

// A long request, such as a connection that checks its token for each message, keeps only its
// last check: its context does not become slower.
func TestChecksOfOneRequestDoNotPileUp(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	var depth int
	engine.GET("/", func(c *gin.Context) {
		c.Request = c.Request.WithContext(asked{c.Request.Context(), &depth})
		measured := func(checks int) int {
			for range checks {
				_, err := mgr.VerifyJWTInRequest(c)
				require.NoError(t, err)
			}
			require.Equal(t, "yes", c.Request.Context().Value("depth"))
			return depth
		}
		one := measured(1)
		assert.Equal(t, one, measured(50))
		assert.Same(t, mgr, ginjwt.FromContext(c), "the attached manager")
		c.String(http.StatusOK, ginjwt.GetJWTIdentity(c))
	})
	token := jwttest.AccessToken(t, mgr, "alice")
	assert.Equal(t, "alice", jwttest.Do(engine, http.MethodGet, "/", jwttest.Bearer(token)).Body.String())
}
