package main

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

var (
	//go:embed page/page.html
	markup string
	//go:embed page/page.css
	style []byte
	//go:embed page/page.js
	pageScript []byte

	pageTemplate = template.Must(template.New("page").Parse(markup))
)

// contentSecurityPolicy lets the page use its own files and routes, and nothing else. An
// injected script does not run, and other sites cannot put the page in a frame.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type pageView struct {
	User     *user // nil: show the login form
	Sessions []sessionView
}

type sessionView struct {
	ID, Device, UserAgent string
	CreatedAt, LastUsed   time.Time
	Current               bool
}

// page shows the user and the user's sessions, or the login form if nobody is logged in. An
// invalid token does not refuse the page: the script of the page tries to refresh it.
func (a *app) page(c *gin.Context) {
	var view pageView
	token, err := a.jwt.VerifyJWTInRequest(c, ginjwt.Locations(ginjwt.InCookies))
	if err == nil {
		view.User = currentUser(c)
		view.Sessions, err = a.sessionViews(c, token)
	}
	var e *ginjwt.Error
	if errors.As(err, &e) && e.Status >= http.StatusInternalServerError {
		a.fail(c, err)
		return
	}
	showPage(c, view)
}

func showPage(c *gin.Context, view pageView) {
	header := c.Writer.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	c.Status(http.StatusOK)
	if err := pageTemplate.Execute(c.Writer, view); err != nil {
		_ = c.Error(err) // the client is gone
	}
}

func (a *app) sessionViews(c *gin.Context, token *ginjwt.Token) (views []sessionView, err error) {
	sessions, err := a.jwt.Sessions(c, token.Identity)
	for _, s := range sessions {
		views = append(views, sessionView{
			s.ID, deviceName(s.Device), s.Device, s.CreatedAt, s.RotatedAt, s.ID == token.SessionID,
		})
	}
	return views, err
}

// asset returns a handler for a file of the page.
func asset(contentType string, content []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("X-Content-Type-Options", "nosniff")
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, contentType+"; charset=utf-8", content)
	}
}
