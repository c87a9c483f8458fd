package main

import (
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

func TestRefusalsByRoute(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	config := jwttest.Config(nil)
	router, err := newRouter(config, registry)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))

	require.Equal(t, 200, jwttest.Do(router, "GET", "/orders/1", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))).Code)
	for _, order := range []string{"1", "2", "3"} {
		require.Equal(t, 401, jwttest.Do(router, "GET", "/orders/"+order).Code)
	}
	require.Equal(t, 422, jwttest.Do(router, "GET", "/orders/1", jwttest.Bearer("x.y.z")).Code)

	assert.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP api_refused_total Requests that were refused, by route.
# TYPE api_refused_total counter
api_refused_total{fault="caller",reason="token_malformed",route="GET /orders/:id"} 1
api_refused_total{fault="caller",reason="token_missing",route="GET /orders/:id"} 3
# HELP ginjwt_accepted_total Tokens that passed all checks.
# TYPE ginjwt_accepted_total counter
ginjwt_accepted_total{bound="false",issuer="",location="headers"} 1
`), "api_refused_total", "ginjwt_accepted_total"))
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// Requests that match no route make no new values of the label, whatever their method.
func TestRouteOfUnknownRequests(t *testing.T) {
	t.Parallel()
	router := gin.New()
	var routes []string
	router.Use(withRoute, func(c *gin.Context) { routes = append(routes, routeOf(c.Request.Context())) })
	router.GET("/orders/:id", func(*gin.Context) {})
	jwttest.Do(router, "GET", "/orders/7")
	jwttest.Do(router, "BREW", "/orders/7")
	jwttest.Do(router, "GET", "/other")
	assert.Equal(t, []string{"GET /orders/:id", "", ""}, routes)
}

func TestMetricsOfARegistryAreMadeOnce(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	_, err := newRouter(jwttest.Config(nil), registry)
	require.NoError(t, err)
	_, err = newRouter(jwttest.Config(nil), registry)
	assert.Error(t, err)
}
