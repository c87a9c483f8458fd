package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// hello greets users by name, and everybody else as a stranger.
func (a *app) hello(c *gin.Context) {
	name := "stranger"
	if u := currentUser(c); u != nil {
		name = u.Name
	}
	a.answer(c, http.StatusOK, gin.H{"hello": name})
}

func (a *app) login(c *gin.Context) {
	if u := a.authenticate(c); u != nil {
		a.answerTokens(c, u)
	}
}

// changePassword answers with the tokens of a new session.
func (a *app) changePassword(c *gin.Context) {
	if u := a.withNewPassword(c); u != nil {
		a.answerTokens(c, u)
	}
}

func (a *app) me(c *gin.Context) {
	a.answer(c, http.StatusOK, currentUser(c))
}

func (a *app) listUsers(c *gin.Context) {
	all, err := a.users.first(c.Request.Context(), 100)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{"users": all})
}
