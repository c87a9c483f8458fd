package main

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// serveForms serves pages without a script. ImplicitRefresh keeps users logged in while
// they use the pages.
func (s *service) serveForms(group *gin.RouterGroup, fromPages gin.HandlerFunc) {
	group.Use(s.jwt.ImplicitRefresh(s.jwt.Config().AccessTokenExpires / 2))
	group.GET("", s.formPage)
	group.POST("/login", fromPages, s.formLogin)
	group.POST("/messages", s.loggedIn, s.formSend)
	group.POST("/logout", s.jwt.LogoutHandler(), s.toForm)
}

// formView is the data of form.html.
type formView struct {
	User string // empty: form.html shows the login form
	Note string
}

// formPage shows the messages, or the login form.
func (s *service) formPage(c *gin.Context) {
	token, err := s.jwt.VerifyJWTInRequest(c)
	if e := (*ginjwt.Error)(nil); errors.As(err, &e) && e.Status >= http.StatusInternalServerError {
		s.jwt.Refuse(c, err)
		return
	}
	if err != nil {
		show(c, http.StatusOK, "form.html", formView{Note: c.Query("note")})
		return
	}
	show(c, http.StatusOK, "form.html", formView{token.Identity, c.Query("note")})
}

// loggedIn redirects users who are not logged in to the form, because a person cannot
// read a JSON error.
func (s *service) loggedIn(c *gin.Context) {
	_, err := s.jwt.VerifyJWTInRequest(c)
	var e *ginjwt.Error
	switch {
	case errors.As(err, &e) && (e.Status >= http.StatusInternalServerError || errors.Is(err, ginjwt.ErrCSRF)):
		s.jwt.Refuse(c, err)
	case err != nil:
		c.Redirect(http.StatusSeeOther, "/form?note=again")
		c.Abort()
	}
}

// formLogin sets only the access cookie: without a script, nothing sends the refresh token.
func (s *service) formLogin(c *gin.Context) {
	username, password := c.PostForm("username"), c.PostForm("password")
	if !passwordMatches(username, password) {
		c.Redirect(http.StatusSeeOther, "/form?note=wrong")
		return
	}
	pair, err := s.newPair(c, username)
	if err == nil {
		err = s.jwt.SetAccessCookies(c, pair.AccessToken)
	}
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	s.toForm(c)
}

func (s *service) formSend(c *gin.Context) {
	c.Redirect(http.StatusSeeOther, "/form?note=sent") // otherwise a reload would send the form again
}

// toForm shows the page after a login or a logout. After LogoutHandler it replaces the
// status 204, which leaves a browser on the page. It does not run if the logout failed.
func (s *service) toForm(c *gin.Context) {
	c.Redirect(http.StatusSeeOther, "/form")
}
