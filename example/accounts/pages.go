package main

import (
	"embed"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"
)

var (
	//go:embed pages/*.html
	pageFiles embed.FS
	//go:embed pages/style.css
	style []byte

	pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))
)

// view is the content of a page. Pages leave out empty fields.
type view struct {
	Title, Text string
	Note        string // what happened before
	Problem     string // with the form that was sent

	Action, Button string // of the form
	Next           string // where Button leads, if there is no form
	Address        string
	Token          string // of a link
	CSRF           string // of a user who is logged in
}

// contentSecurityPolicy allows our style sheet, and forms that are sent to us. It allows no
// scripts, no frames, and nothing from other sites, which would see the URL.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func show(c *gin.Context, status int, name string, v view) {
	header := c.Writer.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	if header.Get("Referrer-Policy") == "" {
		header.Set("Referrer-Policy", "same-origin")
	}
	c.Status(status)
	if err := pages.ExecuteTemplate(c.Writer, name, v); err != nil {
		_ = c.Error(err) // the client is gone
	}
}

// page returns a handler for a page that is the same for all users.
func page(name string, v view) gin.HandlerFunc {
	return func(c *gin.Context) { show(c, http.StatusOK, name, v) }
}

// fail responds that something went wrong on the server.
func fail(c *gin.Context, err error) {
	_ = c.Error(err)
	c.Abort()
	show(c, http.StatusInternalServerError, "message.html", view{
		Title: "Something went wrong", Text: "Please try again in a while. If a link was used up, ask for another one.",
	})
}

// seeOther redirects to another page after a form, so that reloading that page does not send the
// form again.
func seeOther(c *gin.Context, path string) {
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, path)
}

func styleSheet(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Data(http.StatusOK, "text/css; charset=utf-8", style)
}
