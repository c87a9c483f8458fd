package main

import (
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"
)

// zapAccessLog is accessLog for zap.
func zapAccessLog(log *zap.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		identity, reason := whoAndWhy(c)
		log.Info("request",
			zap.String("method", c.Request.Method),
			zap.String("route", c.FullPath()),
			zap.Int("status", c.Writer.Status()),
			zap.String("identity", identity),
			zap.String("reason", reason),
			zap.Duration("took", time.Since(start)))
	}
}
