// Command logging writes one line to the access log for each request: who sent it, what it
// asked for, and why it was refused. The token is in no line.
package main

import (
	"log"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	router, err := newRouter(config, slog.Default(), otel.GetTracerProvider())
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config, log *slog.Logger, traces trace.TracerProvider) (*gin.Engine, error) {
	config.Observer = ginjwt.SlogObserver(log) // sessions, stolen tokens, stores that fail
	jwt := ginjwt.New(config)
	router := gin.New()
	router.Use(
		otelgin.Middleware("orders", otelgin.WithTracerProvider(traces)), // starts the span
		accessLog(log), // after otelgin: the line needs the span
		recovered(log), // after the access log: a panic has a line too
	)
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.GET("/news", jwt.JWTRequired(ginjwt.Optional()), news)
	orders := router.Group("/orders", jwt.JWTRequired())
	orders.GET("/:id", order)
	orders.DELETE("/:id", jwt.JWTRequired(ginjwt.Scopes("orders:delete")), order)
	return router, nil
}

// recovered responds with 500 after a panic. It logs no request: a token can be in its headers.
func recovered(log *slog.Logger) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, reason any) {
		log.ErrorContext(c.Request.Context(), "panic", "reason", reason, "stack", string(debug.Stack()))
		c.AbortWithStatus(http.StatusInternalServerError)
	})
}

func news(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"news": "none"}) }

func order(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"order": c.Param("id"), "of": ginjwt.GetJWTIdentity(c)})
}
