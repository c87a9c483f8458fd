package main

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/gin-jwt-extended/ginjwt"
)

// accessLog logs each request after its response, and puts the identity on its span. It logs
// the route instead of the URL, and no headers: the URL and the headers can have a token.
func accessLog(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		identity, reason := whoAndWhy(c)
		ctx, level := c.Request.Context(), slog.LevelInfo
		if c.Writer.Status() >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		span := trace.SpanFromContext(ctx)
		if identity != "" {
			span.SetAttributes(attribute.String("enduser.id", identity))
		}
		log.LogAttrs(ctx, level, "request",
			slog.String("method", c.Request.Method),
			slog.String("route", c.FullPath()),
			slog.Int("status", c.Writer.Status()),
			slog.String("identity", identity),
			slog.String("reason", reason),
			slog.String("trace_id", span.SpanContext().TraceID().String()),
			slog.Duration("took", time.Since(start)))
	}
}

// whoAndWhy returns the identity of the token that was verified, and the reason if the
// request was refused. An anonymous request has neither.
func whoAndWhy(c *gin.Context) (identity, reason string) {
	if token, ok := ginjwt.GetToken(c); ok {
		identity = token.Identity
	}
	for _, e := range c.Errors {
		if refusal := (*ginjwt.Error)(nil); errors.As(e, &refusal) {
			reason = refusal.Reason
		}
	}
	return identity, reason
}
