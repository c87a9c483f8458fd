package main

import (
	"flag"
	"io"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

var update = flag.Bool("update", false, "write testdata/merged.json")

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

func TestTheDocumentIsWhatTheRoutesSay(t *testing.T) {
	t.Parallel()
	r, err := newRouter(jwttest.Config(nil))
	require.NoError(t, err)
	require.NoError(t, ginjwt.CheckRoutes(r, ginjwt.Public("POST /login")))
	doc, err := document(r)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("testdata/merged.json", append(doc, '\n'), 0o600))
	}
	merged, err := os.ReadFile("testdata/merged.json")
	require.NoError(t, err)
	assert.Equal(t, string(merged), string(doc)+"\n", "go test ./openapi -update")
}

func TestARouteThatNobodyHasDocumented(t *testing.T) {
	t.Parallel()
	r, err := newRouter(jwttest.Config(nil))
	require.NoError(t, err)
	r.GET("/new", notes)
	_, err = document(r)
	require.EqualError(t, err, "ginjwt: MergeInto: GET /new: the engine has it, but the document does not")
	require.Error(t, serveDocument(r))
}

func TestTheServiceServesItsDocument(t *testing.T) {
	t.Parallel()
	r, err := newRouter(jwttest.Config(nil))
	require.NoError(t, err)
	require.NoError(t, serveDocument(r))
	w := jwttest.Do(r, "GET", "/openapi.json")
	assert.Equal(t, 200, w.Code)
	doc, err := document(r)
	require.ErrorContains(t, err, "GET /openapi.json", "the new route is not documented")
	assert.Nil(t, doc)
	assert.Contains(t, w.Body.String(), `"accessHeader"`)

	assert.Equal(t, 401, jwttest.Do(r, "GET", "/notes").Code)
	login := jwttest.Do(r, "POST", "/login")
	assert.Equal(t, 200, login.Code)
	assert.Equal(t, "no-store", login.Header().Get("Cache-Control"))
}
