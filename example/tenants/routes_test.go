package main

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// All tenants have the routes of this one.
func TestRoutesOfATenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, false)
	router, err := w.shared.newRouter(w.directory.tenants["acme.test"])
	require.NoError(t, err)
	public := ginjwt.Public("POST /login", "POST /web/login", "POST /password/link", "POST /password")
	require.NoError(t, ginjwt.CheckRoutes(router, public))
	jwttest.Routes(t, router, "testdata/routes.golden", public)
}

// Nothing keeps the manager of a tenant that was dropped.
func TestDroppedTenantsAreFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, false)
	var err error
	w.apps, err = newApps(w.directory, w.shared.handler, 1)
	require.NoError(t, err)
	w.credentials(t, "acme")
	acme, ok := w.inUse.Peek("acme.test")
	require.True(t, ok)
	engine := weak.Make(acme.Handler.(*gin.Engine)) // its routes have the manager
	acme = app{}
	w.credentials(t, "globex")
	assert.Eventually(t, func() bool {
		runtime.GC()
		return engine.Value() == nil
	}, time.Minute, time.Millisecond)
	runtime.KeepAlive(w)
}
