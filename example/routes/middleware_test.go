package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/gzip"
	"github.com/gin-contrib/requestid"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/timeout"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func attach(t *testing.T, r *gin.Engine) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(r))
	return mgr
}

// A website: sessions of its own, files, compression, and a page for everything unknown.
func website(t *testing.T) *gin.Engine {
	r := gin.Default()
	r.Use(gzip.Gzip(gzip.DefaultCompression), sessions.Sessions("site", cookie.NewStore([]byte("secret"))))
	mgr := attach(t, r)
	r.Static("/assets", "testdata")
	r.GET("/", mgr.JWTRequired(ginjwt.Optional()), ok)
	r.POST("/login", ok)
	r.POST("/logout", mgr.LogoutHandler())
	account := r.Group("/account")
	account.Use(mgr.JWTRequired())
	account.GET("", ok)
	account.POST("/password", mgr.JWTRequired(ginjwt.Fresh()), ok)
	r.NoRoute(ok)
	return r
}

// An API in two versions: request IDs, CORS for one group, and a middleware that calls the
// guard of the other group for some requests only. One of its routes runs two functions
// before its guard.
func versions(t *testing.T) *gin.Engine {
	r := gin.New()
	r.Use(requestid.New())
	mgr := attach(t, r)
	v1 := r.Group("/v1", cors.Default(), mgr.JWTRequired())
	v1.GET("/orders", ok)
	v1.POST("/orders", mgr.JWTRequired(ginjwt.Scopes("orders:write")), ok)
	required := mgr.JWTRequired()
	v2 := r.Group("/v2", func(c *gin.Context) {
		if c.GetHeader("X-Internal") == "" {
			required(c)
		}
	})
	v2.GET("/orders", ok)
	v2.PUT("/orders", requestid.New(requestid.WithCustomHeaderStrKey("X-Order")), limited(rate.NewLimiter(1, 1)), mgr.JWTRequired(), ok)
	return r
}

// A service with a time limit. timeout.New copies the handlers behind it into the routes, so
// the guards stay visible.
func limitedInTime(t *testing.T) *gin.Engine {
	r := gin.New()
	r.HandleMethodNotAllowed = true
	mgr := attach(t, r)
	slow := timeout.New(timeout.WithTimeout(time.Minute), timeout.WithResponse(func(c *gin.Context) { c.Status(http.StatusGatewayTimeout) }))
	r.GET("/report", mgr.JWTRequired(), slow, ok)
	r.GET("/export", slow, mgr.JWTRequired(), ok)
	r.NoMethod(func(c *gin.Context) { c.Status(http.StatusMethodNotAllowed) })
	return r
}

func TestProgramsWithTypicalMiddleware(t *testing.T) {
	const undecided = ": put JWTRequired before it, name the route in Public, or wrap the handler that decides in Decided"
	t.Run("website", func(t *testing.T) {
		names := ginjwt.Public("POST /login", "/assets/*filepath", "NoRoute")
		require.NoError(t, ginjwt.CheckRoutes(website(t), names))
		jwttest.Routes(t, website(t), "testdata/website.golden", names)
	})
	t.Run("versions", func(t *testing.T) {
		require.EqualError(t, ginjwt.CheckRoutes(versions(t)), "ginjwt: GET /v2/orders: nothing decides who may call main.go:ok"+undecided)
		jwttest.Routes(t, versions(t), "testdata/versions.golden")
	})
	t.Run("limited in time", func(t *testing.T) {
		names := ginjwt.Public("NoMethod")
		require.NoError(t, ginjwt.CheckRoutes(limitedInTime(t), names))
		jwttest.Routes(t, limitedInTime(t), "testdata/timeout.golden", names)
	})
}
