package main

import (
	"embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/spa/script"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// servePages serves the pages with scripts. Everybody gets the same page; its script
// requests the data.
func (s *service) servePages(router *gin.Engine) {
	router.GET("/", page("script.html"))
	router.GET("/axios", page("axios.html"))
	router.GET("/htmx", page("htmx.html"))
	router.GET("/script/:file", scriptFile)
	router.POST("/htmx/messages", s.jwt.JWTRequired(), s.htmxMessages)
}

func page(name string) gin.HandlerFunc {
	return func(c *gin.Context) { show(c, http.StatusOK, name, nil) }
}

func show(c *gin.Context, status int, name string, data any) {
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Content-Security-Policy", "frame-ancestors 'none'")
	c.Status(status)
	if err := pages.ExecuteTemplate(c.Writer, name, data); err != nil {
		_ = c.Error(err) // the client is gone
	}
}

// scriptFile serves a script as JavaScript.
func scriptFile(c *gin.Context) {
	name, ok := strings.CutSuffix(c.Param("file"), ".js")
	code, err := script.JavaScript(name)
	if !ok || err != nil {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", code)
}

// htmxMessages answers with an HTML fragment.
func (s *service) htmxMessages(c *gin.Context) {
	show(c, http.StatusOK, "sent", ginjwt.GetJWTIdentity(c))
}
