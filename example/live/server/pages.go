package server

import (
	"embed"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/example/spa/script"
)

//go:embed pages/live.html
var page []byte

//go:embed script/*.ts
var scripts embed.FS

func servePages(router *gin.Engine) {
	router.GET("/", func(c *gin.Context) {
		c.Header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		c.Header("Referrer-Policy", "no-referrer")
		c.Header("X-Content-Type-Options", "nosniff")
		c.Data(http.StatusOK, "text/html; charset=utf-8", page)
	})
	router.GET("/script/:file", func(c *gin.Context) {
		name, ok := strings.CutSuffix(c.Param("file"), ".js")
		code, err := scriptNamed(name)
		if !ok || err != nil {
			c.AbortWithStatus(http.StatusNotFound)
			return
		}
		c.Data(http.StatusOK, "text/javascript; charset=utf-8", code)
	})
}

// scriptNamed returns a script of this folder, or session.ts of example/spa.
func scriptNamed(name string) ([]byte, error) {
	if name == "session" {
		return script.JavaScript(name)
	}
	source, err := scripts.ReadFile("script/" + name + ".ts")
	if err != nil {
		return nil, err
	}
	return script.WithoutTypes(name, source)
}
