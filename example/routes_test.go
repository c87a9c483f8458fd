package main

import (
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// public are the routes that everybody may call.
var public = ginjwt.Public(
	"/healthz", "/readyz", // for the load balancer
	"POST /register", "POST /login", "POST /web/login",
	"GET /web", "GET /web/page.css", "GET /web/page.js", "GET /web/session.js", // the page itself
	"NoRoute", "NoMethod", // say that nothing is there
)

func TestEveryRouteIsDecided(t *testing.T) {
	t.Parallel()
	require.NoError(t, ginjwt.CheckRoutes(newService(t).Handler.(*gin.Engine), public))
}

// The file shows who may call what.
func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	jwttest.Routes(t, newService(t).Handler.(*gin.Engine), "testdata/routes.golden", public)
}
