package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// routes registers all routes of the service.
func (a *app) routes(r *gin.Engine) {
	// For programs: tokens are in JSON answers and in the Authorization header.
	required := a.jwt.JWTRequired()
	fresh := a.jwt.JWTRequired(ginjwt.Fresh())

	r.GET("/", a.jwt.JWTRequired(ginjwt.Optional()), a.hello)
	r.POST("/register", a.register)
	r.POST("/login", a.login)
	r.POST("/refresh", a.jwt.RefreshHandler())
	r.POST("/logout", a.jwt.LogoutHandler())
	r.POST("/logout/all", required, a.jwt.LogoutAllHandler())
	r.GET("/sessions", required, a.jwt.SessionsHandler())
	r.DELETE("/sessions/:id", required, a.jwt.EndSessionHandler())
	r.GET("/me", required, a.me)
	r.DELETE("/me", fresh, a.deleteMe)
	r.POST("/password", fresh, a.changePassword)
	r.GET("/admin/users", required, ginjwt.Decided(a.adminsOnly, "administrators, by the database"), a.listUsers)

	// For browsers: tokens are in cookies that scripts cannot read. Requests that
	// change something must come from a page of this service.
	inCookies := ginjwt.Locations(ginjwt.InCookies)
	required = a.jwt.JWTRequired(inCookies)
	fresh = a.jwt.JWTRequired(inCookies, ginjwt.Fresh())

	web := r.Group("/web", a.jwt.ImplicitRefresh(a.renewWithin))
	web.GET("", a.page)
	web.GET("/page.css", asset("text/css", style))
	web.GET("/page.js", asset("text/javascript", pageScript))
	web.GET("/session.js", asset("text/javascript", a.client))
	web.POST("/login", a.jwt.SameOriginRequired(), a.webLogin)
	web.POST("/refresh", a.jwt.RefreshHandler(ginjwt.RefreshFrom(ginjwt.InCookies)))
	web.POST("/logout", a.jwt.LogoutHandler())
	web.POST("/logout/all", required, a.jwt.LogoutAllHandler())
	web.GET("/sessions", required, a.jwt.SessionsHandler())
	web.DELETE("/sessions/:id", required, a.jwt.EndSessionHandler())
	web.GET("/me", required, a.webMe)
	web.DELETE("/me", fresh, a.deleteMe)
	web.POST("/password", fresh, a.webChangePassword)
	web.POST("/note", required, a.webNote)

	r.NoRoute(func(c *gin.Context) { a.say(c, http.StatusNotFound, "Not found") })
	r.NoMethod(func(c *gin.Context) { a.say(c, http.StatusMethodNotAllowed, "Method not allowed") })
}

// currentUser is the user whom userOf loaded.
func currentUser(c *gin.Context) *user { return ginjwt.GetCurrentUser[*user](c) }

// adminsOnly checks the database, not a claim, so that a former admin is refused at once.
func (a *app) adminsOnly(c *gin.Context) {
	if !currentUser(c).Admin {
		a.say(c, http.StatusForbidden, "Admins only")
	}
}
