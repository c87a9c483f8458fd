package jwttest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// recordingTB notes what a failing test says.
type recordingTB struct {
	testing.TB
	said string
}

func (r *recordingTB) Helper() {}
func (r *recordingTB) Errorf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
}

func (r *recordingTB) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r)
}

// complaint returns what Routes says about an engine.
func complaint(tb testing.TB, engine *gin.Engine, file string, opts ...ginjwt.RoutesOption) string {
	r := &recordingTB{TB: tb}
	func() {
		defer func() {
			if p := recover(); p != nil && p != r {
				panic(p)
			}
		}()
		jwttest.Routes(r, engine, file, opts...)
	}()
	return r.said
}

func TestRoutesComparesWithTheFile(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	ok := func(c *gin.Context) { c.Status(http.StatusOK) }
	engine.GET("/me", mgr.JWTRequired(ginjwt.Scopes("read")), ok)
	engine.POST("/login", ok)
	const header = "# Who may call what. Review every change of this file.\n# Written by jwttest.Routes: run the test with -jwttest.update.\n"
	const me, login = "GET     /me  access in=headers scopes=read\n", "POST    /login  public\n"
	public := ginjwt.Public("/login")
	file := filepath.Join(t.TempDir(), "routes.golden")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }

	assert.Equal(t, "jwttest: "+file+" does not exist: run this test with -jwttest.update to write it, then review it", complaint(t, engine, file, public))
	write(header + login + me)
	assert.Empty(t, complaint(t, engine, file, public))
	write(strings.ReplaceAll(header+login+me, "\n", "\r\n"))
	assert.Empty(t, complaint(t, engine, file, public))
	write(header + login + "GET     /me  access in=headers\n")
	assert.Equal(t, "jwttest: who may call what has changed (- in "+file+", + now):\n"+
		"- GET     /me  access in=headers\n+ "+me+"If that is intended, run this test with -jwttest.update.", complaint(t, engine, file, public))
	for name, text := range map[string]string{"a line less": header + login, "no header": login + me, "another order": header + me + login, "a line twice": header + login + me + me, "empty": ""} {
		write(text)
		assert.NotEmpty(t, complaint(t, engine, file, public), name)
	}
	assert.Equal(t, "jwttest: ginjwt: Routes: the engine is nil", complaint(t, nil, file))
	assert.Contains(t, complaint(t, engine, t.TempDir()), "jwttest: read ")
}
