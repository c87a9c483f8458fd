package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
)

// passwordPage returns the page of a link that asks for a new password.
func (s *service) passwordPage(l link) gin.HandlerFunc {
	return func(c *gin.Context) {
		token := c.Query("token")
		u, err := s.peek(c, l, token, s.unchanged())
		if err != nil {
			s.refuse(c, l, err)
			return
		}
		showPasswordForm(c, http.StatusOK, l, token, *u, "")
	}
}

// choosePassword sets the password from the form of a link, and returns the user. If it cannot,
// it responds and returns nil.
func (s *service) choosePassword(c *gin.Context, l link) *user {
	token := c.PostForm("token")
	u, err := s.peek(c, l, token, s.unchanged())
	if err != nil {
		s.refuse(c, l, err)
		return nil
	}
	password := c.PostForm("password")
	if problem := passwordProblem(password, c.PostForm("repeated")); problem != "" {
		showPasswordForm(c, http.StatusUnprocessableEntity, l, token, *u, problem)
		return nil
	}
	hash, err := s.passwords.hash(password) // before the link is used up, because it may fail
	if err == nil {
		_, err = s.jwt.ConsumePurposeToken(c, l.purpose, token, s.unchanged())
	}
	if err == nil {
		err = s.users.setPassword(context.WithoutCancel(c.Request.Context()), *u, hash)
	}
	if err != nil {
		s.refuse(c, l, err)
		return nil
	}
	return u
}

// showPasswordForm shows the address of the account, so that users notice a link to a stranger's
// account.
func showPasswordForm(c *gin.Context, status int, l link, token string, u user, problem string) {
	show(c, status, "password.html", view{
		Title: "Choose a password", Address: u.address, Problem: problem,
		Action: l.path, Token: token, Button: "Set the password",
	})
}
