package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// routes registers everything that the service answers to.
func (a *app) routes(r *gin.Engine) {
	required := a.jwt.JWTRequired()
	fresh := a.jwt.JWTRequired(ginjwt.Fresh())

	// For programs: tokens are in JSON answers and in the Authorization header.
	r.GET("/", a.jwt.JWTRequired(ginjwt.Optional()), a.hello)
	r.POST("/register", a.register)
	r.POST("/login", a.login)
	r.POST("/refresh", a.jwt.RefreshRequired(), a.refresh)
	r.POST("/logout", required, a.logout)
	r.GET("/me", required, a.me)
	r.DELETE("/me", fresh, a.deleteMe)
	r.POST("/password", fresh, a.changePassword)
	r.GET("/admin/users", required, a.adminsOnly, a.listUsers)

	// For browsers: tokens are in cookies that scripts cannot read. Requests
	// that change something carry a CSRF value that other sites cannot read.
	inCookies := ginjwt.Locations(ginjwt.InCookies)
	web := r.Group("/web")
	web.POST("/login", a.webLogin)
	web.POST("/refresh", a.jwt.RefreshRequired(inCookies), a.webRefresh)
	web.POST("/logout", a.jwt.RefreshRequired(inCookies), a.webLogout)
	web.GET("/me", a.jwt.JWTRequired(inCookies), a.webMe)
	web.POST("/note", a.jwt.JWTRequired(inCookies), a.webNote)

	r.NoRoute(func(c *gin.Context) { a.say(c, http.StatusNotFound, "Not found") })
	r.NoMethod(func(c *gin.Context) { a.say(c, http.StatusMethodNotAllowed, "Method not allowed") })
}

// currentUser is the user whom userOf loaded.
func currentUser(c *gin.Context) *user { return ginjwt.GetCurrentUser[*user](c) }

// adminsOnly looks at the database, not at a claim: who is no longer an admin
// is refused at once.
func (a *app) adminsOnly(c *gin.Context) {
	if !currentUser(c).Admin {
		a.say(c, http.StatusForbidden, "Admins only")
	}
}
