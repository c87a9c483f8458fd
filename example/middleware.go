package main

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

// maxBody is larger than a body with two tokens.
const maxBody = 64 << 10

// maxTime is longer than any server needs that answers at all.
const maxTime = 10 * time.Second

// limited limits the size of bodies and the time of requests.
func limited(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxTime)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	c.Next()
}

// logged logs a line for every request. It logs the route, not the URL, and no headers:
// both can contain tokens.
func logged(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		line := log.With("method", c.Request.Method, "route", c.FullPath(),
			"status", c.Writer.Status(), "took", time.Since(start).Round(time.Microsecond))
		if len(c.Errors) > 0 {
			line = line.With("errors", c.Errors.Errors())
		}
		if c.Writer.Status() >= http.StatusInternalServerError {
			line.Error("request")
			return
		}
		line.Info("request")
	}
}

// recovered answers with 500 after a panic. Gin's own Recovery may log cookies.
func (a *app) recovered(log *slog.Logger) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, reason any) {
		log.Error("panic", "reason", reason, "stack", string(debug.Stack()))
		a.say(c, http.StatusInternalServerError, "Internal server error")
	})
}
